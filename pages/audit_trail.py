"""Audit trail: who did what to which export, when, from where; does it hold; evidence to hand out."""

from __future__ import annotations

import datetime as dt
from typing import Final
from urllib.parse import urlencode

import streamlit as st

from portal.audit.reading import TrailFilter, TrailPage
from portal.audit.words import ACT_WORDS
from portal.errors import PortalError
from portal.identity import Permission, allows
from portal.runtime import get_portal
from portal.trail.lookups import LookupFilter
from portal.trail.pages import TrailVerdict
from portal.ui.account.session import current_user
from portal.ui.common.file_link import file_link
from portal.ui.common.problems import show_problem
from portal.ui.common.times import reader_zone, when
from portal.ui.common.words import _, date_field, number, plain, sentence
from portal.ui.history.lookup_table import lookup_table
from portal.ui.history.trail_table import trail_table

KEEP: Final = "session"
ID_CHARS = 32
UNFILTERED: Final[dict[str, object]] = {
    "trail_action": "", "trail_actor": "", "trail_export": "", "trail_since": None, "trail_until": None,
}  # fmt: skip

portal = get_portal()
user = current_user()
zone = reader_zone(user.time_zone)


def filters() -> TrailFilter:
    """Narrow the list; kept while one moves about."""
    people = portal.trail.trail_people(user)
    one, two, three = st.columns(3)
    action = one.selectbox(
        _("Act"), ["", *sorted(ACT_WORDS, key=lambda a: _(ACT_WORDS[a]))], key="trail_action", persist_state=KEEP,
        format_func=lambda a: _(ACT_WORDS[a]) if a else _("Any act"),
    )  # fmt: skip
    actor = two.selectbox(
        _("Who"), ["", *people], key="trail_actor", persist_state=KEEP,
        format_func=lambda a: sentence(people[a]) if a in people else _("Anybody"),
    )  # fmt: skip
    export = three.text_input(_("Export ID"), key="trail_export", max_chars=ID_CHARS, persist_state=KEEP)
    one, two, _rest = st.columns(3)  # a second row, so that a phone stacks From and To one after the other
    since = one.date_input(_("From"), value=None, key="trail_since", format=date_field(), persist_state=KEEP)
    until = two.date_input(_("To"), value=None, key="trail_until", format=date_field(), persist_state=KEEP)
    return TrailFilter(action or "", actor or "", (export or "").strip().lower(), since, until)


def unfilter() -> None:
    """Every field of the filter as it is at first."""
    for key, value in UNFILTERED.items():
        st.session_state[key] = value


def say(verdict: TrailVerdict) -> None:
    """One plain line: does it hold, since when, and if not, where it breaks."""
    if not verdict.holds:
        place = _("entry {seq} ").format(seq=number(verdict.place)) if verdict.place else ""
        line = _("The trail does not hold: {place}{what}.").format(place=place, what=sentence(verdict.what))
        st.error(plain(line), icon=":material/gpp_bad:")
        return
    if not verdict.signed:
        line = _("No entry is signed yet. That the {n} entries fit together is all that can be said of them.")
        st.warning(plain(line.format(n=number(verdict.entries))), icon=":material/hourglass_empty:")
        return
    line = _("The trail holds from {since} up to entry {n}, signed at {at}. Checkpoints that agree: {points}.")
    line = line.format(
        since=when(verdict.since, zone), n=number(verdict.signed), at=when(verdict.signed_at, zone),
        points=number(verdict.checkpoints),
    )  # fmt: skip
    st.success(plain(f"{line} {not_signed(verdict.unsigned)}".strip()), icon=":material/verified_user:")


def not_signed(count: int) -> str:
    """What is behind the newest signature; nothing when that is nothing."""
    if not count:
        return ""
    return _("Entries after it that are not signed yet: {n}. Nothing proves yet that these are all.").format(
        n=number(count)
    )


def standing() -> None:
    """Under the title: how far the chain is signed. No more is promised of it than that."""
    found = portal.trail.trail_standing(user)
    if found.alarm:
        line = _("The trail is not as it was signed. Tell the portal's operator; Verify says where.")
        st.error(plain(line), icon=":material/gpp_bad:")
        return
    if found.signed:
        line = _("Signed up to entry {n}, at {at}.").format(n=number(found.signed), at=when(found.signed_at, zone))
        line = f"{line} {not_signed(found.unsigned)}".strip()
    else:
        line = _("No entry is signed yet.")
    st.caption(plain(line))


