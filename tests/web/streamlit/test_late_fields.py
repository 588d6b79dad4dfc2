"""A field that speaks after a click on another page's link does not undo the click (contract with `AppSession`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.runtime import Runtime
from streamlit.runtime.app_session import AppSession

from portal.web.streamlit import runs
from tests.web.streamlit.one_session import FULL, Act, Session, act_on

SCRIPT = """
import streamlit as st

def draw_first():
    st.text(st.text_input("Email", key="email") or "first")

def draw_second():
    st.text("second")

first = st.Page(draw_first, title="First", default=True)
second = st.Page(draw_second, title="Second")
st.navigation([first, second], position="hidden").run()
"""


@pytest.fixture(autouse=True)
def stays() -> Iterator[None]:
    before = AppSession.request_rerun
    runs.stay_on_opened_page()
    yield
    AppSession.request_rerun = before  # type: ignore[method-assign]


@pytest.fixture
def drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Act], None]:
    script = tmp_path / "page.py"
    script.write_text(SCRIPT)
    monkeypatch.setattr(Runtime, "_instance", None)
    return lambda act: act_on(script, act)


def test_a_field_that_speaks_late_does_not_bring_its_page_back(drawn: Callable[[Act], None]) -> None:
    async def act(session: Session) -> None:
        left = session.page
        session.ask(page=session.pages["Second"])
        session.ask(page=left, typed="ada@example.com")
        await session.ended(1)
        assert session.began[-1] == "Second" and session.ends[-1] == FULL
        assert session.texts[-1] == "second"

    drawn(act)


def test_a_click_back_is_obeyed(drawn: Callable[[Act], None]) -> None:
    async def act(session: Session) -> None:
        left = session.page
        session.ask(page=session.pages["Second"])
        session.ask(page=left)
        await session.ended(1)
        assert session.began[-1] == "First" and session.texts[-1] == "first"

    drawn(act)


def test_what_is_typed_on_the_same_page_stays_there(drawn: Callable[[Act], None]) -> None:
    async def act(session: Session) -> None:
        session.ask(typed="ada@example.com")
        await session.until(FULL)
        assert session.texts == ["ada@example.com"]

    drawn(act)
