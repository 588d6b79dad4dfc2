"""Who is here and what they may do: accounts, password check, second factor, sessions, roles, throttling."""

from portal.identity.accounts import AccountRow
from portal.identity.errors import CodeRefused, SignInRefused
from portal.identity.exchange import ImportReport
from portal.identity.own_account import OwnSession
from portal.identity.roles import PERMISSIONS, Permission, Role, User, allows, require, require_fresh_proof
from portal.identity.second_factor import Enrolment
from portal.identity.service import Identity
from portal.identity.sessions import SessionState, Speakers
from portal.identity.sign_in import KnownAccount
from portal.identity.vendor_sign_in import VendorPending, VendorSignedIn

__all__ = [
    "PERMISSIONS",
    "AccountRow",
    "CodeRefused",
    "Enrolment",
    "Identity",
    "ImportReport",
    "KnownAccount",
    "OwnSession",
    "Permission",
    "Role",
    "SessionState",
    "SignInRefused",
    "Speakers",
    "User",
    "VendorPending",
    "VendorSignedIn",
    "allows",
    "require",
    "require_fresh_proof",
]
