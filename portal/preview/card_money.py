"""How much money lies on the active cards of a file, by currency, exactly. Pure.

Anyone who knows a card's number can spend its balance. Balances that cannot be read are counted beside the sum, so that
the sum is not taken for complete. A card is counted once, by its number or ID, though a row of each of its transactions
repeats it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from portal.preview import words
from portal.preview.activity import amount_of
from portal.preview.card_numbers import BALANCE, CURRENCY, IDS, Held, card_columns, is_hidden, is_of_cards
from portal.preview.cells import Cell
from portal.preview.model import Preview, Table


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


NOT_MONEY = _set("""
    before after initial vorher nachher points point punkte punkten puntos punti punten pontos punkty stamps stempel
    previous old date updated at
""")
STATUS = _set("status state zustand statut estado stato stan tila durum stav")
NOT_SPENDABLE = _set("""
    pending suspended expired voided void depleted inactive blocked cancelled canceled closed used redeemed
    ausstehend gesperrt abgelaufen storniert aufgebraucht inaktiv eingelost
    suspendu suspendue expire expiree annule annulee epuise epuisee inactif inactive bloque bloquee
    pendiente suspendida caducada vencida anulada agotada inactiva bloqueada
    sospesa scaduta annullata esaurita inattiva bloccata
    opgeschort verlopen geannuleerd opgebruikt inactief geblokkeerd verbruikt
""")
"""LoyaltyDog's words but `active`, and theirs in the languages of files. Any other word may be spent."""
SIGNS: Mapping[str, str] = MappingProxyType({"€": "EUR", "£": "GBP", "zł": "PLN", "$": "$", "¥": "¥", "kr": "kr"})
"""A sign of one currency is that; the others stay as they are written."""
_CODE = re.compile(r"\b[A-Z]{3}\b")
_CURRENCY_IN_NAME = re.compile(r"(?:[_\W]|(?<=[a-z]))(EUR|USD|GBP|CHF|PLN|SEK|DKK|NOK|CZK|HUF|BRL|CAD|Eur|Usd|Gbp)$")


@dataclass(frozen=True)
class MoneyAtRisk:
    """`by_currency`: its code, its sign, or "" where the file does not say. `cards` have money on them; the balance of
    `unread` further active ones cannot be read."""

    by_currency: Mapping[str, Decimal] = field(default_factory=dict)
    cards: int = 0
    unread: int = 0


@dataclass(frozen=True)
class _Columns:
    """Where a table says what of a card."""

    balance: int
    currency: int | None
    status: int | None
    number: int | None
    card_id: int | None
    named_currency: str


def money_at_risk(preview: Preview) -> MoneyAtRisk:
    """The balances of all cards that are not known to be unspendable. Of several balances of one card the highest
    counts."""
    balances: dict[tuple[str, ...], tuple[Decimal, str] | None] = {}
    for table in preview.tables:
        columns = _columns_of(table)
        if columns is None:
            continue
        for number, row in table.iterate():
            if _is_spendable(row, columns):
                key = _key_of(row, columns) or ("row", table.name, str(number))
                balances[key] = _higher(balances.get(key), _balance_of(row, columns))
    by_currency: dict[str, Decimal] = {}
    held = [one for one in balances.values() if one is not None and one[0] > 0]
    for amount, currency in held:
        by_currency[currency] = by_currency.get(currency, Decimal(0)) + amount
    unread = sum(one is None for one in balances.values())
    return MoneyAtRisk(MappingProxyType(by_currency), len(held), unread)


def _columns_of(table: Table) -> _Columns | None:
    """None for a table without a balance of cards."""
    parts = [words.meaning(column) for column in table.columns]
    of_cards = is_of_cards(table.name)
    number = next((at for at, held in card_columns(table).items() if held is Held.NUMBER), None)
    balance = _first(parts, BALANCE, unless=NOT_MONEY | CURRENCY | IDS)
    if balance is None or not (of_cards or number is not None or words.has(parts[balance], words.CARD)):
        return None
    ids = [one if words.has(one, words.CARD) or (of_cards and len(one) == 1) else frozenset() for one in parts]
    of_card = [one if words.has(one, words.CARD) else frozenset() for one in parts]
    status = _first(of_card, STATUS)
    named = _CURRENCY_IN_NAME.search(table.columns[balance])
    return _Columns(
        balance=balance,
        currency=_first(parts, CURRENCY),
        status=_first(parts, STATUS) if status is None and (of_cards or number is not None) else status,
        number=number,
        card_id=_first(ids, IDS),
        named_currency=named[1].upper() if named else "",
    )


def _first(parts: Sequence[frozenset[str]], wanted: frozenset[str], unless: frozenset[str] = frozenset()) -> int | None:
    return next((at for at, one in enumerate(parts) if one & wanted and not one & unless), None)


def _text(row: Sequence[Cell], at: int | None) -> str:
    cell = row[at] if at is not None else ""
    return cell.strip() if isinstance(cell, str) else ""


def _is_spendable(row: Sequence[Cell], columns: _Columns) -> bool:
    said = words.words(_text(row, columns.status))
    return not any(word in NOT_SPENDABLE for word in said)


def _key_of(row: Sequence[Cell], columns: _Columns) -> tuple[str, ...] | None:
    """A card's number, unless the file masks it, or its ID; None without either."""
    number = _text(row, columns.number)
    if is_hidden(Held.NUMBER, number):
        return ("number", "".join(character for character in number if character.isalnum()))
    card_id = _text(row, columns.card_id)
    return ("id", card_id) if card_id else None


def _balance_of(row: Sequence[Cell], columns: _Columns) -> tuple[Decimal, str] | None:
    """Amount and currency; None for a text that is no amount, or none at all."""
    text = _text(row, columns.balance)
    amount = amount_of(text)
    if amount is None:
        return None
    code = _text(row, columns.currency).upper() or columns.named_currency
    if not code:
        written = _CODE.search(text)
        code = written[0] if written else next((SIGNS[sign] for sign in SIGNS if sign in text), "")
    return amount, code


def _higher(one: tuple[Decimal, str] | None, other: tuple[Decimal, str] | None) -> tuple[Decimal, str] | None:
    known = [each for each in (one, other) if each is not None]
    return max(known, key=lambda each: each[0], default=None)
