"""What is asked of LoyaltyDog, as frozen typed objects that refuse what must never be sent. Pure; no I/O."""

from dataclasses import dataclass, field
from typing import Literal

__all__ = ["CardStatus", "ConsentAsk", "ErasureAsk", "ExportAsk", "FileFormat"]

FileFormat = Literal["json", "csv"]
CardStatus = Literal["pending", "active", "suspended", "expired", "voided", "depleted"]


def _one_identifier(customer_id: str | None, customer_email: str | None) -> None:
    """A request with neither may mean "everybody" upstream, one with both is ambiguous: never sent (LAW-23)."""
    for value in (customer_id, customer_email):
        if value is not None and (not value.strip() or any(ord(char) < 32 or ord(char) == 127 for char in value)):
            raise ValueError("an identifier is blank or holds a control character")
    if (customer_id is None) == (customer_email is None):
        raise ValueError("exactly one of customer_id and customer_email is needed")


@dataclass(frozen=True)
class ExportAsk:
    """What to export: one person by exactly one identifier, optionally one program or card. Raises ValueError."""

    format: FileFormat
    customer_id: str | None = field(default=None, repr=False)
    customer_email: str | None = field(default=None, repr=False)
    program_id: str | None = None
    card_id: str | None = None

    def __post_init__(self) -> None:
        _one_identifier(self.customer_id, self.customer_email)
        if self.format not in ("json", "csv"):
            raise ValueError("format is json or csv")


@dataclass(frozen=True)
class ErasureAsk:
    """Whom to erase: one person by exactly one identifier. ``reason`` up to 1000 characters. Raises ValueError."""

    customer_id: str | None = field(default=None, repr=False)
    customer_email: str | None = field(default=None, repr=False)
    reason: str | None = field(default=None, repr=False)
    program_id: str | None = None
    card_id: str | None = None

    def __post_init__(self) -> None:
        _one_identifier(self.customer_id, self.customer_email)
        if self.reason is not None and len(self.reason) > 1000:
            raise ValueError("reason must be 1000 characters or less")


@dataclass(frozen=True)
class ConsentAsk:
    """A consent record to write."""

    purposes: tuple[str, ...] = ()
    ip_address: str | None = field(default=None, repr=False)
    customer_email: str | None = field(default=None, repr=False)
    customer_phone: str | None = field(default=None, repr=False)
