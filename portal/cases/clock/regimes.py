"""What each law says about the time for an answer, as data: periods, pauses, what moves an end.

A profile is read by `calculation` and knows no calendar. Sources stand beside each; where two readings exist,
the earlier one is the target and the usual one the last lawful day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from portal.storage.months import months_after


class Regime(StrEnum):
    EU = "EU"
    UK = "UK"
    CH = "CH"
    CALIFORNIA = "US-CA"
    FORTY_FIVE_DAYS = "US-45"
    BRAZIL = "BR"
    CANADA = "CA"
    QUEBEC = "QC"


class Counting(StrEnum):
    MONTHS = "months"
    DAYS = "days"


class Rolling(StrEnum):
    """Does an end on a day off move to the next working day? `UNCERTAIN`: some say so, so it is only mentioned."""

    NEVER = "never"
    UNCERTAIN = "uncertain"
    NEXT_WORKING_DAY = "next_working_day"


class Extending(StrEnum):
    """`NAMED_DATE`: no outer limit, but the new date must be told."""

    NOT_POSSIBLE = "not_possible"
    ONCE = "once"
    NAMED_DATE = "named_date"


class PauseKind(StrEnum):
    """What the person was asked for. `OTHER`: a pause that somebody recorded without such a question."""

    IDENTITY = "identity"
    CLARIFICATION = "clarification"
    FEE = "fee"
    OTHER = "other"


class PauseEffect(StrEnum):
    """What the days from the question to the answer do.

    `BEGINS_THEN`: the period begins anew with the answer. `BOTH_DAYS_INCLUDED`: none of them counts, but the target
    counts the last. `LAST_DAY_ONLY`: they move the last lawful day alone. `CONTESTED`: they move nothing, and the later
    day is mentioned.
    """

    BEGINS_THEN = "begins_then"
    BOTH_DAYS_INCLUDED = "both_days_included"
    LAST_DAY_ONLY = "last_day_only"
    CONTESTED = "contested"


@dataclass(frozen=True, slots=True)
class Period:
    count: int
    counting: Counting

    def end(self, event_on: dt.date) -> dt.date:
        """The last day when the day of the event is not counted."""
        if self.counting is Counting.MONTHS:
            return months_after(event_on, self.count)
        return event_on + dt.timedelta(days=self.count)

    def end_first_day_counted(self, event_on: dt.date) -> dt.date:
        """The last day of a period that begins with the event's own day: one day less, where months have that date.

        A month that lacks the date ends with its last day in both readings (31 Jan: 28 Feb).
        """
        usual = self.end(event_on)
        clipped = self.counting is Counting.MONTHS and usual.day != event_on.day
        return usual if clipped else usual - dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PauseRule:
    effect: PauseEffect
    asked_within_days: int | None = None
    """Asked later than so many days after the receipt is not "without undue delay": no pause."""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """One law's rules. `tell_from_letter`: an extension is told within the first period from the date of the letter."""

    regime: Regime
    first: Period
    source: str
    extended: Period | None = None
    extending: Extending = Extending.NOT_POSSIBLE
    first_day_may_count: bool = False
    rolling: Rolling = Rolling.NEVER
    rolling_source: str = ""
    pauses: Mapping[PauseKind, PauseRule] = field(default_factory=dict)
    confirm_in_working_days: int | None = None
    tell_from_letter: bool = False


PROMPTLY_DAYS = 7
"""A pause of the EU needs a question "without undue delay" (EDPB guidelines 01/2022, 157-164): ours is a week."""
ROLL_EU = "Regulation 1182/71 art. 3(4)"

