"""Removes a merchant: no sign-in, no calls, every file destroyed; the facts stay (LAW-17, LAW-18).

Each step can be interrupted and repeated. The removal is also recorded beside the master keyset, so that a restored
backup brings back neither files nor tokens and sign-ins (SEC-55).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from portal import audit
from portal.comparison.retention import forget_merchant
from portal.delivery.retention import end_links
from portal.errors import NotFound
from portal.exports.core import ledger
from portal.exports.core.states import RUNNING, State
from portal.exports.retention.destruction import Retention, list_destroyed
from portal.identity.calendar_addresses import revoke_addresses
from portal.identity.sessions import end_account_sessions
from portal.package.versions.retention import package_retention
from portal.sources.retention import SourceRetention
from portal.storage.answering.mail_tables import Mail, MailSender
from portal.storage.engine import Database
from portal.storage.locks import lock_merchant
from portal.storage.tables import (
    Account,
    CardRequest,
    CaseMatch,
    CaseMessage,
    DestroyedFile,
    DoorLink,
    DoorRequest,
    DoorVisit,
    Export,
    ExportResponse,
    FrontDoor,
    IdentityCode,
    IdentityQuestions,
    LetterProfile,
    LoginSession,
    Merchant,
    SignInTicket,
    utc_now,
)
from portal.systems.retention import system_retention

ACTOR = "cli"
TO_STOP = RUNNING | {State.UNKNOWN}
STOPPED_WORDS = {
    "problem_code": "merchant_removed",
    "problem": "The merchant was removed from the portal.",
    "next_step": "",
    "turn": "nobody",
}


@dataclass(frozen=True)
class Removed:
    """How many accounts were disabled, exports stopped and files destroyed by this run."""

    accounts: int
    exports: int
    files: int


def merchant_by_name(db: Database, name: str) -> str:
    """Raises NotFound."""
    with db.read() as session:
        merchant_id = session.scalar(select(Merchant.id).where(Merchant.name == name))
    if merchant_id is None:
        raise NotFound("There is no merchant by that name.", next_step="See `accounts list`.")
    return merchant_id


def remove_merchant(retention: Retention, merchant_id: str) -> Removed:
    """Revoke access, stop exports, destroy files (each key before its ciphertext). The name becomes free again."""
    with retention.db.write() as session:
        accounts = revoke_access(session, merchant_id, origin="cli")
    list_destroyed(retention.settings.destruction_list, [removal_mark(merchant_id)])
    stopped = stop_exports(retention.db, merchant_id, origin="cli")
    files = retention.destroy_all_of(merchant_id, actor=ACTOR, origin="cli")
    sources = SourceRetention(retention.db, retention.settings, retention.sealed)
    files += sources.destroy_all_of(merchant_id, actor=ACTOR, origin="cli")
    attached = system_retention(retention.db, retention.settings, retention.sealed)
    files += attached.destroy_all_of(merchant_id, actor=ACTOR, origin="cli")
    packages = package_retention(retention.db, retention.settings, retention.sealed)
    files += packages.destroy_all_of(merchant_id, actor=ACTOR, origin="cli")
    end_links(retention.db, merchant_id, actor=ACTOR, origin="cli")
    with retention.db.write() as session:
        release_name(session, merchant_id)
        forget_merchant(session, merchant_id, actor=ACTOR, origin="cli")
        audit.record(
            session, merchant_id, ACTOR, "merchant:remove",
            object_id=merchant_id, origin="cli", files=files, exports=stopped, accounts=accounts,
        )  # fmt: skip
    return Removed(accounts, stopped, files)


def removal_mark(merchant_id: str) -> str:
    """The entry in the list of destroyed files that stands for all files of a merchant."""
    return f"{merchant_id}/*"


def revoke_access(session: Session, merchant_id: str, *, origin: str) -> int:
    """Delete a merchant's tokens and disable its accounts. Returns how many accounts were disabled."""
    lock_merchant(session, merchant_id)
    merchant = session.get_one(Merchant, merchant_id)
    merchant.sealed_api_token = merchant.sealed_merchant_token = merchant.sealed_customer_token = None
    merchant.download_hosts = []
    accounts = list(session.scalars(select(Account).where(Account.merchant_id == merchant_id)))
    disabled = [account for account in accounts if account.disabled_at is None]
    for account in disabled:
        account.disabled_at = utc_now()
        revoke_addresses(session, account.id)
        audit.record(session, merchant_id, ACTOR, "account:disable", object_id=account.id, origin=origin)
    for account in accounts:
        end_account_sessions(session, account.id, "merchant_removed", actor=ACTOR, origin=origin)
    _run(session, delete(SignInTicket).where(SignInTicket.account_id.in_([account.id for account in accounts])))
    _run(session, delete(CardRequest).where(CardRequest.merchant_id == merchant_id))
    _run(session, update(CaseMatch).where(CaseMatch.merchant_id == merchant_id).values(sealed_item=None))
    _run(session, update(LetterProfile).where(LetterProfile.merchant_id == merchant_id).values(sealed_items=None))
    _run(session, delete(IdentityCode).where(IdentityCode.merchant_id == merchant_id))
    _run(session, delete(IdentityQuestions).where(IdentityQuestions.merchant_id == merchant_id))
    _close_front_door(session, merchant_id)
    _run(session, delete(MailSender).where(MailSender.merchant_id == merchant_id))
    _run(
        session,
        update(Mail)
        .where(Mail.merchant_id == merchant_id)
        .values(sealed_to=None, sealed_contents=None, next_try_at=None),
    )
    of_merchant = LoginSession.merchant_id == merchant_id
    _run(session, update(LoginSession).where(of_merchant).values(sealed_vendor_token=None))
    _run(
        session,
        update(ExportResponse)
        .where(ExportResponse.export_id.in_(select(Export.id).where(Export.merchant_id == merchant_id)))
        .values(sealed_download_url=None, sealed_refusal=None),
    )
    if session.get(DestroyedFile, removal_mark(merchant_id)) is None:
        session.add(DestroyedFile(blob_name=removal_mark(merchant_id), export_id=""))
    return len(disabled)


