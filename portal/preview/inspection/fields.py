"""Whose a field of an export is (role) and what it is (attribute), read from its name and its table's.

- Roles: "customer" (the person the record belongs to), "sender", "recipient", "counterparty", "staff", "terminal",
  "message", "business" (the merchant, a shop, a program: no person), "" (nobody named).
- Attributes: "email", "phone", "card", "name", "address", "birth", "id", "date", "amount", "other".

The rules are written out in docs/inspection.md; change both together.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, cast

from portal.preview import words
from portal.preview.cells import Bare, Cell
from portal.preview.model import Place, Table

PERSON_ATTRIBUTES: Final = frozenset({"email", "phone", "name", "address", "birth", "id", "card"})

_ROLES: Final = (
    ("counterparty", words.COUNTERPARTY | words.RELATED_CARD),
    ("recipient", words.RECIPIENT),
    ("sender", words.SENDER),
    ("staff", words.STAFF),
    ("terminal", words.TERMINAL),
    ("message", words.MESSAGE),
    ("business", words.BUSINESS),
    ("customer", words.CUSTOMER),
)
PERSON_WORDS: Final = (
    ("email", words.EMAIL),
    ("phone", words.PHONE),
    ("birth", words.BIRTH),
    ("card", words.CARD),
    ("name", words.NAME),
    ("address", words.ADDRESS),
    ("id", words.ID | {"reference"}),
)
_ATTRIBUTES: Final = (*PERSON_WORDS, ("amount", words.AMOUNT), ("date", words.DATE))
_STAFF_BESIDE = frozenset(["nummer", "nr", "name", "kurzel", "kennung"])
_FROM = frozenset(["from", "von", "van", "fra", "fran", "od", "da"])
_TO = frozenset(["to", "an", "aan", "para", "voor", "til", "till", "do", "pour", "fur"])
STRONG_CUSTOMER: Final = frozenset(
    [
        "customer",
        "customers",
        "client",
        "clients",
        "kunde",
        "kundin",
        "kunden",
        "cliente",
        "clientes",
        "clienti",
        "klant",
        "klanten",
        "klient",
        "klienta",
        "asiakas",
        "musteri",
        "zakaznik",
        "ugyfel",
        "kund",
        "kunder",
        "kundens",
        "klienci",
        "titular",
        "titulaire",
        "clienta",
        "cust",
    ]
)
"""Words that mean only the merchant's customer; the others (user, member, owner) count only where none of these is
present."""


@dataclass(frozen=True)
class Meaning:
    role: str
    attribute: str
    parts: frozenset[str]


def meaning(table: str, column: str) -> Meaning:
    """What the field `column` of the table called `table` is about."""
    parts = words.meaning(column)
    attribute = next((name for name, known in _ATTRIBUTES if words.has(parts, known)), "other")
    role = role_of_name(column, parts, attribute)
    if not role:
        role = _role_of_table(table, attribute)
    return Meaning(role, attribute, parts)


def role_of_name(name: str, parts: frozenset[str], attribute: str) -> str:
    ordered = words.words(name)
    if ordered and words.has((ordered[-1],), words.MESSAGE) and ordered[-1] not in words.ID:
        return "message"
    for role, known in _ROLES:
        if words.has(parts, known) and not _only_by_accident(role, parts):
            return role
    if ordered and len(ordered) > 1 and attribute in PERSON_ATTRIBUTES:
        if ordered[0] in _FROM:
            return "sender"
        if ordered[0] in _TO:
            return "recipient"
    if words.has(parts, words.TRANSFER) and attribute in ("email", "phone", "name", "card"):
        return "counterparty"
    return "direction" if len(ordered) == 1 and ordered[0] in _FROM | _TO else ""


def _only_by_accident(role: str, parts: frozenset[str]) -> bool:
    if role == "staff":
        # "personal" is German and Spanish for staff, and in English says that a field is the person's own
        own = "personal" in parts and not parts & _STAFF_BESIDE and len(parts) > 1 and len(parts & words.STAFF) == 1
        return own or ("agent" in parts and "user" in parts)  # a browser's name
    if role == "terminal":
        return words.has(parts, words.TRANSACTION)  # a till's receipt number
    if role == "message":
        return words.has(parts, frozenset({"error", "status", "system", "sms", "delivery"}))
    return False


def _role_of_table(table: str, attribute: str) -> str:
    """The role that a table's name lends to its fields; the part of the name nearest to the rows wins."""
    for part in reversed(table.split(".")):
        parts = words.meaning(part)
        for role, known in _ROLES:
            if words.has(parts, known):
                return "" if role == "customer" and not is_person_table(table) else role
        if words.has(parts, words.TRANSFER) and attribute in ("email", "phone", "name"):
            return "counterparty"
    return ""


