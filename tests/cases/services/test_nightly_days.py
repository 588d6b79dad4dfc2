"""Every night the days on the rows of open cases are compared with what their facts come to (CLK-1, CLK-9)."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from pydantic import SecretStr
from sqlalchemy import delete, select, update

from portal.cases.facts import Channel, ClosingReason, Right
from portal.cases.services import nightly, redating
from portal.cases.services.intake import IdentifierKind, NewCase
from portal.cases.services.ledger import as_folded, cached
from portal.cases.services.nightly import NightlyDays
from portal.storage.case_tables import Case, CaseFact
from portal.storage.tables import AuditEntry, Pace

pytestmark = pytest.mark.keeps("LAW-2")

DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, new_desk: Any) -> Iterator[Any]:
    """Without workers, whose own chores would be quicker than the test."""
    places = {}
    if request.param == "postgresql":
        places = {"database_url": request.getfixturevalue("new_postgres")()}
    with new_desk(workers=False, **places) as opened:
        yield opened


@pytest.fixture(autouse=True)
def due(desk: Any) -> None:
    with desk.portal.db.write() as session:
        session.execute(delete(Pace).where(Pace.key.startswith(nightly.KEY)))


def opened(desk: Any, merchant: str = "one") -> str:
    person = SecretStr(f"person.{secrets.token_hex(6)}@example.com")
    new = NewCase(((IdentifierKind.EMAIL, person),), frozenset({Right.ACCESS}), Channel.EMAIL)
    found: str = desk.portal.case_intake.open(desk.user("sam", merchant), new).case_id
    return found


def shift(desk: Any, case_id: str, days: int, *names: str) -> dt.date:
    """Put other days on the row than the facts come to. Gives the target that was there."""
    with desk.portal.db.write() as session:
        case = session.get_one(Case, case_id)
        was: dt.date = case.target_on
        for name in names or ("target_on", "last_lawful_on", "due_on"):
            setattr(case, name, getattr(case, name) + days * DAY)
        return was


def target(desk: Any, case_id: str) -> dt.date:
    with desk.portal.db.read() as session:
        found: dt.date = session.get_one(Case, case_id).target_on
        return found


def entries(desk: Any, case_id: str) -> list[AuditEntry]:
    with desk.portal.db.read() as session:
        wanted = select(AuditEntry).where(AuditEntry.object_id == case_id, AuditEntry.action == "case:redate")
        return list(session.scalars(wanted))


def test_an_earlier_day_is_written_and_stands_in_the_trail(desk: Any) -> None:
    mine, theirs, as_it_should = opened(desk), opened(desk, "two"), opened(desk)
    right = {case: shift(desk, case, 3) for case in (mine, theirs)}
    NightlyDays(desk.portal.db).keep()
    for case, day in right.items():
        assert target(desk, case) == day
        (entry,) = entries(desk, case)
        assert (entry.actor, entry.origin) == ("system", "worker")
        assert entry.facts["was"]["target_on"] == (day + 3 * DAY).isoformat()
        assert entry.facts["now"]["target_on"] == day.isoformat()
    assert entries(desk, as_it_should) == []
    assert desk.portal.trail.verify_trail(desk.user("iris")).holds


def test_a_later_day_is_left_and_told_to_the_log(desk: Any) -> None:
    case = opened(desk)
    right = shift(desk, case, -2)
    with structlog.testing.capture_logs() as logged:
        NightlyDays(desk.portal.db).keep()
    assert target(desk, case) == right - 2 * DAY and entries(desk, case) == []
    (line,) = [line for line in logged if line["event"] == "cases.later_days_left"]
    assert (line["case"], line["count"], line["log_level"]) == (case, 1, "error")
    with desk.portal.db.write() as session:
        session.execute(
            update(Case).where(Case.id == case).values(cached(as_folded(session, session.get_one(Case, case))))
        )


def test_of_one_case_the_earlier_day_is_written_and_the_later_left(desk: Any) -> None:
    case = opened(desk)
    right = shift(desk, case, 3, "target_on")
    with desk.portal.db.read() as session:
        before = session.get_one(Case, case).last_lawful_on
    shift(desk, case, -2, "last_lawful_on")
    NightlyDays(desk.portal.db).keep()
    with desk.portal.db.read() as session:
        found = session.get_one(Case, case)
        assert (found.target_on, found.last_lawful_on) == (right, before - 2 * DAY)
    assert [set(entry.facts["now"]) for entry in entries(desk, case)] == [{"target_on"}]
    with desk.portal.db.write() as session:
        session.get_one(Case, case).last_lawful_on = before


def test_it_is_done_once_a_night(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    work = NightlyDays(desk.portal.db)
    work.keep()
    case = opened(desk)
    right = shift(desk, case, 1)
    work.keep()
    NightlyDays(desk.portal.db).keep()
    assert target(desk, case) == right + DAY
    tomorrow = nightly.utc_now() + DAY
    monkeypatch.setattr(nightly, "utc_now", lambda: tomorrow)
    work.keep()
    assert target(desk, case) == right


def test_one_process_at_a_time_works_on_a_merchant(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redating, "BATCH", 1)
    monkeypatch.setattr(nightly, "AT_ONCE_SECONDS", -1.0)
    cases = [opened(desk) for _ in range(3)]
    right = {case: shift(desk, case, 3) for case in cases}
    first, second = NightlyDays(desk.portal.db), NightlyDays(desk.portal.db)
    while not any(target(desk, case) == day for case, day in right.items()):
        first.keep()
    done = {case for case, day in right.items() if target(desk, case) == day}
    assert len(done) == 1
    monkeypatch.setattr(nightly, "AT_ONCE_SECONDS", 60.0)
    second.keep()  # the other merchant at most
    assert {case for case, day in right.items() if target(desk, case) == day} == done
    first.keep()
    assert all(target(desk, case) == day for case, day in right.items())


def test_what_a_dead_process_began_is_begun_again_after_its_claim(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    case = opened(desk)
    right = shift(desk, case, 1)
    monkeypatch.setattr(NightlyDays, "_write", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        NightlyDays(desk.portal.db).keep()
    monkeypatch.undo()
    NightlyDays(desk.portal.db).keep()
    assert target(desk, case) == right + DAY
    later = nightly.utc_now() + nightly.CLAIM
    monkeypatch.setattr(nightly, "utc_now", lambda: later)
    NightlyDays(desk.portal.db).keep()
    assert target(desk, case) == right


def test_an_ended_case_keeps_its_days_and_a_damaged_one_stops_nobody(desk: Any) -> None:
    ended, damaged, case = opened(desk), opened(desk), opened(desk)
    desk.portal.case_file.close(desk.user("sam"), ended, ClosingReason.ELSEWHERE)
    right = {one: shift(desk, one, 3) for one in (ended, damaged, case)}
    with desk.portal.db.write() as session:
        session.execute(delete(CaseFact).where(CaseFact.case_id == damaged))
    NightlyDays(desk.portal.db).keep()
    assert target(desk, case) == right[case]
    assert target(desk, ended) == right[ended] + 3 * DAY and target(desk, damaged) == right[damaged] + 3 * DAY


def test_workers_do_it_among_their_chores(desk: Any) -> None:
    case = opened(desk)
    right = shift(desk, case, 1)
    desk.portal._housekeeping()
    assert target(desk, case) == right
