"""What an export file may look like. The vendor documents no content, so several plausible shapes are served.

Keys are the vendor's where a public schema names them (GiftCardResponse, TransactionResponse); the rest is our guess.
Money is a string with two decimals, card numbers are 16-digit strings, times are ISO 8601 in UTC.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from portal.practice.invented.columns import CARD_COLUMNS, CONSENT_COLUMNS, CUSTOMER_COLUMNS, TRANSACTION_COLUMNS
from portal.practice.invented.world import Card, Consent, Customer, Person, Transaction, World

Row = dict[str, Any]
BYTE_ORDER_MARK: Final = "\ufeff"


def money(cents: int) -> str:
    """Cents as the vendor writes money: ``1250`` is ``"12.50"``."""
    return f"{cents // 100}.{cents % 100:02d}"


def instant(at: datetime | None) -> str | None:
    """A moment as ISO 8601 in UTC with a Z, to the millisecond; None stays None."""
    return None if at is None else at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def card_response(card: Card, customer: Customer, merchant_name: str) -> Row:
    """GiftCardResponse, every documented field."""
    suspended = card.status == "suspended"
    activated = next((t.created_at for t in card.transactions if t.transaction_type == "ACTIVATION"), None)
    return {
        "id": card.id,
        "cardNumber": card.number,
        "balance": money(card.balance),
        "initialValue": money(card.initial_value),
        "status": card.status,
        "createdAt": instant(card.created_at),
        "updatedAt": instant(card.transactions[-1].created_at) if card.transactions else None,
        "activatedAt": instant(activated),
        "expiresAt": instant(card.expires_at),
        "suspendedReason": "Reported lost" if suspended else None,
        "suspendedUntil": None,
        "suspendedAt": instant(card.transactions[-1].created_at) if suspended else None,
        "customerId": card.recorded_under or customer.id,
        "customerEmail": customer.email,
        "customerPhone": customer.phone,
        "customerName": customer.name,
        "merchantId": card.merchant_id,
        "isPhysical": card.is_physical,
        "designTemplate": card.design_template,
        "customMessage": card.custom_message,
        "lastFourDigits": card.number[-4:],
        "programId": card.program_id,
        "card": None if card.is_physical else {"serialNumber": card.id[:12], "passTypeIdentifier": None, "url": None},
        "senderName": card.sender.name if card.sender else None,
        "merchantName": merchant_name,
        "deliverAt": None,
        "delivered": card.recipient is not None,
    }


def transaction_response(transaction: Transaction, merchant_id: str) -> Row:
    """TransactionResponse, every documented field."""
    return {
        "id": transaction.id,
        "transactionType": transaction.transaction_type,
        "amount": money(transaction.amount),
        "balanceBefore": money(transaction.balance_before),
        "balanceAfter": money(transaction.balance_after),
        "referenceId": transaction.reference_id,
        "description": transaction.description,
        "createdAt": instant(transaction.created_at),
        "processedAt": instant(transaction.created_at),
        "merchantId": merchant_id,
        "posTransactionId": transaction.pos_transaction_id,
        "cashierId": transaction.cashier_id,
        "terminalId": transaction.terminal_id,
    }


def customer_record(customer: Customer) -> Row:
    """The customer as the files show them; a merged one names what they were before."""
    before = {"mergedFrom": list(customer.merged_from), "previousEmails": list(customer.previous_emails)}
    return {
        "id": customer.id,
        "email": customer.email,
        "name": customer.name,
        "phone": customer.phone,
        "locale": customer.locale.replace("_", "-"),
        "createdAt": instant(customer.created_at),
        **{name: values for name, values in before.items() if values},
    }


def consent_rows(customer: Customer, consent: Consent | None) -> list[Row]:
    """One row for each purpose."""
    if consent is None:
        return []
    at = instant(consent.consented_at)
    values = ((customer.id, purpose, True, at, consent.ip_address) for purpose in consent.purposes)
    return [dict(zip(CONSENT_COLUMNS, row, strict=True)) for row in values]


def _person(person: Person | None) -> Row | None:
    return None if person is None else {"name": person.name, "email": person.email, "phone": person.phone}


def _card_with_history(world: World, card: Card) -> Row:
    customer = world.customers[card.customer_id]
    merchant = world.merchants[card.merchant_id]
    history = [
        {**transaction_response(t, card.merchant_id), "cashierName": t.cashier_name}
        for t in reversed(card.transactions)
    ]
    return {
        **card_response(card, customer, merchant.name),
        "programName": world.programs[card.program_id].name,
        "sender": _person(card.sender),
        "recipient": _person(card.recipient),
        "transactions": history,
    }


def nested_record(world: World, customer: Customer, cards: Sequence[Card], consent: Consent | None) -> Row:
    """Customer, cards with their transactions, and consents, as one nested record."""
    return {
        "customer": customer_record(customer),
        "giftCards": [_card_with_history(world, card) for card in cards],
        "consents": consent_rows(customer, consent),
    }


def transaction_rows(world: World, cards: Iterable[Card]) -> list[Row]:
    """One flat row for each transaction, with the customer and the card repeated in it."""
    rows = []
    for card in cards:
        customer = world.customers[card.customer_id]
        shared = {
            "customerId": card.recorded_under or customer.id,
            "customerEmail": customer.email,
            "customerName": customer.name,
            "customerPhone": customer.phone,
            "cardId": card.id,
            "cardNumber": card.number,
            "cardStatus": card.status,
            "cardBalance": money(card.balance),
            "programId": card.program_id,
            "programName": world.programs[card.program_id].name,
            "senderName": card.sender.name if card.sender else None,
            "senderEmail": card.sender.email if card.sender else None,
            "recipientName": card.recipient.name if card.recipient else None,
            "recipientEmail": card.recipient.email if card.recipient else None,
            "customMessage": card.custom_message,
        }
        for transaction in reversed(card.transactions):
            named = transaction_response(transaction, card.merchant_id)
            named["transactionId"] = named.pop("id")
            rows.append({**shared, **named, "cashierName": transaction.cashier_name})
    return rows


def json_bytes(value: object) -> bytes:
    """JSON as the vendor's framework writes it: compact, UTF-8, not escaped."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], *, delimiter: str = ",") -> str:
    """A table with a header row and CRLF line ends (RFC 4180). None is empty, booleans are true and false."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
    return buffer.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value


def stacked_csv(tables: Mapping[str, tuple[Sequence[str], Sequence[Mapping[str, Any]]]]) -> str:
    """Several tables in one file: a title line, a header, the rows, a blank line, and the next one."""
    parts = [f"{title}\r\n{csv_text(columns, rows)}" for title, (columns, rows) in tables.items()]
    return "\r\n".join(parts)


def stacked_tables(
    world: World, customers: Sequence[Customer], cards: Sequence[Card], consents: Sequence[Row]
) -> dict[str, tuple[Sequence[str], Sequence[Row]]]:
    """The tables of a stacked CSV: customer, gift cards, transactions, consents."""
    card_rows = [_card_with_history(world, card) for card in cards]
    transactions = [{**row, "cardId": card["id"]} for card in card_rows for row in card["transactions"]]
    return {
        "Customer": (CUSTOMER_COLUMNS, [customer_record(customer) for customer in customers]),
        "Gift cards": (CARD_COLUMNS, card_rows),
        "Transactions": (TRANSACTION_COLUMNS, transactions),
        "Consents": (CONSENT_COLUMNS, consents),
    }
