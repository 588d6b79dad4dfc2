"""Whatever a file holds, looking at it ends, and ends without an error."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.preview import AskedPerson, activity, find_others, inspect, mask, read, rows_as_json_lines, summary
from portal.preview.facts import LOOKS
from portal.preview.model import Preview

pytestmark = pytest.mark.keeps("SEC-22")

ASKED = AskedPerson(email="anna@example.com")
NAUGHTY = [
    "", " ", "\t", "NULL", "None", "NaN", "Infinity", "-1", "1/0", "0x0", "1e999", "٣", "⁰⁴⁵", "١٢٣",

       "\uff21\uff22\uff23",
    "Ω≈ç√",    "🏳️‍🌈", "\u202etest\u202c", "\u200b", "\ufeff", "<script>alert(1)</script>", "![x](https://example.com/x.png)",
    "' OR 1=1 --", "${jndi:x}", "../../etc/passwd", "=cmd|' /C calc'!A0", "%s%n", "\x00", "a@b", "@", "+", "+" * 300,
    "anna@example.com", "a" * 5000 + "@example.com", "1" * 5000, "+1 " * 200, "to A B " * 100, "(((((", "9" * 19,
]  # fmt: skip
KEYS = st.sampled_from(
    [
        "customer", "customerEmail", "customerId", "email", "id", "senderName", "to", "from", "message", "cashierId",
        "amount", "createdAt", "phone", "cardNumber", "transfers", "recipients", "file", "Kundennummer", "user", "",
    ]
)  # fmt: skip
TREES = st.recursive(
    st.sampled_from(NAUGHTY) | st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=30,
)


def look_everywhere(preview: Preview) -> None:
    seen = inspect(preview, ASKED)
    others = find_others(preview, ASKED)
    assert seen.rows == preview.row_count
    assert all(0 < other.confidence <= 1 for other in others)
    json.dumps(summary(preview, others)).encode()
    assert sum(1 for _ in rows_as_json_lines(preview)) == preview.row_count
    activity(preview)
    preview.search("a")
    for table in preview.tables:
        assert len(table.column_facts()) == len(table.columns)
        assert list(table.frame().columns)  # every table has a column to show


@settings(max_examples=120, deadline=None)
@given(TREES)
def test_every_look_at_a_json_file_ends_well(tree: Any) -> None:
    look_everywhere(read(json.dumps(tree).encode(), "json"))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(st.sampled_from(NAUGHTY) | KEYS, min_size=1, max_size=4), max_size=6))
def test_every_look_at_a_csv_file_ends_well(grid: list[list[str]]) -> None:
    text = "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in grid)
    preview = read(text.encode("utf-8", "surrogatepass"), "csv")
    if all(table.columns for table in preview.tables):
        look_everywhere(preview)


@given(st.text(max_size=40), st.sampled_from(LOOKS))
def test_a_mask_never_fails_and_never_shows_a_whole_email_card_or_phone(text: str, kind: str) -> None:
    masked = mask(text, kind)
    if kind in ("email", "phone", "card number") and len(text.strip()) > 12:
        assert text.strip() not in masked


SLOW_FOR_CARELESS_PATTERNS = [
    "a" * 200_000,
    "a@" * 100_000,
    "1" * 200_000,
    "1 " * 100_000,
    "+" * 200_000,
    "+1" * 100_000,
    "to Aa " * 30_000,
    "a." * 100_000 + "@",
    " " * 200_000 + "x",
    "(" * 200_000,
    '"' * 200_001,
]


@pytest.mark.keeps("ASVS-1.2.9")
@pytest.mark.parametrize("number", range(len(SLOW_FOR_CARELESS_PATTERNS)))
def test_no_pattern_runs_away_on_long_texts(number: int) -> None:
    """A runaway pattern would not come back for minutes."""
    text = SLOW_FOR_CARELESS_PATTERNS[number]
    look_everywhere(read(json.dumps([{"description": text, "senderName": text, text: 1}] * 2).encode(), "json"))
    look_everywhere(read(f"a,b\n{text},2\n".encode(), "csv"))
    assert read(f"{text},b\n1,2\n".encode(), "csv").tables
