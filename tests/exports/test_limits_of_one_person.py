"""What makes LoyaltyDog be asked at once has a limit for each person and each merchant, under the shared one."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine
from sqlalchemy import delete

from portal.errors import TryLater
from portal.exports.core.person_limits import ALLOWANCES, DirectAct, charge_person
from portal.exports.core.rate_limit import EDGE_REQUESTS, MERCHANT_SHARE, reserve_slot
from portal.identity import User
from portal.people.finding import Clue, ClueKind
from portal.storage.tables import Pace, utc_now

pytestmark = pytest.mark.keeps("SEC-45")

NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _no_counts(desk: Any) -> Iterator[None]:
    with desk.portal.db.write() as session:
        session.execute(delete(Pace))
    yield
    with desk.portal.db.write() as session:
        session.execute(delete(Pace))


def let_through(desk: Any, user: User, act: DirectAct, tries: int) -> int:
    done = 0
    for _ in range(tries):
        with desk.portal.db.write() as session:
            try:
                charge_person(session, user, act)
            except TryLater as wait:
                assert wait.wait_seconds > 0
                break
            done += 1
    return done


ACTS = {
    DirectAct.CONNECTION_TEST: ("maya", lambda portal, user: portal.connection.test_connection(user)),
    DirectAct.CARD_SEARCH: (
        "sam",
        lambda portal, user: portal.person_finder.look_up(user, Clue(ClueKind.LAST_FOUR, "0000")),
    ),
    DirectAct.PROGRAM_LIST: ("sam", lambda portal, user: portal.lookups.programs(user)),
}


@pytest.mark.parametrize("act", ACTS)
def test_one_person_repeating_an_act_is_slowed_down_in_words(desk: Any, act: DirectAct) -> None:
    who, run = ACTS[act]
    user = desk.user(who, "two")
    with time_machine.travel(utc_now(), tick=False):
        for _ in range(ALLOWANCES[act].person // 2):
            run(desk.portal, user)
        with pytest.raises(TryLater) as caught:
            for _ in range(2):
                run(desk.portal, user)
    assert 0 < caught.value.wait_seconds <= 60


@pytest.mark.parametrize("act", DirectAct)
def test_an_act_is_let_through_at_most_as_often_as_allowed_in_a_minute(desk: Any, act: DirectAct) -> None:
    user, times = desk.user("sam"), []
    with time_machine.travel(NOON, tick=False) as clock:
        while len(times) < 3 * ALLOWANCES[act].person:
            with desk.portal.db.write() as session:
                try:
                    charge_person(session, user, act)
                    times.append((utc_now() - NOON).total_seconds())
                except TryLater as wait:
                    clock.shift(wait.wait_seconds + 0.000_001)
    for start in times:
        assert sum(start <= moment < start + 59.999 for moment in times) <= ALLOWANCES[act].person + 1


def test_one_merchants_people_together_leave_anothers_alone(desk: Any) -> None:
    act = DirectAct.CONNECTION_TEST
    maya = desk.user("maya")
    with time_machine.travel(NOON, tick=False):
        crowd = [dataclasses.replace(maya, account_id=f"{number:032x}") for number in range(9)]
        done = sum(let_through(desk, person, act, ALLOWANCES[act].person) for person in crowd)
        assert done <= ALLOWANCES[act].merchant // 2 + 1
        assert let_through(desk, desk.user("maya", "two"), act, 1) == 1


def test_parallel_clicks_are_counted_one_by_one(desk: Any) -> None:
    user, act = desk.user("sam"), DirectAct.PROGRAM_LIST
    with time_machine.travel(NOON, tick=False), ThreadPoolExecutor(8) as pool:
        done = sum(pool.map(lambda _: let_through(desk, user, act, 1), range(30)))
    assert done in (ALLOWANCES[act].person // 2, ALLOWANCES[act].person // 2 + 1)


def test_a_refused_act_uses_up_nothing_of_the_shared_limit(desk: Any) -> None:
    user = desk.user("maya", "two")
    with time_machine.travel(utc_now(), tick=False):
        with pytest.raises(TryLater):
            for _ in range(ALLOWANCES[DirectAct.CONNECTION_TEST].person):
                desk.portal.connection.test_connection(user)
        with desk.portal.db.read() as session:
            before = session.get_one(Pace, "edge").due_at
        with pytest.raises(TryLater):
            desk.portal.connection.test_connection(user)
        with desk.portal.db.read() as session:
            assert session.get_one(Pace, "edge").due_at == before


def test_one_merchants_bulk_leaves_half_of_the_edge_to_others(desk: Any) -> None:
    one, two = desk.user("maya").merchant_id, desk.user("maya", "two").merchant_id
    taken, waits = 0, []
    with time_machine.travel(NOON, tick=False) as clock, desk.portal.db.write() as session:
        for step in range(1000):  # ten seconds in which one merchant takes all it is given
            while not reserve_slot(session, one, at_most=0.0):
                taken += 1
            if step % 10 == 0:
                waits.append(reserve_slot(session, two, at_most=0.0))
            clock.shift(0.01)
    assert 0.7 * EDGE_REQUESTS * MERCHANT_SHARE < taken <= EDGE_REQUESTS * MERCHANT_SHARE
    assert waits == [0.0] * 100
