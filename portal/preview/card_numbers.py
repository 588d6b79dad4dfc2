"""Where a file holds what a gift card can be spent with: its number, the code that draws it, its secret code. Pure.

Anyone who knows a card's number can spend its balance. A cell is judged by its column's name, in the languages of
`words`, and by its text:

- a column that names a card's number (`cardNumber`, `Gutscheincode`, `number` in a table of cards) holds numbers of any
  form from five characters on; one that names a card only (`card`, `relatedCard`) holds those of 13 to 19 digits, and
  of three to five groups of four characters, one a digit. Of 13 and 14 digits the check digit must fit: so long are
  times in milliseconds and EAN codes too;
- a barcode, QR code or PIN counts in a table of cards only;
- a number that stands in such a column is found in every other cell as well, spaces and hyphens between its digits.

Order numbers, phone numbers, times and EAN codes are left, unless they stand in a card's column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from portal.preview import words
from portal.preview.cells import Cell
from portal.preview.facts import DATE_SHAPE
from portal.preview.model import Preview, Table

HIDDEN = "…"
KEPT = 4
FEWEST, MOST = 13, 19  # digits of a payment or gift card's number (ISO/IEC 7812)
MISTAKEN = frozenset({13, 14})  # as long as milliseconds since 1970, EAN-13 and GTIN-14
FEWEST_KNOWN = 8  # digits of a number that is looked for in other cells
SHORTEST, LONGEST = 5, 40


class Held(StrEnum):
    """What a column holds."""

    NUMBER = "number"
    """The card's number, whatever it looks like."""
    CARD = "card"
    """Something of a card; its number when it is as long as one."""
    PAYLOAD = "payload"
    """What a barcode or QR code draws."""
    CODE = "code"
    """A PIN or security code."""


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


NUMBER = _set("""
    number numbers no nr n num nummer numero numer numara numarasi cislo szam code codes codigo codice kod kode koodi
    pan cardnumber kartennummer gutscheinnummer vouchernumber kaartnummer kortnummer kundenkartennummer kartnummer
""")
OWN_NAME = _set("""
    pan cardnumber kartennummer gutscheinnummer vouchernumber kaartnummer kortnummer kundenkartennummer kartnummer
""")
"""Names a card's number without a second word."""
CARDS = _set("""
    vouchers gutscheine geschenkkarten geschenkgutscheine bons cadeaux kaarten cadeaukaarten tegoedbonnen buoni kartice
    kartat
""")
"""How tables of cards are called, beside `words.CARD`."""
BARCODE = _set("""
    barcode barcodes qr qrcode qrcodes strichcode strichkode streepjescode streckkod stregkode strekkode viivakoodi
    barkod barras barre barres kreskowy carovy vonalkod
""")
PIN = _set("pin pins pincode cvv cvv2 cvc cvc2 csc pinnummer geheimzahl pinkode pinkod securitycode")
SECURITY = _set("""
    security secret scratch sicherheit sicherheitscode securite seguridad sicurezza beveiliging beveiligingscode
    bezpieczenstwa sakerhetskod sikkerhedskode sikkerhetskode seguranca geheim secreto segreto rubbel
""")
IDS = _set("id ids uid uuid guid pk fk identifier")
NOT_ITS_NUMBER = _set("""
    order orders bestellung bestellnummer commande pedido ordine bestelling zamowienie ordre bestallning invoice
    rechnung rechnungsnummer facture factura fattura factuur faktura receipt beleg bon recu serial seriennummer serie
    pass url link program programme programs template design version
""")
PRODUCT = _set("""
    product products produkt produkte produit producto prodotto article artikel articulo articolo item items sku ean
    gtin upc isbn
""")
BALANCE = _set("""
    balance balances guthaben saldo restguthaben restwert restbetrag kartenguthaben solde tegoed remaining rest
    restante restant disponible bakiye zustatek egyenleg
""")
CURRENCY = _set("currency waehrung wahrung devise moneda valuta waluta moeda divisa valuutta")

OF_SOMETHING_ELSE = (
    words.DATE, words.NOT_A_PERSON, words.NAME, words.EMAIL, words.PHONE, words.STAFF, words.TERMINAL,
    words.TRANSACTION,
)  # fmt: skip

