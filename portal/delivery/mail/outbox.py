"""Mails are queued in the transaction of what they tell, and start after its commit."""

from __future__ import annotations

import re

from sqlalchemy.orm import Session

from portal import audit
from portal.delivery.mail.addresses import checked_address
from portal.delivery.mail.contents import KIND_OF, Contents, draft_of
from portal.delivery.mail.durable import MailStarter
from portal.delivery.mail.kinds import MailState
from portal.delivery.mail.ledger import MailSeal
from portal.delivery.mail.limits import check_limits
from portal.delivery.mail.message import new_message_id, new_token, token_sha256
from portal.delivery.mail.network.relay import Relay
from portal.errors import PortalError
from portal.letters.engine import one_line
from portal.letters.profile.items import ProfileItem
from portal.letters.profile.saved import profile_in_force
from portal.letters.words import letter_language
from portal.storage.answering.mail_tables import Mail, MailSender
from portal.storage.tables import Merchant, utc_now
from portal.vault import FieldSealer


class MailNotSetUp(PortalError):
    code = "mail_not_set_up"
    message = "The portal sends no mail yet."
    next_step = "The portal's operator sets up a mail server: see docs/mail.md."


class NoReplyAddress(MailNotSetUp):
    code = "no_reply_address"
    message = "Nobody has said yet where an answer to your mails goes."
    next_step = "A manager enters an address under Settings, Mail."


_ADDRESS = re.compile(r"[\w.+'-]{1,64}@[\w-]+(?:\.[\w-]+)+")


class Outbox:
    """Queues mails of all merchants by the operator's relay."""

    def __init__(self, sealer: FieldSealer, relay: Relay | None, starter: MailStarter) -> None:
        self._sealer = sealer
        self._seal = MailSeal(sealer)
        self._relay = relay
        self._starter = starter

    @property
    def ready(self) -> bool:
        """Is a relay configured?"""
        return self._relay is not None

    @property
    def mail_from(self) -> str:
        return self._relay.mail_from if self._relay is not None else ""

    def queue(
        self,
        session: Session,
        *,
        merchant_id: str,
        case_id: str,
        delivery_id: str,
        to: str,
        language: str,
        contents: Contents,
        by: str,
        origin: str = "",
    ) -> str:
        """Write the mail down in the caller's transaction, which holds the merchant's lock; gives its id.

        Raises MailNotSetUp, TooManyMails, InputError(field="to").
        """
        if self._relay is None:
            raise MailNotSetUp()
        name, reply_to = self.sender_of(session, merchant_id)
        if not reply_to:
            raise NoReplyAddress()
        to = checked_address(to)
        kind = KIND_OF[type(contents)]
        check_limits(session, self._seal, merchant_id, to, kind)
        token, now = new_token(), utc_now()
        row = Mail(
            merchant_id=merchant_id, case_id=case_id, delivery_id=delivery_id, kind=kind.value,
            language=letter_language(language), message_id=new_message_id(self._relay.mail_from),
            verp_sha256=token_sha256(token), state=MailState.QUEUED.value, next_try_at=now, created_by=by,
            created_at=now, updated_at=now,
        )  # fmt: skip
        self._seal.fill(row, to, draft_of(contents, token=token, display_name=name, reply_to=reply_to))
        session.add(row)
        audit.record(
            session, merchant_id, by, "mail:queue",
            object_id=case_id or row.id, origin=origin, mail=row.id, kind=row.kind,
        )  # fmt: skip
        return row.id

    def start(self, mail_id: str) -> None:
        """After the commit. One that was forgotten is picked up by the housekeeping of a server."""
        self._starter.begin(mail_id)

    def sender_of(self, session: Session, merchant_id: str) -> tuple[str, str]:
        """Name and address for answers: as saved, else the merchant's name and the address that its letters name."""
        row = session.get(MailSender, merchant_id)
        name = row.display_name if row is not None else ""
        reply_to = row.reply_to if row is not None else ""
        if not name:
            name = one_line(session.get_one(Merchant, merchant_id).name)
        return name, reply_to or self._named_in_letters(session, merchant_id)

    def _named_in_letters(self, session: Session, merchant_id: str) -> str:
        profile = profile_in_force(session, self._sealer, merchant_id)
        texts = profile.item(ProfileItem.CONTROLLER).texts
        ordered = [texts[profile.language]] if profile.language in texts else []
        found = (_ADDRESS.search(text) for text in (*ordered, *texts.values()))
        return next((match[0].rstrip(".") for match in found if match is not None), "")

    def state_of(self, session: Session, merchant_id: str, mail_id: str) -> str:
        row = session.get(Mail, mail_id)
        return row.state if row is not None and row.merchant_id == merchant_id else ""
