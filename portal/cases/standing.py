"""How an export stands towards the person: what its row keeps of its case's endings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from portal.cases.endings import Ending
from portal.cases.facts import ClosingReason, FactKind


class Standing(StrEnum):
    """What an export's `answer` column says. `UNKNOWN`: asked for before the portal kept answers, its month over.
    `LATER`: another export was asked for in its place and stands for the request."""

    OPEN = "open"
    SENT = "sent"
    REFUSED = "refused"
    CLOSED = "closed"
    LATER = "later"
    UNKNOWN = ""


STANDING_OF: Mapping[FactKind, Standing] = {
    FactKind.ANSWERED: Standing.SENT,
    FactKind.REFUSED: Standing.REFUSED,
    FactKind.CLOSED: Standing.CLOSED,
    FactKind.WITHDRAWN: Standing.CLOSED,
    FactKind.NOT_IDENTIFIED: Standing.REFUSED,  # told by letter as well (Art. 12(4) GDPR)
}


@dataclass(frozen=True)
class Stands:
    """`answered_on` is the day of the first end that holds, in the controller's time zone."""

    standing: Standing = Standing.OPEN
    answered_on: dt.date | None = None


def stands(ending: Ending | None, zone: ZoneInfo) -> Stands:
    """How an export stands whose part of the case, or whose case, ended so."""
    if ending is None:
        return Stands()
    if ending.fact.codes.get("reason") == ClosingReason.BEFORE_RECORDS:
        return Stands(Standing.UNKNOWN)
    return Stands(STANDING_OF[ending.fact.kind], ending.first.day(zone))
