"""What one pass over a table tells: which columns say the same in every row, which hold lists as written, and the
figures of the overview."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from portal.package.dictionary.kinds import Topic
from portal.package.dictionary.lookup import name_of
from portal.package.leaves import is_list
from portal.preview import MISSING, NULL, Cell
from portal.preview.activity import amount_of, moment_of

CARDS_SHOWN = 12
AGREED_SHOWN = 4
NAMED_AT_MOST = 20_000
"""Cards whose names are remembered for the entries that belong to them."""


@dataclass
class TableFacts:
    """`first`: the first row's cell of each column; `same`: whether every row has it."""

    rows: int = 0
    first: tuple[Cell, ...] = ()
    same: list[bool] = field(default_factory=list)
    filled: list[bool] = field(default_factory=list)
    nested: list[bool] = field(default_factory=list)

    def look(self, rows: Sequence[Sequence[Cell]]) -> None:
        if not rows:
            return
        if not self.rows:
            self.first = tuple(rows[0])
            self.same = [True] * len(self.first)
            self.filled = [False] * len(self.first)
            self.nested = [False] * len(self.first)
        self.rows += len(rows)
        for at, column in enumerate(zip(*rows, strict=True)):
            if self.same[at] and column.count(self.first[at]) != len(column):
                self.same[at] = False
            if not self.filled[at]:
                self.filled[at] = column.count(NULL) + column.count(MISSING) < len(column)
            if not self.nested[at]:
                self.nested[at] = any(map(is_list, column))


@dataclass(frozen=True)
class CardShown:
    """One card as the overview shows it; fields as the file has them."""

    number: str
    program: str
    balance: str
    status: str
    expires: str


@dataclass
class Figures:
    """The overview's figures, over all tables. Months and points are of moments that can be read."""

    counts: Counter[Topic] = field(default_factory=Counter)
    balance: Decimal | None = None
    points: Decimal | None = None
    tier: str = ""
    name: str = ""
    email: str = ""
    agreed: list[str] = field(default_factory=list)
    """Codes of what was agreed to, the first AGREED_SHOWN."""
    months: dict[Topic, Counter[tuple[int, int]]] = field(default_factory=dict)
    earned: Counter[tuple[int, int]] = field(default_factory=Counter)
    first: dt.date | None = None
    last: dt.date | None = None
    cards: list[CardShown] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """A card's number in the system -> how people know it."""

    def look(self, topic: Topic, columns: Sequence[str], rows: Sequence[Sequence[Cell]], zone: dt.tzinfo) -> None:
        at = {name_of(column): position for position, column in reversed(list(enumerate(columns)))}
        self.counts[topic] += len(rows)
        if not rows:
            return
        match topic:
            case Topic.WHO:
                self.name = self.name or _text(rows[0], at, "name")
                self.email = self.email or _text(rows[0], at, "email")
            case Topic.CONSENTS:
                self._consents(at, rows)
            case Topic.CARDS:
                self._cards(at, rows)
            case Topic.HAPPENED:
                self._moments(topic, at, rows, zone)
            case Topic.POINTS:
                self._points(at, rows, zone)
            case _:
                pass

    def _cards(self, at: dict[str, int], rows: Sequence[Sequence[Cell]]) -> None:
        if "balance" not in at:
            return
        for row in rows:
            shown = CardShown(
                _text(row, at, "lastfourdigits") or _text(row, at, "cardnumber")[-4:], _text(row, at, "programname"),
                _text(row, at, "balance"), _text(row, at, "status"), _text(row, at, "expiresat"),
            )  # fmt: skip
            value = amount_of(shown.balance)
            if value is not None:
                self.balance = (self.balance or Decimal(0)) + value
            if len(self.cards) < CARDS_SHOWN:
                self.cards.append(shown)
            if shown.number and len(self.names) < NAMED_AT_MOST:
                name = f"…{shown.number[-4:]}" + f" · {shown.program}" * bool(shown.program)
                self.names[_text(row, at, "id")] = name

    def _consents(self, at: dict[str, int], rows: Sequence[Sequence[Cell]]) -> None:
        for row in rows[:AGREED_SHOWN]:
            code = _text(row, at, "purpose") or _text(row, at, "consenttype") or _text(row, at, "value")
            if code and ("granted" not in at or _text(row, at, "granted") == "true") and code not in self.agreed:
                self.agreed = [*self.agreed, code][:AGREED_SHOWN]

    def _moments(self, topic: Topic, at: dict[str, int], rows: Sequence[Sequence[Cell]], zone: dt.tzinfo) -> None:
        date = at.get("createdat", at.get("at"))
        if date is None:
            return
        months = self.months.setdefault(topic, Counter())
        for row in rows:
            day = _day(row[date], zone)
            if day is not None:
                months[day.year, day.month] += 1
                self.first = min(self.first or day, day)
                self.last = max(self.last or day, day)

    def _points(self, at: dict[str, int], rows: Sequence[Sequence[Cell]], zone: dt.tzinfo) -> None:
        for row in rows:
            value = amount_of(_text(row, at, "points"))
            if value is not None:
                self.points = (self.points or Decimal(0)) + value
                self.tier = self.tier or _text(row, at, "tier")
            change, day = amount_of(_text(row, at, "pointschange")), _day(row[at["at"]], zone) if "at" in at else None
            if change is not None and day is not None and change > 0:
                self.earned[day.year, day.month] += int(change)


def _text(row: Sequence[Cell], at: dict[str, int], name: str) -> str:
    cell = row[at[name]] if name in at else ""
    return cell if isinstance(cell, str) else ""


def _day(cell: Cell, zone: dt.tzinfo) -> dt.date | None:
    moment = moment_of(cell)
    try:
        return moment.astimezone(zone).date() if moment is not None else None
    except OverflowError:
        return None
