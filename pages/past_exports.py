"""Past exports: every export of the merchant, with its expiry; found, sorted, opened again."""

from __future__ import annotations

from typing import Final

import streamlit as st

from portal.errors import PortalError
from portal.exports import ExportPage, HistoryFilter, State
from portal.runtime import get_portal
from portal.ui import places
from portal.ui.badges import BADGES
from portal.ui.export_table import export_table
from portal.ui.problems import show_problem
from portal.ui.session import the_user
from portal.ui.times import reader_zone
from portal.ui.words import _, plural

NEWEST, EXPIRING = _("Newest first"), _("Expiring soonest")
KEEP: Final = "session"

portal = get_portal()
user = the_user()
zone = reader_zone(user.time_zone)
STATES_BY_WORD: dict[str, frozenset[State]] = {}
for state, badge in BADGES.items():
    STATES_BY_WORD[badge.word] = STATES_BY_WORD.get(badge.word, frozenset()) | {state}


def filters() -> HistoryFilter:
    """The filter row; kept while one moves about, never in the address (SEC-43)."""
    search, order = st.columns([3, 1], vertical_alignment="bottom")
    text = search.text_input(
        _("Search"), key="history_text", max_chars=400, autocomplete="off", icon=":material/search:",
        placeholder=_("Whole email or customer ID, or the start of a reference"),
        persist_state=KEEP,
    )  # fmt: skip
    sort = order.selectbox(_("Order"), [NEWEST, EXPIRING], key="history_sort", persist_state=KEEP)
    with st.expander(_("More filters"), icon=":material/filter_list:"):
        one, two, three = st.columns(3)
        words = one.multiselect(
            _("Status"), list(STATES_BY_WORD), key="history_states", persist_state=KEEP, placeholder=_("Any status")
        )
        kind = two.selectbox(_("Format"), ["", "JSON", "CSV"], format_func=lambda k: k or _("Any format"),
                             key="history_format", persist_state=KEEP)  # fmt: skip
        names = portal.exports.programs_used(user)
        program = three.selectbox(_("Program"), ["", *names], format_func=lambda p: names.get(p, _("Any program")),
                                  key="history_program", persist_state=KEEP)  # fmt: skip
        since = one.date_input(_("From"), value=None, key="history_since", format="YYYY-MM-DD", persist_state=KEEP)
        until = two.date_input(_("To"), value=None, key="history_until", format="YYYY-MM-DD", persist_state=KEEP)
        mine = three.toggle(_("Only mine"), key="history_mine", persist_state=KEEP)
    return HistoryFilter(
        text=text or "",
        states=frozenset().union(*(STATES_BY_WORD[w] for w in words)),
        format="json" if kind == "JSON" else "csv" if kind == "CSV" else "",
        program_id=program or "",
        since=since,
        until=until,
        mine=mine,
        sort="expires" if sort == EXPIRING else "requested",
    )


def cursors(wanted: HistoryFilter) -> list[str | None]:
    """The way to the page shown: one cursor a page turned. Starts anew when the filter changes."""
    if st.session_state.get("_history_filter") != wanted:
        st.session_state["_history_filter"] = wanted
        st.session_state["_history_cursors"] = [None]
        if wanted.text.strip():
            portal.exports.note_search(user, wanted.text)
    way: list[str | None] = st.session_state["_history_cursors"]
    return way


def turn(page: ExportPage, way: list[str | None]) -> None:
    """Earlier and later pages."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="center"):
        if st.button(_("Previous"), icon=":material/chevron_left:", disabled=len(way) == 1):
            way.pop()
            st.rerun(scope="app")
        st.caption(_("Page {n}").format(n=len(way)))
        if st.button(_("Next"), icon=":material/chevron_right:", icon_position="right", disabled=page.after is None):
            way.append(page.after)
            st.rerun(scope="app")


title, download = st.columns([3, 1], vertical_alignment="bottom")
title.title(_("Past exports"))
title.caption(_("Every export your merchant asked for, when it expires and where it stands."))
download.link_button(
    _("Download list"), "/exports/list.csv", icon=":material/download:", width="stretch",
    help=_("The register as CSV, without personal data."),
)  # fmt: skip
wanted = filters()
way = cursors(wanted)


def rows(page: ExportPage) -> None:
    if not page.rows:
        if wanted == HistoryFilter(sort=wanted.sort):
            st.info(_("No exports yet. They appear here as soon as somebody asks for one."), icon=":material/inbox:")
            if st.button(_("New export"), type="primary", icon=":material/add:"):
                st.switch_page(places.NEW_EXPORT)
        else:
            st.info(
                _("Nothing matches. An email or ID must be whole, as it was asked for; a reference may be its start."),
                icon=":material/search_off:",
            )
        return
    chosen = export_table(page.rows, zone, key=f"history_table_{len(way)}")
    if chosen is not None:
        places.go_to_export(chosen)
    st.caption(plural("{n} export on this page. Click a row's box to open it.",
                      "{n} exports on this page. Click a row's box to open one.", len(page.rows)))  # fmt: skip
    if len(way) > 1 or page.after is not None:
        turn(page, way)


@st.fragment(run_every=3)
def live() -> None:
    """Moves by itself: running exports and countdowns."""
    try:
        rows(portal.exports.history(user, wanted, after=way[-1]))
    except PortalError as error:
        show_problem(error)


live()