_PATH = re.compile(r"[.\[\]/]+")
_GROUPS = re.compile(r"[^\W_]+(?:[ \-\u00a0][^\W_]+)*")
_DIGITS = re.compile(r"\d(?:[ \-\u00a0]?\d)*")
_IN_FOURS = re.compile(r"(?:[\dA-Z]{4}[ -]){2,4}[\dA-Z]{4}", re.ASCII)
_LONG_RUN = re.compile(rf"(?<!\d)\d(?:[ \-\u00a0]?\d){{{FEWEST_KNOWN - 1},}}(?!\d)")


# What a column holds -----------------------------------------------------------------------------


def card_columns(table: Table) -> dict[int, Held]:
    """The columns that may hold something a card is spent with, by their names and the table's. Text decides then."""
    parts = [words.meaning(column) for column in table.columns]
    of_cards = is_of_cards(table.name)
    found = {at: held for at, one in enumerate(parts) if (held := _held(one, of_cards)) is not None}
    of_products = any(one & PRODUCT for one in parts)  # whose barcodes are EAN codes
    if of_cards or (Held.NUMBER in found.values() and not of_products):
        found |= {at: held for at, one in enumerate(parts) if (held := _beside_a_number(one)) is not None}
    return {at: found[at] for at in sorted(found) if table.columns[at] not in table.link_columns}


def is_of_cards(table_name: str) -> bool:
    """Is a row a card? The last part of a path counts: `giftCards.transactions` are none."""
    names = [part for part in _PATH.split(table_name) if part]
    return bool(names) and words.has(words.meaning(names[-1]), words.CARD, CARDS)


def _held(parts: frozenset[str], of_cards: bool) -> Held | None:
    if parts & (IDS | NOT_ITS_NUMBER | PRODUCT | BALANCE | CURRENCY) or words.has(parts, *OF_SOMETHING_ELSE):
        return None
    if parts & OWN_NAME:
        return Held.NUMBER
    names_card = words.has(parts, words.CARD)
    if names_card and parts & (BARCODE | PIN | SECURITY):
        return _beside_a_number(parts)
    if parts & NUMBER and (names_card or (of_cards and len(parts) == 1)):
        return Held.NUMBER
    return Held.CARD if names_card and not words.has(parts, words.AMOUNT) else None


def _beside_a_number(parts: frozenset[str]) -> Held | None:
    """What counts in a table of cards only."""
    if parts & (IDS | NOT_ITS_NUMBER | PRODUCT) or words.has(parts, words.ADDRESS, *OF_SOMETHING_ELSE):
        return None
    if parts & PIN or (parts & SECURITY and parts & (NUMBER | SECURITY)):
        return Held.CODE
    return Held.PAYLOAD if parts & BARCODE else None


# What a text holds -------------------------------------------------------------------------------


