"""The letters of a case by mail, to an address that the case knows, and what became of a case's mails."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases.services.intake import IdentifierKind
from portal.cases.services.ledger import CaseSeal, own_case
from portal.cases.services.letter_post import MailTo
from portal.cases.services.people import masked_subject
from portal.delivery.mail.contents import LetterMail
from portal.delivery.mail.kinds import MailKind, MailState
from portal.delivery.mail.ledger import MailSeal
from portal.delivery.mail.outbox import Outbox
from portal.delivery.mail.words import SUBJECT
from portal.errors import InputError
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.letters.engine import Sentences
from portal.letters.words import letter_language
from portal.storage.answering.mail_tables import Mail
from portal.storage.case_tables import Case, CaseIdentifier
from portal.storage.engine import Database

UNKNOWN_ADDRESS = "Choose an address that the case knows."


@dataclass(frozen=True)
class LetterAddress:
    """An address of the person, masked."""

    identifier_id: str
    masked: str


@dataclass(frozen=True)
class ShownMail:
    """`to` is masked, empty once it was dropped. `next_try_at`: when it is tried again by itself."""

    id: str
    kind: MailKind
    state: MailState
    to: str
    queued_at: dt.datetime
    accepted_at: dt.datetime | None
    next_try_at: dt.datetime | None
    status: str


@refusals_audited
@dataclass
class CaseMails:
    """Queues letters, and shows mails."""

    db: Database
    refusal_audit: RefusalAudit
    seal: CaseSeal
    mail_seal: MailSeal
    outbox: Outbox

    def addresses(self, user: User, case_id: str) -> tuple[LetterAddress, ...]:
        """Where a letter of this case can go; nowhere while the portal sends no mail."""
        require(user, Permission.CASE_WORK)
        with self.db.read() as session:
            case = own_case(session, user, case_id)
            rows = _emails(session, case) if self.outbox.ready else []
            values = self.seal.values(session, rows)
        return tuple(
            LetterAddress(row.id, masked_subject(row.kind, value)) for row, value in zip(rows, values, strict=True)
        )  # fmt: skip

    def of_case(self, user: User, case_id: str) -> Mapping[str, ShownMail]:
        """The mails of a case by their ids, the first first."""
        require(user, Permission.CASE_LIST)
        with self.db.read() as session:
            own_case(session, user, case_id)
            rows = session.scalars(
                select(Mail)
                .where(Mail.merchant_id == user.merchant_id, Mail.case_id == case_id)
                .order_by(Mail.created_at, Mail.id)
            ).all()
            return {row.id: self._shown(row) for row in rows}

    def queue_letter(self, session: Session, user: User, case: Case, to: MailTo, letter: str) -> str:
        """In the transaction that records the letter. Raises InputError(field="mail_to"), MailNotSetUp, TooManyMails.

        The subject says what the mail is about and nothing of what the letter says (MAIL-6).
        """
        row = next((one for one in _emails(session, case) if one.id == to.identifier_id), None)
        if row is None:
            raise InputError(UNKNOWN_ADDRESS, field="mail_to")
        language = letter_language(to.language)
        subject = Sentences(language, {"reference": f"{case.year}-{case.number:04}"})(SUBJECT)
        return self.outbox.queue(
            session, merchant_id=user.merchant_id, case_id=case.id, delivery_id="",
            to=self.seal.value(session, row), language=language, contents=LetterMail(subject, "", letter),
            by=user.account_id, origin=user.origin,
        )  # fmt: skip

    def start(self, mail_id: str) -> None:
        self.outbox.start(mail_id)

    def _shown(self, row: Mail) -> ShownMail:
        to = self.mail_seal.to(row)
        return ShownMail(
            row.id, MailKind(row.kind), MailState(row.state), masked_subject("email", to) if to else "",
            row.created_at, row.accepted_at, row.next_try_at, row.dsn_status,
        )  # fmt: skip


def _emails(session: Session, case: Case) -> list[CaseIdentifier]:
    return list(
        session.scalars(
            select(CaseIdentifier)
            .where(CaseIdentifier.case_id == case.id, CaseIdentifier.kind == IdentifierKind.EMAIL.value)
            .order_by(CaseIdentifier.id)
        )
    )
