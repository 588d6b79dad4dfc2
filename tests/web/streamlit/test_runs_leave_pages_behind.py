"""No part is drawn of a page that has been left (contract with Streamlit's `ScriptRunner` and `ScriptRequests`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.runtime import Runtime
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests

from portal.web.streamlit import runs
from tests.web.streamlit.one_session import FULL, PART, PATIENCE, Act, Session, act_on

SCRIPT = """
import time
from pathlib import Path

import streamlit as st

@st.fragment(run_every=60)
def part():
    st.text("a part")
    if st.button("On"):
        st.switch_page(second)

def draw_first():
    part()
    st.text("first")

def draw_second():
    Path("BEGUN").touch()
    while Path("BEGUN").exists():
        time.sleep(0.01)
    part()
    st.text("second")

first = st.Page(draw_first, title="First", default=True)
second = st.Page(draw_second, title="Second")
st.navigation([first, second], position="hidden").run()
"""


@pytest.fixture(autouse=True)
def left_behind() -> Iterator[None]:
    before = ScriptRunner._run_script, ScriptRequests._request_rerun_locked
    runs.drop_fragments_of_left_pages()
    yield
    ScriptRunner._run_script, ScriptRequests._request_rerun_locked = before  # type: ignore[method-assign]


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """Is there while the second page waits in its midst; gone, it goes on."""
    return tmp_path / "begun"


@pytest.fixture
def drawn(tmp_path: Path, begun: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Act], None]:
    script = tmp_path / "page.py"
    script.write_text(SCRIPT.replace("BEGUN", str(begun)))
    monkeypatch.setattr(Runtime, "_instance", None)
    return lambda act: act_on(script, act)


def wait_for(begun: Path) -> None:
    """Holds the event loop: the browser hears of nothing meanwhile."""
    limit = time.monotonic() + PATIENCE
    while not begun.exists() and time.monotonic() < limit:
        time.sleep(0.005)
    assert begun.exists()


@pytest.mark.parametrize("press", [False, True], ids=["timer", "click"])
def test_a_fragment_of_the_left_page_does_not_restart_it(
    drawn: Callable[[Act], None], begun: Path, press: bool
) -> None:
    async def act(session: Session) -> None:
        left, part = session.page, session.part
        session.ask(page=session.pages["Second"])
        wait_for(begun)
        session.ask(page=left, part=part, press=press)
        begun.unlink()
        await session.until(FULL)
        assert session.began == ["Second"]
        assert session.texts == ["a part", "second"]

    drawn(act)


def test_neither_does_it_when_a_part_opened_the_page(drawn: Callable[[Act], None], begun: Path) -> None:
    async def act(session: Session) -> None:
        left, part = session.page, session.part
        session.ask(page=left, part=part, press=True)
        wait_for(begun)
        session.ask(page=left, part=part)
        begun.unlink()
        await session.ended(2)
        assert session.began[-1] == "Second"
        assert session.ends[-1] == FULL
        assert session.texts[-1] == "second"

    drawn(act)


def test_a_fragment_of_the_left_page_does_not_replace_the_new_page(
    drawn: Callable[[Act], None], begun: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act(session: Session) -> None:
        left, part = session.page, session.part
        with monkeypatch.context() as held:
            held.setattr(ScriptRunner, "start", lambda runner: None)  # its thread has not begun
            session.ask(page=session.pages["Second"])
        session.ask(page=left, part=part)
        session.runner.start()
        wait_for(begun)
        begun.unlink()
        await session.until(FULL)
        assert session.began == ["Second"]

    drawn(act)


def test_a_part_of_the_page_that_is_shown_is_drawn(drawn: Callable[[Act], None]) -> None:
    async def act(session: Session) -> None:
        session.ask(part=session.part)
        await session.until(PART)
        assert session.texts == ["a part"]

    drawn(act)


def test_a_second_call_changes_nothing() -> None:
    once = ScriptRunner._run_script, ScriptRequests._request_rerun_locked
    runs.drop_fragments_of_left_pages()
    assert (ScriptRunner._run_script, ScriptRequests._request_rerun_locked) == once
