"""The checklist of what a complete answer is made of: each source with its state, live while it is fetched."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Literal

import streamlit as st

from portal.composition import Portal
from portal.exports.core.answers import Channel
from portal.identity import Permission, User, allows
from portal.sources.kinds import BY_HAND, SourceKind, SourceState
from portal.sources.views import SourceLine, SourceList
from portal.ui.cases.letter_draft import draw_nothing_letter, it_was_sent
from portal.ui.cases.systems.case_systems import draw_systems
from portal.ui.common import navigation
from portal.ui.common.acting import act_and_tell, open_dialog, redraw_unless_asking
from portal.ui.common.times import reader_zone, size
from portal.ui.common.words import _, day_of_year, later, plain, plural, sentence
from portal.ui.preview.answer_words import CHANNEL_WORDS

POLL_SECONDS = 1.0
ANSWERING = "_case_answer_for"
"""In the session's state for one run: the case and the line that the next drawing asks about."""
KIND_WORDS: Mapping[SourceKind, str] = {
    SourceKind.CARDS_BY_EMAIL: later("Gift cards by email"),
    SourceKind.CARDS_BY_ID: later("Gift cards by ID"),
    SourceKind.CARDS_FOUND: later("Gift cards by search"),
    SourceKind.PROGRAMS: later("List of programs"),
    SourceKind.MEMBERS: later("Membership"),
    SourceKind.LOYALTY_DATA: later("Loyalty data"),
    SourceKind.CARD_CONSENT: later("Gift card consents"),
    SourceKind.LOYALTY_CONSENT: later("Loyalty consents"),
    SourceKind.VENDOR_LOG: later("Who looked, at LoyaltyDog"),
    SourceKind.PORTAL_RECORDS: later("What this portal holds"),
    SourceKind.OTHER_SYSTEM: later("A system of yours"),
}
SIGNS: Mapping[SourceState, str] = {
    SourceState.PLANNED: "□",
    SourceState.ASKING: "…",
    SourceState.FETCHED: "✓",
    SourceState.EMPTY: "✓",
    SourceState.REFUSED: "!",
    SourceState.FAILED: "!",
    SourceState.ATTESTED: "✓",
    SourceState.APART: "✓",
    SourceState.NOT_APPLICABLE: "–",
}
QUIET = frozenset({SourceState.EMPTY, SourceState.NOT_APPLICABLE})
MOST_QUIET = 3
"""So many lines without anything to see stand among the others; more are folded away together."""
TIMED = frozenset({SourceState.FETCHED, SourceState.EMPTY})
"""Where the time at which it was fetched is of use."""
STATE_WORDS: Mapping[SourceState, str] = {
    SourceState.PLANNED: later("to be asked"),
    SourceState.ASKING: later("fetching"),
    SourceState.FETCHED: later("fetched"),
    SourceState.EMPTY: later("nothing there"),
    SourceState.REFUSED: later("refused"),
    SourceState.FAILED: later("failed"),
    SourceState.ATTESTED: later("nothing held"),
    SourceState.APART: later("answered apart"),
    SourceState.NOT_APPLICABLE: later("cannot be asked"),
}


ANSWERS = (
    (SourceState.ATTESTED, later("I looked there by hand: nothing is held")),
    (SourceState.APART, later("It is answered apart")),
)


def draw_sources(portal: Portal, user: User, case_id: str, found: SourceList, *, leads: bool, recognised: bool) -> None:
    """The checklist, and the button that asks all that was not asked yet. It follows what is under way by itself.

    `leads`: this is the open step, so its button is the primary one.
    """
    kind: Literal["primary", "secondary"] = "primary" if leads else "secondary"
    if not _asked_what_is_known(portal, user, case_id, found) and found.running:
        _following(portal, user, case_id)
    else:
        _lines(portal, user, case_id, found)
    draw_systems(portal, user, case_id, found)
    if found.may and found.to_ask and st.button(
        _("Collect"), key="case_collect", type=kind, icon=":material/download:"
    ):  # fmt: skip
        act_and_tell(partial(portal.case_sources.collect, user, case_id), _("LoyaltyDog is being asked."))
    if found.running:
        return
    if found.settled:
        draw_settled(portal, user, case_id, found, kind, recognised=recognised)
    elif found.undecided:
        st.caption(
            plural(
                "{n} decision below is open: whose record is it?",
                "{n} decisions below are open: whose records are they?",
                found.undecided,
            )
        )


