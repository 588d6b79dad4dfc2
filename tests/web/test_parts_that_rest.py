"""A tick of a fragment's timer stops at the gate while there is nothing new to draw; acts of people never do."""

from __future__ import annotations

import asyncio

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from portal.identity import SessionState
from portal.web.change_watch import ChangeWatch
from portal.web.limits import SocketLimits
from portal.web.resting import LONGEST_YIELD_SECONDS, YIELD_SECONDS, Resting
from portal.web.socket import SocketGuard
from portal.web.turns import Turns
from portal.web.visit import Visit

SHOP = "shop"


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def drawn(resting: Resting, seconds: float = 60.0) -> None:
    """The page of socket `s` draws the shop's exports in the fragment `f`."""
    resting.note("s", "f", seconds, SHOP, resting.mark_of(SHOP))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def resting(clock: Clock) -> Resting:
    made = Resting(clock)
    made.enter("s")
    made.tell({SHOP: "one"})
    return made


def test_a_tick_rests_until_something_of_the_merchant_changes(resting: Resting) -> None:
    drawn(resting)
    assert resting.may_rest("s", "f", waiting=0)
    resting.tell({SHOP: "two"})
    assert not resting.may_rest("s", "f", waiting=0)
    drawn(resting)
    assert resting.may_rest("s", "f", waiting=0)


def test_a_change_while_the_part_is_drawn_is_drawn_by_the_next_tick(resting: Resting) -> None:
    before = resting.mark_of(SHOP)
    resting.tell({SHOP: "two"})
    resting.note("s", "f", 60.0, SHOP, before)
    assert not resting.may_rest("s", "f", waiting=0)


def test_a_tick_rests_no_longer_than_its_countdown_allows(resting: Resting, clock: Clock) -> None:
    drawn(resting, seconds=60.0)
    clock.now += 60.0
    assert not resting.may_rest("s", "f", waiting=0)


def test_nothing_rests_of_which_nothing_is_known(resting: Resting) -> None:
    assert not resting.may_rest("s", "f", waiting=0)
    drawn(resting)
    assert not resting.may_rest("s", "another", waiting=0)
    assert not resting.may_rest("another", "f", waiting=0)
    resting.tell({})  # the database could not be asked
    assert not resting.may_rest("s", "f", waiting=0)
    drawn(resting)
    assert not resting.may_rest("s", "f", waiting=0)


def test_a_run_of_the_whole_page_forgets_what_was_drawn(resting: Resting) -> None:
    drawn(resting)
    resting.stir("s")
    assert not resting.may_rest("s", "f", waiting=0)


def test_timers_yield_to_people_who_wait_but_not_for_ever(resting: Resting, clock: Clock) -> None:
    drawn(resting, seconds=1_000.0)
    resting.tell({SHOP: "two"})
    assert resting.may_rest("s", "f", waiting=1)
    clock.now += YIELD_SECONDS
    assert not resting.may_rest("s", "f", waiting=1)
    assert resting.may_rest("s", "f", waiting=1_000)
    clock.now += LONGEST_YIELD_SECONDS
    assert not resting.may_rest("s", "f", waiting=1_000)


def test_a_closed_socket_leaves_nothing_behind(resting: Resting) -> None:
    drawn(resting)
    assert resting.merchants() == {SHOP}
    assert resting.leave("s")
    assert not resting.leave("s")
    drawn(resting)
    assert resting.merchants() == set()


def message(fragment: str = "", *, timer: bool) -> dict[str, object]:
    sent = BackMsg()
    sent.rerun_script.fragment_id, sent.rerun_script.is_auto_rerun = fragment, timer
    return {"type": "websocket.receive", "bytes": sent.SerializeToString()}


def received(resting: Resting, messages: list[dict[str, object]], user: object = object()) -> tuple[list[bytes], int]:
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
        watch = ChangeWatch(lambda ids: asyncio.sleep(0, {}), resting, Turns())
        visit = Visit(user=object(), ended="", browser="", address="", session_value="")  # type: ignore[arg-type]
        guard = SocketGuard(visit, look, receive, send, SocketLimits(), watch.resting_for("s"))  # type: ignore[arg-type]
        found = []
        while (got := await guard.receive())["type"] == "websocket.receive":
            found.append(got["bytes"])
        return found

    return asyncio.run(main()), looks


def test_the_gate_hands_on_acts_and_fresh_ticks_and_drops_the_others(resting: Resting) -> None:
    drawn(resting)
    resting_tick, other_tick = message("f", timer=True), message("g", timer=True)
    act_in_fragment, act = message("f", timer=False), message(timer=False)
    handed_on, looks = received(resting, [resting_tick, act, resting_tick, other_tick, act_in_fragment])
    assert handed_on == [act["bytes"], other_tick["bytes"], act_in_fragment["bytes"]]
    assert looks == 3


@pytest.mark.keeps("SEC-32")
def test_whatever_is_handed_on_was_checked_against_the_session(resting: Resting) -> None:
    drawn(resting)
    handed_on, looks = received(resting, [message("f", timer=True), message("g", timer=True)], user=None)
    assert (handed_on, looks) == ([], 1)


def test_the_watch_asks_only_for_shown_merchants_and_ends_with_the_last_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.web.change_watch.LOOK_SECONDS", 0.005)
    resting, asked = Resting(), []

    async def marks(ids: object) -> dict[str, str]:
        asked.append(set(ids))  # type: ignore[call-overload]
        if len(asked) == 2:
            raise OSError
        return {SHOP: str(len(asked))}

    async def main() -> None:
        watch = ChangeWatch(marks, resting, Turns())
        watch.enter("s")
        resting.note("s", "f", 60.0, SHOP, None)
        while len(asked) < 4:
            await asyncio.sleep(0.005)
        assert resting.mark_of(SHOP) is not None
        watch.leave("s")
        watch.leave("s")
        task = watch._watch
        assert task is not None
        await asyncio.wait_for(task, 30)

    asyncio.run(main())
    assert asked[0] == {SHOP}
