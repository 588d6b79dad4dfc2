"""How a case's letter goes out by mail: queued in the transaction of the fact that it was sent, started afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from portal.identity import User
from portal.storage.case_tables import Case


@dataclass(frozen=True)
class MailTo:
    """To which of the case's identifiers, and the language that the letter is written in."""

    identifier_id: str
    language: str


class LetterPost(Protocol):
    """`portal.delivery.mail.case_mails`."""

    def queue_letter(self, session: Session, user: User, case: Case, to: MailTo, letter: str) -> str:
        """Gives the mail's id."""

    def start(self, mail_id: str) -> None: ...
