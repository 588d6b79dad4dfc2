"""A click in a fragment that the page no longer has is acted on (contract with `ScriptRunner` and `AppSession`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.runtime import Runtime
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner

from portal.web.streamlit import runs
from tests.web.streamlit.one_session import FULL, PATIENCE, Act, Session, act_on

SCRIPT = """
import time
from pathlib import Path

import streamlit as st

def act():
    if st.button("Answer", key="answer"):
        st.text("answered")

@st.fragment(run_every=60)
def following():
    act()

if Path("DONE").exists():
    Path("BEGUN").touch()
    while Path("HELD").exists():
        time.sleep(0.01)
    act()
    st.text("done")
else:
    following()
    st.text("running")
"""


@pytest.fixture(autouse=True)
def page_instead() -> Iterator[None]:
    before = ScriptRunner._run_script, AppSession.request_rerun
    runs.run_page_for_gone_fragments()
    yield
    ScriptRunner._run_script, AppSession.request_rerun = before  # type: ignore[method-assign]


@pytest.fixture
def drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Act], None]:
    script, text = tmp_path / "page.py", SCRIPT
    for name in ("DONE", "BEGUN", "HELD"):
        text = text.replace(name, str(tmp_path / name.lower()))
    script.write_text(text)
    monkeypatch.setattr(Runtime, "_instance", None)
    return lambda act: act_on(script, act)


def test_a_click_after_the_fragment_went_is_acted_on(drawn: Callable[[Act], None], tmp_path: Path) -> None:
    async def act(session: Session) -> None:
        part = session.part
        (tmp_path / "done").touch()
        session.ask()
        await session.until(FULL)
        session.ask(part=part, press=True)
        await session.until(FULL, FULL)
        assert session.texts == ["done", "answered", "done"]

    drawn(act)


def test_a_click_while_the_page_is_drawn_without_it_is_acted_on(drawn: Callable[[Act], None], tmp_path: Path) -> None:
    async def act(session: Session) -> None:
        part = session.part
        (tmp_path / "done").touch()
        (tmp_path / "held").touch()
        session.ask()
        limit = time.monotonic() + PATIENCE
        while not (tmp_path / "begun").exists() and time.monotonic() < limit:
            time.sleep(0.005)
        session.ask(part=part, press=True)
        session.ask(part=part)  # a timer's request that joins the click's does not hide it
        (tmp_path / "held").unlink()
        await session.ended(2)
        assert session.ends[-1] == FULL
        assert session.texts[-2:] == ["answered", "done"]

    drawn(act)


def test_a_timer_of_a_gone_fragment_draws_nothing(drawn: Callable[[Act], None], tmp_path: Path) -> None:
    async def act(session: Session) -> None:
        part = session.part
        (tmp_path / "done").touch()
        session.ask()
        await session.until(FULL)
        session.ask(part=part)
        await session.ended(1)
        assert session.texts == ["done"]

    drawn(act)


def test_a_click_in_a_fragment_of_another_page_is_dropped(drawn: Callable[[Act], None], tmp_path: Path) -> None:
    async def act(session: Session) -> None:
        session.ask(page="0" * 32, part="gone", press=True)
        await session.ended(0)
        assert session.texts == []

    drawn(act)


def test_a_second_call_changes_nothing() -> None:
    once = ScriptRunner._run_script, AppSession.request_rerun
    runs.run_page_for_gone_fragments()
    assert (ScriptRunner._run_script, AppSession.request_rerun) == once
