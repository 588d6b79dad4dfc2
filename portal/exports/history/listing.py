"""Finding exports again: one, a page of them, their number."""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import audit
from portal.cases.services.ledger import own_case
from portal.cases.services.people import PersonIndex
from portal.cases.standing import Standing
from portal.config import Settings
from portal.exports.core import ledger
from portal.exports.core.answers import day_in
from portal.exports.core.base import own_row
from portal.exports.core.ledger import SubjectSeal
from portal.exports.core.views import ExportPage, ExportView
from portal.exports.history.filters import HistoryFilter
from portal.exports.history.query import count_up_to, page_keys
from portal.identity import Permission, User, require, require_fresh_proof
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.storage.engine import Database
from portal.storage.tables import Account, Export, utc_now

PAGE_SIZE = 50
MOST_PROGRAMS = 200
EVERYTHING = HistoryFilter()


@refusals_audited
@dataclass
class History:
    """A merchant's exports, as its people may see them."""

    db: Database
    refusal_audit: RefusalAudit
    settings: Settings
    seal: SubjectSeal
    index: PersonIndex

    def get(self, user: User, export_id: str) -> ExportView:
        """Raises NotFound, the same for absent and another merchant's."""
        require(user, Permission.EXPORT_LIST)
        with self.db.read() as session:
            return ledger.view_of(session, own_row(session, user, export_id), self.seal)

    def of_case(self, user: User, case_id: str) -> tuple[ExportView, ...]:
        """The exports that were asked for under a case and stand for something, newest first; no more than a page.

        Raises NotFound for another merchant's case.
        """
        require(user, Permission.EXPORT_LIST)
        with self.db.read() as session:
            own_case(session, user, case_id)
            rows = session.execute(
                select(Export, Account.name, Account.email)
                .outerjoin(Account, Account.id == Export.requested_by)
                .where(Export.merchant_id == user.merchant_id, Export.case_id == case_id)
                .where(Export.answer != Standing.LATER)
                .order_by(Export.requested_at.desc(), Export.id.desc())
                .limit(PAGE_SIZE)
            )
            return ledger.views_of(session, [(row, name or email or "") for row, name, email in rows], self.seal)

    def timeline(self, user: User, export_id: str) -> list[audit.AuditRow]:
        """What happened to one export, oldest first."""
        require(user, Permission.EXPORT_LIST)
        with self.db.read() as session:
            own_row(session, user, export_id)
            return audit.entries_about(session, user.merchant_id, export_id)

    def find(
        self, user: User, wanted: HistoryFilter = EVERYTHING, *, after: str | None = None, size: int = PAGE_SIZE
    ) -> ExportPage:
        """One page by key, so that the millionth row is as quick as the first."""
        require(user, Permission.EXPORT_LIST)
        with self.db.read() as session:
            own = Export.merchant_id == user.merchant_id
            indexes = self._text_indexes(session, user, wanted)
            keys = page_keys(
                session,
                own,
                wanted,
                indexes,
                user.account_id,
                _decode(after),
                size + 1,
                day_in(user.time_zone, utc_now()),
            )
            found = {
                row.id: (row, name or email or "")
                for row, name, email in session.execute(
                    select(Export, Account.name, Account.email)
                    .outerjoin(Account, Account.id == Export.requested_by)
                    .where(Export.id.in_([export_id for _time, export_id in keys[:size]]))
                )
            }
            views = ledger.views_of(session, [found[export_id] for _time, export_id in keys[:size]], self.seal)
        return ExportPage(views, _encode(*keys[size - 1]) if len(keys) > size else None)

    def count(self, user: User, wanted: HistoryFilter = EVERYTHING) -> int:
        """How many match; 1,001 means more than a thousand, which is as far as is counted."""
        require(user, Permission.EXPORT_LIST)
        with self.db.read() as session:
            own = Export.merchant_id == user.merchant_id
            indexes = self._text_indexes(session, user, wanted)
            return count_up_to(session, own, wanted, indexes, user.account_id, day_in(user.time_zone, utc_now()))

    def _text_indexes(self, session: Session, user: User, wanted: HistoryFilter) -> tuple[str, ...]:
        text = wanted.text.strip()
        return self.index.all(session, user, text) if text else ()

    def programs_used(self, user: User) -> dict[str, str]:
        """Programs that past exports were limited to, id -> name: the choices of the filter. Jumps from one to the
        next in an index instead of walking the history."""
        require(user, Permission.EXPORT_LIST)
        found: dict[str, str] = {}
        own, last = Export.merchant_id == user.merchant_id, ""
        with self.db.read() as session:
            while len(found) < MOST_PROGRAMS:
                after = select(func.min(Export.program_id)).where(own, Export.program_id > last)
                program = session.scalar(after)
                if program is None:
                    break
                name = session.scalar(
                    select(Export.program_name)
                    .where(own, Export.program_id == program)
                    .order_by(Export.requested_at.desc(), Export.id.desc())
                    .limit(1)
                )
                found[program] = name or f"Program …{program[-4:]}"
                last = program
        return found

    def reveal(self, user: User, export_id: str) -> str:
        """The customer's email or ID in clear; audited."""
        require(user, Permission.EXPORT_OPEN)
        require_fresh_proof(user, self.settings)

        def show(session: Session) -> str:
            row = own_row(session, user, export_id)
            audit.record(
                session, user.merchant_id, user.account_id, "export:reveal",
                object_id=export_id, origin=user.origin, what="customer",
            )  # fmt: skip
            return self.seal.open(row, "subject") or ""

        return self.db.group_commit(show)

    def note_search(self, user: User, text: str) -> None:
        """A search for one person is an act of its own."""
        require(user, Permission.EXPORT_LIST)

        def write(session: Session) -> None:
            subject = self.index.one(session, user, text)[:16]
            audit.record(
                session, user.merchant_id, user.account_id, "history:search", origin=user.origin, subject=subject
            )

        self.db.group_commit(write)


def _encode(time: dt.datetime, export_id: str) -> str:
    return base64.urlsafe_b64encode(f"{time.isoformat()}|{export_id}".encode()).decode()


def _decode(cursor: str | None) -> tuple[dt.datetime, str] | None:
    """A cursor from outside; one that does not read starts at the first page."""
    if not cursor:
        return None
    try:
        text, _, export_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition("|")
        time = dt.datetime.fromisoformat(text)
        if time.tzinfo is None or not (export_id.isascii() and export_id.isalnum()):
            return None
        return time.astimezone(dt.UTC), export_id
    except (ValueError, OverflowError):
        return None
