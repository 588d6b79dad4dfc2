"""Builds the invented world from a seed: names from Faker and a hand-picked list, all else from one generator."""

import random
import re
import unicodedata
from datetime import datetime, timedelta
from typing import Final

from faker import Faker

from portal.practice.invented.situations import SITUATIONS, Situation
from portal.practice.invented.tricky import PLAIN_MESSAGES, TRICKY_MESSAGES, TRICKY_NAMES
from portal.practice.invented.whole_answers import add_people
from portal.practice.invented.world import (
    CARD_STATUSES,
    TRANSACTION_TYPES,
    WORLD_NOW,
    WORLD_SEED,
    Card,
    Consent,
    Customer,
    Merchant,
    Person,
    Program,
    Transaction,
    World,
    days_ago,
)

CUSTOMERS_IN_ALL: Final = 204
MANY_CARDS: Final = 60
MANY_CARDS_TRANSACTIONS: Final = 17  # for each card that is not pending: about 900 in all
LOCALES: Final = (
    "en_GB",
    "de_DE",
    "fr_FR",
    "pl_PL",
    "tr_TR",
    "el_GR",
    "ru_RU",
    "ar_SA",
    "he_IL",
    "ja_JP",
    "zh_CN",
    "ko_KR",
    "hi_IN",
    "vi_VN",
    "th_TH",
    "is_IS",
)
PURPOSES: Final = ("marketing", "analytics", "receipts", "data_sharing")
MAIL_DOMAINS: Final = ("example.com", "example.org", "example.net")
STAFF: Final = ("Marta", "Deniz", "Oluwaseun", "Ingrid", "Paolo", "Hye-jin")
DESIGNS: Final = ("classic", "birthday", "winter", "thank-you", None)
MERCHANTS: Final = (
    ("one", "Brook & Bean Coffee", ("House gift card", "Corporate gifts", "Birthday card", "Barista course")),
    ("two", "Northwind Books", ("Book token", "Children's corner", "Festival 2026")),
)
# Customers of "one" play the situations, save those whose situation names the other merchant. An unknown customer is
# not part of a situation.
NOT_IN_THE_WORLD: Final = "unknown_customer"
SPENDING: Final = ("REDEMPTION", "REDEMPTION", "REDEMPTION", "TRANSFER_OUT", "CONSOLIDATION")
ADDING: Final = ("RELOAD", "REFUND", "TRANSFER_IN")
WITHOUT_MONEY: Final = ("OWNERSHIP_TRANSFER", "RESEND_CODE")


