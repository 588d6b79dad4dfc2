"""A code mailed to the address on file: the person tells it to a colleague, who types it; the right one is the proof.

Nobody at the merchant sees the code: it is in the mail alone, whose contents are sealed, and dropped once it is sent.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit
from portal.cases.facts import FactKind, IdentityMethod, IdentityResult
from portal.cases.services.intake import IdentifierKind
from portal.cases.services.ledger import NOT_NOW, CaseSeal, hold_case, own_case
from portal.cases.services.people import masked_subject
from portal.cases.states import MAY_RECORD, CaseState
from portal.delivery import codes
from portal.delivery.limits import HOUR, MAIL_CODE_LIVES, MAIL_CODE_TRIES, MAIL_CODES_AN_HOUR
from portal.delivery.mail.case_mails import UNKNOWN_ADDRESS
from portal.delivery.mail.contents import IdentityCodeMail
from portal.delivery.mail.kinds import FAILED, MailState
from portal.delivery.mail.outbox import Outbox
from portal.errors import InputError, PortalError, StateConflict, TryLater
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.letters.words import letter_language
from portal.recognition.recording import record_check
from portal.sources.whose.on_file import addresses_on_file
from portal.storage.answering.mail_tables import Mail
from portal.storage.answering.recognition_tables import IdentityCode
from portal.storage.case_tables import Case, CaseIdentifier
from portal.storage.engine import Database
from portal.storage.tables import utc_now

PURPOSE = "identity"


class WrongIdentityCode(PortalError):
    refusal = True
    code = "identity_code_wrong"
    message = "This is not the code that was mailed."
    next_step = "Ask the person to read it again."


class IdentityCodeOver(PortalError):
    refusal = True
    code = "identity_code_over"
    message = "This code works no longer: its ten minutes are over, or it was tried too often."
    next_step = "Mail a new code, or recognise the person in another way."


class CodeStanding(StrEnum):
    """`FAILED`: nobody got the mail. `OVER`: ten minutes have passed. `LOCKED`: five wrong ones were entered."""

    NONE = "none"
    OPEN = "open"
    OVER = "over"
    LOCKED = "locked"
    FAILED = "failed"


@dataclass(frozen=True)
class CodeAddress:
    """An address on file, masked."""

    identifier_id: str
    masked: str


@dataclass(frozen=True)
class MailedCode:
    """`addresses`: where a code may go; none while the portal sends no mail (`ready`), and none that is on file.
    `emails`: the case knows addresses, on file or not. `to`: where the last one went, masked."""

    ready: bool
    emails: bool
    addresses: tuple[CodeAddress, ...]
    standing: CodeStanding
    to: str
    until: dt.datetime | None
    tries_left: int


@refusals_audited
@dataclass
class IdentityCodes:
    """Codes of a merchant's cases."""

    db: Database
    refusal_audit: RefusalAudit
    seal: CaseSeal
    outbox: Outbox

    def state(self, user: User, case_id: str) -> MailedCode:
        """Raises NotFound."""
        require(user, Permission.CASE_WORK)
        with self.db.read() as session:
            own_case(session, user, case_id)
            row = _row(session, case_id)
            on_file = addresses_on_file(session, self.seal, case_id) if self.outbox.ready else ()
            kinds = session.scalars(select(CaseIdentifier.kind).where(CaseIdentifier.case_id == case_id))
            return MailedCode(
                ready=self.outbox.ready,
                emails=IdentifierKind.EMAIL in set(kinds),
                addresses=tuple(CodeAddress(one.id, masked_subject("email", one.value)) for one in on_file),
                standing=_standing(session, row),
                to=self._masked(session, row),
                until=row.until if row is not None else None,
                tries_left=max(0, MAIL_CODE_TRIES - row.tries) if row is not None else 0,
            )

    def send(self, user: User, case_id: str, identifier_id: str) -> None:
        """Mail a new code; the one before is dead. Raises NotFound, InputError(field="identifier_id"), StateConflict,
        TryLater after three within an hour, and what the mail raises."""
        with self._holding(user, case_id) as (session, case):
            known = addresses_on_file(session, self.seal, case_id)
            address = next((one for one in known if one.id == identifier_id), None)
            if address is None:
                raise InputError(UNKNOWN_ADDRESS, field="identifier_id")
            row = _row(session, case_id)
            if row is None:
                row = IdentityCode(merchant_id=case.merchant_id, case_id=case_id, identifier_id=identifier_id)
                session.add(row)
            _count(row)
            key, code = codes.new_key(), codes.new_mail_code()
            row.identifier_id = identifier_id
            row.sealed_code_key = self.seal.seal(case.merchant_id, IdentityCode, "code_key", row.id, key)
            row.code_prf = codes.prf(key, case_id, PURPOSE, code)
            row.until, row.tries = utc_now() + MAIL_CODE_LIVES, 0
            minutes = int(MAIL_CODE_LIVES.total_seconds() // 60)
            row.mail_id = self.outbox.queue(
                session, merchant_id=case.merchant_id, case_id=case_id, delivery_id="", to=address.value,
                language=letter_language(case.language),
                contents=IdentityCodeMail(f"{case.year}-{case.number:04}", code, minutes),
                by=user.account_id, origin=user.origin,
            )  # fmt: skip
            _note(session, user, case, "identity:code_mailed", count=row.sent)
            mail_id = row.mail_id
        self.outbox.start(mail_id)

    def check(self, user: User, case_id: str, code: str) -> None:
        """The code as the person told it. The right one is recorded as the proof.

        Raises NotFound, InputError(field="code") for what is none, WrongIdentityCode, IdentityCodeOver, StateConflict.
        """
        typed = codes.read_mail_code(code)
        with self._holding(user, case_id) as (session, case):
            if typed is None:
                raise InputError("A code has six digits.", field="code")
            row = _row(session, case_id)
            if row is None or _standing(session, row) is not CodeStanding.OPEN:
                raise IdentityCodeOver(detail="no open code")
            right = codes.same(codes.prf(self.seal.opened(row, "code_key"), case_id, PURPOSE, typed), row.code_prf)
            if right:
                row.code_prf, row.sealed_code_key = "", None
                record_check(session, user, case, IdentityMethod.EMAIL_CODE, IdentityResult.PROVED)
            else:
                row.tries += 1
                _note(session, user, case, "identity:code_wrong", count=row.tries)
            left = MAIL_CODE_TRIES - row.tries
        if not right:  # after the commit, so that the try counts
            raise WrongIdentityCode(detail=f"{left} left") if left else IdentityCodeOver(detail="locked")

    def _masked(self, session: Session, row: IdentityCode | None) -> str:
        if row is None:
            return ""
        return masked_subject("email", self.seal.value(session, session.get_one(CaseIdentifier, row.identifier_id)))

    @contextlib.contextmanager
    def _holding(self, user: User, case_id: str) -> Iterator[tuple[Session, Case]]:
        require(user, Permission.CASE_WORK)
        with self.db.write() as session:
            case = hold_case(session, user, case_id)
            if FactKind.IDENTITY not in MAY_RECORD[CaseState(case.state)]:
                raise StateConflict(NOT_NOW, next_step="Look at what is recorded.", detail=f"{case.state}: code")
            yield session, case


def _row(session: Session, case_id: str) -> IdentityCode | None:
    return session.scalar(select(IdentityCode).where(IdentityCode.case_id == case_id))


def _standing(session: Session, row: IdentityCode | None) -> CodeStanding:
    if row is None or not row.code_prf:
        return CodeStanding.NONE
    if row.tries >= MAIL_CODE_TRIES:
        return CodeStanding.LOCKED
    if row.until <= utc_now():
        return CodeStanding.OVER
    mail = session.get(Mail, row.mail_id)
    return CodeStanding.FAILED if mail is not None and MailState(mail.state) in FAILED else CodeStanding.OPEN


def _count(row: IdentityCode) -> None:
    """Raises TryLater after three an hour."""
    now = utc_now()
    if now - row.sent_since >= HOUR:
        row.sent, row.sent_since = 0, now
    if row.sent >= MAIL_CODES_AN_HOUR:
        raise TryLater(
            "Three codes were mailed within an hour.", wait_seconds=(row.sent_since + HOUR - now).total_seconds(),
            detail="identity code",
        )  # fmt: skip
    row.sent += 1


def _note(session: Session, user: User, case: Case, action: str, *, count: int) -> None:
    audit.record(
        session, user.merchant_id, user.account_id, action, object_id=case.id, origin=user.origin, count=count
    )  # fmt: skip
