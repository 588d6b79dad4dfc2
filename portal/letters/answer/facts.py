"""What a case adds to the letter of its answer. Nobody is named in it but whom the answer itself may name."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from portal.cases.clock.regimes import Regime
from portal.letters.left_out import LeftOutCount
from portal.letters.profile.items import DataCategory


class Outcome(StrEnum):
    YES = "yes"
    PARTLY = "partly"
    """Something is left out."""
    NOTHING = "nothing"


class SearchOutcome(StrEnum):
    FOUND = "found"
    NOTHING = "nothing"
    APART = "apart"
    """Answered by a letter of its own."""


@dataclass(frozen=True)
class Searched:
    """One system: its name, what came of it, by what (masked), and the day."""

    name: str
    outcome: SearchOutcome
    asked_by_masked: str
    on: dt.date


@dataclass(frozen=True)
class CategoryCount:
    code: DataCategory
    records: int


@dataclass(frozen=True)
class AnswerFacts:
    """`case` is the case's name, `reference` the merchant's own. `sender_names`: who gave the person a card, where
    the answer keeps the name. `recipients`: names of those who received this person's data; None for all of the
    profile. `country`: the person's, where known. `package_kept_until`: the last day; `record_kept_months`: after
    the case has ended."""

    merchant: str
    case: str
    received_on: dt.date
    answered_on: dt.date
    outcome: Outcome
    searched: tuple[Searched, ...]
    categories: tuple[CategoryCount, ...] = ()
    reference: str = ""
    extended_until: dt.date | None = None
    left_out: tuple[LeftOutCount, ...] = ()
    sender_names: tuple[str, ...] = ()
    recipients: tuple[str, ...] | None = None
    country: str = ""
    package_kept_until: dt.date | None = None
    record_kept_months: int | None = None
    regimes: tuple[Regime, ...] = (Regime.EU,)

    def __post_init__(self) -> None:
        if (self.outcome is Outcome.PARTLY) is not any(one.places > 0 for one in self.left_out):
            raise ValueError("partly, and only then, something is left out")
        if (self.outcome is Outcome.NOTHING) is bool(self.categories):
            raise ValueError("nothing is held, and only then no data are counted")
        if not self.searched:
            raise ValueError("an answer names what was searched")
