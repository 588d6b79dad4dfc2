"""A few page runs at once, first come first served; a long one holds nobody up."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from streamlit.runtime import Runtime
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner

from portal.web.streamlit import runs
from portal.web.streamlit.run_queue import RunQueue
from tests.web.streamlit.one_session import FULL, Session, act_on

PATIENCE = 30.0
TWO_PAGES = """
import time
from pathlib import Path

import streamlit as st

begun = Path("BEGUN")
if st.session_state.get("drawn") and not begun.exists():
    begun.touch()
    while begun.exists():
        time.sleep(0.005)
st.session_state["drawn"] = True

@st.fragment(run_every=60)
def part():
    st.text("a part")

def draw_first():
    part()
    st.text("first")

def draw_second():
    st.text("second")

first, second = st.Page(draw_first, title="First", default=True), st.Page(draw_second, title="Second")
st.navigation([first, second], position="hidden").run()
"""


def in_threads(count: int, act: object) -> list[threading.Thread]:
    threads = [threading.Thread(target=act, daemon=True) for _ in range(count)]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
    return threads


def test_no_more_runs_at_once_than_slots() -> None:
    queue, door, inside, most = RunQueue(2, lease_seconds=PATIENCE), threading.Lock(), [0], [0]
    pause = threading.Event()

    def run() -> None:
        with queue.slot():
            with door:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            pause.wait(0.005)
            with door:
                inside[0] -= 1

    for thread in in_threads(20, run):
        thread.join(PATIENCE)
    assert most == [2]
    assert queue.queued == 0


def test_runs_begin_in_the_order_they_came() -> None:
    queue, order = RunQueue(1, lease_seconds=PATIENCE), []
    with queue.slot():
        threads = []
        for number in range(5):

            def run(number: int = number) -> None:
                with queue.slot():
                    order.append(number)

            threads += in_threads(1, run)
            while queue.queued <= number:
                pass
    for thread in threads:
        thread.join(PATIENCE)
    assert order == [0, 1, 2, 3, 4]


def test_a_run_that_takes_long_lets_others_begin() -> None:
    queue, release = RunQueue(1, lease_seconds=0.05), threading.Event()

    def slow() -> None:
        with queue.slot():
            release.wait(PATIENCE)

    def quick() -> None:
        with queue.slot():
            done.release()

    done = threading.Semaphore(0)
    (first,) = in_threads(1, slow)
    in_threads(3, quick)
    assert all(done.acquire(timeout=PATIENCE) for _ in range(3))
    release.set()
    first.join(PATIENCE)
    assert queue.queued == 0


def test_a_failed_run_gives_its_slot_back() -> None:
    queue = RunQueue(1, lease_seconds=PATIENCE)
    for _ in range(3):
        try:
            with queue.slot():
                raise ValueError
        except ValueError:
            pass


def test_streamlits_runs_are_queued_once_however_often_patched() -> None:
    before = ScriptRunner._run_script
    try:
        runs.queue_runs(RunQueue())
        wrapped = ScriptRunner._run_script
        runs.queue_runs(RunQueue())
        assert ScriptRunner._run_script is wrapped
        assert getattr(wrapped, "queued", False)
    finally:
        ScriptRunner._run_script = before  # type: ignore[method-assign]


class ManualQueue(RunQueue):
    """Every run waits until the test calls it by its number."""

    def __init__(self) -> None:
        super().__init__()
        self.called = [threading.Event() for _ in range(5)]
        self.standing = 0

    @contextmanager
    def slot(self) -> Iterator[None]:
        mine = self.called[self.standing]
        self.standing += 1
        assert mine.wait(PATIENCE)
        yield

    def wait_for(self, number: int) -> None:
        limit = time.monotonic() + PATIENCE
        while self.standing < number and time.monotonic() < limit:
            time.sleep(0.005)
        assert self.standing == number


def test_a_queued_run_that_was_stopped_never_draws_its_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, script, queue = tmp_path / "begun", tmp_path / "page.py", ManualQueue()
    script.write_text(TWO_PAGES.replace("BEGUN", str(begun)))
    monkeypatch.setattr(Runtime, "_instance", None)
    monkeypatch.setattr(ScriptRunner, "_run_script", ScriptRunner._run_script)
    runs.queue_runs(queue)
    queue.called[0].set()

    async def act(session: Session) -> None:
        session.ask(part=session.part)  # to draw a part of the first page: waits in the queue
        queue.wait_for(2)
        called_off = session.runner
        session.ask(page=session.pages["Second"])
        queue.wait_for(3)
        queue.called[2].set()
        while not begun.exists():
            time.sleep(0.005)
        queue.called[1].set()
        called_off._script_thread.join(PATIENCE)
        begun.unlink()
        await session.until(FULL)
        assert session.texts == ["second"]
        assert session.page == session.pages["Second"]

    act_on(script, act)
