"""Labelled, invented export files: which cells are about somebody other than the customer.

Two halves that share neither language nor shape. `DEVELOPMENT` is what the rules may be adjusted on; `HELD_OUT` is only
ever measured. The field names (third_party_fields.csv) were written as a vendor of that language would name them, after
the word lists of the rules and without looking at them.
Labels are source places ("$.giftCards[0].senderName", "line 7, column 3") with the kind of person or thing they name.
"""

import csv
import io
import json
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from portal.preview.json.paths import path_text

Kind = str


@dataclass(frozen=True)
class Marked:
    """A value with what it is: None for the customer's own or nobody's, else the kind of other."""

    text: Any
    kind: Kind | None = None
    who: str = ""
    """Whom it names: the name of somebody, or the text that is all that is known of them."""


@dataclass
class LabelledFile:
    """data with the places that name others; `asked_*` is the customer the file was asked for."""

    language: str
    shape: str
    format: Literal["json", "csv"]
    data: bytes
    asked_email: str
    asked_id: str
    labels: dict[str, Kind] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    """The places of `labels`, with whom each names."""


def _field_names() -> dict[str, dict[str, str]]:
    """language -> concept -> the name a vendor of that language gives the field."""
    with (Path(__file__).parent / "third_party_fields.csv").open(newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    languages = [language for language in rows[0] if language != "concept"]
    return {language: {row["concept"]: row[language] for row in rows} for language in languages}


FIELDS: Final = _field_names()

_PEOPLE: Final = {
    "en": "Olivia Grant|Noah Whitfield|Priya Raman|Jack Null|Amelia O'Neil|Ivy Dean|Lucas Hart|Tom NA",
    "de": "Jürgen Groß|Anneliese Vogt|Kai Lohmann|Sibel Aydin|Uwe Thoma|Renate von der Heide|Max Ernst|Lena Maier",
    "fr": "Zoé Lefèvre|Hugo Marchal|Inès Benali|Rémi Côté|Camille de la Tour|Luc Petit|Anaïs Roy|Paul Noël",
    "en2": "Grace Okafor|Dylan Pryce|Mei Tan|Ruth Ncube|Sam Ford|Ella Booth|Ian Cole|Kate Moss-Reed",
    "es": "Lucía Prieto|Íñigo Sáez|Marta del Río|Hugo Vidal|Nerea Cano|Pablo Ruiz|Sofía Mora|Óscar Gil",
    "it": "Giulia Ferri|Matteo De Luca|Chiara Bruno|Elio Conti|Sara D'Amico|Luca Riva|Noemi Sala|Ugo Testa",
    "nl": "Sanne de Wit|Bram van Dijk|Femke Bos|Joost Mulder|Lotte Kok|Daan Visser|Mila Smit|Teun Prins",
    "pt": "Inês Moura|Tiago Leal|Rita Pinho|João Serra|Ana Brito|Rui Matos|Lia Veiga|Davi Rocha",
    "sv": "Åsa Lind|Björn Ek|Elin Sjö|Nils Falk|Tove Berg|Karl Dahl|Maja Holm|Ove Strand",
    "pl": "Łucja Zięba|Paweł Sowa|Ola Wrona|Jan Gąsior|Ewa Lis|Adam Wilk|Zofia Kot|Piotr Bąk",
    "da": "Søren Holm|Mette Krogh|Lærke Juhl|Åge Bech|Ida Winther|Emil Toft|Freja Lund|Bo Friis",
}
_MESSAGES: Final = {
    "en": "Happy birthday, enjoy!|With love from all of us|=SUM(1+1)|Congrats 🎂",
    "de": "Alles Gute zum Geburtstag!|Viel Freude damit|Herzlichen Glückwunsch, Deine Kollegen",
    "fr": "Joyeux anniversaire !|Merci pour tout|Profite bien, on t'embrasse",
    "en2": "Thanks for the lift home|For your new kitchen|You earned this one",
    "es": "¡Feliz cumpleaños!|Gracias por todo|Que lo disfrutes",
    "it": "Buon compleanno!|Grazie di tutto|Con affetto",
    "nl": "Gefeliciteerd met je verjaardag|Bedankt voor alles|Geniet ervan",
    "pt": "Feliz aniversário!|Obrigada por tudo|Aproveita bem",
    "sv": "Grattis på födelsedagen!|Tack för allt|Ha det så gott",
    "pl": "Wszystkiego najlepszego!|Dzięki za wszystko|Smacznej kawy",
    "da": "Tillykke med fødselsdagen!|Tak for alt|God fornøjelse",
}
# (text, names somebody): {0} is a name, {1} an email, {2} a phone, {3} a card that is not the customer's.
_DESCRIPTIONS: Final = {
    "en": "Reload at Main Street|Refund for Order 1189|Transfer to {0}|Moved from card {3}|Bought by {1}",
    "de": "Einlösung Filiale Mitte|Aufladung per Lastschrift|Übertrag an {0}|Übertrag von Karte {3}|Gekauft von {1}",
    "fr": "Achat au Magasin Centre|Remboursement|Transfert à {0}|Offert par {1}|Depuis la carte {3}",
    "en2": "Redeemed in Harbour Branch|Top up by Credit Card|Gift from {0}|Ring {2} on arrival|Merged with card {3}",
    "es": "Compra en Tienda Centro|Recarga con tarjeta|Transferencia a {0}|Regalo de {0}|Aviso a {1}",
    "it": "Acquisto in negozio|Ricarica online|Trasferimento a {0}|Regalo da {0}|Avviso inviato a {1}",
    "nl": "Aankoop in filiaal|Opwaardering via iDEAL|Overboeking aan {0}|Cadeau van {0}|Bericht gestuurd: {1}",
    "pt": "Compra na Loja Centro|Carregamento|Transferência para {0}|Presente de {0}|Contacto {2}",
    "sv": "Köp i butik|Laddning med kort|Överföring till {0}|Gåva från {0}|Meddelat {1}",
    "pl": "Zakup w sklepie|Doładowanie|Przelew dla {0}|Prezent od {0}|Powiadomiono {1}",
    "da": "Køb i butik|Opfyldning|Overført til {0}|Gave fra {0}|Besked til {1}",
}
_DESCRIBED_KINDS: Final = {"{0}": "name", "{1}": "email", "{2}": "phone", "{3}": "card number"}
_PHONE_SHAPES: Final = ("+1 202-555-01{:02d}", "+44 20 7946 0{:03d}", "+1 (202) 555-01{:02d}", "+442079460{:03d}")


class _Maker:
    """Invents one export: the customer, their cards and everyone who touches them."""

    def __init__(self, language: str, seed: int) -> None:
        self.random = random.Random(f"{language} {seed}")
        self.language = language
        self.names = FIELDS[language]
        people = _PEOPLE[language].split("|")
        self.random.shuffle(people)
        self.customer_name, *self.people = people
        self.email = self._email(self.customer_name)
        self.phone = "+1 202-555-0100"
        self.id = f"{self.random.getrandbits(96):024x}"
        self.own_cards: list[str] = []

    def _email(self, name: str) -> str:
        local = "".join(character for character in name.lower() if character.isascii() and character.isalnum())
        host = self.random.choice(("example.com", "example.org", "mail.example.net"))
        return f"{local}{self.random.randrange(100)}@{host}"

    def _phone(self) -> str:
        return self.random.choice(_PHONE_SHAPES).format(self.random.randrange(1, 100))

    def _card_number(self) -> str:
        return f"6035{self.random.randrange(10**12):012d}"

    def _moment(self) -> str:
        r = self.random
        return f"2026-{r.randint(1, 12):02d}-{r.randint(1, 28):02d}T{r.randint(0, 23):02d}:{r.randint(0, 59):02d}:00Z"

    def customer(self) -> dict[str, Marked]:
        values = (self.id, self.email, self.customer_name, self.phone)
        return {c: Marked(v) for c, v in zip(("cust_id", "cust_email", "cust_name", "cust_phone"), values, strict=True)}

    def merchant(self) -> dict[str, Marked]:
        return {
            "m_name": Marked("Harbour Coffee"),
            "m_email": Marked("hello@shop.example.com"),
            "m_phone": Marked("+44 20 7946 0999"),
            "program": Marked("Classic"),
        }

    def _person(self, kind: Kind, prefix: str) -> dict[str, Marked]:
        """A sender or recipient: somebody else, the customer in person, or nobody."""
        fate = self.random.random()
        if fate < 0.2:
            return {f"{prefix}_name": Marked(None), f"{prefix}_email": Marked(None), f"{prefix}_phone": Marked(None)}
        if fate < 0.35:
            own = (self.customer_name, self.email.upper() if fate < 0.25 else self.email, self.phone)
            return {f"{prefix}_{c}": Marked(v) for c, v in zip(("name", "email", "phone"), own, strict=True)}
        name = self.random.choice(self.people)
        other = (name, self._email(name), self._phone())
        return {f"{prefix}_{c}": Marked(v, kind, name) for c, v in zip(("name", "email", "phone"), other, strict=True)}

    def card(self) -> dict[str, Marked]:
        number = self._card_number()
        self.own_cards.append(number)
        message = self.random.choice(_MESSAGES[self.language].split("|")) if self.random.random() < 0.6 else None
        return {
            "card_id": Marked(f"{self.random.getrandbits(96):024x}"),
            "card_number": Marked(number),
            "balance": Marked(f"{self.random.randrange(10000) / 100:.2f}"),
            "status": Marked(self.random.choice(("active", "depleted"))),
            "created": Marked(self._moment()),
            "design": Marked(self.random.choice(("Autumn", "Birthday", "Classic"))),
            **self._person("sender", "s"),
            **self._person("recipient", "r"),
            "r_told": Marked(self._moment() if self.random.random() < 0.7 else None),
            "message": Marked(message, "message" if message else None),
        }

    def transaction(self) -> dict[str, Marked]:
        at_till = self.random.random() < 0.6
        described = self.random.choice(_DESCRIPTIONS[self.language].split("|"))
        kind = next((kind for mark, kind in _DESCRIBED_KINDS.items() if mark in described), None)
        name = self.random.choice(self.people)
        given = (name, self._email(name), self._phone(), self._card_number())
        text = described.format(*given)
        who = next((value for mark, value in zip(_DESCRIBED_KINDS, given, strict=True) if mark in described), "")
        transfer = self.random.random() < 0.2
        party = self.random.choice(self.people)
        return {
            "tx_id": Marked(f"{self.random.getrandbits(96):024x}"),
            "tx_type": Marked("TRANSFER_OUT" if transfer else self.random.choice(("REDEMPTION", "RELOAD"))),
            "amount": Marked(f"{self.random.randrange(5000) / 100:.2f}"),
            "tx_date": Marked(self._moment()),
            "description": Marked(text, kind, who),
            "receipt": Marked(f"{self.random.randrange(10**8):08d}"),
            "cashier_id": Marked(f"{self.random.randrange(60):02d}", "staff") if at_till else Marked(None),
            "cashier_name": self._cashier() if at_till else Marked(None),
            "terminal": Marked(f"T{self.random.randrange(9)}-{self.random.randrange(99):02d}", "terminal")
            if at_till
            else Marked(None),
            "cp_name": Marked(party, "counterparty", party) if transfer else Marked(None),
            "cp_email": Marked(self._email(party), "counterparty", party) if transfer else Marked(None),
        }

    def _cashier(self) -> Marked:
        name = self.random.choice(self.people)
        return Marked(name, "staff", name)

    def named(self, fields: dict[str, Marked]) -> dict[str, Marked]:
        return {self.names[concept]: value for concept, value in fields.items()}

    def file(
        self, shape: str, format: Literal["json", "csv"], data: bytes, labels: dict[str, tuple[Kind, str]]
    ) -> LabelledFile:
        kinds = {place: kind for place, (kind, _) in labels.items()}
        people = {place: who for place, (_, who) in labels.items()}
        return LabelledFile(self.language, shape, format, data, self.email, self.id, kinds, people)


def _labels(tree: Any, steps: tuple[str | int, ...] = ()) -> Iterator[tuple[str, tuple[Kind, str]]]:
    if isinstance(tree, Marked):
        if tree.kind:
            yield path_text(list(steps)), (tree.kind, tree.who)
    elif isinstance(tree, dict):
        for key, value in tree.items():
            yield from _labels(value, (*steps, key))
    elif isinstance(tree, list):
        for position, value in enumerate(tree):
            yield from _labels(value, (*steps, position))


def _plain(tree: Any) -> Any:
    if isinstance(tree, Marked):
        return tree.text
    if isinstance(tree, dict):
        return {key: _plain(value) for key, value in tree.items()}
    return [_plain(value) for value in tree] if isinstance(tree, list) else tree


def _json(maker: _Maker, shape: str, tree: Any) -> LabelledFile:
    return maker.file(shape, "json", json.dumps(_plain(tree), ensure_ascii=False).encode(), dict(_labels(tree)))


def _csv(
    maker: _Maker, shape: str, tables: Iterable[tuple[str, list[dict[str, Marked]]]], delimiter: str
) -> LabelledFile:
    """Tables under each other, each with a title if it has one; labels by line and column."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\n")
    labels: dict[str, tuple[Kind, str]] = {}
    line = 1
    for title, rows in tables:
        if line > 1:
            writer.writerow([])
            line += 1
        if title:
            writer.writerow([title])
            line += 1
        writer.writerow(rows[0])
        line += 1
        for row in rows:
            writer.writerow(["" if value.text is None else value.text for value in row.values()])
            for column, value in enumerate(row.values(), 1):
                if value.kind:
                    labels[f"line {line}, column {column}"] = value.kind, value.who
            line += 1
    return maker.file(shape, "csv", buffer.getvalue().encode(), labels)


# --- shapes of the development half ---


def nested(maker: _Maker) -> LabelledFile:
    """The customer, their cards with transactions inside, consents."""
    n = maker.names
    own = {key: value for key, value in zip(("id", "email", "name", "phone"), maker.customer().values(), strict=True)}
    cards = []
    for _ in range(maker.random.randint(1, 4)):
        history = [maker.named(maker.transaction()) for _ in range(maker.random.randint(0, 5))]
        cards.append({**maker.named(maker.card()), **maker.named(maker.merchant()), n["transactions"]: history})
    return _json(maker, "nested", {"exportId": Marked("exp-1"), n["customer"]: own, n["cards"]: cards})


def flat_list(maker: _Maker) -> LabelledFile:
    """One row a transaction with everything repeated in it."""
    rows = []
    for _ in range(maker.random.randint(1, 3)):
        card = maker.named({**maker.customer(), **maker.card()})
        rows += [{**card, **maker.named(maker.transaction())} for _ in range(maker.random.randint(1, 4))]
    return _json(maker, "flat list", rows)


def flat_csv(maker: _Maker) -> LabelledFile:
    """The flat list as one CSV table."""
    rows = []
    for _ in range(maker.random.randint(1, 3)):
        card = {**maker.customer(), **maker.card(), **maker.merchant()}
        rows += [maker.named({**card, **maker.transaction()}) for _ in range(maker.random.randint(1, 4))]
    return _csv(maker, "flat csv", [("", rows)], ",")


# --- shapes of the held-out half ---


def stacked_semicolons(maker: _Maker) -> LabelledFile:
    """Titled tables under each other, semicolons between."""
    n = maker.names
    cards = [maker.named({**maker.card(), **maker.merchant()}) for _ in range(maker.random.randint(1, 4))]
    history = [maker.named(maker.transaction()) for _ in range(maker.random.randint(1, 8))]
    tables = [
        (n["customer"].capitalize(), [maker.named(maker.customer())]),
        (n["cards"].replace("_", " ").capitalize(), cards),
        (n["transactions"].capitalize(), history),
    ]
    return _csv(maker, "stacked", tables, ";")


def by_card_id(maker: _Maker) -> LabelledFile:
    """Cards keyed by their id, sender and recipient as objects of their own, inside an envelope."""
    n = maker.names
    cards: dict[str, Any] = {}
    for _ in range(maker.random.randint(1, 4)):
        card = maker.card()
        sides: dict[str, Any] = {}
        for prefix, container in (("s", n["s_name"]), ("r", n["r_name"])):
            side = {part: card.pop(f"{prefix}_{part}") for part in ("name", "email", "phone")}
            sides[container] = side
        history = [maker.named(maker.transaction()) for _ in range(maker.random.randint(0, 3))]
        cards[card.pop("card_id").text] = {**maker.named(card), **sides, n["transactions"]: history}
    body = {
        n["customer"]: maker.named(maker.customer()),
        n["cards"]: cards,
        n["merchant"]: maker.named(maker.merchant()),
    }
    return _json(maker, "by card id", {"data": body})


def related_tables(maker: _Maker) -> LabelledFile:
    """Lists side by side instead of nested, transfers in one of their own."""
    n = maker.names
    transfers = []
    for _ in range(maker.random.randint(1, 3)):
        name = maker.random.choice(maker.people)
        transfers.append(
            maker.named(
                {
                    "tx_date": Marked(maker._moment()),
                    "cp_name": Marked(name, "counterparty", name),
                    "cp_email": Marked(maker._email(name), "counterparty", name),
                    "amount": Marked("5.00"),
                }
            )
        )
    tree = {
        n["customer"]: [maker.named(maker.customer())],
        n["cards"]: [maker.named(maker.card()) for _ in range(maker.random.randint(1, 4))],
        n["transactions"]: [maker.named(maker.transaction()) for _ in range(maker.random.randint(1, 8))],
        n["transfers"]: transfers,
    }
    return _json(maker, "related tables", tree)


def lines(maker: _Maker) -> LabelledFile:
    """One JSON value a line: first the customer, then what happened, each row of its own kind."""
    rows: list[dict[str, Marked]] = [maker.named(maker.customer())]
    own_id = {maker.names["cust_id"]: Marked(maker.id)}
    rows += [{**own_id, **maker.named(maker.card())} for _ in range(maker.random.randint(1, 3))]
    rows += [{**own_id, **maker.named(maker.transaction())} for _ in range(maker.random.randint(1, 6))]
    text = "\n".join(json.dumps(_plain(row), ensure_ascii=False) for row in rows)
    return maker.file("lines", "json", text.encode(), dict(_labels(rows)))


Shape = Callable[[_Maker], LabelledFile]
DEVELOPMENT: Final[tuple[tuple[str, ...], tuple[Shape, ...]]] = (("en", "de", "fr"), (nested, flat_list, flat_csv))
HELD_OUT: Final[tuple[tuple[str, ...], tuple[Shape, ...]]] = (
    ("en2", "es", "it", "nl", "pt", "sv", "pl", "da"),
    (stacked_semicolons, by_card_id, related_tables, lines),
)


def files(half: tuple[tuple[str, ...], tuple[Shape, ...]], each: int, seed: int = 0) -> Iterator[LabelledFile]:
    """`each` files of every language and shape of `half`; the same seed gives the same files."""
    languages, shapes = half
    for language in languages:
        for shape in shapes:
            for number in range(each):
                yield shape(_Maker(language, seed * 1000 + number))
