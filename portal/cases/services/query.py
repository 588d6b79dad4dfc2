"""Finding a page of cases in a million: which index answers which question.

Each state is looked up by itself, in the index that has its cases in the page's order, and the first of all of them are
taken: an IN would make the database sort all that match. What a text names is looked up first, and only then looked
through; otherwise SQLite, which keeps no statistics, walks over all open cases to come across them in order.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal_column, or_, select
from sqlalchemy.orm import Session, aliased

from portal.cases.services.views import CaseFilter, Place
from portal.identity import User
from portal.storage.case_tables import Case, CaseDemand, CaseIdentifier
from portal.storage.prefix import starts_with, storable

MOST_NAMED = 500
MOST_COUNTED = 1_000
NAME = re.compile(r"(\d{4})-(\d{1,9})")

Condition = ColumnElement[bool]
Branch = tuple[type[Case], list[Condition]]


@dataclass(frozen=True)
class Named:
    """What a text names: cases, and the start of more references than are looked up one by one."""

    ids: Sequence[str]
    prefix: str = ""


def named_by(session: Session, user: User, text: str, indexes: Sequence[str]) -> Named:
    """By the case's number, by what the person is known by (`indexes`, one for each key), by the reference's start."""
    own = Case.merchant_id == user.merchant_id
    if name := NAME.fullmatch(text):
        year, number = int(name[1]), int(name[2])
        return Named(session.scalars(select(Case.id).where(own, Case.year == year, Case.number == number)).all())
    persons = select(CaseIdentifier.case_id).where(
        CaseIdentifier.merchant_id == user.merchant_id, CaseIdentifier.value_index.in_(indexes)
    )
    prefix = storable(text).casefold()
    references = select(Case.id).where(own, *starts_with(Case.reference_key, prefix))
    known = session.scalars(persons.limit(MOST_NAMED)).all()
    referred = session.scalars(references.limit(MOST_NAMED)).all()
    return Named(known, prefix) if len(referred) == MOST_NAMED else Named([*known, *referred])


def page_of_cases(
    session: Session, user: User, wanted: CaseFilter, named: Named | None, after: Place | None, size: int
) -> list[Case]:
    """The next `size` cases after a place: open ones by their due day, ended ones the last that ended first."""
    found: dict[str, Case] = {}
    for case, conditions in _branches(user, wanted, named):
        if after is not None:
            conditions.append(_beyond_ended(case, *after) if wanted.ended else beyond_open(case, *after))
        query = select(case).where(*conditions).order_by(*_order(case, wanted)).limit(size)
        found |= {row.id: row for row in session.scalars(query)}
    return sorted(found.values(), key=place_of, reverse=wanted.ended)[:size]


def count_of_cases(session: Session, user: User, wanted: CaseFilter) -> int:
    """How many match, counted no further than one more than `MOST_COUNTED`; `text` is not looked at."""
    found = 0
    for case, conditions in _branches(user, wanted, None):
        # Ordered like the page: so the same narrow index is read, never the wide rows.
        some = select(case.id).where(*conditions).order_by(*_order(case, wanted)).limit(MOST_COUNTED + 1 - found)
        found += session.scalar(select(func.count()).select_from(some.subquery())) or 0
        if found > MOST_COUNTED:
            break
    return found


def place_of(case: Case) -> Place:
    return (case.closed_at or case.due_on), case.id


def _branches(user: User, wanted: CaseFilter, named: Named | None) -> Iterator[Branch]:
    """Sets of conditions; a case is wanted when it fulfils one of them."""
    states = sorted(wanted.states)
    if named is not None and named.ids:
        # The limit keeps the other conditions out: only these rows are read, by their key.
        rows = select(Case).where(Case.id.in_(named.ids)).limit(len(named.ids)).subquery()
        case = aliased(Case, rows)
        yield case, [*_plain(case, user, wanted), *([case.state.in_(states)] if states else [])]
    if named is not None and not named.prefix:
        return
    # Where many references match, their index is left alone: the page is come across in its order, nothing is sorted.
    words = starts_with(Case.reference_key.concat(literal_column("''")), named.prefix) if named is not None else []
    for state in [[Case.state == state] for state in states] or [[]]:
        yield Case, [*_plain(Case, user, wanted), *state, *words]


def open_order(case: type[Case] = Case) -> tuple[ColumnElement[Any], ...]:
    """Open cases, soonest due first. `closed_at` is empty in all of them; PostgreSQL does not see that an index that
    has it before the due day is in order, unless it is named, and would sort every open case."""
    return case.closed_at.asc(), case.due_on.asc(), case.id.asc()


def beyond_open(case: type[Case], due_on: dt.date, case_id: str) -> Condition:
    """After a place among open cases. The first comparison is a range of an index; an OR by itself is none."""
    return and_(case.due_on >= due_on, or_(case.due_on > due_on, case.id > case_id))


def _beyond_ended(case: type[Case], closed_at: dt.date, case_id: str) -> Condition:
    return and_(case.closed_at <= closed_at, or_(case.closed_at < closed_at, case.id < case_id))


def _order(case: type[Case], wanted: CaseFilter) -> tuple[ColumnElement[Any], ...]:
    return (case.closed_at.desc(), case.id.desc()) if wanted.ended else open_order(case)


def _plain(case: type[Case], user: User, wanted: CaseFilter) -> list[Condition]:
    found: list[Condition] = [
        case.merchant_id == user.merchant_id,
        case.closed_at.is_not(None) if wanted.ended else case.closed_at.is_(None),
    ]
    if wanted.mine:
        found.append(case.assignee == user.account_id)
    if wanted.due_since is not None:
        found.append(case.due_on >= wanted.due_since)
    if wanted.due_until is not None:
        found.append(case.due_on <= wanted.due_until)
    if wanted.right is not None:
        demand = select(CaseDemand.case_id).where(CaseDemand.case_id == case.id, CaseDemand.demand == wanted.right)
        found.append(demand.exists())
    return found