def luhn(digits: str) -> bool:
    """Does the last digit check the others (ISO/IEC 7812-1, annex B)?"""
    doubled = (int(digit) * 2 if at % 2 else int(digit) for at, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def is_hidden(held: Held, cell: Cell) -> bool:
    """Is this text of such a column to be hidden? Four characters and fewer of a number are what may be seen."""
    text = cell.strip() if isinstance(cell, str) else ""
    if not text:
        return False
    match held:
        case Held.CODE:
            return any(character.isdigit() for character in text)
        case Held.PAYLOAD:
            return len(text) >= SHORTEST
        case Held.NUMBER:
            return _is_number_of_any_form(text)
        case Held.CARD:
            return _is_long_number(text) or (_IN_FOURS.fullmatch(text) is not None and any(map(str.isdigit, text)))


def _is_number_of_any_form(text: str) -> bool:
    if len(text) > LONGEST or _GROUPS.fullmatch(text) is None or DATE_SHAPE.fullmatch(text) is not None:
        return False
    characters = _characters(text)
    return len(characters) >= SHORTEST and sum(character.isdigit() for character in characters) >= KEPT


def _is_long_number(text: str) -> bool:
    if _DIGITS.fullmatch(text) is None:
        return False
    digits = _characters(text)
    return FEWEST <= len(digits) <= MOST and (len(digits) not in MISTAKEN or luhn(digits))


def _characters(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


# Hiding ------------------------------------------------------------------------------------------


def masked(value: str, held: Held = Held.NUMBER) -> str:
    """The last four characters of a number, of a short one no more than half; of a code and a payload nothing."""
    if held in (Held.CODE, Held.PAYLOAD):
        return HIDDEN
    characters = _characters(value)
    kept = min(KEPT, len(characters) // 2)
    return HIDDEN + characters[len(characters) - kept :]


@dataclass(frozen=True)
class CardMask:
    """Hides what a table's cards are spent with. `known`: the numbers of the file, searched for in every cell.
    `cautious`: not all are known, so that any digits as long as a card's number count as one."""

    held: Mapping[int, Held]
    known: frozenset[str]
    cautious: bool = False

    def cells(self, row: Sequence[Cell]) -> list[Cell]:
        return [self._cell(at, cell) if isinstance(cell, str) else cell for at, cell in enumerate(row)]

    def _cell(self, at: int, text: str) -> str:
        held = self.held.get(at)
        if held is not None and is_hidden(held, text):
            return masked(text, held)
        return hidden_in(text, self.known, cautious=self.cautious)

    def hidden_parts(self, at: int, text: str) -> list[tuple[int, int]]:
        """The parts of a cell's text, in code points, that `cells` hides; of a code and a payload all of it."""
        held = self.held.get(at)
        if held is None or not is_hidden(held, text):
            runs = (found for found in _LONG_RUN.finditer(text) if len(text) >= FEWEST_KNOWN)
            return [
                _before_the_last(text, *found.span()) for found in runs if _holds_one(_characters(found[0]), self.known)
            ]
        if held in (Held.CODE, Held.PAYLOAD):
            return [(0, len(text))]
        return [_before_the_last(text, 0, len(text))]


def _before_the_last(text: str, start: int, end: int) -> tuple[int, int]:
    """The part of `text[start:end]` before the last four of its characters, or before half of them."""
    counted = [at for at in range(start, end) if text[at].isalnum()]
    kept = min(KEPT, len(counted) // 2)
    return counted[0], counted[len(counted) - kept]


def masks_of(preview: Preview) -> dict[str, CardMask]:
    """Table name -> its mask. Reads the card columns of every table once."""
    columns = {table.name: card_columns(table) for table in preview.tables}
    known = known_of(text for table in preview.tables for text in _numbers(table, columns[table.name]))
    return {table.name: CardMask(columns[table.name], known) for table in preview.tables}


def known_of(numbers: Iterable[str]) -> frozenset[str]:
    """Of numbers as they are written those that are searched for in every text."""
    characters = frozenset(_characters(text) for text in numbers)
    return frozenset(one for one in characters if len(one) >= FEWEST_KNOWN and one.isdigit())


def holds_card_numbers(preview: Preview) -> bool:
    """Is there anything in the file that a mask hides? Reads up to the first."""
    for table in preview.tables:
        held = card_columns(table)
        for _, row in table.iterate() if held else ():
            for at, one in held.items():
                if isinstance(row[at], str) and is_hidden(one, row[at]):
                    return True
    return False


def hidden_in(text: str, numbers: frozenset[str], *, cautious: bool = False) -> str:
    """`text` with every one of the numbers in it masked, however its digits are grouped."""
    pieces, at = [], 0
    for start, stop, instead in hidden_spans(text, numbers, cautious=cautious):
        pieces += [text[at:start], instead]
        at = stop
    return "".join([*pieces, text[at:]]) if pieces else text


def hidden_spans(text: str, numbers: frozenset[str], *, cautious: bool = False) -> Iterator[tuple[int, int, str]]:
    """(start, stop, what is shown instead) of each run of digits that is to be hidden."""
    if len(text) < FEWEST_KNOWN or not (numbers or cautious):
        return
    for found in _LONG_RUN.finditer(text):
        digits = _characters(found[0])
        if _holds_one(digits, numbers) or (cautious and _holds_any(digits)):
            yield found.start(), found.end(), masked(digits)


def _holds_any(digits: str) -> bool:
    return len(digits) >= FEWEST and (len(digits) not in MISTAKEN or luhn(digits))


def _holds_one(digits: str, numbers: frozenset[str]) -> bool:
    """Is a run of digits one of the numbers, or one with a prefix and a check digit, as barcodes add them? A number of
    fewer than 13 digits is the whole run: shorter ones stand in longer ones by chance."""
    if digits in numbers:
        return True
    lengths = range(FEWEST, min(MOST, len(digits)) + 1)
    return any(digits[at : at + length] in numbers for length in lengths for at in range(len(digits) - length + 1))


def _numbers(table: Table, held: Mapping[int, Held]) -> Iterator[str]:
    places = {at: one for at, one in held.items() if one in (Held.NUMBER, Held.CARD)}
    if not places:
        return
    for _, row in table.iterate():
        for at, one in places.items():
            cell = row[at]
            if isinstance(cell, str) and is_hidden(one, cell):
                yield cell
