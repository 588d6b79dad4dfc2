"""Finding a page of exports in a million: which index answers which question.

Several states, or a text that may be a person or a reference, are looked up one by one, each in its own index and each
for one page only, and the first of all of them are taken. (An OR or IN would make the database sort all that match.)
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.cases.standing import Standing
from portal.exports.core.answers import ANSWERED, DUE_SOON
from portal.exports.history.filters import HistoryFilter
from portal.storage.prefix import starts_with, storable
from portal.storage.tables import Export, utc_now

FEW = 500  # matches of a reference that are quicker to sort than to come across in order
MOST_COUNTED = 1_000

Condition = ColumnElement[bool]
Place = tuple[dt.datetime, str]
Indexes = tuple[str, ...]
"""The text's blind index under each of the merchant's keys; more than one only until older keys are dropped."""


def page_keys(
    session: Session,
    own: Condition,
    wanted: HistoryFilter,
    indexes: Indexes,
    account_id: str,
    place: Place | None,
    size: int,
    today: dt.date,
) -> list[tuple[dt.datetime, str]]:
    """Time and id of the next `size` exports in the wanted order, after `place`."""
    column, rising = _order_of(wanted)
    conditions = [own, *_plain(wanted, account_id, today)]
    if place is not None:
        time: dt.datetime | dt.date
        time, export_id = place
        if wanted.by_due_day:
            time = time.date()
        inclusive, beyond = (column >= time, column > time) if rising else (column <= time, column < time)
        tie = Export.id > export_id if rising else Export.id < export_id
        conditions.append(and_(inclusive, or_(beyond, tie)))
    branches = [
        _ordered(select(column.label("at"), Export.id.label("id")).where(*conditions, *branch), column, rising, size)
        for branch in _branches(session, own, wanted, indexes)
    ]
    if len(branches) == 1:
        found = session.execute(branches[0]).all()
    else:
        parts = [select(branch.subquery()) for branch in branches]
        found = session.execute(union_all(*parts)).all()
    unique = {export_id: midnight(at) if wanted.by_due_day else at for at, export_id in found}
    keys = sorted(((time, export_id) for export_id, time in unique.items()), reverse=not rising)
    return keys[:size]


def count_up_to(
    session: Session,
    own: Condition,
    wanted: HistoryFilter,
    indexes: Indexes,
    account_id: str,
    today: dt.date,
    most: int = MOST_COUNTED,
) -> int:
    """How many match, counted no further than `most` + 1."""
    conditions = [own, *_plain(wanted, account_id, today)]
    found: set[str] = set()
    for branch in _branches(session, own, wanted, indexes):
        column, rising = _order_of(wanted)
        # Ordered like the page: so the same narrow index is read, never the wide rows.
        ids = _ordered(select(Export.id).where(*conditions, *branch), column, rising, most + 1)
        if not wanted.text.strip():
            counted = session.scalar(select(func.count()).select_from(ids.subquery())) or 0
            most_left = most + 1 - len(found)
            found |= {f"{len(found)}-{n}" for n in range(min(counted, most_left))}
        else:
            found |= set(session.scalars(ids))
        if len(found) > most:
            return most + 1
    return len(found)


def _order_of(wanted: HistoryFilter) -> tuple[InstrumentedAttribute[Any], bool]:
    if wanted.by_due_day:
        return Export.due_on, True
    rising = wanted.sort == "expires"
    return (Export.link_expires_at if rising else Export.requested_at), rising


def _ordered(query: Select[Any], column: InstrumentedAttribute[Any], rising: bool, size: int) -> Select[Any]:
    order = (column.asc(), Export.id.asc()) if rising else (column.desc(), Export.id.desc())
    return query.order_by(*order).limit(size)


def _plain(wanted: HistoryFilter, account_id: str, today: dt.date) -> list[Condition]:
    found: list[Condition] = []
    if wanted.sort == "expires" and not wanted.by_due_day:
        found.append(Export.link_expires_at > utc_now())
    if wanted.answer == "overdue":
        found.append(Export.due_on < today)
    elif wanted.answer == "due":
        found += [Export.due_on >= today, Export.due_on <= today + DUE_SOON]
    if wanted.format:
        found.append(Export.format == wanted.format)
    if wanted.program_id:
        found.append(Export.program_id == wanted.program_id)
    if wanted.since:
        found.append(Export.requested_at >= midnight(wanted.since))
    if wanted.until and wanted.until < dt.date.max:
        found.append(Export.requested_at < midnight(wanted.until) + dt.timedelta(days=1))
    if wanted.mine:
        found.append(Export.requested_by == account_id)
    return found


def _branches(session: Session, own: Condition, wanted: HistoryFilter, indexes: Indexes) -> list[Sequence[Condition]]:
    """Sets of conditions; an export is wanted when it fulfils one of them."""
    states: list[list[Condition]] = [[Export.state == state] for state in sorted(wanted.states)] or [[]]
    answers: list[list[Condition]] = [[]]
    if wanted.answer:
        standings = sorted(ANSWERED) if wanted.answer == "answered" else [Standing.OPEN]
        answers = [[Export.answer == standing] for standing in standings]
    texts: list[list[Condition]] = [[]]
    if text := wanted.text.strip():
        texts = [*([Export.subject_index == index] for index in indexes), *_reference_starts(session, own, text)]
    return [[*state, *answer, *words] for state, answer, words in itertools.product(states, answers, texts)]


def _reference_starts(session: Session, own: Condition, text: str) -> list[list[Condition]]:
    """Few matches are looked up first and named. Where many match, the column is dressed up so that its index is left
    alone: then the page is come across in the wanted order, instead of sorting all that match."""
    prefix = storable(text).casefold()
    few = session.scalars(select(Export.id).where(own, *starts_with(Export.reference_key, prefix)).limit(FEW)).all()
    if len(few) < FEW:
        return [[Export.id.in_(few)]] if few else []
    return [starts_with(Export.reference_key.concat(literal_column("''")), prefix)]


def midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.min, tzinfo=dt.UTC)
