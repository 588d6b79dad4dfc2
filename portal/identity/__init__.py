"""Who is here and what they may do: accounts, factors of the sign-in, sessions, roles, throttling."""

from portal.identity.account_exchange import ImportReport
from portal.identity.accounts import AccountRow
from portal.identity.errors import CodeRefused, SignInRefused
from portal.identity.factors.known_account import KnownAccount
from portal.identity.factors.loyaltydog_sign_in import VendorPending, VendorSignedIn
from portal.identity.factors.password_sign_in import SeveralAccounts
from portal.identity.factors.second_factor import Enrolment
from portal.identity.own_account import OwnSession
from portal.identity.roles import PERMISSIONS, Permission, Role, User, allows, require, require_fresh_proof
from portal.identity.sessions import AllowedSockets, SessionState

__all__ = [
    "PERMISSIONS",
    "AccountRow",
    "AllowedSockets",
    "CodeRefused",
    "Enrolment",
    "ImportReport",
    "KnownAccount",
    "OwnSession",
    "Permission",
    "Role",
    "SessionState",
    "SeveralAccounts",
    "SignInRefused",
    "User",
    "VendorPending",
    "VendorSignedIn",
    "allows",
    "require",
    "require_fresh_proof",
]
