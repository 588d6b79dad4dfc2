"""When a step may call LoyaltyDog: the merchant's connection and a slot under the rate limits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.orm import Session

from portal.errors import NotConfigured
from portal.exports.core import ledger
from portal.exports.core.rate_limit import reserve_slot
from portal.exports.core.states import State
from portal.exports.core.vendor import Vendor, VendorAccess
from portal.exports.workflow.results import StepResult, Wait
from portal.loyaltydog import LoyaltyDogError
from portal.storage.engine import Database
from portal.storage.tables import Export, utc_now

SHORT_WAIT_SECONDS = 2.0  # a slot this near is reserved and waited for here; farther ones are waited for durably
Plan = TypeVar("Plan")


@dataclass(frozen=True)
class SlotAhead:
    """A slot was reserved `seconds` from now: commit, sleep until then, and plan again with the slot held."""

    seconds: float


class VendorTurn:
    """One for all steps of a process. `edge_requests` as in `rate_limit.reserve_slot`."""

    def __init__(self, db: Database, vendor: Vendor, edge_requests: int) -> None:
        self._db = db
        self._vendor = vendor
        self._edge_requests = edge_requests

    def plan(self, decide: Callable[[Session, bool], Plan | StepResult | SlotAhead]) -> Plan | StepResult:
        """What `decide(session, slot_held)` decides in a write transaction of its own.

        Called a second time, with the slot held, when it first gave a SlotAhead.
        """
        slot_held = False
        while True:
            with self._db.write() as session:
                decision = decide(session, slot_held)
            if not isinstance(decision, SlotAhead):
                return decision
            slot_held = True
            time.sleep(decision.seconds)

    def access(self, session: Session, row: Export) -> VendorAccess | None:
        """The merchant's connection, or None after the row was moved to `failed` for want of one."""
        try:
            return self._vendor.access(session, row.merchant_id, row.asked.asked_in)
        except (NotConfigured, LoyaltyDogError) as error:
            words = {"problem": error.message, "next_step": error.next_step, "turn": "manager"}
            ledger.move(session, row, State.FAILED, code=error.code, problem_code=error.code, **words)
            return None

    def reserve(self, session: Session, row: Export) -> SlotAhead | Wait | None:
        """A slot for one request: None when it is free now, SlotAhead when reserved for soon, Wait when not taken."""
        seconds = reserve_slot(session, row.merchant_id, at_most=SHORT_WAIT_SECONDS, edge_requests=self._edge_requests)
        if not seconds:
            return None
        row.updated_at = utc_now()  # housekeeping leaves an export alone that was touched lately
        return SlotAhead(seconds) if seconds <= SHORT_WAIT_SECONDS else Wait(seconds, paced=True)
