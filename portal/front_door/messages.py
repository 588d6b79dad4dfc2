"""Messages of a case, for colleagues: read, answered, counted while they are unread."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.cases.services.ledger import hold_case, own_case
from portal.config import Settings
from portal.delivery.mail.contents import DoorMessageMail
from portal.delivery.mail.outbox import MailNotSetUp, Outbox
from portal.errors import InputError, StateConflict, TryLater
from portal.front_door.kinds import MESSAGE_MAX, MessageKind, RequestState, Writer
from portal.front_door.ledger import DoorSeal, add_link, add_message, messages_of, note
from portal.front_door.proving import mine_link
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.storage.answering.front_door_tables import CaseMessage, DoorRequest
from portal.storage.case_tables import Case
from portal.storage.engine import Database
from portal.storage.tables import Account, utc_now

MOST_LISTED = 10


@dataclass(frozen=True)
class CaseMessageView:
    writer: Writer
    kind: MessageKind
    text: str
    at: dt.datetime
    by: str
    unread: bool


@dataclass(frozen=True)
class Conversation:
    """`reachable`: the person has a page of their own. `unread`: how many of theirs nobody has marked as read."""

    messages: tuple[CaseMessageView, ...]
    reachable: bool
    unread: int


@dataclass(frozen=True)
class UnreadCase:
    case_id: str
    name: str
    count: int


@refusals_audited
@dataclass
class CaseMessages:
    """Messages of a merchant's cases."""

    db: Database
    refusal_audit: RefusalAudit
    settings: Settings
    seal: DoorSeal
    outbox: Outbox

    def of_case(self, user: User, case_id: str) -> Conversation:
        """Raises NotFound."""
        require(user, Permission.CASE_WORK)
        with self.db.read() as session:
            own_case(session, user, case_id)
            rows = messages_of(session, case_id)
            writers = select(Account.id, Account.name).where(Account.id.in_({row.written_by for row in rows}))
            names = {account_id: name for account_id, name in session.execute(writers)}
            shown = tuple(
                CaseMessageView(
                    Writer(row.writer), MessageKind(row.kind), self.seal.opened(row, "text"), row.at,
                    names.get(row.written_by or "", ""), row.writer == Writer.PERSON and row.seen_at is None,
                )
                for row in rows
            )  # fmt: skip
            return Conversation(shown, _asker(session, case_id) is not None, sum(one.unread for one in shown))

    def write(self, user: User, case_id: str, text: str) -> None:
        """To the person, who is mailed that there is a message, not what it says. What they wrote before is read.

        Raises NotFound, InputError(field="text"), StateConflict where they have no page.
        """
        require(user, Permission.CASE_WORK)
        text = text.strip()
        if not text or len(text) > MESSAGE_MAX:
            raise InputError(f"Write 1 to {MESSAGE_MAX} characters.", field="text")
        mail_id = ""
        with self.db.write() as session:
            case = hold_case(session, user, case_id)
            asker = _asker(session, case_id)
            if asker is None:
                raise StateConflict(
                    "This person has no page of their own.", next_step="Write a mail.", detail="no front door"
                )  # fmt: skip
            _see(session, user, case_id)
            add_message(session, self.seal, user, case, text, writer=Writer.STAFF)
            link = mine_link(self.settings, add_link(session, asker))
            with suppress(TryLater, MailNotSetUp):  # it stands on their page, where an earlier mail led them
                mail_id = self.outbox.queue(
                    session, merchant_id=case.merchant_id, case_id=case.id, delivery_id="",
                    to=self.seal.opened(asker, "email"), language=asker.language,
                    contents=DoorMessageMail(f"{case.year}-{case.number:04}", link), by=user.account_id,
                    origin=user.origin,
                )  # fmt: skip
        if mail_id:
            self.outbox.start(mail_id)

    def mark_read(self, user: User, case_id: str) -> int:
        """Gives how many were unread. Raises NotFound."""
        require(user, Permission.CASE_WORK)
        with self.db.write() as session:
            hold_case(session, user, case_id)
            return _see(session, user, case_id)

    def unread(self, user: User) -> tuple[UnreadCase, ...]:
        """Cases with messages that nobody has read, the longest waiting first."""
        require(user, Permission.CASE_WORK)
        with self.db.read() as session:
            found = session.execute(
                select(Case.id, Case.year, Case.number, func.count())
                .join(CaseMessage, CaseMessage.case_id == Case.id)
                .where(CaseMessage.merchant_id == user.merchant_id, CaseMessage.writer == Writer.PERSON)
                .where(CaseMessage.seen_at.is_(None), CaseMessage.sealed_text.is_not(None))
                .group_by(Case.id, Case.year, Case.number)
                .order_by(func.min(CaseMessage.at), Case.id)
                .limit(MOST_LISTED)
            )
            return tuple(UnreadCase(row[0], f"{row[1]}-{row[2]:04}", row[3]) for row in found)


def _asker(session: Session, case_id: str) -> DoorRequest | None:
    """The newest request of the case whose address is still known."""
    return session.scalar(
        select(DoorRequest)
        .where(DoorRequest.case_id == case_id, DoorRequest.state == RequestState.PROVED)
        .where(DoorRequest.sealed_email.is_not(None))
        .order_by(DoorRequest.submitted_at.desc(), DoorRequest.id)
        .limit(1)
    )


def _see(session: Session, user: User, case_id: str) -> int:
    unseen = (CaseMessage.case_id == case_id, CaseMessage.writer == Writer.PERSON, CaseMessage.seen_at.is_(None))
    count = session.scalar(select(func.count()).where(*unseen)) or 0
    if count:
        seen = update(CaseMessage).where(*unseen).values(seen_at=utc_now())
        session.execute(seen.execution_options(synchronize_session=False))
        note(session, user, case_id, "message:read", count=count)
    return count
