"""Is this record the person's? LoyaltyDog's own filter is never trusted (S3, ANS-2). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from portal.identifiers import identifier_key

_NO_DIGIT = re.compile(r"\D+")
FEWEST_DIGITS = 6  # a shorter number is an extension, many people's


def same_email(one: str | None, other: str | None) -> bool:
    """By the portal's one form. Dots and plus-tags are not folded: `a.b@` and `ab@` may be two people."""
    first, second = identifier_key(one or ""), identifier_key(other or "")
    return "@" in first and first == second


def same_phone(one: str | None, other: str | None) -> bool:
    """By digits, without the `00` or `+` of an international number."""
    first, second = _digits(one), _digits(other)
    return len(first) >= FEWEST_DIGITS and first == second


def _digits(text: str | None) -> str:
    return _NO_DIGIT.sub("", text or "").removeprefix("00")


class Match(StrEnum):
    """`DOUBTFUL`: the phone alone, beside an email that is not the person's: a shared phone, or a second address."""

    THEIRS = "theirs"
    DOUBTFUL = "doubtful"
    OTHER = "other"


@dataclass(frozen=True)
class KnownPerson:
    """By what the case knows the person."""

    emails: tuple[str, ...] = field(default=(), repr=False)
    phones: tuple[str, ...] = field(default=(), repr=False)
    customer_ids: tuple[str, ...] = field(default=(), repr=False)

    def match(self, *, customer_id: str, email: str | None, phone: str | None) -> Match:
        """An email or an id proves; a phone proves only where no email contradicts it."""
        if customer_id in self.customer_ids or any(same_email(known, email) for known in self.emails):
            return Match.THEIRS
        if not any(same_phone(known, phone) for known in self.phones):
            return Match.OTHER
        contradicted = bool((email or "").strip()) and bool(self.emails)
        return Match.DOUBTFUL if contradicted else Match.THEIRS