def is_person_table(table: str) -> bool:
    """True for a table whose rows are people: its name ends in a word for customer, and in none for what they have or
    do."""
    parts = words.meaning(table.rsplit(".", 1)[-1])
    return words.has(parts, words.CUSTOMER) and not words.has(
        parts, words.TRANSACTION, words.CARD, words.TRANSFER, words.MESSAGE, words.BUSINESS, words.ADDRESS
    )


class Reading(NamedTuple):
    """One cell with text and what its field is about. `record` numbers the record it belongs to within its table."""

    table: str
    row: int
    column: str
    meaning: Meaning
    text: str
    record: int

    @property
    def place(self) -> Place:
        return Place(self.table, self.row, self.column)


def is_vertical(table: Table) -> bool:
    """True for a table of (field, value) rows: two columns, no repeated field, and field names in the first."""
    if len(table.columns) - len(table.link_columns) != 2 or not 1 <= table.row_count <= 200 or table.link_columns:
        return False
    names = [row[0] for row in table.rows(0, 200)]
    texts = [name for name in names if isinstance(name, str) and 0 < len(name) <= 60]
    if len(texts) < len(names) or len(set(texts)) < len(texts):
        return False
    telling = sum(meaning(table.name, name).attribute not in ("other", "amount") for name in texts)
    if table.headers and any(meaning("", header).attribute in ("email", "phone", "card") for header in table.headers):
        return False
    return telling * 2 >= len(texts)


def readings(
    table: Table,
    wants: Callable[[Meaning], bool] = lambda _about: True,
    start: int = 0,
    stop: int | None = None,
    unlike: int = 0,
) -> Iterator[list[Reading]]:
    """The cells of `table` that hold text and whose fields are wanted, a list a row, from row `start` to `stop`.
    `unlike`: leave out rows whose wanted cells are those of one of so many different rows before.

    A vertical table is one record whose fields are its rows. An empty JSON list or object is no text.
    """
    if is_vertical(table):
        for index, (field, cell) in table.iterate():
            about = meaning(table.name, field if isinstance(field, str) else "")
            if _has_text(cell) and wants(about):
                yield [Reading(table.name, index, table.columns[1], about, cast(str, cell), 0)]
        return
    known = [
        (position, column, about)
        for position, column in enumerate(table.columns)
        if column not in table.link_columns and wants(about := meaning(table.name, column))
    ]
    if not known:
        return
    seen: set[int] = set()
    positions = [position for position, _, _ in known]
    for index, row in table.iterate(start=start, stop=stop):
        if unlike:
            cells = hash(tuple([row[position] for position in positions]))
            if cells in seen:
                continue
            if len(seen) < unlike:
                seen.add(cells)
        yield [
            Reading(table.name, index, column, about, cast(str, row[position]), index)
            for position, column, about in known
            if _has_text(row[position])
        ]


def _has_text(cell: Cell) -> bool:
    return (type(cell) is str and cell != "") or (type(cell) is Bare and cell not in ("[]", "{}"))
