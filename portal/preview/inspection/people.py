"""Finds the customer records of a preview and their owners, apart from people who are only mentioned.

A field names the owner of its row when its path says so (`owners`); in a file without such a field, a plain `email`
does; without that too, any email. Other values that may name a person (`Stray`) are kept apart: they make no record,
but must be the customer's as well before a file counts as theirs.
"""

from dataclasses import dataclass, field

from portal.identifiers import normal
from portal.preview.cells import Cell
from portal.preview.inspection.addresses import address_in, addresses_in, normal_id
from portal.preview.inspection.embedded import json_in
from portal.preview.inspection.fields import is_person_table
from portal.preview.inspection.owners import Owner, key_of_person, owner_of
from portal.preview.inspection.row_fields import RowFields, list_names
from portal.preview.model import Place, Preview, Table

_PLACEHOLDERS = frozenset(
    {"", "-", "--", "n/a", "na", "none", "null", "nil", "unknown", "undefined", "anonymous", "guest", "0", "nan"}
)

MANY_ROWS = 20_000
"""In longer tables, rows that say the same as an earlier one about whose they are count once."""
MANY_RECORDS = 2_000
"""Further rows count only when they say something new about whose they are."""
MOST_RECORDS = 8_000
"""Kept at most: a record takes a kilobyte, and a file of many people is refused long before."""
_MOST_STRAYS = 4_000


@dataclass(slots=True)
class Record:
    """One row (or vertical table) that says whose it is. Values are normalised; each with its place.

    id_names: under which kind of field (an ID, a number) each ID stands. conflict: the same kind of field holds two."""

    table: str
    row: int
    emails: dict[str, Place] = field(default_factory=dict, repr=False)
    ids: dict[str, Place] = field(default_factory=dict, repr=False)
    names: set[str] = field(default_factory=set, repr=False)
    phones: set[str] = field(default_factory=set, repr=False)
    id_names: dict[str, frozenset[str]] = field(default_factory=dict, repr=False)
    conflict: bool = False

    def __bool__(self) -> bool:
        """Does it say anything about whose it is?"""
        return bool(self.emails or self.ids or self.names or self.phones)

    def add_id(self, value: str, name: frozenset[str], place: Place) -> None:
        self.conflict = self.conflict or any(kept == name and other != value for other, kept in self.id_names.items())
        self.ids.setdefault(value, place)
        self.id_names.setdefault(value, name)


@dataclass(frozen=True)
class Stray:
    """A value that may name a person but not as the record's owner. kind: "email", or the words of the field of an ID.
    beside: emails and IDs of the owner that the same row names."""

    kind: str
    value: str = field(repr=False)
    place: Place = field(repr=False)
    beside: frozenset[str] = field(repr=False, default=frozenset())


@dataclass(frozen=True)
class PeopleRecords:
    """owned: records that name their owner by email or ID. nameless: rows of customer tables without either, so without
    a known owner. Both in the order of the file. all_kept: there were no more that differ. merged: IDs and emails that
    the file says became the customer's. holds_json: a text in it is JSON. any_email: the file holds an email of any
    person."""

    owned: list[Record] = field(repr=False)
    nameless: list[Record] = field(repr=False)
    all_kept: bool
    strays: list[Stray] = field(repr=False, default_factory=list)
    merged: frozenset[str] = field(repr=False, default=frozenset())
    holds_json: bool = False
    any_email: bool = False


@dataclass(frozen=True)
class _Rules:
    """How this file names the owner of a row."""

    strong: bool
    """Some field says "customer" or a word as clear: then "user" and "member" make no record, only a stray."""
    clear: bool
    """Whether some field uses a strong word for the customer; then `accountId` does not count."""
    bare_email: bool
    """No field names a customer: a plain `email` column is the owner's."""
    any_email: bool
    """Whether there is no plain `email` either; then any email is the owner's."""


_INSIDE = _Rules(strong=False, clear=True, bare_email=False, any_email=False)


def people_records(preview: Preview) -> PeopleRecords:
    tables = [(table, RowFields(table, list_names(table, preview.tables))) for table in preview.tables]
    rules, collected = _rules(tables), _Collected()
    for table, fields in tables:
        _collect(table, fields, rules, collected)
    return collected.found()


def _rules(tables: "list[tuple[Table, RowFields]]") -> _Rules:
    strong = weak = bare = clear = False
    for _, fields in tables:
        for owner in fields.owners():
            claims = owner.claim in ("email", "id", "either")
            strong, weak = strong or (claims and owner.strong), weak or claims
            clear = clear or (claims and not owner.often_else)
            bare = bare or owner.bare
    return _Rules(strong, clear, bare_email=not weak, any_email=not weak and not bare)


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


