"""What each kind of mail says, and how it is written down until it is sent.

A mail tells neither who the person is nor what came of the request (MAIL-6): it is the same for data and for nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

from portal.delivery.mail.kinds import MailKind


@dataclass(frozen=True)
class AnswerMail:
    """`expires_on`: the last day on which the link opens. `contact`: where a person may ask."""

    reference: str
    link: str
    expires_on: dt.date
    contact: str


@dataclass(frozen=True)
class ReminderMail:
    reference: str
    link: str
    expires_on: dt.date
    contact: str


@dataclass(frozen=True)
class CodeMail:
    reference: str
    code: str
    minutes: int


@dataclass(frozen=True)
class IdentityCodeMail:
    """A code that the person tells a colleague, to show that the mailbox is theirs."""

    reference: str
    code: str
    minutes: int


@dataclass(frozen=True)
class ElsewhereMail:
    """The answer goes to another address than this one, which is on file."""

    reference: str


@dataclass(frozen=True)
class DoorCodeMail:
    """The code by which somebody who asks on the merchant's page shows that the mailbox is theirs."""

    code: str
    minutes: int


@dataclass(frozen=True)
class DoorReceiptMail:
    """Their request is in. `link`: where they see how it stands."""

    reference: str
    link: str


@dataclass(frozen=True)
class DoorMessageMail:
    """A message waits for them; it is not in the mail."""

    reference: str
    link: str


@dataclass(frozen=True)
class DoorLapsedMail:
    """The code was never entered, so nothing was asked."""

    days: int


@dataclass(frozen=True)
class LetterMail:
    """A letter in the words in which it was recorded. `html` is a fragment of `portal.letters.engine`; without one it
    is made from the text."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True)
class TestMail:
    __test__ = False  # no test of pytest's


DoorMail = DoorCodeMail | DoorReceiptMail | DoorMessageMail | DoorLapsedMail
Contents = AnswerMail | ReminderMail | CodeMail | IdentityCodeMail | ElsewhereMail | DoorMail | LetterMail | TestMail
KIND_OF: Mapping[type[Contents], MailKind] = {
    AnswerMail: MailKind.ANSWER,
    ReminderMail: MailKind.REMINDER,
    CodeMail: MailKind.CODE,
    IdentityCodeMail: MailKind.CODE,
    ElsewhereMail: MailKind.NOTICE,
    DoorCodeMail: MailKind.DOOR,
    DoorReceiptMail: MailKind.DOOR,
    DoorMessageMail: MailKind.DOOR,
    DoorLapsedMail: MailKind.DOOR,
    LetterMail: MailKind.LETTER,
    TestMail: MailKind.TEST,
}


@dataclass(frozen=True)
class Draft:
    """All that a mail is made of, but its address: fixed when it is queued, so that a repeat is the same mail.

    `token` is the secret part of the address that its bounces come to.
    """

    token: str
    display_name: str
    reply_to: str
    answer: AnswerMail | None = None
    reminder: ReminderMail | None = None
    code: CodeMail | None = None
    identity_code: IdentityCodeMail | None = None
    elsewhere: ElsewhereMail | None = None
    door_code: DoorCodeMail | None = None
    door_receipt: DoorReceiptMail | None = None
    door_message: DoorMessageMail | None = None
    door_lapsed: DoorLapsedMail | None = None
    letter: LetterMail | None = None

    @property
    def contents(self) -> Contents:
        door = self.door_code or self.door_receipt or self.door_message or self.door_lapsed
        of_case = self.answer or self.reminder or self.code or self.identity_code or self.elsewhere or self.letter
        return of_case or door or TestMail()


_AS_JSON = TypeAdapter(Draft)


def draft_of(contents: Contents, *, token: str, display_name: str, reply_to: str) -> Draft:
    draft = Draft(token, display_name, reply_to)
    match contents:
        case AnswerMail():
            return Draft(token, display_name, reply_to, answer=contents)
        case ReminderMail():
            return Draft(token, display_name, reply_to, reminder=contents)
        case CodeMail():
            return Draft(token, display_name, reply_to, code=contents)
        case IdentityCodeMail():
            return Draft(token, display_name, reply_to, identity_code=contents)
        case ElsewhereMail():
            return Draft(token, display_name, reply_to, elsewhere=contents)
        case DoorCodeMail():
            return Draft(token, display_name, reply_to, door_code=contents)
        case DoorReceiptMail():
            return Draft(token, display_name, reply_to, door_receipt=contents)
        case DoorMessageMail():
            return Draft(token, display_name, reply_to, door_message=contents)
        case DoorLapsedMail():
            return Draft(token, display_name, reply_to, door_lapsed=contents)
        case LetterMail():
            return Draft(token, display_name, reply_to, letter=contents)
        case TestMail():
            return draft


def to_json(draft: Draft) -> str:
    return _AS_JSON.dump_json(draft).decode()


def from_json(text: str) -> Draft:
    return _AS_JSON.validate_json(text)
