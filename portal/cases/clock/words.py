"""A step as a sentence. Templates are messages of the catalogues; days are written as the reader's language does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from portal.cases.clock.steps import Step, StepKind
from portal.language import ENGLISH
from portal.language.formats import day as written_day

TEMPLATES: Mapping[StepKind, str] = {
    StepKind.LAW_AND_CALENDAR: "Calculated by the rules of {regime}, with the days off of the calendar {calendar}.",
    StepKind.LAW_WITHOUT_CALENDAR: "Calculated by the rules of {regime}, without public holidays: no calendar is set.",
    StepKind.LAW: "Calculated by the rules of {regime}.",
    StepKind.SEVERAL_LAWS: "More than one set of rules applies: of each date the earlier one counts.",
    StepKind.RECEIVED_INSTANT: "{instant} is {day} in the time zone {zone}.",
    StepKind.RECEIVED: "Received on {day}: the clock starts, whatever day of the week that is.",
    StepKind.IDENTITY: "Proof of identity was asked for on {asked} and came on {given}.",
    StepKind.IDENTITY_OPEN: "Proof of identity was asked for on {asked} and has not come.",
    StepKind.CLARIFICATION: "What exactly is wanted was asked on {asked} and answered on {given}.",
    StepKind.CLARIFICATION_OPEN: "What exactly is wanted was asked on {asked} and has not been answered.",
    StepKind.FEE: "A fee was asked for on {asked} and paid on {given}.",
    StepKind.FEE_OPEN: "A fee was asked for on {asked} and has not been paid.",
    StepKind.OTHER: "A pause was recorded from {asked} to {given}.",
    StepKind.OTHER_OPEN: "A pause was recorded from {asked}, without an end.",
    StepKind.GIVEN_UNASKED: "An answer came on {given}, but the day of the question is not recorded.",
    StepKind.NO_SUCH_PAUSE: "These rules know no such pause: every day counts.",
    StepKind.ASKED_LATE: "That was asked more than {count} days after the receipt: every day counts.",
    StepKind.ASKED_AFTER_END: "The period had ended when that was asked: every day counts.",
    StepKind.NOT_ENDED: "Until its end is recorded, every day counts.",
    StepKind.BEGINS_THEN: "The period begins when the last of what was needed had come, on {day} ({source}).",
    StepKind.BOTH_DAYS_INCLUDED: "From {asked} to {given} no day counts; the target counts the last one ({source}).",
    StepKind.LAST_DAY_ONLY: (
        "From {asked} to {given} the clock stands still; only the last lawful day moves ({source})."
    ),
    StepKind.CONTESTED_PAUSE: "Whether the clock may stand still meanwhile is contested: every day counts ({source}).",
    StepKind.ONE_MONTH: "One month ends with the same date of the next month, {day} ({source}).",
    StepKind.THREE_MONTHS: "Three months are counted from the start, not from the end of the first, {day} ({source}).",
    StepKind.CLIPPED: "The last month has no day {number}, so the period ends with its last day, {day} ({source}).",
    StepKind.DAYS: "{count} days after the start it is {day} ({source}).",
    StepKind.FIRST_DAY_COUNTS: "If the first day itself counts, the period ends a day earlier, on {day}.",
    StepKind.DAYS_LEFT_OUT: "With the days that do not count left out, the period ends on {day}.",
    StepKind.HOUSE_LIMIT: "The merchant's own limit of {count} days ends on {day}.",
    StepKind.BY_POST: "The answer goes by post, so it leaves {count} days earlier, on {day}.",
    StepKind.TARGET: "The target is {day}; no day off moves it.",
    StepKind.EXTENDED_TARGET: "With more time the target is {day}.",
    StepKind.SATURDAY: "{day} is a Saturday.",
    StepKind.SUNDAY: "{day} is a Sunday.",
    StepKind.HOLIDAY: "{day} is a public holiday: {name}.",
    StepKind.ADDED: "{day} is a day off that the merchant added.",
    StepKind.STRUCK: "{day} is a public holiday that the merchant struck: {name}.",
    StepKind.DOUBTFUL: "{day} is a day off in some lists only, so it moves nothing: {name}.",
    StepKind.NOT_LISTED: "No list of public holidays of {calendar} reaches back to {year}.",
    StepKind.ROLLED: "The period ends with the next working day, {day} ({source}).",
    StepKind.WORKING_DAY: "{day} is a working day: the period ends with it.",
    StepKind.NEVER_ROLLED: "No rule moves an end that falls on a day off.",
    StepKind.LAST_LAWFUL: "The last lawful day is {day}.",
    StepKind.EXTENDED_LAST_LAWFUL: "With more time the last lawful day is {day}.",
    StepKind.ANOTHER_READING: "By another reading the last day would be {day}.",
    StepKind.TELL_BY: "More time must be told, with the reason, by {day}.",
    StepKind.TELL_BY_LETTER: "The letter is dated {letter}, so more time must be told by {day} ({source}).",
    StepKind.NAME_DATE_BY: "More time has no fixed limit; the new date must be told by {day} ({source}).",
    StepKind.NO_MORE_TIME: "These rules give no more time.",
    StepKind.EXTENDED: "More time was told on {day}.",
    StepKind.EXTENDED_UNTIL: "The new date that was told is {day}.",
    StepKind.EXTENDED_LATE: "More time was told on {day}, later than {last}: it does not count.",
    StepKind.EXTENDED_WITHOUT_DATE: "More time was told on {day} without a new date: it does not count.",
    StepKind.EXTENDED_AGAIN: "More time was told again on {day}: there is more time only once.",
    StepKind.CONFIRM: "The receipt is confirmed within {count} weekdays, by {day} ({source}).",
    StepKind.CONFIRM_BEFORE: "{day} is the last working day before that one, which is a day off: the target.",
    StepKind.CONFIRM_LAST: "With public holidays left out, the last day to confirm the receipt is {day}.",
    StepKind.ANSWERED: "Answered on {day}.",
    StepKind.BOUNCED: "The answer of {day} came back undelivered: the clock runs on.",
    StepKind.REFUSED: "Refused on {day}.",
    StepKind.CLOSED: "Closed without an answer on {day}.",
    StepKind.WITHDRAWN: "Withdrawn by the person on {day}.",
    StepKind.TOO_LATE: "That is later than {last}, the last lawful day.",
}  # fmt: skip


def english_day(day: dt.date) -> str:
    """``5 Apr 2026``."""
    return written_day(day, ENGLISH)


def as_it_is(text: str) -> str:
    return text


def sentence(
    step: Step, text: Callable[[str], str] = as_it_is, day: Callable[[dt.date], str] = english_day
) -> str:  # fmt: skip
    """The step's sentence: its template put through `text` (a catalogue's), its days through `day`; else English."""
    said = {name: day(value) if isinstance(value, dt.date) else value for name, value in step.values.items()}
    return text(TEMPLATES[step.kind]).format(**said)
