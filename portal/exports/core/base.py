"""What several services of exports need: a user's own row, and what makes two of them ask for the same."""

from __future__ import annotations

from sqlalchemy.orm import Session

from portal.exports.core import ledger
from portal.identity import User
from portal.storage.tables import Export


def no_checkpoint(label: str) -> None:
    """Default of the services' checkpoint hook, which is called at each labelled point; crash tests end the process
    there."""


def own_row(session: Session, user: User, export_id: str) -> Export:
    """The user's merchant's export. Raises NotFound, the same for absent and foreign (SEC-41)."""
    return ledger.load(session, export_id, user.merchant_id)


def asked_words(subject: str, program_id: str | None, card: str, format: str, kind: str) -> tuple[str, ...]:
    """What makes two requests the same, in the order their index is made of."""
    return subject, program_id or "", card, format, kind
