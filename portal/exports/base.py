"""What every part of the export service stands on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.config import Settings
from portal.exports import ledger
from portal.exports.ledger import SubjectSeal
from portal.exports.vendor import Vendor
from portal.identity import User
from portal.storage.engine import Database
from portal.storage.tables import Export, Merchant
from portal.vault import FieldSealer, SealedFiles


def nowhere(label: str) -> None:
    """The seam of the crash tests, unused."""


@dataclass
class ExportsBase:
    """Shared parts. `begin` and `begin_again` start the durable walk of an export id; `at` is told each labelled
    point that is passed, so that the crash tests can end the process there."""

    db: Database
    sealer: FieldSealer
    files: SealedFiles
    vendor: Vendor
    settings: Settings
    begin: Callable[[str], None]
    begin_again: Callable[[str], None]
    at: Callable[[str], None] = nowhere

    def __post_init__(self) -> None:
        self.seal = SubjectSeal(self.sealer)

    def _row(self, session: Session, user: User, export_id: str) -> Export:
        """The user's merchant's export. Raises NotFound, the same for absent and foreign (SEC-41)."""
        return ledger.load(session, export_id, user.merchant_id)

    def _index(self, session: Session, user: User, *values: str) -> str:
        """Blind index of one or several values under the merchant's own key (SEC-26)."""
        merchant = session.get_one(Merchant, user.merchant_id)
        return self.sealer.index(
            "\x1f".join(values), merchant_id=merchant.id, wrapped_keyset=merchant.sealed_index_keyset
        )
