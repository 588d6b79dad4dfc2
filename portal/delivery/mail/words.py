"""The sentences of mails, in the person's language."""

from __future__ import annotations

from dataclasses import dataclass

from portal.delivery.mail.contents import (
    AnswerMail,
    CodeMail,
    Contents,
    DoorCodeMail,
    DoorLapsedMail,
    DoorMessageMail,
    DoorReceiptMail,
    ElsewhereMail,
    IdentityCodeMail,
    LetterMail,
    ReminderMail,
    TestMail,
)
from portal.language import formats
from portal.letters.engine import Sentences, one_line
from portal.letters.words import GREETING

SUBJECT = "Your privacy request {reference}"
TEST_SUBJECT = "Test mail of the privacy portal"
_READY = "The answer to your privacy request {reference} is ready."
_WAITING = "The answer to your privacy request {reference} still waits for you."
_OPEN = "Open this page to get it:"
_OTHER_WAY = "The page asks for a code, which you are told in another way. It works until {day}."
_NOT_YOU = "If you asked for nothing, delete this mail: without the code nobody can open anything."
_ASK = "Questions? Write to {contact}."
_CODE = "Your code for the privacy request {reference}:"
_KEEP = "Enter it on the page only. Nobody from us will ask you for it."
_TELL = "Tell it to the person who looks after your request, by phone, at the till, or in an answer to this mail."
_NOT_ASKED = "If you asked for nothing, tell nobody this code: without it nobody gets your data."
_ELSEWHERE = "The answer to the privacy request {reference} goes to another address than this one."
_STOP_IT = "If you did not ask for that, answer this mail at once: we can still stop it."
DOOR_SUBJECT = "Your privacy request to {merchant}"
_DOOR_CODE = "Your code for your privacy request:"
_DOOR_NOT_YOU = "If you asked for nothing, delete this mail: nothing happens without the code."
_RECEIVED = "Your privacy request {reference} is in. You will get an answer."
_SEE = "Open this page to see where it stands, or to write to us:"
_MESSAGE = "There is a message for you about your privacy request {reference}."
_READ = "Open this page to read it:"
_PROVED_AGAIN = "To read or to write messages there, the page mails you a code."
_LAPSED = "You began a privacy request and did not enter its code within {days} days. We have closed and deleted it."
_ASK_AGAIN = "If you still want an answer, ask again on our page. If you asked for nothing, you need to do nothing."
_TEST = "This is a test. It shows that mails of the privacy portal arrive. You need to do nothing."
_REGARDS = "Kind regards,"
MINUTES_SHOWN = 180
HOURS_SHOWN = 72


@dataclass(frozen=True)
class Line:
    """One paragraph; `link` is an address to be opened, `code` something to be typed."""

    text: str
    kind: str = "text"


@dataclass(frozen=True)
class Spoken:
    """A mail in words: its subject, its paragraphs, who greets."""

    subject: str
    lines: tuple[Line, ...]
    closing: tuple[str, ...]
    language: str


def spoken(contents: Contents, language: str, merchant: str) -> Spoken:
    """Raises ValueError for a letter, which has its own words."""
    say = Sentences(language, {"reference": getattr(contents, "reference", ""), "merchant": merchant})
    match contents:
        case AnswerMail() | ReminderMail():
            lines = _link_lines(contents, say)
        case CodeMail():
            lines = (
                Line(say(_CODE)), Line(one_line(contents.code), "code"), Line(_works_for(say, contents.minutes)),
                Line(say(_KEEP)), Line(say(_NOT_YOU)),
            )  # fmt: skip
        case IdentityCodeMail():
            lines = (
                Line(say(_CODE)), Line(one_line(contents.code), "code"), Line(_works_for(say, contents.minutes)),
                Line(say(_TELL)), Line(say(_NOT_ASKED)),
            )  # fmt: skip
        case ElsewhereMail():
            lines = (Line(say(_ELSEWHERE)), Line(say(_STOP_IT)))
        case DoorCodeMail():
            lines = (
                Line(say(_DOOR_CODE)), Line(one_line(contents.code), "code"), Line(_works_for(say, contents.minutes)),
                Line(say(_KEEP)), Line(say(_DOOR_NOT_YOU)),
            )  # fmt: skip
        case DoorReceiptMail() | DoorMessageMail():
            first, then = (_RECEIVED, _SEE) if isinstance(contents, DoorReceiptMail) else (_MESSAGE, _READ)
            lines = (
                Line(say(first)), Line(say(then)), Line(one_line(contents.link), "link"), Line(say(_PROVED_AGAIN)),
            )  # fmt: skip
        case DoorLapsedMail():
            lines = (Line(say(_LAPSED, days=str(contents.days))), Line(say(_ASK_AGAIN)))
        case TestMail():
            lines = (Line(say(_TEST)),)
        case LetterMail():
            raise ValueError("a letter has its own words")
    subject = say(_subject_of(contents))
    return Spoken(subject, (Line(say(GREETING)), *lines), (say(_REGARDS), one_line(merchant)), say.language)


def _subject_of(contents: Contents) -> str:
    match contents:
        case TestMail():
            return TEST_SUBJECT
        case DoorCodeMail() | DoorLapsedMail():  # there is no case that it could be called by
            return DOOR_SUBJECT
        case _:
            return SUBJECT


def _link_lines(contents: AnswerMail | ReminderMail, say: Sentences) -> tuple[Line, ...]:
    day = formats.day_in_a_letter(contents.expires_on, say.language)
    first = _READY if isinstance(contents, AnswerMail) else _WAITING
    lines = (
        Line(say(first)), Line(say(_OPEN)), Line(one_line(contents.link), "link"), Line(say(_OTHER_WAY, day=day)),
        Line(say(_NOT_YOU)),
    )  # fmt: skip
    return (*lines, Line(say(_ASK, contact=contents.contact))) if contents.contact else lines


def _works_for(say: Sentences, minutes: int) -> str:
    """In the unit in which it is easily read."""
    hours, days = minutes // 60, minutes // (24 * 60)
    if minutes <= MINUTES_SHOWN:
        return say("It works for {n} minute." if minutes == 1 else "It works for {n} minutes.", n=str(minutes))
    if hours <= HOURS_SHOWN:
        return say("It works for {n} hour." if hours == 1 else "It works for {n} hours.", n=str(hours))
    return say("It works for {n} day." if days == 1 else "It works for {n} days.", n=str(days))
