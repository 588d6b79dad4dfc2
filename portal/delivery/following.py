"""What hears of each mail that moves, in the transaction that moves it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from portal.delivery.giving.sending import follow_mail
from portal.delivery.posting import ChangedMail


class MailsOfDeliveries:
    """The listener of the mails' ledger: an accepted mail is the answer, one that bounced was none."""

    def mail_changed(self, session: Session, mail: ChangedMail) -> None:
        follow_mail(session, mail)
