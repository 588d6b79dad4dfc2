"""LoyaltyDog's limits and the merchant's own, counted in the database: shared by all sessions and replicas."""

import datetime as dt
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import time_machine

from portal.exports import State
from portal.exports.core.rate_limit import EDGE_REQUESTS, reserve_slot, wait_for_slot
from portal.exports.workflow.results import Done, Wait
from portal.storage.engine import Database
from portal.storage.tables import Export, FileKey, Merchant, Pace, utc_now
from tests.hostile.house import House, later, open_house
from tests.hostile.plays import GOOD, answer
from tests.hostile.whole_plays import MINE, file_of

pytestmark = pytest.mark.keeps("SEC-45")

NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(
    request: pytest.FixtureRequest, trusting: ssl.SSLContext, localhost_tls: ssl.SSLContext, hostile_vendor: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:  # fmt: skip
    url = request.getfixturevalue("new_postgres")() if request.param == "postgresql" else ""
    stage = hostile_vendor(localhost_tls)
    folder: Path = tmp_path_factory.mktemp("limits")
    with open_house(folder, stage, trusting, database_url=url) as opened:
        yield opened
    stage.close()


@pytest.fixture
def stage(house: House) -> Any:
    house.stage.requests.clear()
    house.stage.play = lambda line: line.sendall(answer(GOOD))
    house.stage.file_play = lambda line: line.sendall(file_of(MINE))
    return house.stage


@pytest.fixture
def db(house: House) -> Iterator[Database]:
    """Its database, with nothing asked yet."""
    with house.portal.db.write() as session:
        session.query(Pace).delete()
    yield house.portal.db
    with house.portal.db.write() as session:
        session.query(Pace).delete()
        for merchant in session.query(Merchant):
            merchant.requests_per_minute = None


def set_limit(house: House, requests: int | None) -> None:
    with house.portal.db.write() as session:
        session.get_one(Merchant, house.user.merchant_id).requests_per_minute = requests


def most_within(times: list[float], seconds: float) -> int:
    return max(sum(start <= other < start + seconds - 0.001 for other in times) for start in times)


def send_as_fast_as_allowed(db: Database, merchants: list[str], count: int, at_most: float = 0.0) -> list[float]:
    """When `count` requests, each wanted at once, would leave; the clock stands still but for the waits."""
    sent: list[float] = []
    with time_machine.travel(NOON, tick=False) as clock, db.write() as session:
        while len(sent) < count:
            wait = reserve_slot(session, merchants[len(sent) % len(merchants)], at_most=at_most)
            if wait <= at_most:
                sent.append((utc_now() - NOON).total_seconds() + wait)
            else:
                clock.shift(wait + 0.000_001)
    return sent


@pytest.mark.parametrize("at_most", [0.0, 2.0])
def test_all_merchants_together_stay_below_the_edges_limit(house: House, db: Database, at_most: float) -> None:
    sent = send_as_fast_as_allowed(db, [house.user.merchant_id, "another"], 350, at_most)
    assert 0.85 * EDGE_REQUESTS <= most_within(sent, 10) <= 0.95 * EDGE_REQUESTS
    assert len({round(moment, 4) for moment in sent}) > 300, "spread, not in bursts"


@pytest.mark.parametrize("limit", [1, 3, 10, 40])
def test_merchants_own_limit_holds_in_any_minute(house: House, db: Database, limit: int) -> None:
    set_limit(house, limit)
    sent = send_as_fast_as_allowed(db, [house.user.merchant_id], 2 * limit + 2)
    assert most_within(sent, 60) == limit


def test_one_merchants_limit_is_not_anothers(house: House, db: Database) -> None:
    set_limit(house, 1)
    with db.write() as session:
        assert wait_for_slot(session, house.user.merchant_id) == 0
        assert wait_for_slot(session, house.user.merchant_id) > 50
        assert wait_for_slot(session, "another") == 0


def test_first_requests_of_many_at_once_are_counted_one_by_one(house: House, db: Database) -> None:
    def take(_: int) -> float:
        with db.write() as session:
            return wait_for_slot(session, house.user.merchant_id)

    with time_machine.travel(NOON, tick=False), ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(take, range(48)))
    assert waits.count(0.0) - EDGE_REQUESTS // 10 in (0, 1), "a microsecond decides about the last"


def test_clock_set_back_does_not_stop_everything_for_as_long(house: House, db: Database) -> None:
    with time_machine.travel(NOON + dt.timedelta(days=365), tick=False), db.write() as session:
        assert wait_for_slot(session, house.user.merchant_id) == 0
    with time_machine.travel(NOON, tick=False), db.write() as session:
        assert wait_for_slot(session, house.user.merchant_id) == 0


