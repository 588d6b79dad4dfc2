"""The invented world: two merchants that cannot see each other, with programs, customers, cards and transactions.

Deterministic: the same seed gives the same ids, names, dates and amounts. Money is kept in whole cents; times are aware
UTC; ids are 24 characters of 0-9 and a-f, as the vendor's ObjectId.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

WORLD_SEED: Final = 20261123
WORLD_NOW: Final = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # Nothing in the world happens after this moment.

CARD_STATUSES: Final = ("pending", "active", "suspended", "expired", "voided", "depleted")
TRANSACTION_TYPES: Final = (
    "PURCHASE",
    "ACTIVATION",
    "RELOAD",
    "REDEMPTION",
    "CONSOLIDATION",
    "VOID",
    "TRANSFER_OUT",
    "TRANSFER_IN",
    "OWNERSHIP_TRANSFER",
    "RESEND_CODE",
    "REFUND",
)


KnownTo = Literal["both", "search", "export"]


@dataclass(frozen=True, slots=True)
class Program:
    """A gift card program of one merchant."""

    id: str
    merchant_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Merchant:
    """One of the two merchants; ``key`` is ``one`` or ``two``."""

    key: str
    id: str
    name: str
    programs: tuple[Program, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """A sender or recipient of a gift: someone named in a file who is not its subject."""

    name: str
    email: str
    phone: str


@dataclass(frozen=True, slots=True)
class Transaction:
    """One money movement or event on a card. Amounts in cents."""

    id: str
    transaction_type: str
    amount: int
    balance_before: int
    balance_after: int
    created_at: datetime
    reference_id: str | None
    description: str | None
    pos_transaction_id: str | None
    cashier_id: str | None
    cashier_name: str | None
    terminal_id: str | None


@dataclass(frozen=True, slots=True)
class Card:
    """A gift card; ``number`` is 16 digits and may begin with zeros.

    ``known_to`` says whether both the card search and the export have it. ``recorded_under`` is the customer id that
    it still bears from before a merge.
    """

    id: str
    number: str
    merchant_id: str
    program_id: str
    customer_id: str
    status: str
    balance: int
    initial_value: int
    created_at: datetime
    expires_at: datetime
    is_physical: bool
    design_template: str | None
    custom_message: str | None
    sender: Person | None
    recipient: Person | None
    transactions: tuple[Transaction, ...]
    known_to: KnownTo = "both"
    recorded_under: str | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """Purposes a person agreed to, and when."""

    purposes: tuple[str, ...]
    consented_at: datetime
    ip_address: str | None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Customer:
    """A card holder. ``situation`` is the key of the situation this customer plays, or None for an ordinary one.

    ``merged_from`` are ids of records that became this one, ``previous_emails`` their addresses: both still find it.
    """

    id: str
    merchant_id: str
    number: int
    name: str
    email: str
    phone: str
    locale: str
    created_at: datetime
    consent: Consent | None
    situation: str | None = None
    merged_from: tuple[str, ...] = ()
    previous_emails: tuple[str, ...] = ()

    @property
    def emails(self) -> tuple[str, ...]:
        """The address and the former ones, in lower case."""
        return (self.email.lower(), *(email.lower() for email in self.previous_emails))


@dataclass(slots=True)
class World:
    """Everything invented, with the look-ups the server needs. Emails are looked up in lower case."""

    merchants: dict[str, Merchant] = field(default_factory=dict)
    programs: dict[str, Program] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    cards: dict[str, Card] = field(default_factory=dict)
    cards_of_customer: dict[str, list[Card]] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    _by_email: dict[tuple[str, str], list[Customer]] = field(default_factory=dict)

    def merchant(self, key: str) -> Merchant:
        """The merchant with the key ``one`` or ``two``."""
        return next(merchant for merchant in self.merchants.values() if merchant.key == key)

    def customer_by_email(self, merchant_id: str, email: str) -> Customer | None:
        """The customer of this merchant with this address, in any case of letters; of several the oldest record."""
        return next(iter(self.customers_by_email(merchant_id, email)), None)

    def customers_by_email(self, merchant_id: str, email: str) -> tuple[Customer, ...]:
        """All customers of this merchant with this address, now or before a merge, the oldest record first."""
        return tuple(self._by_email.get((merchant_id, email.lower()), ()))

    def customer_by_id(self, merchant_id: str, customer_id: str) -> Customer | None:
        """The customer of this merchant with this id, or into whom it was merged; another merchant's is None."""
        customer = self.customers.get(self.merged.get(customer_id, customer_id))
        return customer if customer is not None and customer.merchant_id == merchant_id else None

    def customer_by_phone(self, merchant_id: str, phone: str) -> Customer | None:
        """The first customer of this merchant with this phone number."""
        matches = (c for c in self.customers.values() if c.merchant_id == merchant_id and c.phone == phone)
        return next(matches, None)

    def add_customer(self, customer: Customer) -> None:
        """Add a customer and their look-ups."""
        self.customers[customer.id] = customer
        self.merged.update(dict.fromkeys(customer.merged_from, customer.id))
        for email in customer.emails:
            self._by_email.setdefault((customer.merchant_id, email), []).append(customer)
        self.cards_of_customer.setdefault(customer.id, [])

    def add_card(self, card: Card) -> None:
        """Add a card and its look-ups."""
        self.cards[card.id] = card
        self.cards_of_customer[card.customer_id].append(card)

    @property
    def transaction_count(self) -> int:
        """How many transactions there are in all."""
        return sum(len(card.transactions) for card in self.cards.values())


def days_ago(days: float) -> datetime:
    """A moment before the end of the world's history."""
    return WORLD_NOW - timedelta(days=days)
