"""Other people in an export: who is mentioned beside the customer, where, and how sure that is.

Marked: senders, recipients, transfer counterparties, cashiers and terminals, personal messages, and any email, phone or
card number that is not the customer's own. Decided by the field's name, then by the text. Values equal to the
customer's own email, ID, name or phone are not marked. A mark does not stop an export (a whole record of the wrong
person does: `inspect`); a person weighs it (GDPR Art. 15(4), LAW-11). Rules in words and the measured rates:
docs/inspection.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import unquote

from portal.identifiers import normal
from portal.preview import words
from portal.preview.facts import DATE, MONEY, YES_NO, is_email, is_phone, looks_like
from portal.preview.inspection.addresses import address_in, normal_id
from portal.preview.inspection.comparing_people import AskedPerson
from portal.preview.inspection.fields import Meaning, Reading, readings
from portal.preview.inspection.mentions import (
    IN_TEXT_CARD,
    IN_TEXT_EMAIL,
    IN_TEXT_NAME,
    IN_TEXT_PHONE,
    LINK_PARTS,
    LONGEST_SCANNED,
    LONGEST_WITH_NAMES,
    Mention,
    mentions,
)
from portal.preview.inspection.people import Own, digits, own_values, people_records
from portal.preview.model import Place, Preview, Table

_NOBODY = frozenset(
    [
        "-",
        "--",
        "n/a",
        "unknown",
        "undefined",
        "anonymous",
        "self",
        "me",
        "myself",
        "guest",
        "system",
        "auto",
        "automatic",
        "online",
        "web",
        "api",
        "app",
        "pos",
        "website",
    ]
)
_PERHAPS_NOBODY = frozenset({"na", "null", "none"})
"""A placeholder, or a person's name: Mr Null exists. Marked, with little confidence."""
_PEOPLE_ROLES: Final = frozenset({"sender", "recipient", "counterparty", "staff"})
_MOST_REMEMBERED = 20_000
MOST_CARDS = 200_000


@dataclass(frozen=True)
class Other:
    """One cell that seems to concern another person. kind: "sender", "recipient", "counterparty", "staff", "terminal",
    "message", "email", "phone", "card number" or "name". confidence: 0 to 1. why: a sentence without the value."""

    table: str
    row: int
    column: str
    kind: str
    confidence: float
    why: str = field(default="")

    @property
    def place(self) -> Place:
        return Place(self.table, self.row, self.column)


def find_others(preview: Preview, asked: AskedPerson) -> tuple[Other, ...]:
    """Every cell of `preview` that looks like another person's data, in the order of the file."""
    marker = Marker(preview, asked)
    return tuple(other for table in preview.tables for other in marker.others(table))


class Marker:
    """Finds others a page at a time, for files too long to list them all."""

    def __init__(self, preview: Preview, asked: AskedPerson, most_rows: int | None = None) -> None:
        """What the customer's own data are is learned from the whole file, or the first `most_rows` of each table."""
        if most_rows is not None:
            tables = tuple(replace(table, _rows=table._rows[0:most_rows]) for table in preview.tables)
            preview = replace(preview, tables=tables)
        self._own = own_values(people_records(preview).owned, asked.email, asked.customer_id)
        self._cards = _own_cards(preview)

    @property
    def own(self) -> Own:
        """What belongs to the customer."""
        return self._own

    def mentions(self, text: str) -> list[Mention]:
        """The parts of a text that name somebody else, in its order, none inside another."""
        found: list[Mention] = []
        for one in sorted(mentions(text, self._own, self._cards), key=lambda one: (one.start, -one.end)):
            if not found or one.start >= found[-1].end:
                found.append(one)
        return found

    def others(self, table: Table, start: int = 0, stop: int | None = None) -> Iterator[Other]:
        """The cells of rows `start` to `stop` that look like another person's data."""
        judged: dict[tuple[str, str, bool], Mark | None] = {}
        """The same text in the same column means the same: most columns repeat theirs."""
        for row in readings(table, start=start, stop=stop):
            selves = {reading.meaning.role for reading in row if _identifies_self(reading, self._own)}
            for reading in row:
                key = (reading.column, reading.text, reading.meaning.role in selves)
                if key in judged and reading.record:
                    mark = judged[key]
                else:
                    if len(judged) > _MOST_REMEMBERED:
                        judged.clear()
                    mark = judged[key] = _judge(reading, self._own, self._cards, selves)
                if mark:
                    yield Other(reading.table, reading.row, reading.column, *mark)


def _own_cards(preview: Preview) -> frozenset[str]:
    """Numbers in card columns without a role: the cards the export is about, at most MOST_CARDS of them."""

    def wants(about: Meaning) -> bool:
        return about.attribute == "card" and about.role in ("", "customer")

    cards: set[str] = set()
    for table in preview.tables:
        for row in readings(table, wants):
            cards.update(digits(reading.text) for reading in row)
            if len(cards) >= MOST_CARDS:
                return frozenset(cards)
    return frozenset(cards)


def _judge(reading: Reading, own: Own, cards: frozenset[str], selves: set[str]) -> "Mark | None":
    text = reading.text.strip()
    if not text:
        return None
    return _by_name(reading, text, own, selves) or _by_content(reading, text, own, cards)


