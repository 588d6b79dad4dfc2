"""An address that is proved becomes a case, or a follow-up in the one that is open, in one transaction with its code:
a process that is killed in between leaves both or neither."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from pydantic import SecretStr
from sqlalchemy.orm import Session

from portal import audit
from portal.cases.facts import Channel, FactKind, IdentityMethod, IdentityResult, KnownFact
from portal.cases.services.intake import CaseIntake, IdentifierKind, NewCase
from portal.cases.services.ledger import add_fact
from portal.config import Settings
from portal.delivery.mail.contents import DoorReceiptMail
from portal.delivery.mail.outbox import MailNotSetUp, Outbox
from portal.errors import TryLater
from portal.front_door.kinds import RIGHT_OF, Demand, RequestState, Writer
from portal.front_door.ledger import DoorSeal, add_link, add_message, note, open_case_of
from portal.identity import User
from portal.storage.answering.front_door_tables import DoorRequest
from portal.storage.case_tables import Case
from portal.storage.tables import utc_now


def mine_link(settings: Settings, token: str) -> str:
    return f"{settings.origin.rstrip('/')}/mine/{token}"


@dataclass
class Proving:
    settings: Settings
    seal: DoorSeal
    intake: CaseIntake
    outbox: Outbox

    def hold(self, session: Session, user: User, row: DoorRequest) -> None:
        """The person's cases, then the merchant, until the transaction ends."""
        self.intake.hold(session, user, self.seal.opened(row, "email"))

    def prove(self, session: Session, user: User, row: DoorRequest) -> tuple[str, str]:
        """Gives the token of the person's page, and the id of the mail that says so, empty where there is none. The
        token under which the code was typed is dead: who began for somebody else's mailbox has it."""
        email, words = self.seal.opened(row, "email"), self.seal.opened(row, "note")
        joins = open_case_of(session, row) or ""
        new_case = NewCase(
            identifiers=((IdentifierKind.EMAIL, SecretStr(email)),), rights=frozenset({RIGHT_OF[Demand(row.demand)]}),
            channel=Channel.FORM, language=row.language,
        )  # fmt: skip
        case = self.intake.take_in(session, user, new_case, row.submitted_at, joins=joins)
        row.case_id, row.state, row.ended_at, row.sealed_note = case.id, RequestState.PROVED.value, utc_now(), None
        if not joins:
            record_proof(session, user, case, IdentityMethod.ADDRESS_CODE)
        if words:
            add_message(session, self.seal, user, case, words, writer=Writer.PERSON)
        note(session, user, case.id, "door:proved", request=row.id, demand=row.demand, joined="yes" if joins else "no")
        token, mail_id = add_link(session, row), ""
        with suppress(TryLater, MailNotSetUp):  # the case counts, and the page shows its address
            mail_id = self.outbox.queue(
                session, merchant_id=row.merchant_id, case_id=case.id, delivery_id="", to=email, language=row.language,
                contents=DoorReceiptMail(f"{case.year}-{case.number:04}", mine_link(self.settings, token)),
                by=user.account_id, origin=user.origin,
            )  # fmt: skip
        return token, mail_id


def record_proof(session: Session, user: User, case: Case, method: IdentityMethod) -> None:
    """A proof that the portal itself has seen, in a case that is held."""
    codes = {"method": method.value, "result": IdentityResult.PROVED.value, "facts": KnownFact.EMAIL.value}
    number = add_fact(session, user, case, FactKind.IDENTITY, codes=codes, by_itself=True)
    audit.record(
        session, user.merchant_id, user.account_id, "case:identity", object_id=case.id, origin=user.origin,
        number=number, method=method.value, outcome=IdentityResult.PROVED.value,
    )  # fmt: skip
