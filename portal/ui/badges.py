"""A state's word, sign and colour. The colour is never the only sign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import streamlit as st

from portal.exports import ExportView, State
from portal.ui.words import _

Colour = Literal["red", "orange", "blue", "green", "gray"]


@dataclass(frozen=True)
class Badge:
    word: str
    icon: str
    colour: Colour


def badge_of(view: ExportView) -> Badge:
    """What to call where an export stands."""
    if view.state is State.READY and view.verdict == "nobody":
        return Badge(_("Nothing held"), ":material/inbox:", "green")
    if view.state is State.EXPIRED and view.holds_file:
        return Badge(_("Expired, copy kept"), ":material/history:", "gray")
    return BADGES[view.state]


BADGES = {
    State.REQUESTED: Badge(_("Asking"), ":material/hourglass_top:", "blue"),
    State.SENT: Badge(_("Asking"), ":material/hourglass_top:", "blue"),
    State.WAITING: Badge(_("Waiting"), ":material/schedule:", "blue"),
    State.ACCEPTED: Badge(_("Fetching"), ":material/downloading:", "blue"),
    State.COLLECTED: Badge(_("Checking"), ":material/fact_check:", "blue"),
    State.READY: Badge(_("Ready"), ":material/check_circle:", "green"),
    State.ATTENTION: Badge(_("Needs a manager"), ":material/warning:", "orange"),
    State.UNKNOWN: Badge(_("Unknown"), ":material/help:", "orange"),
    State.REJECTED: Badge(_("Refused"), ":material/block:", "red"),
    State.FAILED: Badge(_("Failed"), ":material/error:", "red"),
    State.EXPIRED: Badge(_("Expired"), ":material/history:", "gray"),
    State.PURGED: Badge(_("Destroyed"), ":material/delete:", "gray"),
}


def draw_badge(view: ExportView) -> None:
    badge = badge_of(view)
    st.badge(badge.word, icon=badge.icon, color=badge.colour)
