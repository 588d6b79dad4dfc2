"""Are a person's records found, and nobody else's, among invented people of a merchant? Held out: no rule looks at it.

Run: .venv/bin/python bench/people.py [people, default 1000] [seed, default 7]
Families share a mailbox or a phone, a till types the shop's own address or mishears a name, people marry, move, change
their email or have two IDs, and names repeat. Two of one name in one household's mailbox are not among them: nothing in
the records tells them apart. Each person asks with what they have today: a name and an email, some a phone or an ID as
well. The records are searched as LoyaltyDog's are, then classed, each new identifier of a `linked` record is ticked,
and all is searched again until nothing new comes. Exit 1 when a stranger's record is `same` or `linked`, or when fewer
than 97 % of the people's own records are.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from portal.people.classes import RecordClass, sort_records
from portal.people.graph import Graph, Known, Mark, Node, Record, Standing, known_of

WANTED_OWN = 0.97
COUNTRY = "GB"  # where the shop is: some of its phones are in national form
MOST_ROUNDS = 5
THEIRS = frozenset({RecordClass.SAME, RecordClass.LINKED})
GIVEN = """Ada Bela Carl Dana Emil Faye Gita Hugo Ines Jory Kira Liam Mona Nils Olga Piet Quin Rosa Sven Tara Ugo Vera
Wim Xenia Yann Zoe Anna Amir Bo Chloé""".split()
SURNAMES = """Fern Mills Quill Ash Birch Cole Dale Elm Ford Gray Hill Ivy Jones Kerr Lake Moss North Oak Park Reed
Stone Thorn Underhill Vale Wood York Zeller O’Neil García Müller""".split()
LIVES = {
    "plain": 46, "family mailbox": 10, "family phone": 8, "shop's address": 2, "renamed": 6, "renamed and moved": 1,
    "new email": 6, "new phone": 6, "two IDs": 6, "same name as another": 5, "phone of another now": 3, "misheard": 1,
}  # fmt: skip
"""What happened to people, in hundredths."""


@dataclass(frozen=True)
class Ask:
    """What a person gives when they ask, and which of the merchant's records are theirs."""

    life: str
    given: tuple[tuple[Mark, str], ...]
    own: frozenset[int]


@dataclass
class Shop:
    """A merchant's records, each of one person."""

    records: list[Record] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)

    def add(self, **values: str) -> int:
        told = tuple((Mark(mark), value) for mark, value in values.items() if value)
        self.records.append(Record(told, country=COUNTRY))
        return len(self.records) - 1


@dataclass
class Result:
    records: int = 0
    own: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    shared: Counter[str] = field(default_factory=Counter)
    strangers: Counter[str] = field(default_factory=Counter)
    ticks: int = 0

    @property
    def share(self) -> float:
        return self.found.total() / max(1, self.own.total())

    @property
    def met(self) -> bool:
        return not self.strangers.total() and self.share >= WANTED_OWN


