"""One act of a person on a screen: asked about in a dialog, its problem shown where it happened, its success told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from portal.errors import PortalError
from portal.ui.common.notices import add_notice
from portal.ui.common.problems import show_problem

DIALOG_OPEN = "_dialog_open"
"""In the session's state: this drawing of the page has opened a dialog."""


def act_and_tell(act: Callable[[], object], done: str) -> None:
    """Run `act`; afterwards `done` is told and the whole page drawn anew, also from a fragment or a dialog."""
    try:
        act()
    except PortalError as error:
        show_problem(error)
    else:
        add_notice(done)
        st.rerun(scope="app")


def open_dialog(title: str, draw: Callable[..., None], *arguments: Any, **options: Any) -> None:
    """`draw(*arguments)` in a dialog; the page is drawn anew when it is shut. Not within a fragment that draws itself
    again by a timer: that would take its dialog along."""
    st.session_state[DIALOG_OPEN] = True
    st.dialog(title, on_dismiss="rerun", **options)(draw)(*arguments)


def forget_dialog() -> None:
    """At the head of a page's drawing: a dialog that was open is open no longer."""
    st.session_state.pop(DIALOG_OPEN, None)


def redraw_unless_asking() -> None:
    """Draw the whole page anew, from a fragment whose timer sees that something has ended; not under an open dialog,
    which would go with all that was typed into it. The page is drawn anew when that is shut."""
    if not st.session_state.get(DIALOG_OPEN):
        st.rerun(scope="app")
