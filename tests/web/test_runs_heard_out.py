"""A run is told to its end before a part of the page is drawn anew (contract with Streamlit's `AppSession`)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import Runtime, RuntimeConfig
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.session_manager import SessionClient

from portal.web import runs

PATIENCE = 20.0
WORDS = 40
SCRIPT = f"""
import streamlit as st

@st.fragment(run_every=60)
def part():
    st.session_state.drawn = st.session_state.get("drawn", 0) + 1
    st.text(f"part {{st.session_state.drawn}}")
    if st.button("Next"):
        st.session_state.pressed = st.session_state.get("pressed", 0) + 1
        st.rerun(scope="app")

part()
st.text(f"pressed {{st.session_state.get('pressed', 0)}}")
for number in range({WORDS}):
    st.text(f"word {{number}}")
"""
FULL = ForwardMsg.ScriptFinishedStatus.FINISHED_SUCCESSFULLY
EARLY = ForwardMsg.ScriptFinishedStatus.FINISHED_EARLY_FOR_RERUN
PART = ForwardMsg.ScriptFinishedStatus.FINISHED_FRAGMENT_RUN_SUCCESSFULLY
Act = Callable[["Page"], Awaitable[None]]


@pytest.fixture(autouse=True)
def heard_out() -> Iterator[None]:
    before = AppSession._create_scriptrunner
    runs.hear_runs_out()
    yield
    AppSession._create_scriptrunner = before  # type: ignore[method-assign]


class Page(SessionClient):
    """One session of Streamlit's runtime as a browser sees it, without the wire."""

    def __init__(self, runtime: Runtime) -> None:
        self.texts: list[str] = []
        self.ends: list[int] = []
        self.part = self.button = ""
        self.runtime = runtime
        self.name = runtime.connect_session(self, {})

    @property
    def runner(self) -> Any:
        info: Any = self.runtime._session_mgr.get_session_info(self.name)
        return info.session._scriptrunner

    def write_forward_msg(self, msg: ForwardMsg) -> None:
        if msg.WhichOneof("type") == "script_finished":
            self.ends.append(msg.script_finished)
        self.part = msg.auto_rerun.fragment_id or self.part
        element = msg.delta.new_element
        self.button = element.button.id or self.button
        if element.text.body:
            self.texts.append(element.text.body)

    async def until(self, *ends: int) -> None:
        """Wait for so many ends. Fails with what came instead."""
        limit = time.monotonic() + PATIENCE
        while time.monotonic() < limit and len(self.ends) < len(ends):
            await asyncio.sleep(0.01)
        await self.rest()
        assert self.ends == list(ends)

    async def rest(self) -> None:
        """Wait till no run goes on or waits: a run's thread may clear the heap a while after it told its end."""
        limit, quiet = time.monotonic() + PATIENCE, 0
        while time.monotonic() < limit and quiet < 10:
            quiet = quiet + 1 if self.runner is None else 0
            await asyncio.sleep(0.01)
        assert self.runner is None

    def ask(self, *, part: bool = False, press: bool = False) -> None:
        message = BackMsg()
        state = message.rerun_script
        state.fragment_id, state.is_auto_rerun = self.part if part else "", part and not press
        if press:
            state.widget_states.widgets.add(id=self.button, trigger_value=True)
        self.runtime.handle_backmsg(self.name, message)

    def let_it_end_untold(self) -> None:
        """Hold the event loop until the run's thread has ended: what it told is still to be heard."""
        runner = self.runner
        runner._script_thread.join(PATIENCE)
        assert not runner._script_thread.is_alive()
        assert self.runner is runner


@pytest.fixture
def drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Act], None]:
    """Draws the page once for a browser, then lets it act."""
    path = tmp_path / "page.py"
    path.write_text(SCRIPT)
    monkeypatch.setattr(Runtime, "_instance", None)
    storage, uploads = MemoryMediaFileStorage("/media"), MemoryUploadedFileManager("/upload")
    runtime = Runtime(RuntimeConfig(str(path), storage, uploads))

    async def run(act: Act) -> None:
        await runtime.start()
        page = Page(runtime)
        page.ask()
        await page.until(FULL)
        page.texts.clear()
        page.ends.clear()
        await act(page)
        runtime.stop()
        await runtime.stopped

    return lambda act: asyncio.run(run(act))


def test_a_timer_in_the_moment_a_page_is_done_takes_nothing_of_the_page_away(drawn: Callable[[Act], None]) -> None:
    async def act(page: Page) -> None:
        page.ask()
        page.let_it_end_untold()
        page.ask(part=True)
        await page.until(FULL, PART)
        told = [text for text in page.texts if text != "part 2"]  # which may give way to the next one before it is sent
        assert told == ["pressed 0", *(f"word {n}" for n in range(WORDS)), "part 3"]

    drawn(act)


def test_a_click_in_the_moment_its_part_is_done_is_answered(drawn: Callable[[Act], None]) -> None:
    async def act(page: Page) -> None:
        page.ask(part=True)
        page.let_it_end_untold()
        page.ask(part=True, press=True)
        page.ask(part=True)  # and another timer right behind it: drawn with the click or after it
        await page.rest()
        assert page.ends[:3] == [PART, EARLY, FULL]
        assert "pressed 1" in page.texts

    drawn(act)


def test_a_whole_page_asked_for_meanwhile_comes_at_once(drawn: Callable[[Act], None]) -> None:
    async def act(page: Page) -> None:
        page.ask()
        page.let_it_end_untold()
        page.ask(part=True)
        page.ask()
        await page.until(FULL)  # which drew the part too
        assert page.texts[-1] == f"word {WORDS - 1}"

    drawn(act)


def test_a_second_call_changes_nothing() -> None:
    once = AppSession._create_scriptrunner
    runs.hear_runs_out()
    assert AppSession._create_scriptrunner is once
