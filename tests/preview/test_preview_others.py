"""Someone else in here: who is marked, who is not, and how well that goes on files the rules were not written on."""

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from portal.preview import AskedPerson, find_others, read

ANNA = AskedPerson(email="anna@example.com")
OWNER = {"customerId": "c1", "customerEmail": "anna@example.com", "customerName": "Anna Meyer"}
OWNER |= {"customerPhone": "+1 202-555-0101", "cardNumber": "6035000000000001"}


def marks(fields: dict[str, Any], asked: AskedPerson = ANNA) -> dict[str, str]:
    """column -> kind, for one row of the customer's with `fields` added."""
    preview = read(json.dumps([OWNER | fields]).encode(), "json")
    return {other.column: other.kind for other in find_others(preview, asked)}


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("senderName", "Bob Roy", "sender"),
        ("sender.phone", "+44 20 7946 0011", "sender"),
        ("purchasedBy", "Bob Roy", "sender"),
        ("recipientEmail", "cleo@example.org", "recipient"),
        ("Empfänger", "Cleo Null", "recipient"),
        ("deliveredTo", "Cleo", "recipient"),
        ("cashierId", "17", "staff"),
        ("servedBy", "M. Vogt", "staff"),
        ("terminalId", "T1", "terminal"),
        ("customMessage", "Happy birthday!", "message"),
        ("Grußtext", "007", "message"),
        ("transferToName", "Dan Wu", "counterparty"),
        ("counterpartyCustomerId", "c9", "counterparty"),
        ("relatedCardNumber", "6035000000000099", "counterparty"),
        ("alternateEmail", "eve@example.org", "email"),
        ("extra", "write to eve@example.org", "email"),
        ("description", "Ring +44 20 7946 0011", "phone"),
        ("description", "Moved from card 6035 0000 0000 0099", "card number"),
        ("description", "Transfer to Maria de la Cruz", "name"),
    ],
)
def test_somebody_else_is_marked(name: str, text: str, kind: str) -> None:
    assert marks({name: text}) == {name: kind}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("senderName", "anna meyer"),
        ("recipientEmail", " ANNA@example.com"),
        ("recipientPhone", "+12025550101"),
        ("recipientNotifiedAt", "2026-01-02T03:04:05Z"),
        ("recipientType", "SELF"),
        ("sendToRecipient", True),
        ("cashierName", None),
        ("cashierName", ""),
        ("customMessage", ""),
        ("messageSentAt", "2026-01-02"),
        ("merchantEmail", "shop@example.org"),
        ("storePhone", "+44 20 7946 0999"),
        ("supportEmail", "help@example.org"),
        ("posTransactionId", "00012345"),
        ("userAgent", "Mozilla/5.0"),
        ("description", "Moved from card 6035000000000001"),
        ("description", "Reload at Main Street"),
        ("programName", "Friends of Coffee"),
        ("validFrom", "2026-01-01"),
        ("balance", "12.50"),
    ],
)
def test_the_customers_own_and_nobodys_is_not_marked(name: str, text: Any) -> None:
    assert marks({name: text}) == {}


def test_a_recipient_known_by_email_to_be_the_customer_is_not_marked_under_another_name() -> None:
    assert marks({"recipientName": "Annie", "recipientEmail": "anna@example.com"}) == {}
    assert marks({"recipientName": "Annie", "recipientEmail": "ann@example.org"}).keys() == {
        "recipientName",
        "recipientEmail",
    }


def test_a_surname_that_looks_empty_is_marked_with_little_confidence() -> None:
    preview = read(json.dumps([OWNER | {"senderLastName": "Null"}]).encode(), "json")
    (other,) = find_others(preview, ANNA)
    assert (other.kind, other.confidence) == ("sender", 0.5)


def test_asked_by_id_the_customers_own_email_is_known_from_their_records() -> None:
    found = marks(
        {"recipientEmail": "anna@example.com", "alternateEmail": "eve@example.org"}, AskedPerson(customer_id="c1")
    )
    assert found == {"alternateEmail": "email"}


def test_a_list_of_recipients_is_marked_by_the_name_of_its_table() -> None:
    data = {"customer": {"email": "anna@example.com"}, "recipients": [{"name": "Bob Roy", "email": "bob@example.org"}]}
    preview = read(json.dumps(data).encode(), "json")
    assert {str(other.place) for other in find_others(preview, ANNA)} == {
        "recipients, row 1, name",
        "recipients, row 1, email",
    }


@pytest.mark.parametrize("format", ["json", "csv"])
def test_practice_exports_have_every_sender_recipient_message_and_cashier_marked(
    served: Callable[..., Any], format: str
) -> None:
    data, asked, _ = served("tricky_text", format)
    preview = read(data, format)  # type: ignore[arg-type]
    marked = {(other.table, other.row, other.column) for other in find_others(preview, asked)}
    telling = ("sender", "recipient", "customMessage", "cashier", "terminalId")
    expected = {
        (table.name, index, column)
        for table in preview.tables
        for index, row in table.iterate()
        for column, cell in zip(table.columns, row, strict=True)
        if column.startswith(telling) and isinstance(cell, str) and cell.strip()
    }
    assert expected - marked == set()
    assert {column for *_, column in marked - expected} == set()


def test_confidence_and_reason_come_with_every_mark_and_no_value_in_the_reason(corpus: ModuleType) -> None:
    for file in corpus.files(corpus.DEVELOPMENT, each=2, seed=5):
        preview = read(file.data, file.format)
        for other in find_others(preview, AskedPerson(email=file.asked_email)):
            value = preview.table(other.table).rows(other.row, other.row + 1)[0]
            cell = str(value[preview.table(other.table).columns.index(other.column)])
            assert 0 < other.confidence <= 1
            assert other.why.endswith(".")
            assert len(cell) < 4 or cell not in other.why


@pytest.mark.parametrize("by", ["email", "id"])
def test_the_held_out_half_is_found(third_party_bench: ModuleType, corpus: ModuleType, by: str) -> None:
    result = third_party_bench.score(corpus.files(corpus.HELD_OUT, each=4, seed=23), by)
    assert result.recall >= third_party_bench.WANTED_RECALL
    assert result.precision >= third_party_bench.WANTED_PRECISION
