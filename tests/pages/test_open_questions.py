"""A page that is drawn anew by its timers waits while a question is open on it."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest


def asking() -> None:
    import streamlit as st

    from portal.ui.common.acting import forget_dialog, open_dialog, redraw_unless_asking

    forget_dialog()
    st.session_state["drawn"] = st.session_state.get("drawn", 0) + 1
    if st.session_state.get("ask"):
        open_dialog("Sure?", lambda: st.text("the question"))
    if st.session_state["drawn"] == 1:
        redraw_unless_asking()
    st.text("the rest")


def test_a_page_is_not_drawn_anew_under_an_open_question() -> None:
    page = AppTest.from_function(asking)
    page.session_state["ask"] = True
    page.run()
    assert page.session_state["drawn"] == 1
    assert [text.value for text in page.text if text.value == "the rest"] == ["the rest"]


def test_a_page_without_a_question_is_drawn_anew() -> None:
    page = AppTest.from_function(asking).run()
    assert page.session_state["drawn"] == 2


def test_a_question_that_was_shut_holds_nothing_back() -> None:
    page = AppTest.from_function(asking)
    page.session_state["ask"] = True
    page.run()
    page.session_state["ask"] = False
    page.session_state["drawn"] = 0
    page.run()
    assert page.session_state["drawn"] == 2


def test_every_dialog_is_opened_in_the_one_way() -> None:
    root = Path(__file__).resolve().parents[2]
    pages = [*(root / "portal").rglob("*.py"), *(root / "pages").glob("*.py")]
    assert [path.name for path in pages if "st.dialog" in path.read_text(encoding="utf-8")] == ["acting.py"]
