"""Finding exports again: one, a page of them, counts for Today, the register."""

from __future__ import annotations

import base64
import csv
import datetime as dt
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from portal import audit
from portal.exports import ledger
from portal.exports.about_person import AboutPerson
from portal.exports.download import Download as Download
from portal.exports.spreadsheet import safe_cell
from portal.exports.states import NEEDS_PERSON, RUNNING, State
from portal.exports.views import ExportPage, ExportView
from portal.identity import Permission, User, require, require_fresh_proof
from portal.storage.tables import Account, Export, utc_now

PAGE_SIZE = 50
SOON = dt.timedelta(hours=24)


@dataclass(frozen=True)
class HistoryFilter:
    """What Past exports shows. `text` matches an email or ID exactly, or the start of a reference."""

    text: str = ""
    states: frozenset[State] = frozenset()
    format: Literal["", "json", "csv"] = ""
    program_id: str = ""
    since: dt.date | None = None
    until: dt.date | None = None
    mine: bool = False
    sort: Literal["requested", "expires"] = "requested"


@dataclass(frozen=True)
class Today:
    """Numbers and lists for the first screen. `by_day` counts outcomes of the last 14 days, UTC dates."""

    open: int
    ready: int
    expiring: int
    deciding: tuple[ExportView, ...]
    expiring_soon: tuple[ExportView, ...]
    latest: tuple[ExportView, ...]
    by_day: tuple[tuple[dt.date, str, int], ...] = field(default=())


OUTCOMES = {
    State.READY: "Ready",
    State.EXPIRED: "Ready",
    State.PURGED: "Ready",
    State.REJECTED: "Refused",
    State.FAILED: "Failed",
    State.UNKNOWN: "Undecided",
    State.ATTENTION: "Undecided",
}