_CONTESTED = PauseRule(PauseEffect.CONTESTED, PROMPTLY_DAYS, "EDPB 01/2022, 157-164")
_EU = Profile(
    Regime.EU,
    Period(1, Counting.MONTHS),
    "Art. 12(3) GDPR; Regulation 1182/71 art. 3(1), 3(2)(c)",
    extended=Period(3, Counting.MONTHS),
    extending=Extending.ONCE,
    rolling=Rolling.NEXT_WORKING_DAY,
    rolling_source=ROLL_EU,
    # Art. 12(3) GDPR knows no pause; the EDPB allows one for these two.
    pauses={kind: _CONTESTED for kind in (PauseKind.IDENTITY, PauseKind.CLARIFICATION, PauseKind.OTHER)},
)
# Décret 2005-1309 art. 92 as of 2018; its successor 2019-536 art. 77 is taken to say the same.
_FRANCE = replace(
    _EU,
    pauses={
        **_EU.pauses,
        PauseKind.IDENTITY: PauseRule(PauseEffect.LAST_DAY_ONLY, PROMPTLY_DAYS, "Décret 2019-536 art. 77"),
    },
)
# Art. 12A UK GDPR counts "beginning with the relevant time"; English courts read that as including the day
# (Zaporozhchenko [2011] EWHC 34 (Admin)), the ICO's guidance does not.
_UK = replace(
    _EU,
    regime=Regime.UK,
    source="Art. 12(3), 12A UK GDPR",
    first_day_may_count=True,
    pauses={
        PauseKind.IDENTITY: PauseRule(PauseEffect.BEGINS_THEN, source="Art. 12A UK GDPR"),
        PauseKind.FEE: PauseRule(PauseEffect.BEGINS_THEN, source="Art. 12A UK GDPR"),
        PauseKind.CLARIFICATION: PauseRule(PauseEffect.BOTH_DAYS_INCLUDED, source="Art. 12A UK GDPR"),
        PauseKind.OTHER: PauseRule(PauseEffect.CONTESTED, source="Art. 12A UK GDPR"),
    },
)
UK_ART_12A_SINCE = dt.date(2026, 2, 5)
_UK_BEFORE_12A = replace(
    _EU,
    regime=Regime.UK,
    source="Art. 12(3) UK GDPR; retained Regulation 1182/71 art. 3",
    pauses={kind: replace(_CONTESTED, source="ICO, right of access") for kind in _EU.pauses},
)

PROFILES: Mapping[Regime, Profile] = {
    Regime.EU: _EU,
    Regime.UK: _UK,
    Regime.CH: Profile(
        Regime.CH,
        Period(30, Counting.DAYS),
        "Art. 18 DSV; Art. 77 OR",
        extending=Extending.NAMED_DATE,
        rolling=Rolling.NEXT_WORKING_DAY,
        rolling_source="Art. 78 OR; SR 173.110.3",
    ),
    Regime.CALIFORNIA: Profile(
        Regime.CALIFORNIA,
        Period(45, Counting.DAYS),
        "11 CCR 7021(b)",
        extended=Period(90, Counting.DAYS),
        extending=Extending.ONCE,
        first_day_may_count=True,  # the time "shall begin on the day that the business receives the request"
        confirm_in_working_days=10,
    ),
    Regime.FORTY_FIVE_DAYS: Profile(
        Regime.FORTY_FIVE_DAYS,
        Period(45, Counting.DAYS),
        "Va. Code 59.1-577(B)",
        extended=Period(90, Counting.DAYS),
        extending=Extending.ONCE,
        first_day_may_count=True,
    ),
    Regime.BRAZIL: Profile(
        Regime.BRAZIL, Period(15, Counting.DAYS), "LGPD art. 19 II", rolling=Rolling.UNCERTAIN
    ),
    Regime.CANADA: Profile(
        Regime.CANADA,
        Period(30, Counting.DAYS),
        "PIPEDA s. 8(3)-(4)",
        extended=Period(60, Counting.DAYS),
        extending=Extending.ONCE,
        tell_from_letter=True,
    ),
    Regime.QUEBEC: Profile(Regime.QUEBEC, Period(30, Counting.DAYS), "CQLR P-39.1 s. 32"),
}  # fmt: skip


def profile_of(regime: Regime, received_on: dt.date, country: str = "") -> Profile:
    """The rules for a receipt on that day. `country`: the EU state whose own rules apply (only FR has some)."""
    if regime is Regime.EU and country == "FR":
        return _FRANCE
    if regime is Regime.UK and received_on < UK_ART_12A_SINCE:
        return _UK_BEFORE_12A
    return PROFILES[regime]
