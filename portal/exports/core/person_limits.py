"""How often one person, and one merchant's people together, may make LoyaltyDog be asked at once.

Each act has its own allowance a minute, far below the edge's limit that all merchants of a portal share
(`pace.EDGE_REQUESTS`): clicks of one person, or of one merchant's people, cannot hold up another merchant's exports.
Exports wait in line instead and have limits of their own (`submissions.MAX_SUBMITS_A_MINUTE`, `pace.MERCHANT_SHARE`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from portal.errors import TryLater
from portal.exports.core.rate_limit import MINUTE_SECONDS, Limit, take_slot, wait_for_slot
from portal.exports.core.vendor import Vendor, VendorAccess
from portal.identity import User
from portal.storage.engine import Database


class DirectAct(StrEnum):
    """What a person does that asks LoyaltyDog while they wait."""

    CONNECTION_TEST = "test"
    CARD_SEARCH = "cards"
    PROGRAM_LIST = "programs"
    FETCH = "fetch"


@dataclass(frozen=True)
class Allowance:
    """How often an act is let through a minute: for one person, and for all people of a merchant."""

    person: int
    merchant: int


ALLOWANCES = {
    DirectAct.CONNECTION_TEST: Allowance(person=6, merchant=12),
    DirectAct.CARD_SEARCH: Allowance(person=20, merchant=120),  # SEC-45: against reading the customer base by search
    DirectAct.PROGRAM_LIST: Allowance(person=20, merchant=120),
    DirectAct.FETCH: Allowance(person=20, merchant=60),
}


def paced_access(db: Database, vendor: Vendor, user: User, act: DirectAct) -> VendorAccess:
    """The merchant's connection, once the person's, the merchant's and the edge's limits allow a request.

    Raises TryLater with the seconds to wait, NotConfigured, AddressRefused.
    """
    with db.write() as session:
        access = vendor.access(session, user.merchant_id, user.session_hash)
        charge_person(session, user, act)
        wait = wait_for_slot(session, user.merchant_id)
        if wait:  # leaving by an error gives the person's turn back: nothing of this transaction stays
            raise TryLater("LoyaltyDog is being asked too much at once.", wait_seconds=wait)
    return access


def charge_person(session: Session, user: User, act: DirectAct) -> None:
    """Count one act of `user`. Raises TryLater, counting nothing, while the person or the merchant must wait."""
    allowed = ALLOWANCES[act]
    limits = [
        _a_minute(f"{act}:{user.account_id}", allowed.person),
        _a_minute(f"{act}:{user.merchant_id}", allowed.merchant),
    ]
    wait = take_slot(session, limits, at_most=0.0)
    if wait:
        raise TryLater("This was done many times within a minute.", wait_seconds=wait, detail=f"limit of {act.value}")


def _a_minute(key: str, allowed: int) -> Limit:
    """Half may come at once, the rest evenly: at most `allowed` in any minute."""
    burst = allowed // 2
    return Limit(key, MINUTE_SECONDS / (allowed - burst), burst)