class Listing(AboutPerson):
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
        self, user: User, wanted: HistoryFilter = HistoryFilter(), *, after: str | None = None, size: int = PAGE_SIZE
    ) -> ExportPage:
        """One page by key, so that the millionth row is as quick as the first."""
        require(user, Permission.EXPORT_LIST)
        with self.db.read() as session:
            query = self._filtered(session, user, wanted)
            column = Export.link_expires_at if wanted.sort == "expires" else Export.requested_at
            rising = wanted.sort == "expires"
            if rising:
                query = query.where(Export.link_expires_at.is_not(None), Export.link_expires_at > utc_now())
            place = _decode(after)
            if place is not None:
                time, export_id = place
                beyond = column > time if rising else column < time
                tie = Export.id > export_id if rising else Export.id < export_id
                query = query.where(or_(beyond, and_(column == time, tie)))
            order = (column.asc(), Export.id.asc()) if rising else (column.desc(), Export.id.desc())
            found = session.execute(query.order_by(*order).limit(size + 1)).all()
            views = tuple(ledger.to_view(row, name or email or "", self.seal) for row, name, email in found[:size])
            more = len(found) > size
            last = found[size - 1][0] if more else None
        return ExportPage(views, _encode(getattr(last, column.key), last.id) if last is not None else None)

    def _filtered(self, session: Session, user: User, wanted: HistoryFilter) -> Select[Any, Any, Any]:
        query = (
            select(Export, Account.name, Account.email)
            .outerjoin(Account, Account.id == Export.requested_by)
            .where(Export.merchant_id == user.merchant_id)
        )
        text = wanted.text.strip()
        if text:
            index = self._index(session, user, text)
            prefix = _storable(text).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            query = query.where(or_(Export.subject_index == index, Export.reference.ilike(f"{prefix}%", escape="\\")))
        if wanted.states:
            query = query.where(Export.state.in_(sorted(wanted.states)))
        if wanted.format:
            query = query.where(Export.format == wanted.format)
        if wanted.program_id:
            query = query.where(Export.program_id == wanted.program_id)
        if wanted.since:
            query = query.where(Export.requested_at >= _midnight(wanted.since))
        if wanted.until and wanted.until < dt.date.max:
            query = query.where(Export.requested_at < _midnight(wanted.until) + dt.timedelta(days=1))
        if wanted.mine:
            query = query.where(Export.requested_by == user.account_id)
        return query

    def today(self, user: User, *, days: int = 14) -> Today:
        require(user, Permission.EXPORT_LIST)
        now = utc_now()
        with self.db.read() as session:
            own = Export.merchant_id == user.merchant_id
            states = Counter(
                {s: n for s, n in session.execute(select(Export.state, func.count()).where(own).group_by(Export.state))}
            )

            def views(*conditions: Any, order: Any, limit: int) -> tuple[ExportView, ...]:
                rows = session.execute(
                    select(Export, Account.name, Account.email)
                    .outerjoin(Account, Account.id == Export.requested_by)
                    .where(own, *conditions)
                    .order_by(order)
                    .limit(limit)
                )
                return tuple(ledger.to_view(row, name or email or "", self.seal) for row, name, email in rows)

            soon = (
                Export.state == State.READY,
                Export.link_expires_at.is_not(None),
                Export.link_expires_at > now,
                Export.link_expires_at < now + SOON,
            )
            recent = session.execute(
                select(Export.requested_at, Export.state).where(
                    own, Export.requested_at > now - dt.timedelta(days=days)
                )
            )
            by_day = Counter((at.date(), OUTCOMES.get(State(state), "Under way")) for at, state in recent)
            deciding = and_(
                Export.state.in_(sorted(NEEDS_PERSON)), Export.turn != "nobody", Export.updated_at > now - SOON * 30
            )
            return Today(
                open=sum(states[s] for s in RUNNING),
                ready=states[State.READY],
                expiring=session.scalar(select(func.count()).select_from(Export).where(own, *soon)) or 0,
                deciding=views(deciding, order=Export.updated_at.desc(), limit=20),
                expiring_soon=views(*soon, order=Export.link_expires_at.asc(), limit=20),
                latest=views(order=Export.requested_at.desc(), limit=10),
                by_day=tuple((day, outcome, n) for (day, outcome), n in sorted(by_day.items())),
            )

    def programs_used(self, user: User) -> dict[str, str]:
        """Programs that past exports were limited to, id -> name: the choices of the filter."""
        require(user, Permission.EXPORT_LIST)
        with self.db.read() as session:
            rows = session.execute(
                select(Export.program_id, func.max(Export.program_name))
                .where(Export.merchant_id == user.merchant_id, Export.program_id.is_not(None))
                .group_by(Export.program_id)
            )
            return {program: name or f"Program …{program[-4:]}" for program, name in rows if program}

    def reveal(self, user: User, export_id: str) -> str:
        """The customer's email or ID in clear; audited."""
        require(user, Permission.EXPORT_OPEN)
        require_fresh_proof(user, self.settings)
        with self.db.write() as session:
            row = self._row(session, user, export_id)
            audit.record(
                session, user.merchant_id, user.account_id, "export:reveal",
                object_id=export_id, origin=user.origin, what="customer",
            )  # fmt: skip
            return self.seal.open(row, "subject") or ""

    def note_search(self, user: User, text: str) -> None:
        """A search for one person is an act of its own."""
        require(user, Permission.EXPORT_LIST)
        with self.db.write() as session:
            subject = self._index(session, user, text)[:16]
            audit.record(
                session, user.merchant_id, user.account_id, "history:search", origin=user.origin, subject=subject
            )

    def register_csv(self, user: User) -> Download:
        """The list of exports without personal data, safe to open in a spreadsheet (SEC-20)."""
        require(user, Permission.EXPORT_LIST)
        with self.db.write() as session:
            total = session.scalar(
                select(func.count()).select_from(Export).where(Export.merchant_id == user.merchant_id)
            )
            audit.record(
                session, user.merchant_id, user.account_id, "export:list_download", origin=user.origin, rows=total
            )
        return Download("past-exports.csv", "text/csv; charset=utf-8", None, self._register_lines(user))

    def _register_lines(self, user: User) -> Iterator[bytes]:
        def line(values: list[str]) -> bytes:
            out = io.StringIO()
            csv.writer(out, quoting=csv.QUOTE_ALL).writerow([safe_cell(v) for v in values])
            return out.getvalue().encode()

        yield b"\xef\xbb\xbf" + line(
            ["Export", "Requested (UTC)", "Scope", "Format", "Status", "Expires (UTC)", "Bytes", "SHA-256", "By",
             "Reference"]
        )  # fmt: skip
        after: str | None = None
        while True:
            page = self.history(user, after=after, size=500)
            for row in page.rows:
                yield line(
                    [row.id, _stamp(row.requested_at), row.scope, row.format, row.state.value,
                     _stamp(row.link_expires_at), str(row.size_bytes or ""), row.sha256, row.requested_by,
                     row.reference]
                )  # fmt: skip
            after = page.after
            if after is None:
                return


def _stamp(time: dt.datetime | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S") if time else ""


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.min, tzinfo=dt.UTC)


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


def _storable(text: str) -> str:
    """`text` with what no database column holds (lone surrogates, PostgreSQL's zero byte) made visible."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
