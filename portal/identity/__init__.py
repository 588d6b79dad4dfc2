"""Who is here and what they may do: accounts, password check, second factor, sessions, roles, throttling."""

from portal.identity.accounts import AccountRow
from portal.identity.errors import CodeRefused, SignInRefused
from portal.identity.roles import PERMISSIONS, Permission, Role, User, allows, require, require_fresh_proof
from portal.identity.service import Identity
from portal.identity.sessions import SessionState
from portal.identity.sign_in import KnownAccount

__all__ = [
    "PERMISSIONS",
    "AccountRow",
    "CodeRefused",
    "Identity",
    "KnownAccount",
    "Permission",
    "Role",
    "SessionState",
    "SignInRefused",
    "User",
    "allows",
    "require",
    "require_fresh_proof",
]
