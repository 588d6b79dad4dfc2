"""The personal secret address of the calendar of due days: made, shown once, ended."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlsplit

import streamlit as st

from portal.composition import Portal
from portal.errors import PortalError
from portal.identity import User
from portal.ui.common.danger import Danger, ask_first, danger_button
from portal.ui.common.notices import add_notice
from portal.ui.common.problems import show_problem
from portal.ui.common.times import when_and_ago
from portal.ui.common.words import _, plain

ONCE = "_calendar_address"
"""In the session's state: the new address, until the page is left."""


def draw_calendar_address(portal: Portal, user: User, zone: dt.tzinfo) -> None:
    st.header(_("Calendar of due days"), anchor=False)
    st.text(_("Your calendar can show when cases are due: their numbers, days and states, and nobody's name."))
    standing = portal.case_calendar.standing(user)
    address = st.session_state.pop(ONCE, None)
    if address is not None:
        st.success(
            _("Subscribe to this address in your calendar. It is shown only now, and opens without a password."),
            icon=":material/key:",
        )
        st.code(address, language=None, wrap_lines=True)
    if standing is not None:
        st.caption(plain(_("Made {when}.").format(when=when_and_ago(standing.since, zone))))
        used = standing.last_used_at
        st.caption(
            plain(_("Last used {when}.").format(when=when_and_ago(used, zone))) if used else _("Not used so far.")
        )
    with st.container(horizontal=True):
        label = _("Replace the address") if standing is not None else _("Make an address")
        if st.button(label, key="calendar_new", icon=":material/event:"):
            _make(portal, user)
        if standing is not None and danger_button(_("End the address"), key="calendar_end", icon=":material/link_off:"):
            danger = Danger(
                "calendar_end",
                _("End the address?"),
                (),
                _("Calendars that subscribe to it get nothing from then on."),
                _("End it now"),
            )
            ask_first(danger, lambda: _end(portal, user))


def _make(portal: Portal, user: User) -> None:
    try:
        secret = portal.case_calendar.new_address(user)
    except PortalError as error:
        show_problem(error)
        return
    here = urlsplit(st.context.url or "")
    st.session_state[ONCE] = f"{here.scheme}://{here.netloc}/calendar/{secret}.ics"
    st.rerun()


def _end(portal: Portal, user: User) -> None:
    try:
        portal.case_calendar.revoke(user)
    except PortalError as error:
        show_problem(error)
    else:
        add_notice(_("The address has ended."))
        st.rerun()
