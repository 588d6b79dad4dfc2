"""The invented loyalty programs and their members, from a generator of their own: the rest of the world stays as it is.

One program answers as documented, one refuses every look, one sends all its members whatever is asked for.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from portal.practice.invented.people import LOGGED, LOOKALIKES, MAILBOX, MERGED_OLD, PAGE_THREE, TWO_IDS, UNLOGGED
from portal.practice.invented.world import Merchant, World, days_ago

Manner = Literal["filtered", "refused", "unfiltered"]
CONSENT_TYPES: Final = ("marketing_email", "marketing_sms", "analytics", "data_sharing")
MANY_MEMBERS: Final = 600
SEED_OF_LOYALTY: Final = 7
CLUB: Final = "Coffee Club"
PROGRAMS: Final[dict[str, tuple[tuple[str, Manner], ...]]] = {
    "one": ((CLUB, "filtered"), ("Tea Club", "refused"), ("Morning Regulars", "unfiltered")),
    "two": (("Reading Circle", "filtered"),),
}
IN_CLUB: Final = 40  # of a merchant's card holders, who are members of its first program too
ONLY_CARDS: Final = "flat.list@example.com"
ONLY_LOYALTY: Final = "empty@example.com"
IN_SEVERAL: Final = "ada@example.com"
SHARED_PHONE: Final = "+44 20 7946 0999"
"""Two members of the Coffee Club have it, under different emails: a family."""
THIRD_PAGE: Final = 555  # of members, 250 a page
WRITTEN_OUT: Final = (  # members of the club: name, email, digits of the phone, points, consents
    ("Magda Oakley", MAILBOX, 602, 120, ("marketing_email",)),
    ("Jonas Oakley", MAILBOX, 603, 15, ()),
    ("Theo Twice", TWO_IDS, 600, 64, ()),
    ("Mina Oldman", MERGED_OLD, 604, 310, ("marketing_email", "analytics")),
    ("Robin Ash", LOOKALIKES[0], 607, 88, ()),
    ("Lena Ledger", LOGGED, 611, 205, CONSENT_TYPES),
    ("Nico Traceless", UNLOGGED, 612, 5, ()),
)


@dataclass(frozen=True, slots=True)
class LoyaltyProgram:
    """A loyalty program of one merchant, and how it answers a search."""

    id: str
    merchant_id: str
    name: str
    manner: Manner


@dataclass(frozen=True, slots=True)
class LoyaltyConsent:
    """The latest record of one type."""

    consent_type: str
    granted: bool
    method: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """A person in one program. The same person has the same id in every program, and another one as card holder."""

    id: str
    program_id: str
    name: str
    email: str
    phone: str
    joined_at: datetime
    points: int
    consents: tuple[LoyaltyConsent, ...]


@dataclass(frozen=True, slots=True)
class Loyalty:
    """All loyalty programs, and the members of each by their id, in the order in which they are listed."""

    programs: dict[str, LoyaltyProgram]
    members: dict[str, dict[str, Member]]

    def of_merchant(self, merchant_id: str) -> list[LoyaltyProgram]:
        return [program for program in self.programs.values() if program.merchant_id == merchant_id]


def build_loyalty(world: World, seed: int) -> Loyalty:
    """The same seed gives the same programs and members."""
    generator = random.Random(seed + SEED_OF_LOYALTY)  # noqa: S311 - invented data, not a secret
    loyalty = Loyalty({}, {})
    for merchant in world.merchants.values():
        ids: dict[str, str] = {}
        for name, manner in PROGRAMS[merchant.key]:
            program = LoyaltyProgram(_new_id(generator), merchant.id, name, manner)
            loyalty.programs[program.id] = program
            people = _people(world, merchant, manner)
            members = [_member(generator, ids, program, person, number) for number, person in enumerate(people)]
            if name == CLUB:
                members += _written_out(program)
            loyalty.members[program.id] = {member.id: member for member in members}
    return loyalty


def _people(world: World, merchant: Merchant, manner: Manner) -> list[tuple[str, str, str]]:
    """Name, email and phone of each member."""
    holders = [one for one in world.customers.values() if one.merchant_id == merchant.id and one.email != ONLY_CARDS]
    if manner != "unfiltered":
        people = [(one.name, one.email, one.phone) for one in holders[:IN_CLUB]]
        if merchant.key == "one":
            people += [(f"{name} Fern", f"{name.lower()}.fern@example.com", SHARED_PHONE) for name in ("Rosa", "Tom")]
        return people
    ada = next(one for one in holders if one.email == IN_SEVERAL)
    people = [(f"Regular {n}", f"regular.{n:03d}@example.org", f"+44 20 7946 0{n:03d}") for n in range(MANY_MEMBERS)]
    people[430] = (ada.name, ada.email.upper(), ada.phone)  # as somebody typed it at the till
    people[THIRD_PAGE] = ("Percy Pagewell", PAGE_THREE, "+44 20 7946 0610")
    return people


def _member(
    generator: random.Random, ids: dict[str, str], program: LoyaltyProgram, person: tuple[str, str, str], number: int
) -> Member:
    name, email, phone = person
    joined_at = days_ago(generator.randint(20, 900) + generator.random())
    agreed = [kind for kind in CONSENT_TYPES if generator.random() < 0.5] if number % 3 else []
    consents = tuple(
        LoyaltyConsent(kind, generator.random() < 0.7, "checkbox", joined_at + timedelta(minutes=2)) for kind in agreed
    )
    member_id = ids.setdefault(email.lower(), _new_id(generator))
    return Member(member_id, program.id, name, email, phone, joined_at, generator.randint(0, 400), consents)


def _written_out(program: LoyaltyProgram) -> list[Member]:
    """Members whose whole answer is worth collecting; the mailbox is two of them, the merged one still the old one."""
    joined_at = days_ago(333)
    return [
        Member(
            f"3e3b{number:020x}", program.id, name, email, f"+44 20 7946 0{phone}", joined_at, points,
            tuple(LoyaltyConsent(kind, True, "checkbox", joined_at + timedelta(minutes=2)) for kind in agreed),
        )
        for number, (name, email, phone, points, agreed) in enumerate(WRITTEN_OUT)
    ]  # fmt: skip


def _new_id(generator: random.Random) -> str:
    return f"{generator.getrandbits(96):024x}"
