"""Destructive acts: a red button and a confirmation that names what they act on.

The red comes from the page shell, by the key's beginning (`portal.web.streamlit.shell.REPAIRS`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from portal.ui.common.acting import open_dialog
from portal.ui.common.words import _, plain, plural

MOST_NAMED = 8


@dataclass(frozen=True)
class Danger:
    """One such act. `about`: the names of what it acts on, as written; `words`: its consequences."""

    key: str
    question: str
    about: Sequence[str]
    words: str
    button: str


def danger_button(label: str, *, key: str, icon: str, disabled: bool = False, help: str | None = None) -> bool:
    """The red button that opens the confirmation."""
    return st.button(label, key=f"danger_{key}", icon=icon, disabled=disabled, help=help)


def ask_first(danger: Danger, act: Callable[[], None]) -> None:
    """Open the confirmation. Its red button runs `act`, which shows a notice and redraws the page."""
    open_dialog(danger.question, _question, danger, act, icon=":material/warning:")


def list_names(names: Sequence[str]) -> None:
    """The names of what an act is on, as written; at most `MOST_NAMED`."""
    for name in names[:MOST_NAMED]:
        st.text(name)
    if len(names) > MOST_NAMED:
        st.caption(plural("and {n} more", "and {n} more", len(names) - MOST_NAMED))


def _question(danger: Danger, act: Callable[[], None]) -> None:
    list_names(danger.about)
    st.markdown(plain(danger.words))
    with st.container(horizontal=True):
        if st.button(danger.button, type="primary", key=f"danger_{danger.key}_now"):
            act()
        if st.button(_("Cancel"), key=f"cancel_{danger.key}"):
            st.rerun()
