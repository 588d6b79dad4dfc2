"""Is this record the person's? LoyaltyDog's own filter is never trusted (S3, ANS-2). Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from portal.identifiers import same_email as same_email
from portal.identifiers import same_phone as same_phone


class Match(StrEnum):
    """`DOUBTFUL`: the phone alone, beside an email that is not the person's: a shared phone, or a second address."""

    THEIRS = "theirs"
    DOUBTFUL = "doubtful"
    OTHER = "other"


@dataclass(frozen=True)
class KnownPerson:
    """By what the case knows the person; `country` is where phones in national form are dialled."""

    emails: tuple[str, ...] = field(default=(), repr=False)
    phones: tuple[str, ...] = field(default=(), repr=False)
    customer_ids: tuple[str, ...] = field(default=(), repr=False)
    country: str = ""

    def match(self, *, customer_id: str, email: str | None, phone: str | None) -> Match:
        """An email or an id proves; a phone proves only where no email contradicts it."""
        if customer_id in self.customer_ids or any(same_email(known, email) for known in self.emails):
            return Match.THEIRS
        if not any(same_phone(known, phone, self.country) for known in self.phones):
            return Match.OTHER
        contradicted = bool((email or "").strip()) and bool(self.emails)
        return Match.DOUBTFUL if contradicted else Match.THEIRS