class _Collected(_Kept):
    """Records and strays of a file while its tables are gone through."""

    def __init__(self) -> None:
        super().__init__()
        self.merged: set[str] = set()
        self.holds_json = self.any_email = False
        self._strays: dict[tuple[str, str, frozenset[str]], Stray] = {}

    def stray(self, kind: str, value: str, place: Place, beside: frozenset[str] = frozenset()) -> None:
        key = (kind, value, beside)
        if key not in self._strays:
            if len(self._strays) >= _MOST_STRAYS:
                self.all_kept = False
                return
            self._strays[key] = Stray(kind, value, place, beside)

    def found(self) -> PeopleRecords:
        owned = [record for record in self.records if record.emails or record.ids]
        nameless = [r for r in self.records if not r.emails and not r.ids and is_person_table(r.table)]
        return PeopleRecords(
            owned,
            nameless,
            self.all_kept,
            list(self._strays.values()),
            frozenset(self.merged),
            self.holds_json,
            self.any_email,
        )


def _collect(table: Table, fields: "RowFields", rules: _Rules, collected: _Collected) -> None:
    whole = Record(table.name, 0) if fields.is_one_record else None
    for column in table.columns:  # a header, or a key, that is an email itself
        for address in addresses_in(column) if "@" in column else ():
            collected.any_email = True
            collected.stray("email", address, Place(table.name, 0, column))
    person = key_of_person(table)
    repeated: set[int] = set()
    for index, row in table.iterate():
        if table.row_count > MANY_ROWS and not fields.differs(row, repeated, 4 * MOST_RECORDS):
            continue
        record, new = (whole, False) if whole is not None else (Record(table.name, index), True)
        strays: list[tuple[str, str, Place]] = []
        if person:
            record.add_id(normal_id(person), frozenset({"key"}), Place(table.name, index, table.columns[0]))
        for column, owner, cell in fields.of_row(index, row):
            if fields.begins_new_record(index):
                collected.add(record) if record else None
                record = whole = Record(table.name, index)
            _take(record, strays, Place(table.name, index, column), owner, cell, rules, collected)
        beside = frozenset((*record.emails, *record.ids))
        for kind, value, place in strays:
            collected.stray(kind, value, place, beside if kind != "email" else frozenset())
        if new and record:
            collected.add(record)
    if whole:
        collected.add(whole)


def _take(
    record: Record,
    strays: list[tuple[str, str, Place]],
    place: Place,
    owner: Owner,
    cell: Cell,
    rules: _Rules,
    collected: _Collected,
) -> None:
    """What one cell says."""
    if not isinstance(cell, str) or not cell:
        return
    if owner.claim in _BY_VALUE or (rules.any_email and owner.claim != "mention") or "@" in cell or "\uff20" in cell:
        _value(record, strays, place, owner, cell, rules, collected)
    leaves = json_in(cell) if len(cell) > 4 else None
    if leaves is None:
        return
    collected.holds_json = True
    for keys, text in leaves:
        inner = owner_of((*(place.table.split(".")), *place.column.split("."), *keys))
        if owner.claim == "mention" and inner.claim != "mention" and inner.claim not in ("email", "id", "either"):
            continue
        aside = Record(place.table, place.row)
        _value(
            aside,
            strays,
            place,
            inner,
            text,
            _INSIDE,
            collected,
        )
        strays += [("email", email, place) for email in aside.emails]
        strays += [("id", value, place) for value in aside.ids]


_BY_VALUE = frozenset({"link", "email", "id", "either", "alias", "merged", "name", "phone"})


def _value(
    record: Record,
    strays: list[tuple[str, str, Place]],
    place: Place,
    owner: Owner,
    text: str,
    rules: _Rules,
    collected: _Collected,
) -> None:
    claim = owner.claim
    addresses = addresses_in(text) if claim in ("email", "merged") or owner.bare else _one(address_in(text))
    collected.any_email = collected.any_email or bool(addresses)
    plain = normal(text)
    if claim == "mention" or plain in _PLACEHOLDERS:
        return
    if owner.often_else and rules.clear and not addresses:
        return
    counts = owner.strong or not rules.strong
    if claim == "merged":
        collected.merged.update(addresses or [normal_id(text)])
    elif addresses:
        owners = (claim in ("email", "id", "either") and counts) or (owner.bare and rules.bare_email) or rules.any_email
        for address in addresses:
            if owners:
                record.emails.setdefault(address, place)
            else:
                strays.append(("email", address, place))
    elif claim == "id" or (claim == "either" and " " not in plain and any(c.isdigit() for c in plain)):
        if counts:
            record.add_id(normal_id(text), owner.name, place)
        else:
            strays.append(("id", normal_id(text), place))
    elif claim == "alias":
        strays.append((" ".join(sorted(owner.name)), normal_id(text), place))
    elif claim == "link":
        strays.append(("id", normal_id(text.rstrip("/").rpartition("/")[2]), place))
    elif claim == "name":
        record.names.add(plain)
    elif claim == "phone":
        record.phones.add(digits(plain))


def _one(address: str) -> list[str]:
    return [address] if address else []


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


def wanted_email(text: str) -> str:
    """The email asked for, in the form for comparing."""
    return address_in(text) or normal(text)


def own_values(records: list[Record], email: str | None, customer_id: str | None) -> Own:
    """Emails, ids, names and phones of the records that are the asked person's: linked by email or id to what was
    asked.

    When nothing links to what was asked but all records are one person's, that person is taken.
    """
    emails = {wanted_email(email)} if email else set()
    ids = {normal_id(customer_id)} if customer_id else set()
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
