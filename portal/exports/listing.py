"""Finding exports again: one, a page of them, their number, the register."""

from __future__ import annotations

import base64
import datetime as dt

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import audit
from portal.exports import ledger
from portal.exports.answers import day_in
from portal.exports.download import Download as Download
from portal.exports.download import whole
from portal.exports.filters import HistoryFilter as HistoryFilter
from portal.exports.finding import count_up_to, page_keys
from portal.exports.register import (
    CALENDAR,
    MOST_IN_CALENDAR,
    PAGE,
    calendar_of,
    csv_lines,
    register_rows,
    workbook_of,
)
from portal.exports.states import State
from portal.exports.today import SOON as SOON
from portal.exports.today import Today as Today
from portal.exports.today import TodayNumbers
from portal.exports.views import ExportPage, ExportView
from portal.identity import Permission, User, require, require_fresh_proof
from portal.storage.tables import Account, Export, utc_now

PAGE_SIZE = 50
MOST_PROGRAMS = 200
EVERYTHING = HistoryFilter()


class Listing(TodayNumbers):
    def get(self, user: User, export_id: str) -> ExportView:
        """Raises NotFound, the same for absent and another merchant's."""
        require(user, Permission.EXPORT_LIST)
        with self.db.read() as session:
            return ledger.view_of(session, self._row(session, user, export_id), self.seal)

    def timeline(self, user: User, export_id: str) -> list[audit.AuditRow]:
        """What happened to one export, oldest first."""
        require(user, Permission.EXPORT_LIST)
        with self.db.read() as session:
            self._row(session, user, export_id)
            return audit.entries_about(session, user.merchant_id, export_id)

    def history(
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
            views = tuple(ledger.to_view(*found[export_id], self.seal) for _time, export_id in keys[:size])
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
        return self._indexes(session, user, text) if text else ()

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
            row = self._row(session, user, export_id)
            audit.record(
                session, user.merchant_id, user.account_id, "export:reveal",
                object_id=export_id, origin=user.origin, what="customer",
            )  # fmt: skip
            return self.seal.open(row, "subject") or ""

        return self.db.together(show)

    def note_search(self, user: User, text: str) -> None:
        """A search for one person is an act of its own."""
        require(user, Permission.EXPORT_LIST)

        def write(session: Session) -> None:
            subject = self._index(session, user, text)[:16]
            audit.record(
                session, user.merchant_id, user.account_id, "history:search", origin=user.origin, subject=subject
            )

        self.db.together(write)

    # The register ------------------------------------------------------------------------------

    def register_csv(self, user: User, wanted: HistoryFilter = EVERYTHING) -> Download:
        """The list of exports without personal data, safe to open in a spreadsheet (SEC-20)."""
        self._note_register(user, wanted, "csv")
        rows = register_rows(lambda after: self.history(user, wanted, after=after, size=PAGE))
        return Download("past-exports.csv", "text/csv; charset=utf-8", None, csv_lines(rows))

    def register_xlsx(self, user: User, wanted: HistoryFilter = EVERYTHING) -> Download:
        """The same as a workbook of text cells, the newest 100,000."""
        from portal.exports.workbook import MEDIA_TYPE

        self._note_register(user, wanted, "xlsx")
        rows = register_rows(lambda after: self.history(user, wanted, after=after, size=PAGE))
        return Download("past-exports.xlsx", MEDIA_TYPE, None, workbook_of(rows))

    def _note_register(self, user: User, wanted: HistoryFilter, kind: str) -> None:
        require(user, Permission.EXPORT_LIST)
        total: int | None = None
        with self.db.write() as session:
            if wanted == EVERYTHING:
                own = Export.merchant_id == user.merchant_id
                total = session.scalar(select(func.count()).select_from(Export).where(own))
            audit.record(
                session, user.merchant_id, user.account_id, "export:list_download",
                origin=user.origin, rows=total, format=kind,
            )  # fmt: skip

    def expiries_ics(self, user: User) -> Download:
        """When links expire, as a calendar file: ids only, the soonest thousand."""
        require(user, Permission.EXPORT_LIST)
        with self.db.write() as session:
            rows = session.execute(
                select(Export.id, Export.link_expires_at)
                .where(Export.merchant_id == user.merchant_id, Export.state == State.READY)
                .where(Export.link_expires_at > utc_now())
                .order_by(Export.link_expires_at)
                .limit(MOST_IN_CALENDAR)
            ).all()
            audit.record(
                session, user.merchant_id, user.account_id, "export:calendar_download",
                origin=user.origin, rows=len(rows),
            )  # fmt: skip
        events = [(export_id, expires) for export_id, expires in rows if expires is not None]
        return whole("export-expiries.ics", CALENDAR, calendar_of(events, self.settings.origin))


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
