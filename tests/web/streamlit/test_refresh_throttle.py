"""A tick of a fragment's timer stops at the gate while there is nothing new to draw; acts of people never do."""

from __future__ import annotations

import asyncio

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from portal.identity import SessionState
from portal.web.gate.limits import Budgets, SocketLimits
from portal.web.gate.socket import SocketGuard
from portal.web.gate.visit import Visit
from portal.web.streamlit.change_watch import ChangeWatch
from portal.web.streamlit.refresh_throttle import LONGEST_YIELD_SECONDS, YIELD_SECONDS, RefreshThrottle
from portal.web.streamlit.run_queue import RunQueue

SHOP = "shop"


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def drawn(refresh_throttle: RefreshThrottle, seconds: float = 60.0) -> None:
    """The page of socket `s` draws the shop's exports in the fragment `f`."""
    refresh_throttle.add_drawing("s", "f", seconds, SHOP, refresh_throttle.mark_of(SHOP))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def refresh_throttle(clock: Clock) -> RefreshThrottle:
    made = RefreshThrottle(clock)
    made.enter("s")
    made.set_marks({SHOP: "one"})
    return made


def test_a_tick_rests_until_something_of_the_merchant_changes(refresh_throttle: RefreshThrottle) -> None:
    drawn(refresh_throttle)
    assert refresh_throttle.may_skip("s", "f", queued=0)
    refresh_throttle.set_marks({SHOP: "two"})
    assert not refresh_throttle.may_skip("s", "f", queued=0)
    drawn(refresh_throttle)
    assert refresh_throttle.may_skip("s", "f", queued=0)


def test_a_change_during_a_drawing_is_drawn_by_the_next_tick(refresh_throttle: RefreshThrottle) -> None:
    before = refresh_throttle.mark_of(SHOP)
    refresh_throttle.set_marks({SHOP: "two"})
    refresh_throttle.add_drawing("s", "f", 60.0, SHOP, before)
    assert not refresh_throttle.may_skip("s", "f", queued=0)


def test_a_tick_rests_no_longer_than_its_countdown_allows(refresh_throttle: RefreshThrottle, clock: Clock) -> None:
    drawn(refresh_throttle, seconds=60.0)
    clock.now += 60.0
    assert not refresh_throttle.may_skip("s", "f", queued=0)


def test_nothing_rests_of_which_nothing_is_known(refresh_throttle: RefreshThrottle) -> None:
    assert not refresh_throttle.may_skip("s", "f", queued=0)
    drawn(refresh_throttle)
    assert not refresh_throttle.may_skip("s", "another", queued=0)
    assert not refresh_throttle.may_skip("another", "f", queued=0)
    refresh_throttle.set_marks({})  # the database could not be asked
    assert not refresh_throttle.may_skip("s", "f", queued=0)
    drawn(refresh_throttle)
    assert not refresh_throttle.may_skip("s", "f", queued=0)


def test_a_run_of_the_whole_page_forgets_what_was_drawn(refresh_throttle: RefreshThrottle) -> None:
    drawn(refresh_throttle)
    refresh_throttle.forget_drawn("s")
    assert not refresh_throttle.may_skip("s", "f", queued=0)


def test_timers_yield_to_people_who_wait_but_not_for_ever(refresh_throttle: RefreshThrottle, clock: Clock) -> None:
    drawn(refresh_throttle, seconds=1_000.0)
    refresh_throttle.set_marks({SHOP: "two"})
    assert refresh_throttle.may_skip("s", "f", queued=1)
    clock.now += YIELD_SECONDS
    assert not refresh_throttle.may_skip("s", "f", queued=1)
    assert refresh_throttle.may_skip("s", "f", queued=1_000)
    clock.now += LONGEST_YIELD_SECONDS
    assert not refresh_throttle.may_skip("s", "f", queued=1_000)


def test_a_closed_socket_leaves_nothing_behind(refresh_throttle: RefreshThrottle) -> None:
    drawn(refresh_throttle)
    assert refresh_throttle.merchants() == {SHOP}
    assert refresh_throttle.leave("s")
    assert not refresh_throttle.leave("s")
    drawn(refresh_throttle)
    assert refresh_throttle.merchants() == set()


def message(fragment: str = "", *, timer: bool) -> dict[str, object]:
    sent = BackMsg()
    sent.rerun_script.fragment_id, sent.rerun_script.is_auto_rerun = fragment, timer
    return {"type": "websocket.receive", "bytes": sent.SerializeToString()}


def received(
    refresh_throttle: RefreshThrottle, messages: list[dict[str, object]], user: object = object()
) -> tuple[list[bytes], int]:
    """What a guard hands on of these messages, and how often it asked for the session."""
    looks = 0

    async def look(*, touch: bool) -> SessionState:
        nonlocal looks
        looks += 1
        return SessionState(user)  # type: ignore[arg-type]

    async def receive() -> dict[str, object]:
        return messages.pop(0) if messages else {"type": "websocket.disconnect", "code": 1000}

    async def send(_message: object) -> None:
        return None

    async def main() -> list[bytes]:
        watch = ChangeWatch(lambda ids: asyncio.sleep(0, {}), refresh_throttle, RunQueue())
        visit = Visit(user=object(), ended="", browser="", address="", session_value="")  # type: ignore[arg-type]
        budget = Budgets(SocketLimits()).member("session", "address")
        guard = SocketGuard(
            visit, look, receive, send, SocketLimits(), budget, watch.may_skip_for("s")  # type: ignore[arg-type]
        )  # fmt: skip
        found = []
        while (got := await guard.receive())["type"] == "websocket.receive":
            found.append(got["bytes"])
        return found

    return asyncio.run(main()), looks


def test_the_gate_drops_only_ticks_with_nothing_new(refresh_throttle: RefreshThrottle) -> None:
    drawn(refresh_throttle)
    resting_tick, other_tick = message("f", timer=True), message("g", timer=True)
    act_in_fragment, act = message("f", timer=False), message(timer=False)
    handed_on, looks = received(refresh_throttle, [resting_tick, act, resting_tick, other_tick, act_in_fragment])
    assert handed_on == [act["bytes"], other_tick["bytes"], act_in_fragment["bytes"]]
    assert looks == 3


@pytest.mark.keeps("SEC-32")
def test_whatever_is_handed_on_was_checked_against_the_session(refresh_throttle: RefreshThrottle) -> None:
    drawn(refresh_throttle)
    handed_on, looks = received(refresh_throttle, [message("f", timer=True), message("g", timer=True)], user=None)
    assert (handed_on, looks) == ([], 1)


def test_the_watch_reads_shown_merchants_only_and_ends_with_the_last_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.web.streamlit.change_watch.POLL_SECONDS", 0.005)
    refresh_throttle, asked = RefreshThrottle(), []

    async def marks(ids: object) -> dict[str, str]:
        asked.append(set(ids))  # type: ignore[call-overload]
        if len(asked) == 2:
            raise OSError
        return {SHOP: str(len(asked))}

    async def main() -> None:
        watch = ChangeWatch(marks, refresh_throttle, RunQueue())
        watch.enter("s")
        refresh_throttle.add_drawing("s", "f", 60.0, SHOP, None)
        while len(asked) < 4:
            await asyncio.sleep(0.005)
        assert refresh_throttle.mark_of(SHOP) is not None
        watch.leave("s")
        watch.leave("s")
        task = watch._watch
        assert task is not None
        await asyncio.wait_for(task, 30)

    asyncio.run(main())
    assert asked[0] == {SHOP}
