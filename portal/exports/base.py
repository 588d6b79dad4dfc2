"""What every part of the export service stands on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.exports import ledger
from portal.exports.ledger import SubjectSeal
from portal.exports.vendor import Vendor
from portal.identity import User
from portal.identity.witness import Witnessed
from portal.storage.engine import Database
from portal.storage.tables import Export, Merchant
from portal.vault import FieldSealer, SealedFiles


def nowhere(label: str) -> None:
    """The seam of the crash tests, unused."""


@dataclass
class ExportsBase(Witnessed):
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
        return self._indexes(session, user, *values)[0]

    def _indexes(self, session: Session, user: User, *values: str) -> tuple[str, ...]:
        """The same under each key the merchant has, the one in use first: to find rows while keys are changed."""
        merchant = session.get_one(Merchant, user.merchant_id)
        return self.sealer.indexes(
            "\x1f".join(values), merchant_id=merchant.id, wrapped_keyset=merchant.sealed_index_keyset
        )

    def _indexes_of(self, session: Session, user: User, row: Export) -> tuple[str, ...]:
        """All indexes of the person a row is about."""
        return self._indexes(session, user, self.seal.open(row, "subject") or "")


def asked_words(subject: str, program_id: str | None, card: str, format: str, kind: str) -> tuple[str, ...]:
    """What makes two requests the same, in the order their index is made of."""
    return subject, program_id or "", card, format, kind


def stand_in_line(session: Session, merchant_id: str) -> None:
    """Transactions of one merchant that begin with this come one after the other, on whatever machine.

    SQLite's BEGIN IMMEDIATE is such a line already.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:m, 0))"), {"m": merchant_id})
