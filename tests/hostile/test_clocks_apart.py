"""Clocks that differ, jump or stop: expiry by LoyaltyDog's clock, and nothing destroyed on a clock that jumped."""

import datetime as dt
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine

from portal.exports import State
from portal.exports.retention.clock import EVEN_FOR, ClockWatch
from portal.exports.workflow.results import Done
from portal.storage.tables import ExportResponse, Pace
from tests.hostile.house import House, open_house
from tests.hostile.plays import GOOD, answer
from tests.hostile.whole_plays import MINE, file_of

pytestmark = pytest.mark.keeps("SEC-17")

NOON = dt.datetime(2028, 2, 28, 12, tzinfo=dt.UTC)  # a leap day is near
YEAR = dt.timedelta(days=365)


@pytest.fixture(scope="module")
def house(
    trusting: ssl.SSLContext, localhost_tls: ssl.SSLContext, hostile_vendor: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:  # fmt: skip
    stage = hostile_vendor(localhost_tls)
    folder: Path = tmp_path_factory.mktemp("clocks")
    with open_house(folder, stage, trusting) as opened:
        yield opened
    stage.close()


class Machine:
    """A machine whose wall clock can be set, and whose steady clock cannot. `boot` starts a process on it."""

    def __init__(self, house: House, clock: Any) -> None:
        self.house, self.clock, self.uptime = house, clock, 0.0
        self.boot()

    def boot(self) -> None:
        self.watch = ClockWatch(self.house.portal.db, steady=lambda: self.uptime)

    def run(self, **span: float) -> bool:
        """Time passes on both clocks; is the wall clock trusted then?"""
        step = dt.timedelta(**span)
        self.uptime += step.total_seconds()
        self.clock.shift(step)
        return self.watch.trusted()

    def set_clock(self, step: dt.timedelta) -> None:
        self.clock.shift(step)

    def stay_off(self, **span: float) -> None:
        self.clock.shift(dt.timedelta(**span))
        self.uptime = 0.0
        self.boot()


def forget(house: House) -> None:
    """As if no process had run here yet, and no answer come."""
    with house.portal.db.write() as session:
        session.query(Pace).delete()
        session.query(ExportResponse).update({ExportResponse.clock_skew_seconds: None})


@pytest.fixture
def machine(house: House) -> Iterator[Machine]:
    forget(house)
    with time_machine.travel(NOON, tick=False) as clock:
        yield Machine(house, clock)


def test_clock_that_runs_evenly_is_trusted(machine: Machine) -> None:
    assert machine.run(seconds=0)
    assert all(machine.run(seconds=10) for _ in range(20))
    assert machine.run(days=3), "a machine that slept knows how long"


@pytest.mark.parametrize("step", [YEAR, dt.timedelta(minutes=10), dt.timedelta(minutes=-10), -YEAR])
def test_clock_that_jumped_is_not_trusted_until_it_has_come_back(machine: Machine, step: dt.timedelta) -> None:
    assert machine.run(seconds=10)
    machine.set_clock(step)
    assert not any(machine.run(minutes=30) for _ in range(5))
    machine.set_clock(-step)
    assert machine.run(seconds=10)


@pytest.mark.parametrize("step", [YEAR, dt.timedelta(hours=2), dt.timedelta(hours=-2)])
def test_restart_does_not_make_a_jumped_clock_good(machine: Machine, step: dt.timedelta) -> None:
    assert machine.run(seconds=10)
    machine.set_clock(step)
    assert not machine.run(seconds=10)
    machine.stay_off(minutes=1)
    assert not machine.run(seconds=10)


@pytest.mark.parametrize(("hours", "trusted"), [(1, True), (23, True), (25, False), (24 * 90, False), (-1, False)])
def test_time_away_is_believed_up_to_a_day(machine: Machine, hours: int, trusted: bool) -> None:
    assert machine.run(seconds=10)
    machine.stay_off(hours=hours)
    assert machine.run(seconds=10) is trusted


def test_a_day_of_even_running_settles_it_and_another_jump_begins_anew(machine: Machine) -> None:
    assert machine.run(seconds=10)
    machine.set_clock(YEAR)
    assert not machine.run(seconds=10)
    assert not machine.run(seconds=EVEN_FOR.total_seconds() - 60)
    machine.set_clock(YEAR)
    assert not machine.run(seconds=120)
    assert machine.run(seconds=EVEN_FOR.total_seconds())
    assert machine.run(seconds=10)


@pytest.mark.parametrize(("skew", "trusted"), [(2.0, True), (-200.0, True), (-31_536_000.0, False), (None, False)])
def test_answer_of_loyaltydogs_settles_it_when_the_clocks_agree(
    machine: Machine, house: House, skew: float | None, trusted: bool
) -> None:
    assert machine.run(seconds=10)
    machine.set_clock(YEAR)
    assert not machine.run(seconds=10)
    export_id = house.ask()
    house.change(export_id, accepted_at=dt.datetime.now(dt.UTC), clock_skew_seconds=skew)
    assert machine.run(seconds=10) is trusted


def test_answer_from_before_the_jump_settles_nothing(machine: Machine, house: House) -> None:
    export_id = house.ask()
    house.change(export_id, accepted_at=dt.datetime.now(dt.UTC), clock_skew_seconds=0.5)
    assert machine.run(seconds=10)
    machine.set_clock(YEAR)
    assert not machine.run(seconds=10)


def test_file_past_its_retention_by_a_jumped_clock_is_kept_and_by_a_settled_one_destroyed(house: House) -> None:
    forget(house)
    portal = house.portal
    export_id = fetched(house, answer(GOOD))
    portal.retention.run_housekeeping()
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=30)):
        portal.retention.run_housekeeping()
        view = house.view(export_id)
        assert (view.state, view.destroyed_at) == (State.READY, None)
        assert portal.files.open_preview(house.user, export_id).tables
    portal.retention.run_housekeeping()
    assert house.view(export_id).can_open
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=30)):
        portal.retention.run_housekeeping()
        agreed = house.ask()
        house.change(agreed, accepted_at=dt.datetime.now(dt.UTC), clock_skew_seconds=0.0)
        portal.retention.run_housekeeping()
        assert house.view(export_id).state is State.PURGED


