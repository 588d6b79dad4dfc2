"""Past exports: every row once whatever the page size, filters, search, Today's numbers, the register."""

from __future__ import annotations

import base64
import csv
import datetime as dt
import io
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.composition import Portal
from portal.exports import HistoryFilter, State, parse_request
from portal.exports.core.states import NEEDS_PERSON
from portal.exports.history.dashboard import SOON
from portal.storage.tables import Export, ExportAsked, utc_now

ROWS = 137
NOON = dt.datetime(2026, 3, 10, 12, 0, tzinfo=dt.UTC)
PROGRAM = "5eed00000000000000000001"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, new_desk: Any) -> Iterator[Any]:
    """A portal with 137 exports of merchant one at three instants, 5 of merchant two; nothing runs."""
    url = request.getfixturevalue("new_postgres")() if request.param == "postgresql" else ""
    with new_desk(workers=False, database_url=url) as opened:
        portal, alive = opened.portal, utc_now() + dt.timedelta(days=1)
        for number in range(ROWS):
            by = opened.user("sam" if number % 2 else "maya")
            asked = parse_request(
                email=f"c{number % 10}@example.com",
                format="csv" if number % 3 else "json",
                reference=f"REQ-{number:03d}" if number % 4 else "",
                program_id=PROGRAM if number % 5 == 0 else None,
                program_name="Gifts",
            )
            portal.submissions.submit(by, asked, force=True)
        for number in range(5):
            opened.ask(f"c{number}@example.com", by=opened.user("maya", "two"), reference="REQ-001")
        with opened.portal.db.write() as session:
            rows = list(session.query(Export).where(Export.merchant_id == opened.user().merchant_id))
            for number, row in enumerate(rows):
                row.requested_at = NOON + dt.timedelta(days=number % 3)
                row.link_expires_at = alive + dt.timedelta(hours=number % 2) if number % 4 else None
                row.state = (State.READY, State.UNKNOWN, State.REJECTED)[number % 3]
        yield opened


def walk(desk: Any, wanted: HistoryFilter, size: int, who: Any = None) -> list[Any]:
    seen: list[Any] = []
    after = None
    for _ in range(ROWS + 2):
        page = desk.portal.history.find(who or desk.user("iris"), wanted, after=after, size=size)
        assert len(page.rows) <= size
        seen.extend(page.rows)
        after = page.after
        if after is None:
            return seen
    raise AssertionError("no end")


@pytest.mark.parametrize("size", [1, 7, 50, ROWS - 1, ROWS, ROWS + 1])
@pytest.mark.parametrize("sort", ["requested", "expires"])
def test_paging_shows_every_row_exactly_once_in_order(filled: Any, size: int, sort: Any) -> None:
    seen = walk(filled, HistoryFilter(sort=sort), size)
    with filled.portal.db.read() as session:
        own = session.query(Export).where(Export.merchant_id == filled.user().merchant_id)
        right = {r.id for r in own if sort == "requested" or r.link_expires_at}
    assert len(seen) == len(right) and {v.id for v in seen} == right
    times = [v.requested_at if sort == "requested" else v.link_expires_at for v in seen]
    assert times == sorted(times, reverse=sort == "requested")


@pytest.mark.parametrize(
    ("wanted", "right"),
    [
        (HistoryFilter(states=frozenset({State.READY})), lambda v: v.state is State.READY),
        (HistoryFilter(states=frozenset({State.READY, State.UNKNOWN})), lambda v: v.state is not State.REJECTED),
        (HistoryFilter(format="json"), lambda v: v.format == "json"),
        (HistoryFilter(program_id=PROGRAM), lambda v: v.program_id == PROGRAM),
        (HistoryFilter(since=dt.date(2026, 3, 11)), lambda v: v.requested_at.day >= 11),
        (HistoryFilter(until=dt.date(2026, 3, 11)), lambda v: v.requested_at.day <= 11),
        (
            HistoryFilter(since=dt.date(2026, 3, 11), until=dt.date(2026, 3, 11), format="csv"),
            lambda v: v.requested_at.day == 11 and v.format == "csv",
        ),
        (HistoryFilter(mine=True), lambda v: v.requested_by == "Sam Counter"),
        (HistoryFilter(text="REQ-01"), lambda v: v.reference.startswith("REQ-01")),
        (HistoryFilter(text="req-01"), lambda v: v.reference.startswith("REQ-01")),
        (HistoryFilter(text="REQ-013 "), lambda v: v.reference == "REQ-013"),
    ],
)
def test_a_filter_shows_those_rows_and_no_other(filled: Any, wanted: HistoryFilter, right: Any) -> None:
    sam = filled.user("sam")
    everything = walk(filled, HistoryFilter(), 200, sam)
    expected = {v.id for v in everything if right(v)}
    assert 0 < len(expected) < ROWS
    assert {v.id for v in walk(filled, wanted, 10, sam)} == expected


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("c3@example.com", True),
        ("C3@Example.COM", True),
        (" c3@example.com ", True),
        ("c3@example", False),
        ("c3", False),
    ],
)
def test_a_customer_is_found_by_the_whole_email_in_any_case(filled: Any, text: str, found: bool) -> None:
    seen = walk(filled, HistoryFilter(text=text), 10)
    with filled.portal.db.read() as session:
        rows = session.query(Export).where(Export.merchant_id == filled.user().merchant_id)
        right = {r.id for r in rows if filled.portal.history.seal.open(r, "subject") == "c3@example.com"}
    assert {v.id for v in seen} == (right if found else set())
    assert len(right) > 10


