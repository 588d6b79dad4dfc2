"""Reads the checklist of a case: every source and where it stands, from its rows, exports, systems and decisions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.cases.services.ledger import CaseSeal
from portal.cases.services.people import masked_subject
from portal.cases.states import OPEN_STATES, CaseState
from portal.identity import Permission, User, allows
from portal.sources.from_exports import asked_numbers, export_lines
from portal.sources.from_systems import system_lines
from portal.sources.kinds import OF_EXPORTS, SourceKind, SourceState
from portal.sources.ledger import SourceRows, identifiers_of, sources_of
from portal.sources.planning import SEARCHED_BY, KnownIdentifier, from_identifiers
from portal.sources.views import FRESH_DAYS, SourceLine, SourceList
from portal.sources.whose.ledger import matching_of
from portal.storage.answering.source_tables import CaseSource, SourcePage
from portal.storage.case_tables import Case
from portal.storage.tables import Merchant, utc_now

NOBODY_TO_FIND = "LoyaltyDog finds members by email or phone, and this case knows neither."
NO_ID = "LoyaltyDog's log is asked by customer ID, and none is known."


def checklist_of(session: Session, seal: CaseSeal, user: User, case: Case) -> SourceList:
    """Of a case of the user's merchant; before collecting what would be asked."""
    identifiers = identifiers_of(session, seal, case.id)
    own = (row for row in sources_of(session, case.id) if row.kind not in OF_EXPORTS)
    rows = _counting(own, identifiers)
    lines = [*export_lines(session, case.id, identifiers), *_own_lines(session, seal, rows, identifiers)]
    lines += system_lines(session, case)
    missing = bool(asked_numbers(session, case.id, identifiers)) or would_add(rows, identifiers)
    # While something is fetched this is read every second, and nothing is settled whatever was decided.
    fetching = any(line.running and (line.id or line.export_id) for line in lines)
    found = None if fetching else matching_of(session, seal, case)
    is_open = CaseState(case.state) in OPEN_STATES
    may = is_open and allows(user.role, Permission.EXPORT_CREATE)
    if found is None:
        return SourceList(tuple(lines), missing, may)
    if not is_open:
        return SourceList(tuple(lines), missing, may, taken_in=found.taken_in)
    shown = (_as_decided(line, found.without_customer) for line in aged(lines, fresh_for(session, case.merchant_id)))
    undecided, uncompared = len(found.sort.pending), len(found.unread)
    return SourceList(tuple(shown), missing, may, undecided, uncompared, found.taken_in)


def would_add(rows: Sequence[CaseSource], identifiers: Sequence[KnownIdentifier]) -> bool:
    """Would `collect` add a source?"""
    there = {(row.kind, row.place) for row in rows}
    new = any((one.kind.value, one.place) not in there for one in from_identifiers(identifiers))
    return new or programs_to_ask_again(rows, identifiers) is not None


def programs_to_ask_again(rows: Sequence[CaseSource], identifiers: Sequence[KnownIdentifier]) -> CaseSource | None:
    """The list of programs, when an identifier came later by which members are found: each program is asked."""
    listed = next((row for row in rows if row.kind == SourceKind.PROGRAMS), None)
    if listed is None or listed.state != SourceState.FETCHED:
        return None
    asked = {row.identifier_id for row in rows if row.kind == SourceKind.MEMBERS}
    return listed if any(one.kind in SEARCHED_BY and one.id not in asked for one in identifiers) else None


def _own_lines(
    session: Session, seal: CaseSeal, rows: Sequence[CaseSource], identifiers: Sequence[KnownIdentifier]
) -> list[SourceLine]:
    pages: dict[str, int] = dict(
        session.execute(
            select(SourcePage.source_id, func.count())
            .where(SourcePage.source_id.in_([row.id for row in rows]))
            .group_by(SourcePage.source_id)
        ).all()
    )
    by = {one.id: (one.kind.value, masked_subject(one.kind, one.value)) for one in identifiers}
    lines = [_line(seal, row, by, pages.get(row.id, 0)) for row in rows]
    own_records = SourceLine(SourceKind.PORTAL_RECORDS, SourceState.FETCHED)
    if not rows:
        return [SourceLine(SourceKind.PROGRAMS, SourceState.PLANNED), own_records]
    lines.append(own_records)
    still = any(line.running for line in lines)
    kinds = {line.kind for line in lines}
    if not still and SourceKind.VENDOR_LOG not in kinds:
        lines.append(SourceLine(SourceKind.VENDOR_LOG, SourceState.NOT_APPLICABLE, problem=NO_ID))
    if not still and not any(one.kind in SEARCHED_BY for one in identifiers):
        lines.append(SourceLine(SourceKind.MEMBERS, SourceState.NOT_APPLICABLE, problem=NOBODY_TO_FIND))
    return sorted(lines, key=lambda line: list(SourceKind).index(line.kind))


def _line(seal: CaseSeal, row: CaseSource, by: dict[str, tuple[str, str]], pages: int) -> SourceLine:
    asked_by = by.get(row.identifier_id or "", ("", ""))
    if row.sealed_member is not None:
        asked_by = ("customer_id", masked_subject("customer_id", SourceRows(seal).member(row)))
    return SourceLine(
        SourceKind(row.kind),
        SourceState(row.state),
        id=row.id,
        program=row.program_name or row.program_id,
        asked_by=asked_by,
        size_bytes=row.file.size_bytes,
        row_count=row.file.row_count,
        doubtful_count=row.file.doubtful_count,
        pages=pages,
        sha256=row.file.sha256,
        status=row.status,
        problem_code=row.problem_code,
        problem=row.problem,
        next_step=row.next_step,
        attempt=row.attempt,
        asked_at=row.asked_at,
        settled_at=row.settled_at,
        destroyed_at=row.file.destroyed_at,
    )


def _counting(rows: Iterable[CaseSource], identifiers: Sequence[KnownIdentifier]) -> list[CaseSource]:
    """Without what was asked by an identifier that was struck since."""
    ids = {one.id for one in identifiers}
    return [row for row in rows if row.identifier_id is None or row.identifier_id in ids]


def fresh_for(session: Session, merchant_id: str) -> dt.timedelta:
    return dt.timedelta(days=session.get_one(Merchant, merchant_id).fresh_days or FRESH_DAYS)


def aged(lines: Iterable[SourceLine], fresh: dt.timedelta) -> list[SourceLine]:
    return [replace(line, stale=is_stale(line.state, line.settled_at, fresh)) for line in lines]


def is_stale(state: SourceState, settled_at: dt.datetime | None, fresh: dt.timedelta) -> bool:
    """Was it fetched too long ago to be of one answer with what is fetched now?"""
    whole = state in (SourceState.FETCHED, SourceState.EMPTY)
    return whole and settled_at is not None and utc_now() - settled_at > fresh


def _as_decided(line: SourceLine, without_customer: frozenset[str | None]) -> SourceLine:
    """A person said that LoyaltyDog has no gift card customer by that ID."""
    said = line.export_id and line.state is SourceState.FAILED and line.export_id in without_customer
    return replace(line, state=SourceState.ATTESTED, problem="", next_step="") if said else line