@pytest.mark.parametrize("rows", [("Retry-After: 7",), (f"Retry-After: {later(hours=1):%a, %d %b %Y %H:%M:%S GMT}",)])
def test_retry_after_is_kept_on_the_row_and_waited_for(house: House, stage: Any, rows: tuple[str, ...]) -> None:
    stage.play = lambda line: line.sendall(answer({}, 429, *rows))
    steps, export_id = house.steps(), house.ask()
    result = steps.send(export_id)
    assert isinstance(result, Wait)
    wait = result.seconds
    assert wait == (7 if "7" in rows[0][-2:] else 120), "two minutes at most, then a person knows"
    retry_at = house.view(export_id).retry_at
    stage.play = lambda line: line.sendall(answer(GOOD))
    for early in (0.0, wait - 1.0):
        with time_machine.travel(retry_at - dt.timedelta(seconds=wait - early)):
            result = steps.send(export_id)
            assert isinstance(result, Wait) and 0 < result.seconds <= wait
    assert stage.posts == 1
    with time_machine.travel(retry_at + dt.timedelta(seconds=0.1)):
        assert steps.send(export_id) == Done(State.ACCEPTED)
    assert (stage.posts, house.view(export_id).retry_at) == (2, None)


def test_merchant_without_a_slot_left_waits_durably_and_sends_nothing(house: House, db: Database, stage: Any) -> None:
    set_limit(house, 1)
    steps, export_id = house.steps(), house.ask()
    with db.write() as session:
        assert wait_for_slot(session, house.user.merchant_id) == 0
    result = steps.send(export_id)
    assert isinstance(result, Wait) and result.seconds > 50
    assert (stage.posts, house.view(export_id).state) == (0, State.REQUESTED)


# Files at once ---------------------------------------------------------------------------------


@pytest.fixture
def accepted(house: House, stage: Any) -> Callable[[], str]:
    """Ids of exports whose file is to be fetched next."""

    def accept() -> str:
        export_id = house.ask()
        assert house.steps().send(export_id) == Done(State.ACCEPTED)
        return export_id

    return accept


def test_no_more_files_at_once_than_a_merchant_may(
    house: House, stage: Any, accepted: Callable[[], str], wait_for: Callable[..., None]
) -> None:
    steps = house.steps(fetches_per_merchant=1)
    first, second = accepted(), accepted()
    held, go_on = threading.Event(), threading.Event()

    def held_back(line: Any) -> None:
        held.set()
        go_on.wait(20)
        line.sendall(file_of(MINE))

    stage.file_play = held_back
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(steps.fetch, first, 0)
        assert held.wait(20)
        result = steps.fetch(second, 0)
        assert isinstance(result, Wait) and result.paced and result.seconds
        assert house.view(second).state is State.ACCEPTED and stage.count(b"GET ") == 1
        go_on.set()
        assert running.result() == Done(State.COLLECTED)
    assert steps.fetch(second, 0) == Done(State.COLLECTED)


def test_fetch_of_a_process_that_died_stops_counting_when_its_deadline_is_over(
    house: House, accepted: Callable[[], str]
) -> None:
    steps = house.steps(fetches_per_merchant=1)
    dead, other = accepted(), accepted()
    with house.portal.db.write() as session:
        key = FileKey(export_id=dead, merchant_id=house.user.merchant_id, blob_name=f"x/{dead}", sealed_keyset=b"x")
        session.add(key)
    result = steps.fetch(other, 0)
    assert isinstance(result, Wait) and result.paced
    with house.portal.db.write() as session:
        session.get_one(FileKey, (dead, f"x/{dead}")).created_at = utc_now() - dt.timedelta(seconds=21)
    assert steps.fetch(other, 0) == Done(State.COLLECTED)
    assert steps.fetch(dead, 0) == Done(State.COLLECTED), "its own remains do not stand in its way"


def test_last_turn_is_taken_once(house: House, accepted: Callable[[], str]) -> None:
    vendor = house.vendor(fetches_per_merchant=1)
    ids = [accepted() for _ in range(4)]
    together = threading.Barrier(len(ids))

    def take(export_id: str) -> bool:
        together.wait(20)
        with house.portal.db.write() as session:
            row = session.get_one(Export, export_id)
            if not vendor.may_fetch_now(session, row):
                return False
            time.sleep(0.05)  # the others arrive in between
            session.add(
                FileKey(export_id=row.id, merchant_id=row.merchant_id, blob_name=f"y/{row.id}", sealed_keyset=b"y")
            )
            return True

    with ThreadPoolExecutor(len(ids)) as pool:
        taken = list(pool.map(take, ids))
    assert taken.count(True) == 1
    with house.portal.db.write() as session:
        session.query(FileKey).where(FileKey.blob_name.startswith("y/")).delete()
