"""Transactions over time: only where a date and an amount are plain, and never a wrong one."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from portal.preview import activity, read
from portal.preview.activity import amount_of, moment_of


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12.50", "12.50"),
        ("-3", "-3"),
        ("12,50", "12.50"),
        ("1.234,50 €", "1234.50"),
        ("$1,234.50", "1234.50"),
        ("1,234,567", "1234567"),
        ("EUR 7.00", "7.00"),
        ("1 234,50", "1234.50"),
        ("twelve", None),
        ("1e5", None),
        ("", None),
        ("9" * 5000, None),
    ],
)
def test_amounts_keep_their_digits(text: str, amount: str | None) -> None:
    assert amount_of(text) == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02T03:04:05.000Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05+02:00", datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)),
        ("2026-01-02 03:04", datetime(2026, 1, 2, 3, 4, tzinfo=UTC)),
        ("2.1.2026", datetime(2026, 1, 2, tzinfo=UTC)),
        ("02/01/2026", None),  # two countries, two days
        ("2026-13-45", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
    ],
)
def test_moments_are_read_only_when_they_are_plain(text: str, moment: datetime | None) -> None:
    assert moment_of(text) == moment


def test_points_come_oldest_first_and_unreadable_rows_are_left_out() -> None:
    text = "createdAt,amount\n2026-02-01,2.00\n2026-01-01,1.00\n?,3.00\n"
    points = activity(read(text.encode(), "csv"))
    assert points is not None
    assert [amount for _, amount in points] == [Decimal("1.00"), Decimal("2.00")]


@pytest.mark.parametrize("data", [b"[]", b'[{"name":"x"}]', b'[{"createdAt":"2026-01-01"}]', b'[{"amount":"1.00"}]'])
def test_without_a_date_and_an_amount_there_is_no_picture(data: bytes) -> None:
    assert activity(read(data, "json")) is None


@pytest.mark.parametrize("format", ["json", "csv"])
def test_practice_exports_give_their_transactions(served: Callable[..., Any], format: str) -> None:
    data, _, _ = served("ordinary", format)
    preview = read(data, format)  # type: ignore[arg-type]
    points = activity(preview)
    history = next(table for table in preview.tables if "transactionType" in table.columns)
    assert points is not None
    assert len(points) == history.row_count > 0
    assert points == sorted(points)
