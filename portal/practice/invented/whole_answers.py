"""Puts the people of ``people.py`` into the finished world, and what LoyaltyDog's log says of them.

Written out instead of drawn from a generator, so that everybody else stays as they are.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from portal.practice.invented.people import (
    EXPORT_ONLY,
    FAMILY_IDS,
    LOGGED,
    LOOKALIKE_IDS,
    LOOKALIKES,
    MAILBOX,
    MERGED,
    MERGED_ID,
    MERGED_OLD,
    MERGED_OLD_ID,
    NOWHERE,
    PAGE_THREE,
    PEOPLE,
    SEARCH_ONLY,
    TWO_IDS,
    TWO_IDS_IDS,
    UNLOGGED,
)
from portal.practice.invented.world import Card, Consent, Customer, KnownTo, Merchant, Transaction, World, days_ago

LOGGED_LOOKS: Final = 230
FIRST_NUMBER: Final = 600  # beyond those of the builder
FIRST_CARD: Final = 6364_2000_0000_0000
BETWEEN_CARDS: Final = 7_919  # so that last four digits differ
ID_OF: Final = {person.email: person.customer_id for person in PEOPLE}


def add_people(world: World) -> None:
    """Add everybody of ``people.py`` who is not there yet, all customers of merchant one."""
    adding = _Adding(world, world.merchant("one"))
    _several_records(adding)
    _cards_that_one_side_lacks(adding)
    _lookalikes(adding)
    adding.customer("page_three", ID_OF[PAGE_THREE], "Percy Pagewell", PAGE_THREE)
    logged = adding.customer("logged", ID_OF[LOGGED], "Lena Ledger", LOGGED, ("marketing", "analytics", "receipts"))
    adding.card(logged, program=0, cents=4200, used_days_ago=9)
    unlogged = adding.customer("unlogged", ID_OF[UNLOGGED], "Nico Traceless", UNLOGGED)
    adding.card(unlogged, program=1, cents=1500, used_days_ago=77)
    adding.customer("none_found", ID_OF[NOWHERE], "Nora Nowhere", NOWHERE)


def _several_records(adding: _Adding) -> None:
    """Records that share an address: one person's, two people's, and two that became one."""
    older = adding.customer("two_ids", TWO_IDS_IDS[0], "Theo Twice", TWO_IDS, ("marketing",))
    newer = adding.customer("two_ids", TWO_IDS_IDS[1], "Theo Twice", TWO_IDS, ("receipts",), phone=older.phone)
    adding.card(older, program=0, cents=2500, used_days_ago=200)
    adding.card(newer, program=1, cents=1100, used_days_ago=12)
    mother = adding.customer("family", FAMILY_IDS[0], "Magda Oakley", MAILBOX, ("receipts",))
    son = adding.customer("family", FAMILY_IDS[1], "Jonas Oakley", MAILBOX)
    adding.card(mother, program=0, cents=5000, used_days_ago=31)
    adding.card(son, program=2, cents=800, used_days_ago=2)
    merged = adding.customer(
        "merged", MERGED_ID, "Mina Newman", MERGED, ("marketing",),
        merged_from=(MERGED_OLD_ID,), previous_emails=(MERGED_OLD,),
    )  # fmt: skip
    adding.card(merged, program=0, cents=150, used_days_ago=400, recorded_under=MERGED_OLD_ID)
    adding.card(merged, program=0, cents=250, used_days_ago=20)


def _cards_that_one_side_lacks(adding: _Adding) -> None:
    searched = adding.customer("search_only", ID_OF[SEARCH_ONLY], "Sara Findlay", SEARCH_ONLY, ("receipts",))
    exported = adding.customer("export_only", ID_OF[EXPORT_ONLY], "Edgar Filer", EXPORT_ONLY, ("receipts",))
    apart: tuple[tuple[Customer, KnownTo], ...] = ((searched, "search"), (exported, "export"))
    for person, known_to in apart:
        adding.card(person, program=0, cents=3000, used_days_ago=40)
        adding.card(person, program=1, cents=2000, used_days_ago=90, known_to=known_to)


def _lookalikes(adding: _Adding) -> None:
    """One name and one initial in the masked address; each in another program, with another balance and last use."""
    apart = ((0, 12_50, 3), (2, 75_00, 190), (3, 0, 610))
    for customer_id, email, (program, cents, used) in zip(LOOKALIKE_IDS, LOOKALIKES, apart, strict=True):
        person = adding.customer("lookalikes", customer_id, "Robin Ash", email)
        adding.card(person, program=program, cents=cents, used_days_ago=used)


class _Adding:
    """Numbers what it adds, so that ids, phones and card numbers are each their own."""

    def __init__(self, world: World, merchant: Merchant) -> None:
        self._world = world
        self._merchant = merchant
        self._people = 0
        self._cards = 0

    def customer(
        self,
        situation: str,
        customer_id: str,
        name: str,
        email: str,
        purposes: tuple[str, ...] = (),
        *,
        phone: str | None = None,
        merged_from: tuple[str, ...] = (),
        previous_emails: tuple[str, ...] = (),
    ) -> Customer:
        number = FIRST_NUMBER + self._people
        self._people += 1
        created_at = days_ago(700 + self._people)
        agreed = Consent(purposes, created_at + timedelta(minutes=4), "192.0.2.77") if purposes else None
        customer = Customer(
            id=customer_id,
            merchant_id=self._merchant.id,
            number=number,
            name=name,
            email=email,
            phone=phone or f"+44 20 7946 0{number:03d}",
            locale="en_GB",
            created_at=created_at,
            consent=agreed,
            situation=situation,
            merged_from=merged_from,
            previous_emails=previous_emails,
        )
        self._world.add_customer(customer)
        return customer

    def card(
        self,
        customer: Customer,
        *,
        program: int,
        cents: int,
        used_days_ago: float,
        known_to: KnownTo = "both",
        recorded_under: str | None = None,
    ) -> None:
        """A card that was bought, activated, and last used so long ago, with so much left."""
        self._cards += 1
        bought_at = days_ago(690)
        spent = 700
        history = (
            ("PURCHASE", 0, cents + spent, bought_at),
            ("ACTIVATION", cents + spent, cents + spent, bought_at + timedelta(minutes=3)),
            ("REDEMPTION", cents + spent, cents, days_ago(used_days_ago)),
        )
        self._world.add_card(
            Card(
                id=f"ca4d{self._cards:020x}",
                number=f"{FIRST_CARD + self._cards * BETWEEN_CARDS:016d}",
                merchant_id=self._merchant.id,
                program_id=self._merchant.programs[program].id,
                customer_id=customer.id,
                status="active" if cents else "depleted",
                balance=cents,
                initial_value=cents + spent,
                created_at=bought_at,
                expires_at=bought_at + timedelta(days=5 * 365),
                is_physical=False,
                design_template="classic",
                custom_message=None,
                sender=None,
                recipient=None,
                transactions=tuple(self._transaction(number, *entry) for number, entry in enumerate(history)),
                known_to=known_to,
                recorded_under=recorded_under,
            )
        )

    def _transaction(self, number: int, kind: str, before: int, after: int, at: datetime) -> Transaction:
        in_shop = kind != "ACTIVATION"
        return Transaction(
            id=f"7a5a{self._cards:010x}{number:010x}",
            transaction_type=kind,
            amount=abs(after - before),
            balance_before=before,
            balance_after=after,
            created_at=at,
            reference_id=f"{self._cards * 10 + number:08d}" if in_shop else None,
            description=None,
            pos_transaction_id=f"POS-{900_000 + self._cards * 10 + number}" if in_shop else None,
            cashier_id="004" if in_shop else None,
            cashier_name="Ingrid" if in_shop else None,
            terminal_id="TILL-02" if in_shop else None,
        )


def log_before(world: World) -> tuple[dict[str, Any], ...]:
    """What LoyaltyDog's log said before anybody asked, newest first: looks at two people, one under an id of before."""
    merchant = world.merchant("one")
    looks = [(ID_OF[LOGGED], "Lena Ledger", number) for number in range(LOGGED_LOOKS)]
    looks += [(MERGED_ID, "Mina Newman", 17), (MERGED_OLD_ID, "Mina Oldman", 200), (MERGED_OLD_ID, "Mina Oldman", 201)]
    entries = [
        {
            "id": f"106e{number:020x}",
            "action": "pii_access",
            "resourceType": "gift_card_customer",
            "resourceId": subject_id,
            "actorId": "a11ce0000000000000000001",
            "actorType": "user",
            "subjectId": subject_id,
            "merchantId": merchant.id,
            "ipAddress": "192.0.2.10",
            "userAgent": None,
            "requestId": None,
            "details": None,
            "timestamp": days_ago(1 + days),
            "actorName": "Olive Brook",
            "subjectName": name,
            "merchantName": merchant.name,
            "resourceName": None,
        }
        for number, (subject_id, name, days) in enumerate(looks)
    ]
    return tuple(sorted(entries, key=lambda entry: entry["timestamp"], reverse=True))