class Inventor:
    """Invents the people of one merchant. The same seed invents the same."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._count = 0
        self.shop = Shop()

    def invent(self, people: int) -> Shop:
        lives = [life for life, hundredths in LIVES.items() for _ in range(max(1, hundredths * people // 100))]
        lives += ["plain"] * (people - len(lives))
        self._random.shuffle(lives)
        for life in lives[:people]:
            self._person(life)
        return self.shop

    def _person(self, life: str) -> None:
        make = {
            "plain": self._plain, "family mailbox": self._family_mailbox, "family phone": self._family_phone,
            "shop's address": self._shops_address, "renamed": self._renamed, "new email": self._new_email,
            "new phone": self._new_phone, "two IDs": self._two_ids, "same name as another": self._same_name,
            "renamed and moved": self._renamed_and_moved, "phone of another now": self._phone_of_another,
            "misheard": self._misheard,
        }  # fmt: skip
        given, own = make[life]()
        self.shop.asks.append(Ask(life, tuple((Mark(mark), value) for mark, value in given.items()), frozenset(own)))

    # What happens to people --------------------------------------------------------------------

    def _plain(self) -> tuple[dict[str, str], list[int]]:
        name, email, phone, one = self._name(), self._email(), self._phone(), self._id()
        own = [self.shop.add(customer_id=one, email=self._typed(email), phone=self._spaced(phone), name=name)]
        if self._random.random() < 0.5:  # a member of the club as well, under an ID of its own
            own.append(self.shop.add(customer_id=self._id(), email=email, phone=phone, name=self._as_typed(name)))
        given = {"email": email, "name": name}
        return given | ({"phone": phone} if self._random.random() < 0.5 else {}), own

    def _family_mailbox(self) -> tuple[dict[str, str], list[int]]:
        surname, email = self._random.choice(SURNAMES), self._email()
        mine, theirs = self._random.sample(GIVEN, 2)
        home = self._random.random() < 0.4  # one landline for both
        phone = self._phone()
        own = self.shop.add(customer_id=self._id(), email=email, phone=phone, name=f"{mine} {surname}")
        other = f"{theirs} {surname}" if home else self._random.choice([f"{theirs} {surname}", surname, ""])
        self.shop.add(customer_id=self._id(), email=email, phone=phone if home else self._phone(), name=other)
        return {"email": email, "phone": phone, "name": f"{mine} {surname}"}, [own]

    def _family_phone(self) -> tuple[dict[str, str], list[int]]:
        surname, phone = self._random.choice(SURNAMES), self._phone()
        mine, theirs = self._random.sample(GIVEN, 2)
        email = self._email()
        own = self.shop.add(customer_id=self._id(), email=email, phone=phone, name=f"{mine} {surname}")
        self.shop.add(customer_id=self._id(), email=self._email(), phone=phone, name=f"{theirs} {surname}")
        return {"email": email, "phone": phone, "name": f"{mine} {surname}"}, [own]

    def _shops_address(self) -> tuple[dict[str, str], list[int]]:
        """Somebody at the till typed the shop's address into one of the person's records, and into many others'. One
        in four knows no other address, and asks with that one and their ID."""
        shops = f"till.{self._random.randrange(3)}@shop.example"
        name, email, phone, one = self._name(), self._email(), self._phone(), self._id()
        own = [
            self.shop.add(customer_id=one, email=email, phone=phone, name=name),
            self.shop.add(customer_id=self._id(), email=shops, phone=phone, name=name),
        ]
        for _ in range(3):
            self.shop.add(customer_id=self._id(), email=shops, phone=self._phone(), name=self._name())
        return {"email": self._random.choice([email] * 3 + [shops]), "customer_id": one, "name": name}, own

    def _renamed(self) -> tuple[dict[str, str], list[int]]:
        given_name, (before, after) = self._random.choice(GIVEN), self._random.sample(SURNAMES, 2)
        email, phone, one = self._email(), self._phone(), self._id()
        own = [
            self.shop.add(customer_id=one, email=email, phone=phone, name=f"{given_name} {before}"),
            self.shop.add(customer_id=self._id(), email=email, phone=phone, name=f"{given_name} {after}"),
        ]
        return {"email": email, "phone": phone, "name": f"{given_name} {after}"}, own

    def _renamed_and_moved(self) -> tuple[dict[str, str], list[int]]:
        given, own = self._renamed()
        return {**given, "phone": self._phone()}, own

    def _misheard(self) -> tuple[dict[str, str], list[int]]:
        """The till wrote down another name than it was told."""
        (given, own), heard = self._new_phone(), self._name()
        values = self.shop.records[own[0]].values
        self.shop.records[own[0]] = Record(
            tuple((mark, heard if mark is Mark.NAME else value) for mark, value in values), country=COUNTRY
        )
        return given, own

    def _phone_of_another(self) -> tuple[dict[str, str], list[int]]:
        """The number was given up, and somebody else has it now; the person still gives it."""
        given, own = self._plain()
        phone = next(value for mark, value in self.shop.records[own[0]].values if mark is Mark.PHONE)
        self.shop.add(customer_id=self._id(), email=self._email(), phone=phone, name=self._name())
        return {**given, "phone": phone}, own

    def _new_email(self) -> tuple[dict[str, str], list[int]]:
        """The old record has the old email under the same ID; the new email asks."""
        name, phone, one, before, after = self._name(), self._phone(), self._id(), self._email(), self._email()
        own = [
            self.shop.add(customer_id=one, email=before, phone=phone, name=name),
            self.shop.add(customer_id=one, email=after, phone=phone, name=name),
        ]
        return {"email": after, "name": name}, own

    def _new_phone(self) -> tuple[dict[str, str], list[int]]:
        name, email, before, after = self._name(), self._email(), self._phone(), self._phone()
        own = [
            self.shop.add(customer_id=self._id(), email=email, phone=before, name=name),
            self.shop.add(customer_id=self._id(), email=email, phone=after, name=self._as_typed(name)),
        ]
        return {"email": email, "phone": after, "name": name}, own

    def _two_ids(self) -> tuple[dict[str, str], list[int]]:
        name, email, one = self._name(), self._email(), self._id()
        own = [
            self.shop.add(customer_id=one, email=email, name=name),
            self.shop.add(customer_id=self._id(), email=self._typed(email), phone=self._phone(), name=name),
        ]
        given = {"email": email, "name": name}
        return given | ({"customer_id": one} if self._random.random() < 0.5 else {}), own

    def _same_name(self) -> tuple[dict[str, str], list[int]]:
        """A namesake, whose email looks alike too."""
        name, email = self._name(), self._email()
        own = self.shop.add(customer_id=self._id(), email=email, phone=self._phone(), name=name)
        alike = email.replace(".", "", 1).replace("@", "+club@")
        self.shop.add(customer_id=self._id(), email=alike, phone=self._phone(), name=name)
        return {"email": email, "name": name}, [own]

    # Identifiers --------------------------------------------------------------------------------

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _id(self) -> str:
        return f"{self._next():024x}"

    def _email(self) -> str:
        return f"{self._random.choice(GIVEN).lower()}.{self._next()}@{self._random.choice(['mail', 'post'])}.example"

    def _phone(self) -> str:
        return f"+44 20 {self._next():08d}"

    def _name(self) -> str:
        return f"{self._random.choice(GIVEN)} {self._random.choice(SURNAMES)}"

    def _typed(self, email: str) -> str:
        return self._random.choice([email, email.upper(), f" {email}"])

    def _spaced(self, phone: str) -> str:
        return self._random.choice([phone, phone.replace(" ", ""), "00" + phone[1:], "0" + phone[4:]])

    def _as_typed(self, name: str) -> str:
        first, _, last = name.partition(" ")
        return self._random.choice([name, name.upper(), f"{last}, {first}", f"Ms {name}", ""])


def searched(graph: Graph, known: Known) -> tuple[int, ...]:
    """What LoyaltyDog's searches bring: every record with one of the known identifiers, and those of one name."""
    names = {node for node in known.nodes if node.mark is Mark.NAME}
    return tuple(sorted(graph.touching(known.nodes | names)))