def _asked_what_is_known(portal: Portal, user: User, case_id: str, found: SourceList) -> bool:
    """The dialog of a pressed *Answer for it*, and whether there is one. It is outside the lines, and while it is open
    nothing is followed: a list that draws itself again would take its dialog along."""
    asked = st.session_state.pop(ANSWERING, None)
    line = next((one for one in found.lines if one.unanswered and asked == (case_id, _id(one))), None)
    if line is not None:
        open_dialog(_("Answer for it"), _answer_for, portal, user, case_id, line, width="small")
    return line is not None


def _id(line: SourceLine) -> str:
    return line.id or line.export_id


def draw_settled(
    portal: Portal,
    user: User,
    case_id: str,
    found: SourceList,
    kind: Literal["primary", "secondary"],
    *,
    recognised: bool,
) -> None:
    """What the settled list comes to; where nothing is held, that is the answer, and its letter is written here."""
    if not found.nothing_held:
        apart = _("Every source is settled. What is answered apart is not known here: the letter has to say so.")
        st.caption(apart if found.apart else _("Every source is settled."))
        return
    st.caption(_("Every source is settled: nothing was found for this person."))
    if found.may and not recognised:
        st.caption(_("Nothing goes out before the person is recognised."))
    elif found.may and st.button(
        _("Answer: nothing is held"), key="case_nothing", type=kind, icon=":material/outgoing_mail:"
    ):  # fmt: skip
        open_dialog(_("Answer: nothing is held"), _nothing_held, portal, user, case_id, width="medium")


def _nothing_held(portal: Portal, user: User, case_id: str) -> None:
    text = draw_nothing_letter(portal, user, case_id)
    if text is None:
        return
    channel = st.selectbox(
        _("How"), list(Channel), key="case_nothing_channel", format_func=lambda c: _(CHANNEL_WORDS[c])
    )
    if channel is not None and it_was_sent("nothing"):
        act_and_tell(
            lambda: portal.nothing_held.record(user, case_id, text, channel),
            _("Recorded: the person was told that nothing is held."),
        )


@st.fragment(run_every=POLL_SECONDS)
def _following(portal: Portal, user: User, case_id: str) -> None:
    """Until nothing goes on by itself: then the whole page is drawn anew, head, steps and button with it."""
    found = portal.case_sources.lines(user, case_id)
    _lines(portal, user, case_id, found)  # first: a rerun of the page forgets which button this run is about
    if not found.running:
        redraw_unless_asking()
    st.caption(_("You may leave this page; collecting goes on."))


def _lines(portal: Portal, user: User, case_id: str, found: SourceList) -> None:
    """One after the other; where nothing is to be done and nothing was found, folded away when there are many."""
    alike = Counter((line.kind, line.program) for line in found.lines)

    def draw(place: int, line: SourceLine) -> None:
        with st.container(key=f"case_source_{place}", gap="xxsmall"):
            words = source_said(line, by=alike[line.kind, line.program] > 1)
            _line(portal, user, case_id, line, words, may=found.may)
            if line.stale:
                st.caption(_("Fetched too long ago: fetch it again, so that the answer is of one time."))
            if told := f"{sentence(line.problem)} {sentence(line.next_step)}".strip():
                st.caption(plain(told))

    lines = list(enumerate(line for line in found.lines if line.kind not in BY_HAND))
    quiet = [(place, line) for place, line in lines if line.state in QUIET and not line.stale and not line.export_id]
    folded = {place for place, _one in quiet} if len(quiet) > MOST_QUIET else set()
    for place, line in lines:
        if place not in folded:
            draw(place, line)
    if folded:
        with st.expander(plural("{n} more place: nothing there", "{n} more places: nothing there", len(quiet))):
            for place, line in quiet:
                draw(place, line)


