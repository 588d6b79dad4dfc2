"""A few page runs at once, first come first served; a long one holds nobody up."""

from __future__ import annotations

import asyncio
import threading

from portal.web import runs
from portal.web.loop import calm_loop
from portal.web.turns import Turns

PATIENCE = 30.0


def in_threads(count: int, act: object) -> list[threading.Thread]:
    threads = [threading.Thread(target=act, daemon=True) for _ in range(count)]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
    return threads


def test_no_more_run_at_once_than_there_are_turns() -> None:
    turns, door, inside, most = Turns(2, lease_seconds=PATIENCE), threading.Lock(), [0], [0]
    pause = threading.Event()

    def run() -> None:
        with turns.turn():
            with door:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            pause.wait(0.005)
            with door:
                inside[0] -= 1

    for thread in in_threads(20, run):
        thread.join(PATIENCE)
    assert most == [2]
    assert turns.waiting == 0


def test_who_came_first_runs_first() -> None:
    turns, order = Turns(1, lease_seconds=PATIENCE), []
    with turns.turn():
        threads = []
        for number in range(5):

            def run(number: int = number) -> None:
                with turns.turn():
                    order.append(number)

            threads += in_threads(1, run)
            while turns.waiting <= number:
                pass
    for thread in threads:
        thread.join(PATIENCE)
    assert order == [0, 1, 2, 3, 4]


def test_a_run_that_waits_long_lets_the_others_in() -> None:
    turns, release = Turns(1, lease_seconds=0.05), threading.Event()

    def slow() -> None:
        with turns.turn():
            release.wait(PATIENCE)

    def quick() -> None:
        with turns.turn():
            done.release()

    done = threading.Semaphore(0)
    (first,) = in_threads(1, slow)
    in_threads(3, quick)
    assert all(done.acquire(timeout=PATIENCE) for _ in range(3))
    release.set()
    first.join(PATIENCE)
    assert turns.waiting == 0


def test_a_run_that_fails_gives_its_turn_back() -> None:
    turns = Turns(1, lease_seconds=PATIENCE)
    for _ in range(3):
        try:
            with turns.turn():
                raise ValueError
        except ValueError:
            pass


def test_streamlits_runs_take_them_and_a_second_call_changes_nothing() -> None:
    from streamlit.runtime.scriptrunner.script_runner import ScriptRunner

    before = ScriptRunner._run_script
    try:
        runs.take_turns(Turns())
        wrapped = ScriptRunner._run_script
        runs.take_turns(Turns())
        assert ScriptRunner._run_script is wrapped
        assert getattr(wrapped, "takes_turns", False)
    finally:
        ScriptRunner._run_script = before  # type: ignore[method-assign]


def test_no_call_from_another_thread_is_lost() -> None:
    loop, seen, wanted = calm_loop(), [0], 4 * 2000
    finished = asyncio.Event()

    def count() -> None:
        seen[0] += 1
        if seen[0] == wanted:
            finished.set()

    def call() -> None:
        for _ in range(2000):
            loop.call_soon_threadsafe(count)

    async def main() -> None:
        in_threads(4, call)
        await asyncio.wait_for(finished.wait(), PATIENCE)

    try:
        loop.run_until_complete(main())
    finally:
        loop.close()
    assert seen == [wanted]


def test_a_sleeping_loop_is_woken_every_time() -> None:
    loop = calm_loop()

    async def main() -> None:
        for _ in range(200):
            called = asyncio.Event()
            threading.Thread(target=lambda: loop.call_soon_threadsafe(called.set)).start()  # noqa: B023
            await asyncio.wait_for(called.wait(), PATIENCE)

    try:
        loop.run_until_complete(main())
    finally:
        loop.close()