def _close_front_door(session: Session, merchant_id: str) -> None:
    """The page answers no longer; links die, and what people wrote is destroyed."""
    for table in (DoorVisit, DoorLink, FrontDoor):
        _run(session, delete(table).where(table.merchant_id == merchant_id))
    emptied = {"sealed_email": None, "sealed_note": None, "sealed_code_key": None, "email_prf": "", "code_prf": ""}
    _run(session, update(DoorRequest).where(DoorRequest.merchant_id == merchant_id).values(emptied))
    _run(session, update(CaseMessage).where(CaseMessage.merchant_id == merchant_id).values(sealed_text=None))


def stop_exports(db: Database, merchant_id: str, *, origin: str) -> int:
    """Move all running and undecided exports to `failed`, or `attention`; a later response changes nothing."""
    stopped = 0
    while True:
        with db.read() as session:
            ids = list(
                session.scalars(select(Export.id).where(Export.merchant_id == merchant_id, Export.state.in_(TO_STOP)))
            )
        if not ids:
            return stopped
        for export_id in ids:
            with db.write() as session:
                stopped += _stop(session, ledger.load(session, export_id, merchant_id), origin)


def _stop(session: Session, row: Export, origin: str) -> bool:
    def move(to: State) -> bool:
        return ledger.move(
            session, row, to, actor=ACTOR, origin=origin, code="merchant_removed", retry_at=None,
            sealed_download_url=None, **STOPPED_WORDS,
        )  # fmt: skip

    state = State(row.state)
    if state not in TO_STOP:
        return False  # another process has ended it
    if state is State.COLLECTED:
        return move(State.ATTENTION)  # from there it can be destroyed
    if state is State.SENT and not move(State.UNKNOWN):
        return False
    return move(State.FAILED)


def release_name(session: Session, merchant_id: str) -> None:
    """Rename the removed merchant, so that a new one may have its name."""
    merchant = session.get_one(Merchant, merchant_id)
    ending = f" (removed {utc_now():%Y-%m-%d}, {merchant_id[:8]})"
    if not merchant.name.endswith(f", {merchant_id[:8]})"):
        merchant.name = merchant.name[: 200 - len(ending)] + ending


def removed_merchants(session: Session, destroyed: set[str]) -> list[str]:
    """The merchants of this database that a list of destroyed files names as removed."""
    return [m for m in session.scalars(select(Merchant.id).order_by(Merchant.id)) if removal_mark(m) in destroyed]


def _run(session: Session, statement: Any) -> None:
    session.execute(statement.execution_options(synchronize_session=False))
