"""What the files of a case tell that a person may be asked about (IDN-1). Pure; never printed, kept or logged.

Columns are recognised by their names, as everywhere in the preview: the vendor documents no content.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from portal.preview import Preview, Table, words
from portal.preview.activity import moment_of
from portal.preview.card_money import MoneyAtRisk, money_at_risk
from portal.preview.card_numbers import Held, card_columns, is_hidden, is_of_cards
from portal.preview.cells import Cell

Month = tuple[int, int]

_ACTIVATED = frozenset("activated activation aktiviert aktivierung active activada attivata geactiveerd".split())
_BUYS = frozenset("purchase redemption redeem sale einlosung kauf achat compra acquisto aankoop".split())
_KIND = frozenset("type kind typ art tipo".split())
_SHOP = frozenset(
    "store shop branch location filiale laden geschaft magasin boutique tienda negozio winkel loja sklep butik".split()
)
_PROGRAM = frozenset("program programme programm programa programma".split())
_NAME = frozenset("name title nom nombre nome naam".split())
_DONE_AT = frozenset("processed created date time datetime timestamp datum zeit at".split())
_NOT_WHEN = frozenset("updated expires expiry deliver suspended activated by".split())
_LAST_FOUR = 4


@dataclass(frozen=True)
class Told:
    """Of the person's files. `cards`: how many different ones; `balance`: all together, in the one currency there is;
    None where it cannot be said. Months are those of each zone asked for, since a person knows no zone."""

    cards: int = 0
    last_fours: frozenset[str] = field(default=frozenset(), repr=False)
    last_purchase: frozenset[Month] = field(default=frozenset(), repr=False)
    shops: frozenset[str] = field(default=frozenset(), repr=False)
    last_shop: frozenset[str] = field(default=frozenset(), repr=False)
    activated: frozenset[Month] = field(default=frozenset(), repr=False)
    programs: frozenset[str] = field(default=frozenset(), repr=False)
    balance: Decimal | None = field(default=None, repr=False)


@dataclass
class _Seen:
    numbers: set[str] = field(default_factory=set)
    fours: set[str] = field(default_factory=set)
    activated: set[datetime] = field(default_factory=set)
    programs: set[str] = field(default_factory=set)
    purchases: list[tuple[datetime, str]] = field(default_factory=list)
    shops: set[str] = field(default_factory=set)
    money: list[MoneyAtRisk] = field(default_factory=list)


def told(previews: Iterable[Preview], zones: Sequence[ZoneInfo]) -> Told:
    """Of files that are of one person. The newest file says what is left on the cards."""
    seen = _Seen()
    for preview in previews:
        for table in preview.tables:
            _read(table, seen)
        seen.money.append(money_at_risk(preview))
    newest = max((at for at, _shop in seen.purchases), default=None)
    return Told(
        cards=len(seen.numbers) or len(seen.fours),
        last_fours=frozenset(seen.fours),
        last_purchase=_months([newest] if newest else [], zones),
        shops=frozenset(seen.shops),
        last_shop=frozenset(shop for at, shop in seen.purchases if at == newest and shop),
        activated=_months(seen.activated, zones),
        programs=frozenset(seen.programs),
        balance=_balance(seen.money),
    )


def plain(text: str) -> str:
    """A name without case, accents, marks and spaces."""
    return "".join(words.words(text))


def _read(table: Table, seen: _Seen) -> None:
    parts = [frozenset(words.words(name)) for name in table.columns]
    of_cards, of_purchases = is_of_cards(table.name), _columns_of_purchases(table, parts)
    numbers = [at for at, held in card_columns(table).items() if held is Held.NUMBER]
    fours = [at for at, one in enumerate(parts) if {"last", "four"} <= one or {"last", "4"} <= one]
    activated = [at for at, one in enumerate(parts) if one & _ACTIVATED and one & {"at", "on", "date", "am", "datum"}]
    programs = [at for at, one in enumerate(parts) if one & _PROGRAM and one & _NAME]
    for _index, row in table.iterate():
        for at in numbers:
            _number(row[at], seen)
        for at in fours if of_cards or numbers else ():
            if (four := _four(row[at])) is not None:
                seen.fours.add(four)
        seen.activated.update(moment for at in activated if (moment := moment_of(row[at])) is not None)
        seen.programs.update(name for at in programs if (name := plain(_text(row[at]))))
        if of_purchases is not None:
            _purchase(row, of_purchases, seen)


@dataclass(frozen=True)
class _Purchases:
    kind: int
    when: tuple[int, ...]
    shops: tuple[int, ...]


def _columns_of_purchases(table: Table, parts: Sequence[frozenset[str]]) -> _Purchases | None:
    """None for a table whose rows say of no kind of transaction when it was."""
    kinds = [at for at, one in enumerate(parts) if one & _KIND and (one & words.TRANSACTION or len(one) == 1)]
    when = [at for at, one in enumerate(parts) if one & _DONE_AT and not one & (_NOT_WHEN | words.BIRTH)]
    when = [at for at in when if any(moment_of(row[at]) is not None for row in table.rows(0, 50))]
    if not kinds or not when:
        return None
    shops = [at for at, one in enumerate(parts) if one & _SHOP and (len(one) == 1 or one & _NAME)]
    return _Purchases(kinds[0], tuple(when), tuple(shops))


def _purchase(row: Sequence[Cell], columns: _Purchases, seen: _Seen) -> None:
    kind = frozenset(words.words(_text(row[columns.kind])))
    moments = [moment for at in columns.when if (moment := moment_of(row[at])) is not None]
    if not moments:
        return
    if kind & _ACTIVATED:
        seen.activated.add(min(moments))
    if kind & _BUYS:
        shop = next((name for at in columns.shops if (name := plain(_text(row[at])))), "")
        seen.purchases.append((min(moments), shop))
        seen.shops.update({shop} - {""})


def _number(cell: Cell, seen: _Seen) -> None:
    text = _text(cell)
    characters = "".join(one for one in text if one.isalnum())
    if is_hidden(Held.NUMBER, text) and characters[-_LAST_FOUR:].isdigit():
        seen.numbers.add(characters)
        seen.fours.add(characters[-_LAST_FOUR:])


def _four(cell: Cell) -> str | None:
    text = _text(cell)
    return text if len(text) == _LAST_FOUR and text.isascii() and text.isdigit() else None


def _balance(money: Sequence[MoneyAtRisk]) -> Decimal | None:
    """None where a balance cannot be read, and where there are several currencies."""
    newest = money[-1] if money else MoneyAtRisk()
    if newest.unread or len(newest.by_currency) != 1:
        return None
    return next(iter(newest.by_currency.values()))


def _months(moments: Iterable[datetime], zones: Sequence[ZoneInfo]) -> frozenset[Month]:
    return frozenset(_month(moment.astimezone(zone)) for moment in moments for zone in zones)


def _month(moment: datetime) -> Month:
    return moment.year, moment.month


def _text(cell: Cell) -> str:
    return cell.strip() if isinstance(cell, str) else ""
