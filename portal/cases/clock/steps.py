"""The steps that lead to each date of a clock, typed; `portal.cases.clock.words` says them in a reader's language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, auto

Value = dt.date | int | str


class StepKind(StrEnum):
    LAW_AND_CALENDAR = auto()
    LAW_WITHOUT_CALENDAR = auto()
    LAW = auto()
    SEVERAL_LAWS = auto()
    RECEIVED_INSTANT = auto()
    RECEIVED = auto()
    # what the person was asked for
    IDENTITY = auto()
    IDENTITY_OPEN = auto()
    CLARIFICATION = auto()
    CLARIFICATION_OPEN = auto()
    FEE = auto()
    FEE_OPEN = auto()
    OTHER = auto()
    OTHER_OPEN = auto()
    GIVEN_UNASKED = auto()
    NO_SUCH_PAUSE = auto()
    ASKED_LATE = auto()
    ASKED_AFTER_END = auto()
    NOT_ENDED = auto()
    BEGINS_THEN = auto()
    BOTH_DAYS_INCLUDED = auto()
    LAST_DAY_ONLY = auto()
    CONTESTED_PAUSE = auto()
    # periods
    ONE_MONTH = auto()
    THREE_MONTHS = auto()
    CLIPPED = auto()
    DAYS = auto()
    FIRST_DAY_COUNTS = auto()
    DAYS_LEFT_OUT = auto()
    HOUSE_LIMIT = auto()
    BY_POST = auto()
    TARGET = auto()
    EXTENDED_TARGET = auto()
    # days off
    SATURDAY = auto()
    SUNDAY = auto()
    HOLIDAY = auto()
    ADDED = auto()
    STRUCK = auto()
    DOUBTFUL = auto()
    NOT_LISTED = auto()
    ROLLED = auto()
    WORKING_DAY = auto()
    NEVER_ROLLED = auto()
    LAST_LAWFUL = auto()
    EXTENDED_LAST_LAWFUL = auto()
    ANOTHER_READING = auto()
    # more time
    TELL_BY = auto()
    TELL_BY_LETTER = auto()
    NAME_DATE_BY = auto()
    NO_MORE_TIME = auto()
    EXTENDED = auto()
    EXTENDED_UNTIL = auto()
    EXTENDED_LATE = auto()
    EXTENDED_WITHOUT_DATE = auto()
    EXTENDED_AGAIN = auto()
    # receipt confirmed
    CONFIRM = auto()
    CONFIRM_BEFORE = auto()
    CONFIRM_LAST = auto()
    # the end
    ANSWERED = auto()
    BOUNCED = auto()
    REFUSED = auto()
    CLOSED = auto()
    WITHDRAWN = auto()
    TOO_LATE = auto()


@dataclass(slots=True)
class Step:
    """One step. Not frozen: that would double the cost of the many a clock makes."""

    kind: StepKind
    values: Mapping[str, Value]
