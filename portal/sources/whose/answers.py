"""The records in one answer: of a search for members or cards, of a consent, of an export's file. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from portal.loyaltydog import ConsentRecord
from portal.loyaltydog.parsing import parse_json, read_model
from portal.loyaltydog.responses import read_cards, read_customers
from portal.people.graph import Known, Mark, Record
from portal.preview import Preview, Table, words
from portal.preview.cells import Cell
from portal.preview.inspection.people import Record as OwnedRecord
from portal.preview.inspection.people import people_records
from portal.preview.model import Place
from portal.sources.whose.facts import MOST_CARDS, Card, Facts, FoundRecord, Told, TooMany, kept

Value = tuple[Mark, str]
MOST_PARTS = 3  # of a name in fields of their own: first, middle, last


def of_members(pages: Sequence[bytes], known: Known, program: str) -> Facts:
    """Raises UnreadableAnswer, TooMany."""
    found = (
        FoundRecord(
            Record(
                _given((Mark.CUSTOMER_ID, one.id), (Mark.EMAIL, one.email), (Mark.PHONE, one.phone),
                       (Mark.NAME, one.name)),
                country=known.country,
            ),
            Told(program),
        )
        for page in pages
        for one in read_customers(parse_json(page)).items
    )  # fmt: skip
    return Facts(kept(known, found))


def of_cards(pages: Sequence[bytes], known: Known) -> Facts:
    """Raises UnreadableAnswer, TooMany."""
    found = (
        FoundRecord(
            Record(
                _given((Mark.CUSTOMER_ID, one.customer_id), (Mark.EMAIL, one.customer_email),
                       (Mark.PHONE, one.customer_phone), (Mark.NAME, one.customer_name), (Mark.CARD_ID, one.id),
                       (Mark.LAST_FOUR, one.last_four_digits or (one.card_number or "")[-4:])),
                country=known.country,
            ),
            Told(one.program_id or "", one.balance or "", one.updated_at.isoformat() if one.updated_at else ""),
            Card(one.id, one.card_number or ""),
        )
        for page in pages
        for one in read_cards(parse_json(page)).items
    )  # fmt: skip
    return Facts(kept(known, found))


def of_consent(pages: Sequence[bytes], known: Known, asked_by: Value) -> Facts:
    """The record was looked up by an identifier, which it does not repeat. Raises UnreadableAnswer."""
    records = (read_model(ConsentRecord, parse_json(page)) for page in pages)
    found = (
        FoundRecord(Record(_given(asked_by, (Mark.CUSTOMER_ID, one.customer_id)), country=known.country))
        for one in records
    )
    return Facts(kept(known, found))


def of_export(preview: Preview, known: Known) -> Facts:
    """Raises TooMany."""
    people = people_records(preview)
    if not people.all_kept:
        raise TooMany
    tables = {table.name: table for table in preview.tables}
    found = (FoundRecord(Record(tuple(_owner(tables, one)), country=known.country)) for one in people.owned)
    cards = tuple(dict.fromkeys(card for table in preview.tables for card in _cards_in(table)))
    if len(cards) > MOST_CARDS:
        raise TooMany
    return Facts(kept(known, found), cards)


def _given(*values: tuple[Mark, str | None]) -> tuple[Value, ...]:
    return tuple((mark, value) for mark, value in values if value and value.strip())


def _owner(tables: dict[str, Table], record: OwnedRecord) -> Iterator[Value]:
    """Ids as they are written: the comparing form has them in lower case, and an export is asked by them."""
    yield from ((Mark.EMAIL, value) for value in record.emails)
    for value, place in record.ids.items():
        if record.id_names.get(value) == frozenset({"id"}):
            yield Mark.CUSTOMER_ID, _written(tables, place) or value
    yield from ((Mark.PHONE, value) for value in sorted(record.phones))
    names = sorted(record.names)
    in_parts = 1 < len(names) <= MOST_PARTS and not any(" " in name for name in names)
    yield from ((Mark.NAME, name) for name in ([" ".join(names)] if in_parts else names))


def _written(tables: dict[str, Table], place: Place) -> str:
    table = tables[place.table]
    rows = table.rows(place.row, place.row + 1)
    cell = rows[0][table.columns.index(place.column)] if rows and place.column in table.columns else None
    return _text(cell)


def _cards_in(table: Table) -> Iterator[Card]:
    """The gift cards in a table, by id and number, where its names say so: the vendor documents no content."""
    of_cards = bool(words.meaning(table.name.rpartition(".")[2]) & words.CARD)
    ids: list[int] = []
    numbers: list[int] = []
    for at, column in enumerate(table.columns):
        parts = words.meaning(column.rpartition(".")[2])
        plain = parts - words.CARD
        if column in table.link_columns or "." in column or not plain <= words.ID | {"gift"}:
            continue
        if parts & words.CARD and "id" not in parts and (plain & words.ID or "number" in column.lower()):
            numbers.append(at)
        elif "id" in parts and (parts & words.CARD or of_cards):
            ids.append(at)
    if not ids and not numbers:
        return
    for _index, row in table.iterate():
        card = Card(_first(row, ids), _first(row, numbers))
        if card != Card():
            yield card


def _first(row: Sequence[Cell], places: Sequence[int]) -> str:
    return next((text for at in places if (text := _text(row[at]))), "")


def _text(cell: Cell | None) -> str:
    return cell.strip() if isinstance(cell, str) else ""
