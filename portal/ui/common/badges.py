"""A state's words, sign and colour: the one source for lists, badge, tab title and steps. The colour is never the only
sign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from portal.exports import ExportView, State
from portal.ui.common.words import _, later

Colour = Literal["red", "orange", "blue", "green", "gray"]


@dataclass(frozen=True)
class Badge:
    word: str
    """In English; `label` is it in the reader's language."""
    icon: str
    colour: Colour
    code: str = ""
    """What the state's code is called where moves are listed; in English."""
    step: str = ""
    """What is being done while an export is under way; in English. Begins with the same word as `word`."""

    @property
    def label(self) -> str:
        return _(self.word)

    @property
    def step_label(self) -> str:
        return _(self.step) if self.step else ""


def badge_of(view: ExportView) -> Badge:
    """The badge of an export's state."""
    if view.state is State.READY and view.verdict == "nobody":
        return Badge(later("Nothing held"), ":material/inbox:", "green")
    if view.state is State.EXPIRED and view.holds_file:
        return Badge(later("Expired, copy kept"), ":material/history:", "gray")
    return BADGES[view.state]


ASKING, FETCHING, CHECKING = later("Asking LoyaltyDog"), later("Fetching the file"), later("Checking")
TO_ASK = later("Waiting to ask LoyaltyDog")
BADGES: Mapping[State, Badge] = {
    State.REQUESTED: Badge(later("Asking"), ":material/hourglass_top:", "blue", later("requested"), ASKING),
    State.SENT: Badge(later("Asking"), ":material/hourglass_top:", "blue", later("sent"), ASKING),
    State.WAITING: Badge(later("Waiting"), ":material/schedule:", "blue", later("waiting"), TO_ASK),
    State.ACCEPTED: Badge(later("Fetching"), ":material/downloading:", "blue", later("accepted"), FETCHING),
    State.COLLECTED: Badge(later("Checking"), ":material/fact_check:", "blue", later("collected"), CHECKING),
    State.READY: Badge(later("Ready"), ":material/check_circle:", "green", later("ready")),
    State.ATTENTION: Badge(later("Needs a manager"), ":material/warning:", "orange", later("attention")),
    State.UNKNOWN: Badge(later("Unknown"), ":material/help:", "orange", later("unknown")),
    State.REJECTED: Badge(later("Refused"), ":material/block:", "red", later("rejected")),
    State.FAILED: Badge(later("Failed"), ":material/error:", "red", later("failed")),
    State.EXPIRED: Badge(later("Expired"), ":material/history:", "gray", later("expired")),
    State.PURGED: Badge(later("Destroyed"), ":material/delete:", "gray", later("purged")),
}


def draw_badge(view: ExportView) -> None:
    badge = badge_of(view)
    st.badge(badge.label, icon=badge.icon, color=badge.colour)