def answer(shop: Shop, graph: Graph, ask: Ask) -> tuple[dict[int, RecordClass], int]:
    """The classes of the records that are found, once everything that is offered was ticked; and the ticks."""
    given = [(mark, value, Standing.CLAIMED) for mark, value in ask.given]
    ticked: set[Node] = set()
    for _ in range(MOST_ROUNDS):
        known = known_of([*given, *((node.mark, node.key, Standing.FOUND) for node in ticked)], COUNTRY)
        places = searched(graph, known)
        sorts = sort_records(known, [shop.records[place] for place in places])
        new = {node for one in sorts if one.is_class is RecordClass.LINKED for node in one.new}
        if new <= ticked:
            break
        ticked |= new
    return {place: one.is_class for place, one in zip(places, sorts, strict=True)}, len(ticked)


def measure(people: int, seed: int) -> Result:
    shop = Inventor(seed).invent(people)
    graph, result = Graph(shop.records), Result(len(shop.records))
    for ask in shop.asks:
        classes, ticks = answer(shop, graph, ask)
        result.ticks += ticks
        result.own[ask.life] += len(ask.own)
        for place, is_class in classes.items():
            if place in ask.own:
                result.found[ask.life] += is_class in THEIRS
                result.shared[ask.life] += is_class is RecordClass.SHARED
            else:
                result.strangers[ask.life] += is_class in THEIRS
    return result


def rows(result: Result) -> Iterator[str]:
    yield f"{'':22} own  found  for a manager  strangers taken in"
    for life in LIVES:
        yield (
            f"{life:22} {result.own[life]:4} {result.found[life]:5} {result.shared[life]:13} "
            f"{result.strangers[life]:14}"
        )


def main() -> int:
    people, seed = (int(text) for text in [*sys.argv[1:], *("1000", "7")[len(sys.argv) - 1 :]])
    result = measure(people, seed)
    print(f"{people} people, {result.records} records, seed {seed}, {result.ticks / people:.1f} ticks a person")
    print("\n".join(rows(result)))
    print(f"share of the people's own records found: {result.share:.4f} (at least {WANTED_OWN})")
    print(f"strangers' records in same or linked: {result.strangers.total()} (at most 0)")
    print("targets met" if result.met else "targets missed")
    return 0 if result.met else 1


if __name__ == "__main__":
    sys.exit(main())
