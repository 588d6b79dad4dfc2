"""A state's word, sign and colour. The colour is never the only sign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import streamlit as st

from portal.exports import ExportView, State
from portal.ui.words import _, later

Colour = Literal["red", "orange", "blue", "green", "gray"]


@dataclass(frozen=True)
class Badge:
    word: str
    """In English; `said` is it in the reader's language."""
    icon: str
    colour: Colour

    @property
    def said(self) -> str:
        return _(self.word)


def badge_of(view: ExportView) -> Badge:
    """What to call where an export stands."""
    if view.state is State.READY and view.verdict == "nobody":
        return Badge(later("Nothing held"), ":material/inbox:", "green")
    if view.state is State.EXPIRED and view.holds_file:
        return Badge(later("Expired, copy kept"), ":material/history:", "gray")
    return BADGES[view.state]


BADGES = {
    State.REQUESTED: Badge(later("Asking"), ":material/hourglass_top:", "blue"),
    State.SENT: Badge(later("Asking"), ":material/hourglass_top:", "blue"),
    State.WAITING: Badge(later("Waiting"), ":material/schedule:", "blue"),
    State.ACCEPTED: Badge(later("Fetching"), ":material/downloading:", "blue"),
    State.COLLECTED: Badge(later("Checking"), ":material/fact_check:", "blue"),
    State.READY: Badge(later("Ready"), ":material/check_circle:", "green"),
    State.ATTENTION: Badge(later("Needs a manager"), ":material/warning:", "orange"),
    State.UNKNOWN: Badge(later("Unknown"), ":material/help:", "orange"),
    State.REJECTED: Badge(later("Refused"), ":material/block:", "red"),
    State.FAILED: Badge(later("Failed"), ":material/error:", "red"),
    State.EXPIRED: Badge(later("Expired"), ":material/history:", "gray"),
    State.PURGED: Badge(later("Destroyed"), ":material/delete:", "gray"),
}


def draw_badge(view: ExportView) -> None:
    badge = badge_of(view)
    st.badge(badge.said, icon=badge.icon, color=badge.colour)
