"""A run is told to its end before a part of the page is drawn anew (contract with Streamlit's `AppSession`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.runtime import Runtime
from streamlit.runtime.app_session import AppSession

from portal.web.streamlit import runs
from tests.web.streamlit.one_session import EARLY, FULL, PART, Act, Session, act_on

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


@pytest.fixture(autouse=True)
def heard_out() -> Iterator[None]:
    before = AppSession._create_scriptrunner
    runs.deliver_messages_before_next_run()
    yield
    AppSession._create_scriptrunner = before  # type: ignore[method-assign]


@pytest.fixture
def drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Act], None]:
    script = tmp_path / "page.py"
    script.write_text(SCRIPT)
    monkeypatch.setattr(Runtime, "_instance", None)
    return lambda act: act_on(script, act)


def test_a_timer_as_a_page_ends_loses_none_of_its_messages(drawn: Callable[[Act], None]) -> None:
    async def act(page: Session) -> None:
        page.ask()
        page.let_it_end_untold()
        page.ask(part=page.part)
        await page.until(FULL, PART)
        told = [text for text in page.texts if text != "part 2"]  # which may give way to the next one before it is sent
        assert told == ["pressed 0", *(f"word {n}" for n in range(WORDS)), "part 3"]

    drawn(act)


def test_a_click_in_the_moment_its_part_is_done_is_answered(drawn: Callable[[Act], None]) -> None:
    async def act(page: Session) -> None:
        page.ask(part=page.part)
        page.let_it_end_untold()
        page.ask(part=page.part, press=True)
        page.ask(part=page.part)  # and another timer right behind it: drawn with the click or after it
        await page.ended(3)
        assert page.ends[0] in (PART, EARLY)  # what is not sent yet when a whole page begins is told as the latter
        assert page.ends[1:3] == [EARLY, FULL]
        assert "pressed 1" in page.texts

    drawn(act)


def test_a_whole_page_asked_for_meanwhile_comes_at_once(drawn: Callable[[Act], None]) -> None:
    async def act(page: Session) -> None:
        page.ask()
        page.let_it_end_untold()
        page.ask(part=page.part)
        page.ask()
        await page.until(FULL)  # which drew the part too
        assert page.texts[-1] == f"word {WORDS - 1}"

    drawn(act)


def test_a_second_call_changes_nothing() -> None:
    once = AppSession._create_scriptrunner
    runs.deliver_messages_before_next_run()
    assert AppSession._create_scriptrunner is once
