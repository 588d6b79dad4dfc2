"""How a request was answered to the person: kinds, codes, and what follows from the facts recorded (LAW-16, LAW-21).

A request is an export and those that were asked again in its place. Facts are append-only; a mistake is corrected by a
further fact. No free text is kept, so that none can name a person (LAW-18).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portal.cases.standing import Standing
from portal.exports.core.download import FileKind
from portal.storage.tables import Answer, Export

DUE_SOON = dt.timedelta(days=7)


class Kind(StrEnum):
    """`CLOSED`: no answer is needed. `TAKEN_BACK`: the fact it names was a mistake."""

    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    EXTENDED = "extended"
    REFUSED = "refused"
    CLOSED = "closed"
    TAKEN_BACK = "taken_back"


ANSWERED = (Standing.SENT, Standing.REFUSED)  # a refusal with its reasons is an answer too (Art. 12(4) GDPR)
STILL_OPEN = (Standing.OPEN, Standing.UNKNOWN)

NO_FILE = "none"
COPIES: tuple[str, ...] = (*FileKind, NO_FILE)
"""`NO_FILE`: the person got an answer without a file."""


class Channel(StrEnum):
    """How an answer reached the person."""

    EMAIL = "email"
    POST = "post"
    HANDED_OVER = "handed_over"
    SECURE_PLACE = "secure_place"


CHANNELS: tuple[str, ...] = tuple(Channel)


class Reason(StrEnum):
    COMPLEXITY = "complexity"
    MANY_REQUESTS = "many_requests"
    UNFOUNDED = "unfounded"
    EXCESSIVE = "excessive"
    IDENTITY = "identity"
    OTHERS_RIGHTS = "others_rights"
    ELSEWHERE = "elsewhere"
    TAKEN_BACK = "taken_back"
    NO_REQUEST = "no_request"


REASONS: Mapping[Kind, tuple[Reason, ...]] = {
    # Art. 12(3) GDPR: complexity, number of requests; EDPB guidelines 01/2022, 162-164: that person's, not workload.
    Kind.EXTENDED: (Reason.COMPLEXITY, Reason.MANY_REQUESTS),
    # Art. 12(5), 12(6) and 15(4) GDPR.
    Kind.REFUSED: (Reason.UNFOUNDED, Reason.EXCESSIVE, Reason.IDENTITY, Reason.OTHERS_RIGHTS),
    Kind.CLOSED: (Reason.ELSEWHERE, Reason.TAKEN_BACK, Reason.NO_REQUEST),
}
"""The reasons that may be given with a fact that needs one."""


@dataclass(frozen=True)
class AnswerFact:
    """One recorded fact. `by` is a colleague's name, `taken_back` whether a later fact took it back."""

    number: int
    kind: Kind
    at: dt.datetime
    recorded_at: dt.datetime
    by: str
    export_id: str
    channel: str
    copy: str
    sha256: str
    reason: str
    until: dt.date | None
    taken_back: bool


@dataclass(frozen=True)
class HandedOut:
    """What the portal gave out last: which copy, its SHA-256, when."""

    copy: str
    sha256: str
    at: dt.datetime


@dataclass(frozen=True)
class AnswerRecord:
    """The status of a request. `may`: the kinds that may be recorded now, by a role that may record.

    `month_ends_on` is the target, `extended_at_most` the one with more time (None where the law names no limit),
    `due_on` the one that counts: all by the clock of the case, in whose time zone `today` is today.
    """

    standing: Standing
    received_on: dt.date
    month_ends_on: dt.date
    due_on: dt.date
    extended_at_most: dt.date | None
    answered_on: dt.date | None
    today: dt.date
    facts: tuple[AnswerFact, ...]
    may: tuple[Kind, ...]
    handed_out: HandedOut | None
    newest_export: str


def day_in(zone: str, time: dt.datetime) -> dt.date:
    """The date of a moment in a time zone; in UTC when the name is none."""
    try:
        return time.astimezone(ZoneInfo(zone or "UTC")).date()
    except (ZoneInfoNotFoundError, ValueError):
        return time.astimezone(dt.UTC).date()


def received_day(first: Export) -> dt.date:
    """When the request reached the merchant; if not stated, when the first export was asked for."""
    return first.received_on or first.requested_at.date()


def effective(rows: Sequence[Answer]) -> list[Answer]:
    """The facts that hold: not taken back, in the order they were recorded."""
    gone = {row.takes_back for row in rows}
    return [row for row in rows if row.kind != Kind.TAKEN_BACK and row.number not in gone]


def may_follow(standing: Standing, rows: Sequence[Answer], *, more_time: bool) -> tuple[Kind, ...]:
    """What may be recorded next. `more_time`: the clock of the case lets it be told (CLK-3)."""
    holding = effective(rows)
    kinds = {row.kind for row in holding}
    found: list[Kind] = []
    if standing in (*STILL_OPEN, *ANSWERED):
        found.append(Kind.SENT)
    if standing is Standing.SENT and Kind.ACKNOWLEDGED not in kinds:
        found.append(Kind.ACKNOWLEDGED)
    if standing in STILL_OPEN:
        if more_time:
            found.append(Kind.EXTENDED)
        found += [Kind.REFUSED, Kind.CLOSED]
    if holding:
        found.append(Kind.TAKEN_BACK)
    return tuple(found)
