"""An answer that goes to an address which the case did not know is told to those on file (IDN-7): who took over a
mailbox, or asks in somebody's name, cannot do it unseen."""

from __future__ import annotations

from sqlalchemy.orm import Session

from portal.cases.services.ledger import CaseSeal
from portal.delivery.giving.sending import Sending
from portal.delivery.kinds import AddressFrom
from portal.sources.whose.on_file import addresses_on_file
from portal.storage.answering.delivery_tables import Delivery
from portal.storage.case_tables import Case


def tell_addresses_on_file(
    session: Session, sending: Sending, seal: CaseSeal, case: Case, row: Delivery, by: str
) -> tuple[str, ...]:
    """Queue a notice to each; gives the mails' ids. None where the answer goes to one of them, or nothing is mailed.

    Raises what the post raises, so that no answer goes out of which nobody could be told.
    """
    if row.mailing.address_from != AddressFrom.TYPED or not sending.post.ready:
        return ()
    reference = f"{case.year}-{case.number:04}"
    return tuple(
        sending.post.queue(
            session, merchant_id=row.merchant_id, case_id=case.id, delivery_id="", to=one.value,
            language=row.language, contents=sending.elsewhere_mail(reference), by=by,
        )
        for one in addresses_on_file(session, seal, case.id)
    )  # fmt: skip
