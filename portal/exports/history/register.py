"""The register of exports, and their expiries as a calendar, as files to take away."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from portal import audit
from portal.cases.ical import CALENDAR
from portal.config import Settings
from portal.exports.core.download import Download, whole
from portal.exports.core.states import State
from portal.exports.files.workbook import MEDIA_TYPE
from portal.exports.history.filters import HistoryFilter
from portal.exports.history.listing import EVERYTHING, History
from portal.exports.history.register_files import (
    MOST_IN_CALENDAR,
    PAGE,
    calendar_of,
    csv_lines,
    register_rows,
    workbook_of,
)
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.storage.engine import Database
from portal.storage.tables import Export, utc_now


@refusals_audited
@dataclass
class Register:
    """Lists of exports without personal data; making one is an act of its own."""

    db: Database
    refusal_audit: RefusalAudit
    settings: Settings
    history: History

    def register_csv(self, user: User, wanted: HistoryFilter = EVERYTHING) -> Download:
        """The list of exports without personal data, safe to open in a spreadsheet (SEC-20)."""
        self._note_register(user, wanted, "csv")
        rows = register_rows(lambda after: self.history.find(user, wanted, after=after, size=PAGE))
        return Download("past-exports.csv", "text/csv; charset=utf-8", None, csv_lines(rows))

    def register_xlsx(self, user: User, wanted: HistoryFilter = EVERYTHING) -> Download:
        """The same as a workbook of text cells, the newest 100,000."""
        self._note_register(user, wanted, "xlsx")
        rows = register_rows(lambda after: self.history.find(user, wanted, after=after, size=PAGE))
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
