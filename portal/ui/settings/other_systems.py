"""The part of Settings that lists where else the merchant may hold data; each case asks about every one of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from portal.errors import InputError, PortalError
from portal.identity import User
from portal.runtime import get_portal
from portal.systems.names import NAME_MAX
from portal.systems.views import OtherSystem
from portal.ui.common.notices import add_notice
from portal.ui.common.problems import field_problem, show_problem
from portal.ui.common.times import reader_zone, when
from portal.ui.common.words import _, later

SUGGESTED = (
    later("Till receipts"),
    later("Online shop"),
    later("Newsletter"),
    later("Bookkeeping"),
    later("Bookings"),
    later("CCTV"),
)
ROUND = "_system_round"
"""In the session's state: counts the additions, so that the field is empty after each."""


def other_systems(user: User) -> None:
    st.header(_("Your other systems"))
    st.caption(
        _("Where else may you hold data of a customer? Each case asks about every one of them; LoyaltyDog knows none.")
    )
    found = get_portal().merchant_systems.systems(user)
    for one in found:
        _row(user, one)
    if not found:
        _suggestions(user)
    _add(user)


def _suggestions(user: User) -> None:
    st.info(
        _("The list is empty: answers cover what LoyaltyDog holds and nothing else."), icon=":material/inventory_2:"
    )
    chosen = st.pills(
        _("Most merchants have some of these"),
        SUGGESTED,
        selection_mode="multi",
        format_func=_,
        key="systems_suggested",
    )
    if st.button(_("Add the chosen"), key="systems_add_chosen", icon=":material/add:", disabled=not chosen):
        _change(partial(_add_all, user, [_(name) for name in chosen]), _("Added."))


def _add_all(user: User, names: list[str]) -> None:
    for name in names:
        get_portal().merchant_systems.add_system(user, name)


def _add(user: User) -> None:
    rounds = st.session_state.get(ROUND, 0)
    with st.form("systems_add", border=False):
        name = st.text_input(
            _("Another system"), key=f"systems_name_{rounds}", max_chars=NAME_MAX, autocomplete="off",
            placeholder=_("For example: the booking diary"),
        )  # fmt: skip
        if not st.form_submit_button(_("Add"), icon=":material/add:"):
            return
    if _change(partial(get_portal().merchant_systems.add_system, user, name), _("Added."), rerun=False):
        st.session_state[ROUND] = rounds + 1
        st.rerun()


def _row(user: User, one: OtherSystem) -> None:
    systems = get_portal().merchant_systems
    with st.container(horizontal=True, vertical_alignment="center", key=f"system_{one.id}"):
        if one.retired_at is not None:
            at = when(one.retired_at, reader_zone(user.time_zone))
            st.text(f"{one.name} · " + _("retired {when}").format(when=at), width="stretch")
            if st.button(_("Bring back"), key=f"system_back_{one.id}", type="tertiary", icon=":material/undo:"):
                _change(partial(systems.bring_system_back, user, one.id), _("It is asked again."))
            return
        st.text(one.name, width="stretch")
        with st.popover(_("Change"), key=f"system_change_{one.id}", type="tertiary", icon=":material/edit:"):
            name = st.text_input(
                _("Name"), value=one.name, key=f"system_name_{one.id}", max_chars=NAME_MAX, autocomplete="off"
            )
            if st.button(_("Rename"), key=f"system_rename_{one.id}", icon=":material/edit:"):
                _change(partial(systems.rename_system, user, one.id, name or ""), _("Renamed."))
            st.caption(_("Retired, it is asked in no new case. Cases that have answered it keep the answer."))
            if st.button(_("Retire"), key=f"system_retire_{one.id}", icon=":material/archive:"):
                _change(partial(systems.retire_system, user, one.id), _("Retired."))


def _change(act: Callable[[], object], done: str, *, rerun: bool = True) -> bool:
    """Make a change and draw the page anew, or say why it was not made."""
    try:
        act()
    except InputError as wrong:
        field_problem(wrong.message)
        return False
    except PortalError as error:
        show_problem(error)
        return False
    add_notice(done)
    if rerun:
        st.rerun()
    return True
