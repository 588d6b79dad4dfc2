"""Dating a merchant's open cases anew, when what they are calculated with has changed (CLK-9).

The caller holds the exports of the cases and the merchant's lock (`hold_open_cases`), so nothing is recorded in them
until the transaction ends. Facts are read a batch at a time; exports follow their case. A case whose days changed
leaves an audit entry with the old and the new ones.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, cast

from sqlalchemy import Row, Table, bindparam, select, update
from sqlalchemy.orm import Session

from portal import audit
from portal.cases.facts import Fact, FactKind
from portal.cases.services.folding import Folded, Rules, folded
from portal.cases.services.ledger import cached, hold_exports, tell_exports
from portal.errors import InputError
from portal.log import log
from portal.storage.case_tables import Case, CaseFact

BATCH = 500
DAYS = ("received_on", "target_on", "last_lawful_on", "due_on", "extended_to")
"""What a case's row keeps of its clock."""
Days = Mapping[str, dt.date | None]
_COLUMNS = (
    Case.id, Case.merchant_id, Case.closed_at, Case.profile, Case.calendar, Case.zone,
    *(getattr(Case, name) for name in DAYS),
)  # fmt: skip
_OF_FACT = (
    CaseFact.case_id, CaseFact.number, CaseFact.kind, CaseFact.at, CaseFact.recorded_by, CaseFact.told_on,
    CaseFact.codes, CaseFact.takes_back,
)  # fmt: skip


_TABLE = cast(Table, Case.__table__)
_WRITE = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("case_id"))
    .values({name: bindparam(name) for name in ("profile", "calendar", "zone", *DAYS)})
)
"""Put together once: a merchant may have thousands of open cases."""


@dataclass(frozen=True)
class Recalculated:
    """One case: the days on its row, and what its facts come to under `rules`."""

    id: str
    rules: Rules
    facts: list[Fact]
    kept: Days
    found: Folded
    codes_changed: bool

    @property
    def days(self) -> Days:
        now = cached(self.found)
        return {name: now[name] for name in DAYS}


RulesOf = Callable[[str, str, str], Rules]
"""From the profile, calendar and zone on a case's row to what it is calculated with now."""


def open_batches(session: Session, merchant_id: str) -> list[Sequence[str]]:
    """The ids of the merchant's open cases, a batch each. Read at once: dating anew changes every order but this."""
    open_ones = select(Case.id).where(Case.merchant_id == merchant_id, Case.closed_at.is_(None))
    ids = session.scalars(open_ones.order_by(Case.id)).all()
    return [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]


def hold_open_cases(session: Session, merchant_id: str) -> None:
    """Hold what dating anew may write: the exports of the merchant's open cases, then the merchant's lock."""
    hold_exports(session, merchant_id, select(Case.id).where(Case.merchant_id == merchant_id, Case.closed_at.is_(None)))


def calculated(
    session: Session, merchant_id: str, case_ids: Sequence[str], rules_of: RulesOf, *, ended: bool = False
) -> list[Recalculated]:
    """The merchant's cases of these ids that are open, or that have ended, calculated anew."""
    # By their ids alone: asked for as the merchant's open cases too, each batch would walk over all of those.
    rows = session.execute(select(*_COLUMNS).where(Case.id.in_(case_ids))).all()
    rows = [row for row in rows if row.merchant_id == merchant_id and (row.closed_at is not None) is ended]
    return list(_recalculated(session, rows, rules_of))


def redate_open_cases(
    session: Session, merchant_id: str, rules_of: RulesOf, *, actor: str, origin: str
) -> int:  # fmt: skip
    """Bring every open case's row in line with its facts under `rules_of`. Gives how many have other days now."""
    return sum(
        write_days(session, merchant_id, case, case.days, actor, origin)
        for batch in open_batches(session, merchant_id)
        for case in calculated(session, merchant_id, batch, rules_of)
    )


def write_days(
    session: Session, merchant_id: str, case: Recalculated, days: Days, actor: str, origin: str
) -> bool:  # fmt: skip
    """Put `days` and the codes they come from on the case's row, with an entry of those that changed."""
    other = {name: day for name, day in days.items() if day != case.kept[name]}
    if not other and not case.codes_changed:
        return False
    rules = case.rules
    codes = {"profile": rules.profile, "calendar": rules.calendar, "zone": rules.zone}
    row: dict[str, Any] = {**case.kept, **other}
    session.execute(_WRITE, {"case_id": case.id, **codes, **row})
    clock = replace(case.found.clock, target_on=row["target_on"], due_on=row["due_on"])
    tell_exports(session, case.id, case.facts, clock, rules.place)
    if other:
        was = {name: case.kept[name] for name in other}
        audit.record(
            session, merchant_id, actor, "case:redate", object_id=case.id, origin=origin,
            was=_written(was), now=_written(other),
        )  # fmt: skip
    return bool(other)


def _written(days: Days) -> dict[str, str | None]:
    return {name: day.isoformat() if day is not None else None for name, day in days.items()}


def _recalculated(session: Session, rows: Sequence[Row[Any]], rules_of: RulesOf) -> Iterator[Recalculated]:
    facts = _facts_of(session, [row.id for row in rows])
    for row in rows:
        rules = rules_of(row.profile, row.calendar, row.zone)
        codes_changed = (row.profile, row.calendar, row.zone) != (rules.profile, rules.calendar, rules.zone)
        kept = {name: getattr(row, name) for name in DAYS}
        try:
            found = folded(facts.get(row.id, []), rules)
        except (InputError, ValueError) as error:  # one damaged case keeps its days; the others are dated all the same
            log.error("cases.not_calculated", case=row.id, error_type=type(error).__name__)
            continue
        yield Recalculated(row.id, rules, facts[row.id], kept, found, codes_changed)


def _facts_of(session: Session, case_ids: Sequence[str]) -> dict[str, list[Fact]]:
    rows = session.execute(
        select(*_OF_FACT).where(CaseFact.case_id.in_(case_ids)).order_by(CaseFact.case_id, CaseFact.number)
    )
    return {
        case_id: [
            Fact(row.number, FactKind(row.kind), row.at, row.recorded_by or "", row.told_on, row.codes, row.takes_back)
            for row in of_case
        ]
        for case_id, of_case in groupby(rows, key=lambda row: row.case_id)
    }