class Builder:
    """One run of the world's construction; use it once."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - invented data, not a secret
        self._faker = Faker(LOCALES, providers=["faker.providers.person"])
        self._faker.seed_instance(seed)
        self._world = World()
        self._numbers_taken: set[str] = set()

    def build(self) -> World:
        """The finished world."""
        for key, name, programs in MERCHANTS:
            self._add_merchant(key, name, programs)
        one, two = self._world.merchant("one"), self._world.merchant("two")
        for situation in SITUATIONS:
            if situation.key != NOT_IN_THE_WORLD:
                self._add_player(self._world.merchant(situation.merchant), situation)
        self._add_customer(two, number=900, email="sam@example.com")
        for number in range(CUSTOMERS_IN_ALL - len(self._world.customers)):
            self._add_customer(one if number % 5 < 3 else two, number=number)
        add_people(self._world)
        return self._world

    def _new_id(self) -> str:
        return f"{self._random.getrandbits(96):024x}"

    def _add_merchant(self, key: str, name: str, program_names: tuple[str, ...]) -> None:
        merchant_id = self._new_id()
        programs = tuple(Program(self._new_id(), merchant_id, program_name) for program_name in program_names)
        self._world.merchants[merchant_id] = Merchant(key, merchant_id, name, programs)
        self._world.programs.update({program.id: program for program in programs})

    def _add_player(self, merchant: Merchant, situation: Situation) -> None:
        customer = self._make_customer(merchant, 500 + len(self._world.customers), situation.email, situation)
        self._world.add_customer(customer)
        if situation.key == "none_found":
            return
        if situation.key == "many_cards":
            for number in range(MANY_CARDS):
                self._add_card(merchant, customer, number, transactions=MANY_CARDS_TRANSACTIONS)
        else:
            tricky = situation.key == "tricky_text"
            for number in range(len(TRICKY_MESSAGES) if tricky else 3):
                message = TRICKY_MESSAGES[number] if tricky else None
                self._add_card(merchant, customer, number, transactions=5 + number, message=message)

    def _add_customer(self, merchant: Merchant, *, number: int, email: str | None = None) -> None:
        customer = self._make_customer(merchant, number, email)
        self._world.add_customer(customer)
        for card_number in range(self._random.choice((1, 1, 2, 2))):
            self._add_card(merchant, customer, card_number + number, transactions=self._random.randint(4, 11))

    def _make_customer(
        self, merchant: Merchant, number: int, email: str | None, situation: Situation | None = None
    ) -> Customer:
        locale = LOCALES[number % len(LOCALES)]
        if situation is not None and situation.key == "ordinary":
            name, locale = "Ada Quill", "en_GB"
        elif number % 15 == 4 or (situation is not None and situation.key == "tricky_text"):
            name = TRICKY_NAMES[number // 15 % len(TRICKY_NAMES)]
        else:
            name = self._faker[locale].name()
        created_at = days_ago(self._random.randint(200, 1200) + self._random.random())
        consent = None
        if situation is not None and situation.key == "ordinary":
            consent = Consent(("marketing", "receipts"), created_at + timedelta(minutes=4), "192.0.2.1")
        elif number % 4:
            purposes = tuple(p for p in PURPOSES if self._random.random() < 0.6) or ("receipts",)
            consent = Consent(purposes, created_at + timedelta(minutes=4), f"192.0.2.{number % 250 + 1}")
        return Customer(
            id=situation.customer_id if situation else self._new_id(),
            merchant_id=merchant.id,
            number=number,
            name=name,
            email=email or self._email(name, locale, number),
            phone=self._phone(number),
            locale=locale,
            created_at=created_at,
            consent=consent,
            situation=situation.key if situation else None,
        )

    def _email(self, name: str, locale: str, number: int) -> str:
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
        slug = ".".join(re.findall(r"[a-z]+", plain.lower())[:2])
        return f"{slug if len(slug) > 2 else locale[:2]}.{number:03d}@{MAIL_DOMAINS[number % 3]}"

    def _phone(self, number: int) -> str:
        if number % 2:
            return f"+44 20 7946 0{number % 1000:03d}"
        return f"+1 202-555-01{number % 100:02d}"

    def _person(self) -> Person:
        number = self._random.randint(0, 999)
        locale = self._random.choice(LOCALES)
        name = self._faker[locale].name()
        return Person(name, f"friend.{self._email(name, locale, number)}", self._phone(number))

    def _card_number(self) -> str:
        while True:
            digits = f"{self._random.randrange(10**16):016d}"
            if len(self._numbers_taken) % 6 == 0:
                digits = "00" + digits[2:]
            if digits not in self._numbers_taken:
                self._numbers_taken.add(digits)
                return digits

    def _add_card(
        self, merchant: Merchant, customer: Customer, number: int, *, transactions: int, message: str | None = None
    ) -> None:
        status = "active" if number % 9 > 5 else CARD_STATUSES[number % len(CARD_STATUSES)]
        initial = self._random.choice((1000, 1500, 2500, 5000, 10000, 1234567))
        created_at = customer.created_at + timedelta(days=self._random.randint(0, 150), minutes=number)
        history = self._history(initial, status, created_at, transactions)
        gift = message is not None or number % 3 != 1
        if gift and message is None:
            messages = TRICKY_MESSAGES if self._random.random() < 0.15 else PLAIN_MESSAGES
            message = self._random.choice(messages)
        card = Card(
            id=self._new_id(),
            number=self._card_number(),
            merchant_id=merchant.id,
            program_id=merchant.programs[number % len(merchant.programs)].id,
            customer_id=customer.id,
            status=status,
            balance=history[-1].balance_after if history else initial,
            initial_value=initial,
            created_at=created_at,
            expires_at=days_ago(30) if status == "expired" else created_at + timedelta(days=5 * 365),
            is_physical=number % 4 == 0,
            design_template=DESIGNS[number % len(DESIGNS)],
            custom_message=message if gift else None,
            sender=self._person() if gift else None,
            recipient=self._person() if gift and number % 2 else None,
            transactions=tuple(history),
        )
        self._world.add_card(card)

    def _history(self, initial: int, status: str, start: datetime, count: int) -> list[Transaction]:
        """Oldest first. A pending card has been bought and no more; a depleted or voided one ends at zero."""
        kinds = ["PURCHASE", "ACTIVATION"]
        if status == "pending":
            kinds = kinds[:1]
        while status != "pending" and len(kinds) < count:
            kinds.append(self._random.choice(SPENDING + ADDING + WITHOUT_MONEY))
        if status in ("voided", "depleted"):
            kinds[-1] = "VOID" if status == "voided" else "REDEMPTION"
        step = max((WORLD_NOW - start) / (len(kinds) + 1), timedelta(minutes=1))
        history: list[Transaction] = []
        balance, at = 0, start
        for position, kind in enumerate(kinds):
            empties = status in ("voided", "depleted") and position == len(kinds) - 1
            after = 0 if empties else self._balance_after(kind, balance, initial)
            history.append(self._transaction(kind, balance, after, at))
            balance, at = after, at + step * (0.5 + self._random.random() / 2)
        return history

    def _balance_after(self, kind: str, balance: int, initial: int) -> int:
        if kind == "PURCHASE":
            return initial
        if kind in SPENDING:
            return balance - self._random.randint(0, balance // 2)
        if kind in ADDING:
            return balance + self._random.randint(1, 40) * 50
        return balance

    def _transaction(self, kind: str, before: int, after: int, at: datetime) -> Transaction:
        staff_number = self._random.randrange(len(STAFF))
        in_shop = kind in ("PURCHASE", "REDEMPTION", "RELOAD", "REFUND", "VOID")
        assert kind in TRANSACTION_TYPES
        return Transaction(
            id=self._new_id(),
            transaction_type=kind,
            amount=abs(after - before),
            balance_before=before,
            balance_after=after,
            created_at=at,
            reference_id=f"{self._random.randrange(10**8):08d}" if in_shop else None,
            description=f"Served by {STAFF[staff_number]}" if in_shop and self._random.random() < 0.3 else None,
            pos_transaction_id=f"POS-{self._random.randrange(10**6):06d}" if in_shop else None,
            cashier_id=f"{staff_number + 1:03d}" if in_shop else None,
            cashier_name=STAFF[staff_number] if in_shop else None,
            terminal_id=f"TILL-{self._random.randint(1, 9):02d}" if in_shop else None,
        )


def build_world(seed: int = WORLD_SEED) -> World:
    """Build the whole world. Takes well under a second; the same seed gives the same world."""
    return Builder(seed).build()
