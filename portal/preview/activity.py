"""Transactions over time, for a picture: the moments and amounts of the table that has both.

Times without an offset are taken as UTC; amounts keep their digits (Decimal). A text that is not clearly one or the
other is left out: the chart is an aid; only the tables are complete.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from portal.preview import words
from portal.preview.cells import Cell
from portal.preview.model import Preview, Table

MAX_POINTS = 50_000
_MAX_CHARS = 40
_SAMPLE_ROWS = 200
_EXACT_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:,? (\d\d):(\d\d)(?::(\d\d))?)?")
_AMOUNT = re.compile(r"[+-]?\d+(?:[.,]\d+)?|[+-]?\d{1,3}(?:([., ' \u00a0])\d{3})+(?:[.,]\d{1,2})?")
_LATE = frozenset(["expires", "expiry", "expired", "updated", "deliver", "modified", "valid"])


def activity(preview: Preview) -> list[tuple[datetime, Decimal]] | None:
    """(moment in UTC, amount) of every readable row, oldest first; None when no table has a date and an amount."""
    best: tuple[int, Table, int, int] | None = None
    for table in preview.tables:
        found = _columns(table)
        if found is None:
            continue
        score = (2 if words.has(words.meaning(table.name), words.TRANSACTION) else 0) + min(table.row_count, 9) / 10
        if best is None or score > best[0]:
            best = (score, table, *found)  # type: ignore[assignment]
    if best is None:
        return None
    _, table, date, amount = best
    points = []
    for _, row in table.iterate():
        moment, value = moment_of(row[date]), amount_of(row[amount])
        if moment is not None and value is not None:
            points.append((moment, value))
            if len(points) >= MAX_POINTS:
                break
    return sorted(points) if points else None


def _columns(table: Table) -> tuple[int, int] | None:
    rows = table.rows(0, _SAMPLE_ROWS)
    date = _best(table, rows, words.DATE, moment_of, avoid=_LATE)
    amount = _best(table, rows, words.AMOUNT, amount_of, avoid=frozenset({"balance", "before", "after", "initial"}))
    return None if date is None or amount is None else (date, amount)


def _best(
    table: Table, rows: Sequence[Sequence[Cell]], wanted: frozenset[str], reads: object, avoid: frozenset[str]
) -> int | None:
    candidates = []
    for position, column in enumerate(table.columns):
        parts = words.meaning(column)
        if column in table.link_columns or not words.has(parts, wanted):
            continue
        texts = [row[position] for row in rows if isinstance(row[position], str) and row[position]]
        readable = sum(reads(text) is not None for text in texts)  # type: ignore[operator]
        if texts and readable * 2 >= len(texts):
            candidates.append((bool(parts & avoid), -readable, position))
    return min(candidates)[2] if candidates else None


def moment_of(cell: Cell) -> datetime | None:
    """ISO 8601, or day.month.year with dots; other orders are ambiguous and give None."""
    if not isinstance(cell, str) or not 8 <= len(cell) <= _MAX_CHARS:
        return None
    text = cell.strip()
    try:
        if _EXACT_DATE.match(text):
            moment = datetime.fromisoformat(text.replace(" UTC", "Z"))
        elif found := _DAY_FIRST.fullmatch(text):
            day, month, year, hour, minute, second = (int(part or 0) for part in found.groups())
            moment = datetime(year, month, day, hour, minute, second)
        else:
            return None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def amount_of(cell: Cell) -> Decimal | None:
    """A number with at most MAX_CHARS characters; currency signs and codes around it are dropped."""
    if not isinstance(cell, str) or len(cell) > _MAX_CHARS:
        return None
    text = re.sub(r"[$€£¥]|\b[A-Z]{3}\b|\bkr\b|\bzł", "", cell).strip()
    found = _AMOUNT.fullmatch(text)
    if found is None:
        return None
    decimal_mark = max(text.rfind("."), text.rfind(","))
    if decimal_mark >= 0 and len(text) - decimal_mark - 1 == 3 and found[1]:
        decimal_mark = -1  # 1.234.567 and 1,234: groups of three are thousands
    if decimal_mark >= 0:
        whole, fraction = text[:decimal_mark], text[decimal_mark + 1 :]
        text = f"{re.sub(r'[^0-9+-]', '', whole)}.{fraction}"
    else:
        text = re.sub(r"[^0-9+-]", "", text)
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
