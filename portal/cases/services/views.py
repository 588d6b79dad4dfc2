"""What pages and commands get to see of cases: frozen, typed, persons masked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from portal.cases.clock import Clock
from portal.cases.facts import Channel, DemandOutcome, FactKind, Right
from portal.cases.recognition.standing import Recognition
from portal.cases.states import CaseState

Place = tuple[dt.date | dt.datetime, str]
"""Where a page of cases ends: the due day, or the time of the end, and the id."""


@dataclass(frozen=True)
class CaseFilter:
    """`text` is an identifier, matched whole, a case's number (2026-0042) or the start of a reference. Only open cases,
    soonest due first, unless `ended`: then those, the last that ended first."""

    text: str = ""
    mine: bool = False
    ended: bool = False
    states: frozenset[CaseState] = frozenset()
    right: Right | None = None
    due_since: dt.date | None = None
    due_until: dt.date | None = None


@dataclass(frozen=True)
class CaseRow:
    """`name` is what people call it, `person` masked, `assignee` a colleague's name."""

    id: str
    name: str
    person: str
    rights: tuple[str, ...]
    received_on: dt.date
    due_on: dt.date
    last_lawful_on: dt.date
    state: CaseState
    assignee: str
    reference: str


@dataclass(frozen=True)
class CasePage:
    """`after` names the next page; None on the last one."""

    rows: tuple[CaseRow, ...]
    after: Place | None


@dataclass(frozen=True)
class ShownFact:
    """One fact. `text` are its words in clear, for those who work on cases."""

    number: int
    kind: FactKind
    at: dt.datetime
    told_on: dt.date | None
    by: str
    codes: Mapping[str, str]
    takes_back: int | None
    holds: bool
    text: str


@dataclass(frozen=True)
class Colleague:
    """Somebody to whom a case can be given."""

    account_id: str
    name: str


@dataclass(frozen=True)
class Demand:
    """One thing that the person asks for, and what came of it on which day."""

    right: Right
    outcome: DemandOutcome
    on: dt.date | None


@dataclass(frozen=True)
class CaseView:
    """One case. `identifiers` are kinds and masked values; `waiting` are the questions to the person that are
    open. After `kept_until` what was written in it is destroyed, or was; an open one has no such day.

    `hidden`: nothing of the person's data is shown before it is settled who asks."""

    row: CaseRow
    assignee_id: str
    channel: Channel
    language: str
    closed_as: str
    identifiers: tuple[tuple[str, str], ...]
    demands: tuple[Demand, ...]
    clock: Clock
    today: dt.date
    facts: tuple[ShownFact, ...]
    recognition: Recognition
    hidden: bool
    waiting: tuple[FactKind, ...]
    kept_until: dt.date | None
    may: frozenset[FactKind]
    more_time: bool
    """May this person record now that more time was told (CLK-3)?"""
