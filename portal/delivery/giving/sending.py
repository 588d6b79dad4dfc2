"""A link on its way: made, mailed or shown, followed by what becomes of its mail."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.cases.facts import FactKind, IdentityResult, effective
from portal.cases.services.ledger import as_facts, hold_case, rows_of
from portal.config import Settings
from portal.delivery import proof
from portal.delivery.kinds import UNOPENED, CodeChannel, DeliveryState, DeliveryWay
from portal.delivery.ledger import (
    NOT_NOW,
    SYSTEM,
    DeliverySeal,
    acting_for,
    linked,
    make_link,
    move,
    note,
    package_to_give,
    revoke_links,
    waits_for_second,
)
from portal.delivery.posting import ChangedMail, NoRelay, Post
from portal.delivery.tokens import link_of
from portal.errors import StateConflict
from portal.identity import User
from portal.storage.answering.delivery_tables import Delivery
from portal.storage.case_tables import Case
from portal.storage.tables import Merchant, utc_now

REFUSED = "refused"
"""Of a mail: the relay will not have it, so that the person got no link yet."""


@dataclass(frozen=True)
class MailFacts:
    """What a mail about a delivery says (MAIL-6): no name, no outcome."""

    reference: str
    link: str
    expires_on: dt.date
    contact: str


@dataclass
class Sending:
    """Makes links and hands them to the post. `answer_mail` makes the contents the post knows of `MailFacts`,
    `elsewhere_mail` those of a notice to who is on file, of a reference; `contact_of` is what a merchant's letters
    name as its contact."""

    settings: Settings
    seal: DeliverySeal
    post: Post
    answer_mail: Callable[[MailFacts], object]
    elsewhere_mail: Callable[[str], object]
    contact_of: Callable[[Session, str, str], str]

    def send(self, session: Session, user: User, case: Case, row: Delivery) -> tuple[str, str]:
        """The link that is shown, and the mail that was queued; one of them is empty."""
        if linked(session, [row.id]):
            raise StateConflict("The link is on its way already.", next_step="Make a new link.", detail="linked")
        return self._give(session, user, case, row)

    def send_again(self, session: Session, user: User, case: Case, row: Delivery) -> tuple[str, str]:
        """With a new link; the one before is dead. The time of a link begins anew."""
        state = DeliveryState(row.state)
        begun = row.sent_at is not None or row.mailing.mail_state == REFUSED
        if state not in UNOPENED | {DeliveryState.OPENED, DeliveryState.EXPIRED} or not begun:
            raise StateConflict(NOT_NOW, next_step="Look at it again.", detail=f"new link: {state}")
        if state is DeliveryState.EXPIRED:
            move(row, DeliveryState.SENT)
        revoke_links(session, row)
        return self._give(session, user, case, row)

    def begin(self, *mail_ids: str) -> None:
        """After the commit."""
        for mail_id in filter(None, mail_ids):
            self.post.start(mail_id)

    def _give(self, session: Session, user: User, case: Case, row: Delivery) -> tuple[str, str]:
        package_to_give(session, row)
        now = utc_now()
        row.expires_at = now + dt.timedelta(days=row.days)
        proof.keep_package(session, row, row.expires_at)
        link = link_of(self.settings.origin, make_link(session, row))
        if row.way == DeliveryWay.SCREEN:
            if row.state != DeliveryState.OPENED:
                self._shown(session, user, case, row, now)
            return link, ""
        return "", self.mail(session, case, row, link, self.answer_mail, user.account_id)

    def _shown(self, session: Session, user: User, case: Case, row: Delivery, now: dt.datetime) -> None:
        if row.state != DeliveryState.SENT:
            move(row, DeliveryState.SENT)
        row.sent_at = row.sent_at or now
        proof.record_answered(session, user, case, row, by_itself=False)

    def mail(
        self, session: Session, case: Case, row: Delivery, link: str, contents: Callable[[MailFacts], object], by: str
    ) -> str:  # fmt: skip
        """Queue a mail with the link. Gives its id. Raises NoRelay and what the post raises."""
        if not self.post.ready:
            raise NoRelay
        assert row.expires_at is not None, "a link has its last day before it is mailed"
        row.mailing.mail_state = "queued"
        facts = MailFacts(
            reference=f"{case.year}-{case.number:04}",
            link=link,
            expires_on=row.expires_at.astimezone(_zone(session, row.merchant_id)).date(),
            contact=self.contact_of(session, row.merchant_id, row.language),
        )
        return self.post.queue(
            session, merchant_id=row.merchant_id, case_id=row.case_id, delivery_id=row.id,
            to=self.seal.address(row), language=row.language, contents=contents(facts), by=by,
        )  # fmt: skip


def check_code_told(session: Session, row: Delivery) -> None:
    """Raises StateConflict while the code is not told by another way, or the address is not looked at."""
    if waits_for_second(row):
        raise StateConflict(
            "Another person looks at the address first.", next_step="Ask a colleague.", detail="address"
        )
    weak = row.code.channel == CodeChannel.SAME_MAILBOX
    ready = DeliveryState.PREPARED if weak else DeliveryState.CODE_TOLD
    if row.state != ready:
        raise StateConflict("Tell the person the code first.", next_step="Then send the link.", detail=row.state)


def check_proved_again(session: Session, case: Case, row: Delivery) -> None:
    """Raises StateConflict unless the person was recognised after the link was locked (DLV-5)."""
    facts = effective(as_facts(rows_of(session, case.id)))
    proofs = [f for f in facts if f.kind is FactKind.IDENTITY and f.codes.get("result") == IdentityResult.PROVED]
    if row.code.locked_at is None or not any(fact.at > row.code.locked_at for fact in proofs):
        raise StateConflict(
            "The person has to be recognised again first.", next_step="Record identity.", detail="identity"
        )  # fmt: skip


def follow_mail(session: Session, mail: ChangedMail) -> None:
    """What a mail's new state says of its delivery. A code's mail, and a reminder's, say nothing."""
    row = session.get(Delivery, mail.delivery_id)
    if row is None or mail.kind != "answer":
        return
    user = acting_for(session, row.merchant_id, SYSTEM, "post")
    case = hold_case(session, user, row.case_id)
    session.refresh(row)
    row.mailing.mail_state = str(mail.state)
    if mail.state == "accepted":
        _accepted(session, user, case, row)
    elif mail.state == "bounced":
        _bounced(session, user, case, row)


def _accepted(session: Session, user: User, case: Case, row: Delivery) -> None:
    if row.state == DeliveryState.REVOKED:
        return
    if row.state != DeliveryState.SENT and DeliveryState(row.state) in UNOPENED:
        move(row, DeliveryState.SENT)
    row.sent_at = row.sent_at or utc_now()
    note(session, user, row, "delivery:accepted", sha256=row.sha256)
    proof.record_answered(session, user, case, row)


def _bounced(session: Session, user: User, case: Case, row: Delivery) -> None:
    """A bounce after the page was opened with the code is of a forwarded copy."""
    if row.opened_at is not None or DeliveryState(row.state) not in UNOPENED | {DeliveryState.EXPIRED}:
        return
    move(row, DeliveryState.REVOKED)
    revoke_links(session, row)
    proof.record_bounced(session, user, case, row)


def _zone(session: Session, merchant_id: str) -> zoneinfo.ZoneInfo:
    return zoneinfo.ZoneInfo(session.get_one(Merchant, merchant_id).time_zone or "UTC")
