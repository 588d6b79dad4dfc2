"""Cases in figures: by the month they came in, as their clocks say, and never of another merchant."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
import secrets
import statistics
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr
from sqlalchemy import event, insert, update

from portal.cases.clock.receipt import zone_of
from portal.cases.facts import Channel, ClosingReason, FactKind, Right
from portal.cases.services.figures import CaseCounts
from portal.cases.services.intake import IdentifierKind, NewCase
from portal.cases.services.ledger import add_fact, own_case
from portal.storage.case_tables import Case

UTC = dt.UTC
MARCH, APRIL, MAY = (dt.date(2031, month, 1) for month in (3, 4, 5))
ANSWERED, EXTENDED, REFUSED = FactKind.ANSWERED, FactKind.EXTENDED, FactKind.REFUSED


def in_zone(desk: Any, merchant: str = "one", zone: str = "UTC", who: str = "maya") -> Any:
    return dataclasses.replace(desk.user(who, merchant), time_zone=zone)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Stop the services' clock at a moment, in UTC."""

    def stop(*moment: int) -> None:
        now = dt.datetime(*moment, tzinfo=UTC)  # type: ignore[misc, arg-type]
        for room in ("intake", "ledger", "due"):
            monkeypatch.setattr(f"portal.cases.services.{room}.utc_now", lambda: now)

    return stop


@pytest.fixture(autouse=True)
def cases_of_before_are_no_part_of_it(desk: Any) -> None:
    """The desk is shared by the module's tests: what another one opened lies in years that are not looked at."""
    with desk.portal.db.write() as session:
        long_ago = {"received_on": dt.date(1990, 1, 1), "closed_at": dt.datetime(1990, 1, 2, tzinfo=UTC)}
        session.execute(update(Case).values(long_ago))


def opened(desk: Any, at: Callable[..., None], day: dt.date, **given: Any) -> str:
    at(day.year, day.month, day.day, 10)
    person = (IdentifierKind.EMAIL, SecretStr(f"person.{secrets.token_hex(6)}@example.com"))
    new = NewCase((person,), frozenset({Right.ACCESS}), Channel.EMAIL, received_on=day)
    user = in_zone(desk, given.get("merchant", "one"), given.get("zone", "UTC"))
    found: str = desk.portal.case_intake.open(user, new).case_id
    return found


def record(desk: Any, case_id: str, kind: FactKind, *moment: int, **codes: str) -> None:
    when = dt.datetime(*moment, tzinfo=UTC)  # type: ignore[misc, arg-type]
    with desk.portal.db.write() as session:
        case = own_case(session, in_zone(desk), case_id, hold=True)
        add_fact(session, in_zone(desk), case, kind, at=when, codes=codes)


@pytest.mark.keeps("LAW-21")
def test_a_month_counts_what_came_in_and_what_came_of_it(desk: Any, at: Callable[..., None]) -> None:
    on = dt.date(2031, 3, 5)  # its month ends on Saturday 5 April, the last lawful day is Monday the 7th
    quick, last_minute, late, no, more, forgotten = (opened(desk, at, on) for _ in range(6))
    withdrawn, young = opened(desk, at, on), opened(desk, at, dt.date(2031, 5, 2))
    opened(desk, at, on, merchant="two")
    record(desk, quick, ANSWERED, 2031, 3, 6)
    record(desk, last_minute, ANSWERED, 2031, 4, 7, 23, 59, 59)
    record(desk, late, ANSWERED, 2031, 4, 8, 0, 0, 0)
    record(desk, no, REFUSED, 2031, 3, 9, reason="excessive")
    record(desk, more, EXTENDED, 2031, 3, 9, reason="complexity", until="2031-06-05")
    record(desk, withdrawn, FactKind.WITHDRAWN, 2031, 3, 9)
    record(desk, quick, FactKind.CLOSED, 2031, 4, 9, reason=ClosingReason.DONE.value)
    at(2031, 5, 3)
    may, april, march, february = desk.portal.case_figures.by_month(in_zone(desk), months=4)
    assert (may.month, may.received, may.overdue) == (MAY, 1, 0) and young
    assert (april.month, april.received, april.in_time, april.median_hours) == (APRIL, 0, None, None)
    assert (march.month, march.received, march.answered, march.extended, march.refused, march.overdue) == (
        MARCH, 7, 3, 1, 1, 1,
    )  # fmt: skip
    assert march.in_time == pytest.approx(2 / 3)
    assert march.median_hours == pytest.approx((33 * 24) + 24 - 1 / 3600, abs=0.01)
    assert february.received == 0 and forgotten


@pytest.mark.parametrize(("hour", "share"), [(21, 1.0), (22, 0.0)])
def test_the_last_day_ends_at_midnight_where_the_controller_is(
    desk: Any, at: Callable[..., None], hour: int, share: float
) -> None:
    case_id = opened(desk, at, dt.date(2031, 3, 5), zone="Europe/Berlin")
    record(desk, case_id, ANSWERED, 2031, 4, 7, hour, 59)
    at(2031, 4, 20)
    (april, march) = desk.portal.case_figures.by_month(in_zone(desk), months=2)
    assert (march.answered, march.in_time, april.received) == (1, share, 0)
    assert march.median_hours == pytest.approx(33 * 24 + hour + 59 / 60 + 1)