# The vendor's clock ----------------------------------------------------------------------------


def fetched(house: House, asked: bytes) -> str:
    house.stage.play = lambda line: line.sendall(asked)
    house.stage.file_play = lambda line: line.sendall(file_of(MINE))
    steps, export_id = house.steps(), house.ask()
    if steps.send(export_id) == Done(State.ACCEPTED) and steps.fetch(export_id, 0) == Done(State.COLLECTED):
        steps.inspect(export_id)
    return export_id


def their_answer(ahead: dt.timedelta, lives: dt.timedelta) -> bytes:
    """An answer whose Date is `ahead` of our clock, and whose link lives so long by theirs."""
    theirs = dt.datetime.now(dt.UTC) + ahead
    times = {"requestedAt": theirs.isoformat(), "expiresAt": (theirs + lives).isoformat()}
    return answer(GOOD | times, 200, f"Date: {theirs:%a, %d %b %Y %H:%M:%S GMT}")


@pytest.mark.parametrize("ahead", [-600, -30, 0, 30, 600, 5 * 3600])
@pytest.mark.parametrize(("lives", "state"), [(50, State.EXPIRED), (150, State.READY)])
def test_link_is_dead_a_minute_early_by_loyaltydogs_clock(house: House, ahead: int, lives: int, state: State) -> None:
    export_id = fetched(house, their_answer(dt.timedelta(seconds=ahead), dt.timedelta(seconds=lives)))
    view = house.view(export_id)
    assert view.state is state
    assert view.clock_skew_seconds is not None and abs(view.clock_skew_seconds - ahead) < 30
    assert ("clock_skewed" in view.notes) is (abs(ahead) > 60)


def test_absurd_clock_of_theirs_is_told_and_moves_no_expiry(house: House) -> None:
    far = dt.timedelta(days=20_000)
    asked = answer(GOOD, 200, f"Date: {dt.datetime.now(dt.UTC) + far:%a, %d %b %Y %H:%M:%S GMT}")
    view = house.view(fetched(house, asked))
    assert (view.state, view.notes) == (State.READY, ["clock_skewed"])
    assert view.link_expires_at == dt.datetime.fromisoformat(GOOD["expiresAt"])


@pytest.mark.parametrize(
    ("skew", "words"),
    [(600.0, "LoyaltyDog's clock is 10 minutes ahead of ours."), (-7200.0, "LoyaltyDog's clock is 2 h 00 min behind")],
)
def test_skew_is_told_with_its_size(skew: float, words: str) -> None:
    from portal.ui.preview.file_facts import _note_words

    assert words in _note_words("clock_skewed", skew)
    assert _note_words("expires_far_ahead", None).endswith("do not rely on it.")