def evidence(wanted: TrailFilter) -> None:
    """Links to files about what is filtered: one export, its person, or days."""
    with st.expander(_("Evidence"), icon=":material/gavel:"):
        st.markdown(
            _("One file of who did what and when, which anybody can check without the portal. It never holds contents.")
        )
        today = dt.datetime.now(dt.UTC).date()
        with st.container(horizontal=True, vertical_alignment="bottom"):
            about = st.text_input(_("About the export with this ID"), value=wanted.object_id, max_chars=ID_CHARS)
            about = about.strip().lower()
            known = len(about) == ID_CHARS and about.isalnum()
            link(_("Evidence"), "/audit/evidence", {"export": about}, usable=known)
            link(_("About its person"), "/audit/evidence", {"person_of": about}, usable=known)
            if allows(user.role, Permission.EXPORT_OPEN):
                link(_("For the person"), "/audit/about-person", {"export": about}, usable=known)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            days = st.date_input(
                _("About these days"), value=(wanted.since or today - dt.timedelta(days=30), wanted.until or today),
                format=date_field(),
            )  # fmt: skip
            ends = [day.isoformat() for day in days] if isinstance(days, tuple) else []
            whole = len(ends) == 2
            span = {"from": ends[0], "to": ends[1]} if whole else {}
            link(_("Evidence of these days"), "/audit/evidence", span, usable=whole)
        link(_("Whole trail"), "/audit/trail.jsonl", {}, usable=True)


def link(words: str, place: str, query: dict[str, str], *, usable: bool) -> None:
    address = f"{place}?{urlencode(query)}" if query else place
    if usable:
        file_link(words, address, icon="download", key=words)
    else:  # a button that is off says so to a screen reader; a link that is off is only pale
        st.button(words, icon=":material/download:", disabled=True)


def without_a_case(wanted: TrailFilter) -> None:
    """Look-ups of persons that led to no case, of whom and when the filter says; nothing when there are none."""
    narrowed = LookupFilter(wanted.actor, wanted.since, wanted.until)
    if st.session_state.get("_lookup_filter") != narrowed:
        st.session_state["_lookup_filter"] = narrowed
        st.session_state["_lookup_way"] = [None]
    way: list[tuple[dt.datetime, str] | None] = st.session_state["_lookup_way"]
    page = portal.lookups_without_case.page(user, narrowed, after=way[-1])
    if not page.count:
        return
    words = f"{plain(_('Looked up without a case'))} · {number(page.count)}"
    with st.expander(words, icon=":material/person_search:", key="lookups_without_case"):
        st.caption(_("Somebody looked for a customer at LoyaltyDog and opened no case within an hour."))
        lookup_table(page.rows, zone, key=f"lookup_table_{len(way)}")
        if len(way) == 1 and page.after is None:
            return
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="center"):
            if st.button(_("Newer look-ups"), icon=":material/chevron_left:", disabled=len(way) == 1):
                way.pop()
                st.rerun()
            st.caption(_("Page {n}").format(n=number(len(way))))
            if st.button(
                _("Older look-ups"), icon=":material/chevron_right:", icon_position="right", disabled=page.after is None
            ):
                way.append(page.after)
                st.rerun()


def turn(page: TrailPage, way: list[int | None]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="center"):
        if st.button(_("Newer"), icon=":material/chevron_left:", disabled=len(way) == 1):
            way.pop()
            st.rerun()
        st.caption(_("Page {n}").format(n=number(len(way))))
        if st.button(_("Older"), icon=":material/chevron_right:", icon_position="right", disabled=page.after is None):
            way.append(page.after)
            st.rerun()


def acts(wanted: TrailFilter) -> None:
    if st.session_state.get("_trail_filter") != wanted:
        st.session_state["_trail_filter"] = wanted
        st.session_state["_trail_way"] = [None]
    way: list[int | None] = st.session_state["_trail_way"]
    page = portal.trail.entries(user, wanted, after=way[-1])
    if not page.rows:
        st.info(
            _("No act matches. Every act of your merchant appears here, the newest first."), icon=":material/inbox:"
        )
        st.button(_("Clear filters"), icon=":material/filter_list_off:", on_click=unfilter)
        return
    trail_table(page.rows, zone, key=f"trail_table_{len(way)}")
    turn(page, way)


title, button = st.columns([3, 1], vertical_alignment="bottom")
title.title(_("Audit trail"))
title.caption(_("Who did what to which export, when and from where."))
try:
    standing()
    if button.button(_("Verify"), type="primary", icon=":material/fact_check:", width="stretch"):
        with st.spinner(_("Checking every entry …")):
            say(portal.trail.verify_trail(user))
    above = st.container()
    chosen = filters()
    with above:
        evidence(chosen)
    without_a_case(chosen)
    acts(chosen)
except PortalError as error:
    show_problem(error)
