"""A person behind a case or an export: found through the merchant's blind index, shown masked."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.identity import User
from portal.storage.tables import Merchant
from portal.vault import FieldSealer


@dataclass(frozen=True)
class PersonIndex:
    """Blind index of one or several values under the keys of a user's merchant (SEC-26)."""

    sealer: FieldSealer

    def one(self, session: Session, user: User, *values: str) -> str:
        """Under the key in use: what a new row is written with."""
        return self.all(session, user, *values)[0]

    def all(self, session: Session, user: User, *values: str) -> tuple[str, ...]:
        """Under each key the merchant has, the one in use first: to find rows while keys are changed."""
        merchant = session.get_one(Merchant, user.merchant_id)
        return self.sealer.indexes(*values, merchant_id=merchant.id, wrapped_keyset=merchant.sealed_index_keyset)


def masked_subject(kind: str, value: str) -> str:
    """``ada@example.com`` -> ``a•••@example.com``; any other identifier keeps its last four characters. Of one that is
    destroyed there is nothing to show."""
    if not value:
        return "•••"
    if kind == "email":
        local, _, domain = value.rpartition("@")
        return f"{local[:1]}•••@{domain}"
    return f"•••{value[-4:]}" if len(value) > 6 else f"•••{value[-1:]}"
