"""How a file with one stranger's record is judged: shapes of JSON and CSV with the asked customer, and with a stranger.

Run: .venv/bin/python bench/stranger_shapes.py [-v]
Each shape is made once with the customer alone and once with a record of somebody else put in. The stranger must never
pass (`one_person`, `unnamed`, `nobody`); the customer alone must be `one_person` in at least 95 % of the shapes.
The people are invented. Exit 1 when a target is missed.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)] if str(ROOT) not in sys.path else []

from portal.preview import AskedPerson, PreviewError, inspect, read  # noqa: E402 - found through the path above

PASSES = frozenset({"one_person", "unnamed", "nobody"})
WANTED_OWN = 0.95


@dataclass(frozen=True)
class Person:
    id: str
    email: str
    first: str
    last: str


OWN = Person("64c1a0b2d3e4f5a6b7c8d901", "nora.lind@example.org", "Nora", "Lind")
STRANGER = Person("64c1a0b2d3e4f5a6b7c8d9ff", "paul.ekman@example.net", "Paul", "Ekman")


@dataclass(frozen=True)
class Shape:
    """make: the file's text for these people, the asked one first."""

    name: str
    format: Literal["json", "csv"]
    make: Callable[[list[Person]], str]
    by_id: bool = False


_PERSON_WORDS = {
    "en": "customer contact member subscriber user client holder owner person profile",
    "de": "kunde kontakt mitglied abonnent benutzer inhaber besitzer person",
    "es": "cliente contacto miembro suscriptor usuario titular propietario persona",
    "fr": "client contact membre abonne utilisateur titulaire proprietaire personne",
    "it": "cliente contatto membro abbonato utente titolare proprietario persona",
    "nl": "klant contactpersoon lid abonnee gebruiker houder eigenaar persoon",
}


def _written(value: Any) -> Callable[[list[Person]], str]:
    return lambda people: json.dumps(value(people), ensure_ascii=False)


def _shape(name: str, value: Callable[[list[Person]], Any]) -> Shape:
    return Shape(name, "json", _written(value))


def _csv(name: str, header: str, row: Callable[[Person], str], separator: str = "\n") -> Shape:
    return Shape(name, "csv", lambda people: separator.join([header, *map(row, people)]) + "\n")


def shapes() -> Iterator[Shape]:
    yield from _by_word()
    yield from _wrapped_ids()
    yield from _other_structures()
    yield from _tables()
    yield from _as_text()


def _by_word() -> Iterator[Shape]:
    """The owner's word as a nested object with cards that carry its ID; English also flat."""
    for language, listed in _PERSON_WORDS.items():
        for word in listed.split():
            yield _shape(f"{language} {word}: cards with {word}Id", _cards_of(word))
            if language == "en":
                yield _shape(f"{language} {word}Email in rows", _rows_of(word))


def _cards_of(word: str) -> Callable[[list[Person]], Any]:
    return lambda people: {
        word: {"id": people[0].id, "email": people[0].email},
        "cards": [{f"{word}Id": person.id, "balance": "1.50"} for person in people],
    }


def _rows_of(word: str) -> Callable[[list[Person]], Any]:
    return lambda people: [{f"{word}Email": person.email, "points": 3} for person in people]


def _wrapped_ids() -> Iterator[Shape]:
    wraps: dict[str, Callable[[str], Any]] = {
        "$oid": lambda text: {"$oid": text},
        "$ref": lambda text: {"$ref": "customers", "$id": {"$oid": text}},
        "$uuid": lambda text: {"$uuid": f"{text}00000000"},
        "value and type": lambda text: {"type": "string", "value": text},
        "id object": lambda text: {"id": text},
        "$numberLong": lambda text: {"$numberLong": str(int(text[-8:], 16))},
        "number": lambda text: int(text[-8:], 16),
        "data": lambda text: {"data": {"type": "customers", "id": text}},
    }
    for name, wrap in wraps.items():
        yield _shape(f"customer ID as {name}", _cards_with(wrap, "customer" if name == "data" else "customerId"))


