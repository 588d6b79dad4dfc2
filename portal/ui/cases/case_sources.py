"""The checklist of what a complete answer is made of: each source with its state, live while it is fetched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from portal.composition import Portal
from portal.errors import PortalError
from portal.identity import User
from portal.sources.kinds import SourceKind, SourceState
from portal.sources.views import SourceLine, SourceList
from portal.ui.common import navigation
from portal.ui.common.notices import add_notice
from portal.ui.common.problems import show_problem
from portal.ui.common.times import size
from portal.ui.common.words import _, later, plain, plural, sentence

POLL_SECONDS = 1.0
KIND_WORDS: Mapping[SourceKind, str] = {
    SourceKind.CARDS_BY_EMAIL: later("Gift cards by email"),
    SourceKind.CARDS_BY_ID: later("Gift cards by ID"),
    SourceKind.PROGRAMS: later("List of programs"),
    SourceKind.MEMBERS: later("Membership"),
    SourceKind.LOYALTY_DATA: later("Loyalty data"),
    SourceKind.CARD_CONSENT: later("Gift card consents"),
    SourceKind.LOYALTY_CONSENT: later("Loyalty consents"),
    SourceKind.VENDOR_LOG: later("Who looked, at LoyaltyDog"),
}
SIGNS: Mapping[SourceState, str] = {
    SourceState.PLANNED: "□",
    SourceState.ASKING: "…",
    SourceState.FETCHED: "✓",
    SourceState.EMPTY: "✓",
    SourceState.REFUSED: "!",
    SourceState.FAILED: "!",
    SourceState.ATTESTED: "✓",
    SourceState.NOT_APPLICABLE: "–",
}
STATE_WORDS: Mapping[SourceState, str] = {
    SourceState.PLANNED: later("to be asked"),
    SourceState.ASKING: later("fetching"),
    SourceState.FETCHED: later("fetched"),
    SourceState.EMPTY: later("nothing there"),
    SourceState.REFUSED: later("refused"),
    SourceState.FAILED: later("failed"),
    SourceState.ATTESTED: later("answered for"),
    SourceState.NOT_APPLICABLE: later("cannot be asked"),
}


def draw_sources(portal: Portal, user: User, case_id: str, found: SourceList) -> None:
    """The checklist, and the button that asks all that was not asked yet. It follows what is under way by itself."""
    if found.running:
        _following(portal, user, case_id)
    else:
        _lines(portal, user, case_id, found)
    if found.may and found.to_ask and st.button(
        _("Collect"), key="case_collect", type="primary", icon=":material/download:"
    ):  # fmt: skip
        _act(partial(portal.case_sources.collect, user, case_id), _("LoyaltyDog is being asked."))
    if found.settled and not found.running:
        words = _("Every source is settled: nothing was found for this person.")
        st.caption(words if found.nothing_held else _("Every source is settled."))


@st.fragment(run_every=POLL_SECONDS)
def _following(portal: Portal, user: User, case_id: str) -> None:
    """Until nothing goes on by itself: then the whole page is drawn anew, head, steps and button with it."""
    found = portal.case_sources.lines(user, case_id)
    _lines(portal, user, case_id, found)  # first: a rerun of the page forgets which button this run is about
    if not found.running:
        st.rerun(scope="app")
    st.caption(_("You may leave this page; collecting goes on."))


def _lines(portal: Portal, user: User, case_id: str, found: SourceList) -> None:
    alike = Counter((line.kind, line.program) for line in found.lines)
    for place, line in enumerate(found.lines):
        with st.container(key=f"case_source_{place}", gap="xxsmall"):
            words = source_said(line, by=alike[line.kind, line.program] > 1)
            _line(portal, user, case_id, line, words, may=found.may)
            if told := f"{sentence(line.problem)} {sentence(line.next_step)}".strip():
                st.caption(plain(told))


def _line(portal: Portal, user: User, case_id: str, line: SourceLine, words: str, *, may: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text(f"{SIGNS[line.state]} {words}", width="stretch")
        st.text(standing_of(line), width="content")
        if line.export_id and st.button(_("Look"), key=f"case_look_{line.export_id}", type="tertiary"):
            navigation.go_to_export(line.export_id)
        if line.again and may and st.button(
            _("Try again"), key=f"case_again_{line.id}", type="tertiary", icon=":material/refresh:"
        ):  # fmt: skip
            _act(partial(portal.case_sources.retry, user, case_id, line.id), _("It is asked again."))


def source_said(line: SourceLine, *, by: bool) -> str:
    """``Membership · Coffee Club``, and with `by` what it was asked by: ``· a•••@example.com``."""
    parts = (_(KIND_WORDS[line.kind]), line.program, line.asked_by[1] if by else "")
    return " · ".join(part for part in parts if part)


def standing_of(line: SourceLine) -> str:
    """``8.9 KB, 21 rows``, ``refused (403)``, ``fetching, 2 pages so far``."""
    words = _(STATE_WORDS[line.state])
    if line.state is SourceState.FETCHED:
        words = size(line.size_bytes)
        if line.row_count is not None:
            words += ", " + plural("{n} row", "{n} rows", line.row_count)
    elif line.state is SourceState.ASKING and line.pages:
        words += ", " + plural("{n} page so far", "{n} pages so far", line.pages)
    elif line.state in (SourceState.REFUSED, SourceState.FAILED) and line.status:
        words += f" ({line.status})"
    if line.doubtful_count:
        words += ", " + plural("{n} more matches by phone alone", "{n} more match by phone alone", line.doubtful_count)
    if line.destroyed_at is not None:
        words += ", " + _("destroyed when its time was over")
    return words


def _act(act: Callable[[], object], done: str) -> None:
    try:
        act()
    except PortalError as error:
        show_problem(error)
    else:
        add_notice(done)
        st.rerun(scope="app")