@pytest.mark.keeps("ASVS-1.2.4")
@pytest.mark.parametrize("text", ["%", "_", "REQ%", "REQ-0_3", "\\", "%00", "R\\EQ", "x" * 5000])
def test_a_search_has_no_wild_cards(filled: Any, text: str) -> None:
    assert walk(filled, HistoryFilter(text=text), 50) == []


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\ud800", "REQ\udfff"])
def test_a_search_for_what_cannot_be_stored_finds_nothing(filled: Any, text: str) -> None:
    assert walk(filled, HistoryFilter(text=text), 50) == []


def test_a_search_leaves_an_entry_without_the_words(filled: Any) -> None:
    filled.portal.history.note_search(filled.user("iris"), "c3@example.com")
    filled.portal.history.note_search(filled.user("iris"), "\ud800 \x00")
    from sqlalchemy import select

    from portal.storage.tables import AuditEntry

    with filled.portal.db.read() as session:
        found = list(session.scalars(select(AuditEntry).where(AuditEntry.action == "history:search")))
    assert found and all(set(entry.facts) == {"subject"} and "@" not in str(entry.facts) for entry in found)


def test_another_merchant_has_its_own_history(filled: Any) -> None:
    theirs = walk(filled, HistoryFilter(text="REQ-001"), 50, filled.user("iris", "two"))
    ours = walk(filled, HistoryFilter(text="REQ-001"), 50)
    assert (len(theirs), len(ours)) == (5, 1)
    assert {v.id for v in theirs}.isdisjoint(v.id for v in ours)


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "ä",
        "\ud800",
        encoded("2026-03-10T12:00:00|abc"),
        encoded("0001-01-01T00:00:00+14:00|abc"),
        encoded("9999-12-31T23:59:59-14:00|abc"),
        encoded("2026-03-10T12:00:00+00:00|a\x00b"),
        encoded("2026-03-10T12:00:00+00:00|\ud800"),
        encoded("2026-03-10T12:00:00+00:00"),
        encoded("|"),
    ],
)
def test_a_cursor_of_somebodys_own_making_breaks_nothing(filled: Any, cursor: str) -> None:
    for sort in ("requested", "expires"):
        page = filled.portal.history.find(filled.user(), HistoryFilter(sort=sort), after=cursor, size=5)  # type: ignore[arg-type]
        assert len(page.rows) <= 5


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(time=st.datetimes(timezones=st.none() | st.timezones()), rest=st.text(max_size=40))
def test_no_cursor_of_any_time_breaks_anything(filled: Any, time: dt.datetime, rest: str) -> None:
    filled.portal.history.find(filled.user(), after=encoded(f"{time.isoformat()}|{rest}"), size=2)


def test_the_last_day_there_is_is_a_fine_end(filled: Any) -> None:
    assert len(walk(filled, HistoryFilter(since=dt.date.min, until=dt.date.max), 200)) == ROWS


def test_today_counts_what_there_is(filled: Any) -> None:
    portal: Portal = filled.portal
    today = portal.dashboard.today(filled.user("iris"), days=100_000)
    everything = walk(filled, HistoryFilter(), 200)
    waiting = [v for v in everything if v.state in NEEDS_PERSON and v.turn != "nobody"]
    assert today.waiting == len(waiting) > len(today.deciding)  # the list is short
    causes = Counter((v.state, v.problem) for v in waiting)
    assert {(cause.state, cause.problem): cause.count for cause in today.causes} == causes
    soon = [
        v for v in everything if v.state is State.READY and v.link_expires_at and v.link_expires_at < utc_now() + SOON
    ]
    assert today.expiring == len(soon)
    assert len(today.deciding) == 20 and {v.state for v in today.deciding} == {State.UNKNOWN}
    assert [v.requested_at for v in today.latest] == [NOON + dt.timedelta(days=2)] * 10
    assert sum(n for _, _, n in today.by_day) == ROWS
    assert {word for _, word, _ in today.by_day} == {"Ready", "Undecided", "Refused"}


def test_programs_used_are_the_merchants_own(filled: Any) -> None:
    assert filled.portal.history.programs_used(filled.user("iris")) == {PROGRAM: "Gifts"}
    assert filled.portal.history.programs_used(filled.user("iris", "two")) == {}


def test_the_register_names_every_export_and_no_customer(filled: Any) -> None:
    portal: Portal = filled.portal
    for reference in ("=HYPERLINK(1)", "+1+1", "@SUM(1)", "-2+3|x", "＝1", " =1", "ok"):
        filled.ask("c1@example.com", reference=reference, card_id=PROGRAM)
    data = b"".join(portal.register.register_csv(filled.user("iris")).chunks)
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    shown = walk(filled, HistoryFilter(), 500)
    assert [r["Export"] for r in rows] == [v.id for v in shown]
    assert b"@example.com" not in data and "•••" not in data.decode() and PROGRAM.encode() not in data
    for row in rows:
        for cell in row.values():
            assert cell == "" or cell.lstrip()[0] not in "=+-@＝"
    assert "'=HYPERLINK(1)" in {r["Reference"] for r in rows}
    assert rows[0]["By"] == "Maya Brook"
    with filled.portal.db.write() as session:  # as before, for the tests that count
        for row in session.query(Export).join(Export.asked).where(ExportAsked.sealed_card_id.is_not(None)):
            session.delete(row)