def _cards_with(wrap: Callable[[str], Any], key: str) -> Callable[[list[Person]], Any]:
    return lambda people: {
        "customer": {"id": wrap(people[0].id), "email": people[0].email},
        "giftCards": [{key: wrap(person.id), "balance": 1} for person in people],
    }


def _other_structures() -> Iterator[Shape]:
    def api(p: Person) -> Any:
        return {"type": "customers", "id": p.id, "attributes": {"email": p.email, "firstName": p.first}}

    yield _shape("JSON:API list", lambda people: {"data": [api(p) for p in people]})
    yield _shape("JSON:API included", lambda people: {"data": api(people[0]), "included": [api(p) for p in people[1:]]})
    yield _shape(
        "JSON:API relationship",
        lambda people: {
            "data": [
                {
                    "type": "giftCards",
                    "id": str(number),
                    "attributes": {"balance": "1.50"},
                    "relationships": {"customer": {"data": {"type": "customers", "id": p.id}}},
                }
                for number, p in enumerate(people)
            ],
            "included": [api(people[0])],
        },
    )
    yield _shape(
        "GraphQL edges",
        lambda people: {"data": {"customers": {"edges": [{"node": {"id": p.id, "email": p.email}} for p in people]}}},
    )
    yield _shape(
        "GraphQL IDs only",
        lambda people: {
            "data": {
                "me": {"customer": {"id": people[0].id, "email": people[0].email}},
                "cards": {"edges": [{"node": {"id": n, "owner": {"id": p.id}}} for n, p in enumerate(people)]},
            }
        },
    )
    yield _shape(
        "__typename",
        lambda people: [{"__typename": "Customer", "id": p.id, "contact": {"email": p.email}} for p in people],
    )
    yield _shape("keyed by ID", lambda people: {p.id: {"email": p.email, "points": 3} for p in people})
    yield _shape("keyed by email", lambda people: {"customers": {p.email: {"points": 3} for p in people}})
    yield _shape("keyed by number", lambda people: {f"person_{n}": {"email": p.email} for n, p in enumerate(people)})
    yield _shape(
        "columns as objects",
        lambda people: {
            "email": {str(n): p.email for n, p in enumerate(people)},
            "points": {str(n): n for n, _ in enumerate(people)},
        },
    )
    yield _shape(
        "columns as lists", lambda people: {"customerId": [p.id for p in people], "email": [p.email for p in people]}
    )
    yield _shape(
        "split", lambda people: {"columns": ["id", "email"], "data": [[n, p.email] for n, p in enumerate(people)]}
    )
    yield _shape("rows as lists", lambda people: [["id", "email"], *[[n, p.email] for n, p in enumerate(people)]])
    yield _shape(
        "rows as lists, IDs",
        lambda people: [["customerId", "email", "points"], *[[p.id, people[0].email, 3] for p in people]],
    )
    yield _shape(
        "field and value",
        lambda people: [
            {"field": name, "value": value}
            for p in people
            for name, value in (("email", p.email), ("customerId", p.id), ("firstName", p.first))
        ],
    )
    yield _shape(
        "name and value under a list",
        lambda people: {
            "records": [
                {"properties": [{"name": "email", "value": p.email}, {"name": "points", "value": "3"}]} for p in people
            ]
        },
    )
    yield _shape(
        "personalData", lambda people: [{"personalData": {"email": p.email, "lastName": p.last}} for p in people]
    )
    yield _shape(
        "email in a card",
        lambda people: {
            "customer": {"email": people[0].email},
            "cards": [{"email": p.email, "balance": 1} for p in people],
        },
    )
    yield _shape(
        "merged records",
        lambda people: {
            "customer": {"id": people[0].id, "email": people[0].email},
            "mergedRecords": [{"customer": {"id": p.id, "email": p.email}} for p in people[1:]],
        },
    )
    yield _shape(
        "store customers", lambda people: {"store": {"customers": [{"id": p.id, "email": p.email} for p in people]}}
    )
    yield _shape(
        "program members",
        lambda people: {"program": {"name": "Points", "members": [{"email": p.email} for p in people]}},
    )
    yield Shape(
        "asked by ID, $oid",
        "json",
        _written(lambda people: {"customer": {"_id": {"$oid": people[-1].id}, "email": people[-1].email}}),
        by_id=True,
    )
    yield Shape(
        "same key twice",
        "json",
        lambda people: '{"customer":{' + ",".join(f'"email":"{p.email}"' for p in people) + ',"points":3}}',
    )
    yield Shape(
        "one value a line", "json", lambda people: "\n".join(json.dumps({"email": p.email, "n": 1}) for p in people)
    )


