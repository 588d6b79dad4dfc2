"""Customer records of a preview: who the rows say they belong to, apart from people who are merely mentioned.

A field names the owner of its row when it is a customer's email or ID: `customerEmail`, `customer.id`, or `email` and
`id` in a
table of customers; or, in a file without either, a plain `email`. See docs/inspection.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from portal.preview import words
from portal.preview.facts import is_email
from portal.preview.fields import STRONG_CUSTOMER, Meaning, Reading, is_person_table, is_vertical, meaning, readings
from portal.preview.model import Place, Preview, Table

_PLACEHOLDERS = frozenset(
    {"", "-", "--", "n/a", "na", "none", "null", "unknown", "undefined", "anonymous", "guest", "0"}
)

MANY_ROWS = 20_000
"""In longer tables, rows that say the same as an earlier one about whose they are count once."""
MANY_RECORDS = 2_000
"""Further rows count only when they say something new about whose they are."""
MOST_RECORDS = 8_000
"""Kept at most: a record takes a kilobyte, and a file of many people is refused long before."""


def normal(text: str) -> str:
    """For comparing: without outer white space and in one case (the vendor's own plugin compares emails that way)."""
    return text.strip().casefold()


@dataclass(slots=True)
class Record:
    """One row (or vertical table) that says whose it is. Values are normalised; each with its place."""

    table: str
    row: int
    emails: dict[str, Place] = field(default_factory=dict, repr=False)
    ids: dict[str, Place] = field(default_factory=dict, repr=False)
    names: set[str] = field(default_factory=set, repr=False)
    phones: set[str] = field(default_factory=set, repr=False)

    def __bool__(self) -> bool:
        """Does it say anything about whose it is?"""
        return bool(self.emails or self.ids or self.names or self.phones)


@dataclass(frozen=True)
class _Rules:
    """How this file names the owner of a row."""

    strong: bool
    """Some field or table says "customer" or a word as clear: then "user" and "member" name nobody."""
    bare_email: bool
    """Nothing names a customer: a plain `email` column is the owner's."""


@dataclass(frozen=True)
class PeopleRecords:
    """owned: records that name their owner by email or ID. nameless: rows of tables of customers that name theirs by
    neither; whose they are cannot be said. Both in the order of the file. all_kept: there were no more that differ."""

    owned: list[Record] = field(repr=False)
    nameless: list[Record] = field(repr=False)
    all_kept: bool


def people_records(preview: Preview) -> PeopleRecords:
    rules, kept = _rules(preview), _Kept()
    for table in preview.tables:
        _keep_records(table, rules, kept)
    owned = [record for record in kept.records if record.emails or record.ids]
    nameless = [r for r in kept.records if not r.emails and not r.ids and is_person_table(r.table)]
    return PeopleRecords(owned, nameless, kept.all_kept)


def _rules(preview: Preview) -> _Rules:
    strong = weak = False
    for table in preview.tables:
        for reading in _field_names(table):
            kind = _owner_kind(table.name, reading, _Rules(strong=False, bare_email=False))
            strong = strong or (bool(kind) and _is_strong(table.name, reading))
            weak = weak or bool(kind)
    return _Rules(strong, bare_email=not weak)


def _field_names(table: Table) -> Iterable[Meaning]:
    if is_vertical(table):
        return [row[0].meaning for row in readings(table)]
    return [meaning(table.name, column) for column in table.columns if column not in table.link_columns]


def _is_strong(table: str, about: Meaning) -> bool:
    own = about.parts if words.has(about.parts, words.CUSTOMER) else words.meaning(table.rsplit(".", 1)[-1])
    return words.has(own, STRONG_CUSTOMER)


def _owner_kind(table: str, about: Meaning, rules: _Rules) -> str:
    """ "email" or "id" when the field names the owner of its record, else ""."""
    if about.role == "customer":
        if rules.strong and not _is_strong(table, about):
            return ""
        if about.attribute == "email" and not words.has(about.parts, words.NOT_A_PERSON, words.DATE):
            return "email"
        named = words.has(about.parts, words.CUSTOMER)
        only_id = not about.parts - words.CUSTOMER - words.ID - {"object", "reference"}
        if about.attribute == "id" and only_id and (named or is_person_table(table)):
            return "id"
        if named and not about.parts - words.CUSTOMER:
            return "either"
    if rules.bare_email and not about.role and about.attribute == "email" and _is_bare(about):
        return "email"
    return ""


def _is_bare(about: Meaning) -> bool:
    return not about.parts - words.EMAIL - words.ADDRESS


class _Kept:
    """The records of a file, however long: beyond MANY_RECORDS only those that differ, of them MOST_RECORDS."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.all_kept = True
        self._said: set[int] = set()

    def add(self, record: Record) -> None:
        said = hash(
            (frozenset(record.emails), frozenset(record.ids), frozenset(record.names), frozenset(record.phones))
        )
        if said in self._said and len(self.records) >= MANY_RECORDS:
            return
        if len(self.records) >= MOST_RECORDS:
            self.all_kept = False
            return
        self._said.add(said)
        self.records.append(record)


def _keep_records(table: Table, rules: _Rules, kept: _Kept) -> None:
    person_table, vertical = is_person_table(table.name), is_vertical(table)
    kinds: dict[str, str] = {}

    def wants(about: Meaning) -> bool:
        return about.role == "customer" or (not about.role and about.attribute in ("email", "name", "phone"))

    whole = Record(table.name, 0)
    for row in readings(table, wants, unlike=4 * MOST_RECORDS if table.row_count > MANY_ROWS else 0):
        record = whole if vertical else Record(table.name, row[0].row if row else 0)
        for reading in row:
            value = normal(reading.text)
            if value in _PLACEHOLDERS:
                continue
            kind = kinds.get(reading.column)
            if kind is None or vertical:
                kind = kinds[reading.column] = _owner_kind(table.name, reading.meaning, rules)
            _add(record, reading, kind, value, own_table=person_table or rules.bare_email)
        if not vertical and record:
            kept.add(record)
    if whole:
        kept.add(whole)


def _add(record: Record, reading: Reading, kind: str, value: str, *, own_table: bool) -> None:
    about = reading.meaning
    if kind == "id" and is_email(value):
        kind = "email"  # customers keyed by their email
    if kind == "either":
        kind = "email" if is_email(value) else "id" if " " not in value and any(c.isdigit() for c in value) else ""
    if kind == "email" and "@" in value:
        record.emails[value] = reading.place
    elif kind == "id":
        record.ids[value] = reading.place
    elif about.role == "customer" or (own_table and not about.role):
        if about.attribute == "name":
            record.names.add(value)
        elif about.attribute == "phone":
            record.phones.add(digits(value))


def digits(text: str) -> str:
    """The digits of a phone or card number, for comparing."""
    return "".join(character for character in text if character.isdigit())


@dataclass(frozen=True)
class Own:
    """What belongs to the asked person, as far as their records say. Normalised values."""

    emails: frozenset[str] = field(repr=False)
    ids: frozenset[str] = field(repr=False)
    names: frozenset[str] = field(repr=False)
    phones: frozenset[str] = field(repr=False)


def own_values(records: list[Record], email: str | None, customer_id: str | None) -> Own:
    """Emails, ids, names and phones of the records that are the asked person's: linked by email or id to what was
    asked.

    When nothing in the file links to what was asked but every record is one and the same person's, that person is it.
    """
    emails = {normal(email)} if email else set()
    ids = {normal(customer_id)} if customer_id else set()
    mine = [record for record in records if emails & record.emails.keys() or ids & record.ids.keys()]
    if not mine and count_people(records) == 1:
        mine = records
    for record in mine:
        ids |= record.ids.keys()
        if email is None:
            emails |= record.emails.keys()
    mine = [record for record in records if emails & record.emails.keys() or ids & record.ids.keys()]
    names = {name for record in mine for name in record.names}
    for record in mine:
        if 2 <= len(record.names) <= 3:
            names |= {" ".join(pair) for pair in _orders(sorted(record.names))}
    phones = {phone for record in mine for phone in record.phones}
    return Own(frozenset(emails), frozenset(ids), frozenset(names), frozenset(phones))


def _orders(names: list[str]) -> list[tuple[str, ...]]:
    from itertools import permutations

    return list(permutations(names, 2))


def count_people(records: list[Record]) -> int:
    """How many different people the records name: values that ever stood in one record belong together."""
    parent: dict[tuple[str, str], tuple[str, str]] = {}

    def find(key: tuple[str, str]) -> tuple[str, str]:
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for record in records:
        keys = [("email", value) for value in record.emails] + [("id", value) for value in record.ids]
        for key in keys:
            parent.setdefault(key, key)
        for key in keys[1:]:
            parent[find(key)] = find(keys[0])
    return sum(key == above for key, above in parent.items())