def _line(portal: Portal, user: User, case_id: str, line: SourceLine, name: str, *, may: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text(f"{SIGNS[line.state]} {name}", width="stretch")
        words = standing_of(line)
        if line.settled_at is not None and line.state in TIMED:
            words += f" · {_time_of(line.settled_at, reader_zone(user.time_zone))}"
        st.text(words, width="content")
        if line.export_id and st.button(_("Look"), key=f"case_look_{line.export_id}", type="tertiary"):
            navigation.go_to_export(line.export_id)
        if line.again and may:
            _again(portal, user, case_id, line)
        if line.stale and line.export_id and may and st.button(
            _("Fetch again"), key=f"case_anew_{line.export_id}", type="tertiary", icon=":material/refresh:"
        ):  # fmt: skip
            act_and_tell(
                partial(portal.case_sources.refresh_export, user, case_id, line.export_id), _("It is asked again.")
            )
        if line.unanswered and may and allows(user.role, Permission.CASE_DECIDE) and st.button(
            _("Answer for it"), key=f"case_answer_for_{_id(line)}", type="tertiary",
        ):  # fmt: skip
            st.session_state[ANSWERING] = (case_id, _id(line))
            st.rerun(scope="app")


def _again(portal: Portal, user: User, case_id: str, line: SourceLine) -> None:
    """Asks it again; of an export that a manager answered for, this is taken back."""
    label = _("Fetch again") if line.stale else _("Try again")
    icon, done = ":material/refresh:", _("It is asked again.")
    if line.export_id:
        label, icon, done = _("Take back"), ":material/undo:", _("Taken back.")
    if st.button(label, key=f"case_again_{line.id}", type="tertiary", icon=icon):
        act_and_tell(partial(portal.unanswered_sources.retry, user, case_id, line.id), done)


def _answer_for(portal: Portal, user: User, case_id: str, line: SourceLine) -> None:
    st.text(source_said(line, by=True))
    st.caption(_("LoyaltyDog gave no answer here. Say what you know yourself: the letter tells the person."))
    state = st.radio(
        _("What is known?"), [state for state, _words in ANSWERS], key="case_answer_state",
        format_func=lambda chosen: _(dict(ANSWERS)[chosen]),
    )  # fmt: skip
    if state is not None and st.button(_("Record"), key="case_answer_now", type="primary"):
        at = {"source_id": line.id} if line.id else {"export_id": line.export_id}
        act_and_tell(lambda: portal.unanswered_sources.answer_for(user, case_id, state, **at), _("Recorded."))


def _time_of(at: dt.datetime, zone: dt.tzinfo) -> str:
    """``14:05`` of today, else the day: the line has little room."""
    local = at.astimezone(zone)
    return f"{local:%H:%M}" if local.date() == dt.datetime.now(zone).date() else day_of_year(local)


def source_said(line: SourceLine, *, by: bool) -> str:
    """``Membership · Coffee Club``, and with `by` what it was asked by: ``· a•••@example.com``."""
    parts = (_(KIND_WORDS[line.kind]), line.program, line.asked_by[1] if by else "")
    return " · ".join(part for part in parts if part)


def standing_of(line: SourceLine) -> str:
    """``8.9 KB, 21 rows``, ``refused (403)``, ``fetching, 2 pages so far``."""
    words = _(STATE_WORDS[line.state])
    if line.kind is SourceKind.PORTAL_RECORDS:
        words = _("taken when the answer is made")
    elif line.state is SourceState.FETCHED:
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