@pytest.mark.parametrize(("day", "share"), [(8, 1.0), (9, 1.0), (10, 0.0)])
def test_more_time_that_ends_on_a_sunday_is_kept_on_monday(
    desk: Any, at: Callable[..., None], day: int, share: float
) -> None:
    """Three months from 8 March are Sunday 8 June, the day that the row keeps."""
    case_id = opened(desk, at, dt.date(2031, 3, 8))
    record(desk, case_id, EXTENDED, 2031, 3, 9, reason="complexity")
    record(desk, case_id, ANSWERED, 2031, 6, day, 12)
    at(2031, 6, 20)
    march = desk.portal.case_figures.by_month(in_zone(desk), months=4)[-1]
    assert (march.month, march.answered, march.in_time) == (MARCH, 1, share)


ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland", "America/Havana", "")


def start_of(zone: str, day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=zone_of(zone) or ZoneInfo("UTC")).astimezone(UTC)


def test_figures_agree_with_a_count_one_by_one_in_every_time_zone(desk: Any, at: Callable[..., None]) -> None:
    """Many come in and are answered near midnight on the days when clocks change."""
    merchant, chance = in_zone(desk).merchant_id, random.Random(11)
    rows = []
    for number in range(600):
        zone = ZONES[number % len(ZONES)]
        came = dt.date(2031, chance.choice((3, 10, 11)), chance.randrange(1, 31))
        last = came + dt.timedelta(days=chance.randrange(3, 40))
        midnight = start_of(zone, last + dt.timedelta(days=1))
        closed = midnight + dt.timedelta(seconds=chance.choice((-90_000, -5_400, -3_600, -1, 0, 1, 3_600, 90_000)))
        ends = chance.choice(("answered", "answered", "answered", "excessive", "withdrawn"))
        rows.append({
            "id": secrets.token_hex(16), "merchant_id": merchant, "year": 1999, "number": number + 1, "profile": "EU",
            "zone": zone, "channel": "email", "received_on": came, "subject_index": "", "state": "answered",
            "target_on": last, "last_lawful_on": last, "due_on": last, "closed_at": closed, "closed_as": ends,
            "reference_key": "",
        })  # fmt: skip
    with desk.portal.db.write() as session:
        session.execute(insert(Case), rows)
    at(2032, 2, 1)
    found = {one.month.month: one for one in desk.portal.case_figures.by_month(in_zone(desk), months=12)}
    for month in (3, 10, 11):
        own = [row for row in rows if row["received_on"].month == month]
        answered = [row for row in own if row["closed_as"] == "answered"]
        kept = [r for r in answered if r["closed_at"] < start_of(r["zone"], r["last_lawful_on"] + dt.timedelta(days=1))]
        took = [(r["closed_at"] - start_of(r["zone"], r["received_on"])).total_seconds() / 3600 for r in answered]
        one = found[month]
        assert (one.received, one.answered, one.refused) == (
            len(own), len(answered), len([row for row in own if row["closed_as"] == "excessive"]),
        )  # fmt: skip
        assert one.in_time == pytest.approx(len(kept) / len(answered))
        assert one.median_hours == pytest.approx(statistics.median(took), abs=0.001)
        assert 0 < len(kept) < len(answered)


def test_figures_ask_the_database_as_often_however_many_came(desk: Any, at: Callable[..., None]) -> None:
    def statements() -> int:
        asked: list[str] = []

        def note(*given: Any) -> None:
            asked.append(given[2])

        event.listen(desk.portal.db.engine, "before_cursor_execute", note)
        try:
            desk.portal.case_figures.by_month(in_zone(desk), months=4)
        finally:
            event.remove(desk.portal.db.engine, "before_cursor_execute", note)
        return len(asked)

    def answered_late(count: int) -> None:
        for _ in range(count):
            case_id = opened(desk, at, dt.date(2031, 3, 8))
            record(desk, case_id, EXTENDED, 2031, 3, 9, reason="complexity")
            record(desk, case_id, ANSWERED, 2031, 6, 9, 12)
        at(2031, 6, 20)

    answered_late(1)
    before = statements()
    answered_late(3)
    assert statements() == before
    assert desk.portal.case_figures.by_month(in_zone(desk), months=4)[-1].in_time == 1.0


def test_open_due_and_overdue_are_counted_for_the_menu(desk: Any, at: Callable[..., None]) -> None:
    for day in (dt.date(2031, 3, 5), dt.date(2031, 4, 1), dt.date(2031, 4, 9), dt.date(2031, 4, 20)):
        opened(desk, at, day)  # due on 5 April, 1 May, 9 May, 20 May
    at(2031, 5, 1, 23, 59)
    assert desk.portal.case_figures.counts(in_zone(desk)) == CaseCounts(open=4, due=1, overdue=1)
    at(2031, 5, 2)
    assert desk.portal.case_figures.counts(in_zone(desk)) == CaseCounts(open=4, due=1, overdue=2)
    assert desk.portal.case_figures.counts(in_zone(desk, "two")) == CaseCounts(open=0, due=0, overdue=0)


def test_what_is_due_is_paged_by_key(desk: Any, at: Callable[..., None]) -> None:
    days = [dt.date(2031, 4, day) for day in (3, 3, 3, 9, 20)]
    for day in days:
        opened(desk, at, day)
    at(2031, 5, 5)
    due, after, names = desk.portal.case_due, None, []
    while True:
        page = due.within(in_zone(desk), 7, after=after, size=2)
        names += [(one.due_on.day, one.days_left, one.overdue) for one in page.rows]
        after = page.after
        if after is None:
            break
    assert names == [(3, -2, True), (3, -2, True), (3, -2, True), (9, 4, False)]
    assert due.within(in_zone(desk, "two"), 3650).rows == ()
