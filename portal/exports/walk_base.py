"""What the steps of a walk share: waiting for a slot, and what a step has decided to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.errors import NotConfigured
from portal.exports import ledger
from portal.exports.ledger import SubjectSeal
from portal.exports.pace import EDGE_REQUESTS, reserve_slot
from portal.exports.states import State
from portal.exports.vendor import Vendor, VendorAccess
from portal.loyaltydog import ExportAsk, LoyaltyDogError
from portal.storage.engine import Database
from portal.storage.tables import Export, utc_now
from portal.vault import SealedFiles
from portal.vault.files import FilePlace

SHORT_WAIT_SECONDS = 2.0  # a slot this near is reserved and waited for here; farther ones are waited for durably
PACED = "paced:"


def wait_code(seconds: float) -> str:
    return f"wait:{seconds:.3f}"


def wait_seconds(code: str) -> float | None:
    """The wait a step asked for, or None when it asked for none."""
    code = code.removeprefix(PACED)
    return float(code.removeprefix("wait:")) if code.startswith("wait:") else None


@dataclass(frozen=True)
class Errand:
    """What a step has decided to do, with everything it needs; the row is marked already."""

    access: VendorAccess
    attempt: int = 0
    ask: ExportAsk | None = None
    place: FilePlace | None = None
    key: bytes = b""
    address: str = ""
    format: str = ""


class WalkBase:
    """What every step stands on."""

    def __init__(
        self,
        db: Database,
        files: SealedFiles,
        seal: SubjectSeal,
        vendor: Vendor,
        *,
        retention_days: int,
        edge_requests: int = EDGE_REQUESTS,
        at: Callable[[str], None] = lambda label: None,
    ) -> None:
        self._db = db
        self._files = files
        self._seal = seal
        self._vendor = vendor
        self._retention_days = retention_days
        self._edge_requests = edge_requests
        self._at = at

    def _in_turn(self, plan: Callable[[Session, bool], Errand | str | float]) -> Errand | str:
        """Run `plan` in a transaction; when it reserved a slot some way off, wait for it and run it again.

        `plan(session, slot_held)` gives the errand, a code to return, or the seconds until its slot.
        """
        slot_held = False
        while True:
            with self._db.write() as session:
                outcome = plan(session, slot_held)
            if not isinstance(outcome, float):
                return outcome
            slot_held = True
            time.sleep(outcome)

    def _access(self, session: Session, row: Export) -> VendorAccess | None:
        """The merchant's connection, or None after the row was moved to `failed` for want of one."""
        try:
            return self._vendor.access(session, row.merchant_id, row.asked_in)
        except (NotConfigured, LoyaltyDogError) as error:
            words = {"problem": error.message, "next_step": error.next_step, "turn": "manager"}
            ledger.move(session, row, State.FAILED, code=error.code, problem_code=error.code, **words)
            return None

    def _reserve(self, session: Session, row: Export) -> float:
        wait = reserve_slot(session, row.merchant_id, at_most=SHORT_WAIT_SECONDS, edge_requests=self._edge_requests)
        if wait:
            row.updated_at = utc_now()
        return wait