def _tables() -> Iterator[Shape]:
    yield _csv("CSV email", "email,points", lambda p: f"{p.email},3")
    yield _csv("CSV contact_email", "contact_email,points,note", lambda p: f"{p.email},3,x")
    yield _csv("CSV customer_id", "customer_id;balance", lambda p: f"{p.id};1,50")
    yield _csv("CSV Kunden-E-Mail", "Kunden-E-Mail;Punkte", lambda p: f"{p.email};3")
    yield _csv("CSV Name <address>", "customer,points", lambda p: f'"{p.first} {p.last} <{p.email}>",3')
    yield _csv('CSV ="address"', "customer_email,points", lambda p: f'"=""{p.email}""",3')
    yield _csv("CSV mailto", "member_email,points", lambda p: f"mailto:{p.email},3")
    yield Shape(
        "CSV field, value",
        "csv",
        lambda people: "field;value\n" + "".join(f"email;{p.email}\nbalance;1,50\nlimit;2,50\n" for p in people),
    )


def _as_text() -> Iterator[Shape]:
    yield _shape(
        "JSON in a text",
        lambda people: {
            "customer": {"email": people[0].email},
            "events": [{"payload": json.dumps({"customerEmail": p.email})} for p in people],
        },
    )
    yield _shape(
        "an email in a field of no meaning",
        lambda people: {"customer": {"email": people[0].email}, "extra": [{"x1": p.email} for p in people]},
    )
    yield _shape("zero width space", lambda people: [{"customerEmail": p.email + "\u200b"} for p in people])


@dataclass(frozen=True)
class Result:
    shapes: int
    own: Counter[str]
    stranger: Counter[str]
    own_missed: tuple[str, ...]
    passed: tuple[str, ...]

    @property
    def met(self) -> bool:
        return not self.passed and self.own["one_person"] >= WANTED_OWN * self.shapes


def verdict(shape: Shape, people: list[Person]) -> str:
    try:
        asked = AskedPerson(customer_id=OWN.id) if shape.by_id else AskedPerson(email=OWN.email)
        return inspect(read(shape.make(people).encode(), shape.format), asked).verdict
    except PreviewError:
        return "refused"


def measure() -> Result:
    own, stranger = Counter[str](), Counter[str]()
    own_missed, passed, count = [], [], 0
    for shape in shapes():
        count += 1
        alone, beside = verdict(shape, [OWN]), verdict(shape, [OWN, STRANGER])
        own[alone] += 1
        stranger[beside] += 1
        if alone != "one_person":
            own_missed.append(f"{shape.name}: {alone}")
        if beside in PASSES:
            passed.append(f"{shape.name}: {beside}")
    return Result(count, own, stranger, tuple(own_missed), tuple(passed))


def main() -> int:
    result = measure()
    print(f"{result.shapes} shapes")
    print(f"   with the customer alone: {dict(result.own.most_common())}")
    print(f"   with a stranger's record: {dict(result.stranger.most_common())}")
    for label, names in (("not one_person", result.own_missed), ("PASSED", result.passed)):
        for name in names:
            print(f"   {label}: {name}")
    print("targets met" if result.met else "targets missed")
    return 0 if result.met else 1


if __name__ == "__main__":
    sys.exit(main())