def _identifies_self(reading: Reading, own: Own) -> bool:
    """A sender or recipient whose email, phone or ID is the customer's own is the customer."""
    about = reading.meaning
    if about.role not in ("sender", "recipient", "counterparty"):
        return False
    value = normal(reading.text)
    return (
        address_in(value) in own.emails
        or normal_id(value) in own.ids
        or (about.attribute == "phone" and digits(value) in own.phones)
    )


Mark = tuple[str, float, str]


def _by_name(reading: Reading, text: str, own: Own, selves: set[str]) -> Mark | None:
    about = reading.meaning
    role = about.role
    if role in ("", "customer", "business"):
        return None
    if role == "message":
        if words.has(about.parts, words.DATE, words.NOT_A_PERSON) or _is_fact(text):
            return None
        doubtful = text.casefold() in _NOBODY | _PERHAPS_NOBODY or not any(c.isalpha() for c in text)
        return "message", 0.5 if doubtful else 0.9 if " " in text else 0.75, "The field is a personal message."
    if text.casefold() in _NOBODY:
        return None
    if role == "terminal":
        if words.has(about.parts, words.DATE, words.NOT_A_PERSON) or _is_fact(text):
            return None
        return "terminal", 0.9, "The field names a till or terminal, which points to who worked there."
    if role == "direction":
        return _direction(reading, text, own)
    if role not in _PEOPLE_ROLES or role in selves:
        return None
    if about.attribute not in ("email", "phone", "name", "card", "id", "address") and (
        words.has(about.parts, words.NOT_A_PERSON, words.DATE, words.AMOUNT, words.BIRTH) or _is_fact(text)
    ):
        return None
    if (words.has(about.parts, words.NOT_A_PERSON) and about.attribute not in ("email", "phone", "name")) or _is_fact(
        text
    ):
        return None
    if _is_own(text, own):
        return None
    if text.casefold() in _PERHAPS_NOBODY:
        return role, 0.5, f"{_WHY[role]} It may be a placeholder."
    return role, _role_confidence(about.attribute, text), _WHY[role]


_WHY: Final = {
    "sender": "The field names who sent or bought the gift.",
    "recipient": "The field names who received the gift.",
    "counterparty": "The field names the other side of a transfer.",
    "staff": "The field names who served the customer.",
}


def _role_confidence(attribute: str, text: str) -> float:
    if attribute == "email":
        return 0.97 if is_email(text) else 0.7
    if attribute in ("name", "phone", "card"):
        return 0.95
    return 0.85


def _direction(reading: Reading, text: str, own: Own) -> Mark | None:
    """A field called only "from" or "to" names a person when it holds an email, a phone or a name, and not a date."""
    if _is_own(text, own) or _is_fact(text):
        return None
    if is_email(text) or is_phone(text):
        return "counterparty", 0.9, "The field says from whom or to whom."
    if " " in text and not any(c.isdigit() for c in text):
        return "counterparty", 0.7, "The field says from whom or to whom."
    return None


def _is_own(text: str, own: Own) -> bool:
    value = normal(text)
    if address_in(value) in own.emails or normal_id(value) in own.ids or value in own.names:
        return True
    number = digits(value)
    return len(number) >= 7 and number in own.phones


def _is_fact(text: str) -> bool:
    return looks_like("", [text]) in (DATE, YES_NO, MONEY)


def _by_content(reading: Reading, text: str, own: Own, cards: frozenset[str]) -> Mark | None:
    about = reading.meaning
    if about.role == "business":
        return None
    text = text[:LONGEST_SCANNED]
    plain = unquote(text) if "%40" in text else text  # in a link's query
    if "@" in plain and address_in(text) not in own.emails:
        for found in IN_TEXT_EMAIL.findall(plain):
            bare = LINK_PARTS.split(found)[-1].strip(".")
            if address_in(found.strip(".")) not in own.emails and address_in(bare) not in own.emails:
                return "email", 0.95 if is_email(text) else 0.85, "The text holds an email that is not the customer's."
    if about.attribute in ("date", "amount") or (about.attribute == "id" and about.role != "counterparty"):
        return None
    return _numbers(reading, text, own, cards) or _named(reading, text, own)


def _numbers(reading: Reading, text: str, own: Own, cards: frozenset[str]) -> Mark | None:
    about = reading.meaning
    if about.attribute == "phone":
        number = digits(text)
        if 6 <= len(number) <= 15 and number not in own.phones and about.role != "customer" and own.phones:
            return "phone", 0.7, "The text is a phone number that is not the customer's."
        return None
    if about.attribute == "card":
        return None
    if any(digits(found) not in own.phones for found in IN_TEXT_PHONE.findall(text)):
        return "phone", 0.8, "The text holds a phone number that is not the customer's."
    if " " in text and any(digits(found) not in cards for found in IN_TEXT_CARD.findall(text)):
        return "card number", 0.8, "The text holds a card number that is not among the customer's."
    return None


def _named(reading: Reading, text: str, own: Own) -> Mark | None:
    """Names in running text, after a word such as "to" or "from"."""
    if reading.meaning.attribute != "other" or " " not in text or len(text) > LONGEST_WITH_NAMES:
        return None
    for found in IN_TEXT_NAME.findall(text):
        if normal(found) not in own.names:
            return "name", 0.7, "The text seems to name somebody."
    return None
