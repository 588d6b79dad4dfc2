"""The bytes of an export: picks people and cards by what was asked, and the shape by who the customer is."""

from collections.abc import Iterator
from typing import Final

from portal.practice.invented import shapes
from portal.practice.invented.columns import ROW_COLUMNS
from portal.practice.invented.world import Card, Customer
from portal.practice.state import Export, State

LARGE_CHUNK_ROWS: Final = 200
MEDIA_TYPES: Final = {"json": "application/json", "csv": "text/csv; charset=utf-8"}


def render(state: State, export: Export) -> bytes:
    """The whole file of an export. Repeating the call gives the same bytes as long as nothing is erased."""
    customer = state.world.customers[export.customer_id]
    behaviour = state.behaviour(customer)
    if behaviour.content == "nothing" or not state.holds(customer):
        return _nothing(export.format, behaviour.csv_shape)
    people = [customer]
    if behaviour.content == "two_people":
        people.append(other_person(state, customer))
    if behaviour.content == "mailbox" and export.asked_customer_id is None:
        sharing = state.world.customers_by_email(customer.merchant_id, customer.email)
        people = [one for one in sharing if state.holds(one)]
    cards = {person.id: _narrowed(state, person, export) for person in people}
    if export.format == "csv":
        return _csv(state, people, cards, behaviour.csv_shape)
    if behaviour.json_shape == "rows":
        every_card = [card for person in people for card in cards[person.id]]
        return shapes.json_bytes(shapes.transaction_rows(state.world, every_card))
    return _nested(state, export, people, cards)


def _nested(state: State, export: Export, people: list[Customer], cards: dict[str, list[Card]]) -> bytes:
    records = [
        shapes.nested_record(state.world, person, cards[person.id], state.consent_of(person)) for person in people
    ]
    head = {"exportId": export.id, "generatedAt": shapes.instant(export.requested_at)}
    rest = {"mergedRecords": records[1:]} if len(records) > 1 else {}
    return shapes.json_bytes({**head, **records[0], **rest})


def _csv(state: State, people: list[Customer], cards: dict[str, list[Card]], shape: str) -> bytes:
    every_card = [card for person in people for card in cards[person.id]]
    if shape == "stacked":
        consents = [row for person in people for row in shapes.consent_rows(person, state.consent_of(person))]
        return shapes.stacked_csv(shapes.stacked_tables(state.world, people, every_card, consents)).encode()
    rows = shapes.transaction_rows(state.world, every_card)
    if shape == "semicolon":
        return (shapes.BYTE_ORDER_MARK + shapes.csv_text(ROW_COLUMNS, rows, delimiter=";")).encode()
    return shapes.csv_text(ROW_COLUMNS, rows).encode()


def _nothing(format_: str, csv_shape: str) -> bytes:
    if format_ == "json":
        return shapes.json_bytes({"customer": None, "giftCards": []})
    delimiter = ";" if csv_shape == "semicolon" else ","
    return shapes.csv_text(ROW_COLUMNS, [], delimiter=delimiter).encode()


def _narrowed(state: State, customer: Customer, export: Export) -> list[Card]:
    """The customer's exported cards inside what programId and cardId leave; both together mean both."""
    return [
        card
        for card in state.world.cards_of_customer[customer.id]
        if export.program_id in (None, card.program_id)
        and export.card_id in (None, card.id)
        and card.known_to != "search"
    ]


def other_person(state: State, customer: Customer) -> Customer:
    """Whose record wrongly rides along with this customer's: the same merchant's first ordinary customer with cards."""
    return next(
        other
        for other in state.world.customers.values()
        if other.merchant_id == customer.merchant_id
        and other.situation is None
        and state.world.cards_of_customer[other.id]
    )


def large_chunks(state: State, export: Export) -> Iterator[bytes]:
    """The customer's own rows over and over, until the file is at least ``settings.large_bytes`` long."""
    customer = state.world.customers[export.customer_id]
    rows = shapes.transaction_rows(state.world, state.world.cards_of_customer[customer.id])
    head = shapes.csv_text(ROW_COLUMNS, [])
    many = (rows * (LARGE_CHUNK_ROWS // len(rows) + 1))[:LARGE_CHUNK_ROWS]
    is_json = export.format == "json"
    body = shapes.json_bytes(many)[1:-1] if is_json else shapes.csv_text(ROW_COLUMNS, many)[len(head) :].encode()
    first, between, last = (b"[", b",", b"]") if is_json else (head.encode(), b"", b"")
    yield first
    sent = len(first)
    while sent < state.settings.large_bytes:
        chunk = body if sent == len(first) else between + body
        yield chunk
        sent += len(chunk)
    yield last
