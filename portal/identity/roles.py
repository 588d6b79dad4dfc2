"""Who may do what: one table, which every service checks; menus only follow it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from portal.config import Settings
from portal.errors import NotPermitted, StepUpNeeded
from portal.storage.tables import utc_now

CLI_ORIGIN = "cli"


class Role(StrEnum):
    AGENT = "agent"
    MANAGER = "manager"
    AUDITOR = "auditor"


class Permission(StrEnum):
    """`EXPORT_OPEN`: preview, download and reveal an export's contents. `CASE_WORK`: record in a case and read
    colleagues' notes. `CASE_DECIDE`: refuse, and announce an extension after the target day."""

    EXPORT_CREATE = "export_create"
    EXPORT_LIST = "export_list"
    EXPORT_OPEN = "export_open"
    EXPORT_DESTROY = "export_destroy"
    EXPORT_RELEASE = "export_release"
    CASE_LIST = "case_list"
    CASE_WORK = "case_work"
    CASE_DECIDE = "case_decide"
    ACCOUNTS = "accounts"
    SETTINGS = "settings"
    AUDIT_READ = "audit_read"


PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.AGENT: frozenset(
        {
            Permission.EXPORT_CREATE,
            Permission.EXPORT_LIST,
            Permission.EXPORT_OPEN,
            Permission.CASE_LIST,
            Permission.CASE_WORK,
        }
    ),
    Role.MANAGER: frozenset(Permission),
    Role.AUDITOR: frozenset({Permission.EXPORT_LIST, Permission.CASE_LIST, Permission.AUDIT_READ}),
}


@dataclass(frozen=True)
class User:
    """One signed-in person, as every service receives it.

    `session_hash` names the login session (64 hex characters; empty on the command line),
    `proof_at` aware UTC of the last password or code, `origin` where acts come from (an address,
    ``web`` or ``cli``) and goes into each audit entry.
    """

    account_id: str
    merchant_id: str
    merchant_name: str
    email: str
    name: str
    role: Role
    practice: bool
    time_zone: str
    session_hash: str = ""
    proof_at: dt.datetime | None = None
    origin: str = ""


def allows(role: Role, permission: Permission) -> bool:
    """Whether the role carries the permission; for drawing menus. Services call `require`."""
    return permission in PERMISSIONS[role]


def require(user: User, permission: Permission) -> None:
    """Raise NotPermitted unless the user's role carries the permission."""
    if not allows(user.role, permission):
        raise NotPermitted(detail=f"{user.role} lacks {permission}")


def require_fresh_proof(user: User, settings: Settings) -> None:
    """Raise StepUpNeeded when the last proof of identity is older than `step_up_minutes` (SEC-39).

    The command line passes: it can read the keys anyway.
    """
    if user.origin == CLI_ORIGIN and not user.session_hash:
        return
    limit = dt.timedelta(minutes=settings.step_up_minutes)
    if user.proof_at is None or utc_now() - user.proof_at > limit:
        raise StepUpNeeded(detail="proof too old")


def require_account_manager(user: User, settings: Settings) -> None:
    """Raise NotPermitted or StepUpNeeded unless the user may change other people's accounts now."""
    require(user, Permission.ACCOUNTS)
    require_fresh_proof(user, settings)
