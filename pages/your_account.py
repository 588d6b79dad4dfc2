"""Your account: what one sees and changes of oneself. Every role."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from portal.errors import InputError, InputErrors, PortalError
from portal.identity import AccountRow, OwnSession
from portal.runtime import get_portal
from portal.ui.account.calendar_address import draw_calendar_address
from portal.ui.account.session import current_user
from portal.ui.common.acts import ROLE_WORDS, word
from portal.ui.common.danger import Danger, ask_first, danger_button
from portal.ui.common.problems import field_problem, show_problem
from portal.ui.common.times import reader_zone, when, when_and_ago
from portal.ui.common.words import _, plain, plural

METHODS = {"password": _("Password"), "loyaltydog": _("Sign in with LoyaltyDog"), "oidc": _("Single sign-on")}

portal = get_portal()
user = current_user()
zone = reader_zone(user.time_zone)


def facts(account: AccountRow) -> None:
    """The account's facts; the name is not rendered as Markdown."""
    lines = {
        _("Email"): account.email,
        _("Name"): account.name,
        _("Role"): word(ROLE_WORDS, account.role.value),
        _("Signs in with"): METHODS.get(account.method, account.method),
    }
    with st.container(border=True):
        for column, (label, value) in zip(st.columns([2, 1, 1, 1]), lines.items(), strict=True):
            column.caption(plain(label))
            column.text(value or "–")
    st.caption(_("A manager of your merchant can change these."))


def password_form() -> None:
    st.header(_("Password"), anchor=False)
    with st.form("own_password"):
        chosen = st.text_input(_("New password"), type="password", autocomplete="new-password", max_chars=200)
        again = st.text_input(_("The same once more"), type="password", autocomplete="new-password", max_chars=200)
        st.caption(_("At least 15 characters; a few unrelated words are good. You are signed out everywhere after it."))
        if not st.form_submit_button(_("Change password"), icon=":material/password:"):
            return
    if chosen != again:
        field_problem(_("The two are not the same. Type both again."))
        return
    try:
        portal.accounts.set_password(user, user.account_id, chosen)
    except (InputError, InputErrors) as wrong:
        field_problem(wrong.message)
    except PortalError as error:
        show_problem(error)
    else:
        st.rerun()


def second_factor(account: AccountRow) -> None:
    st.header(_("Second factor"), anchor=False)
    if account.second_factor:
        st.badge(_("set up"), icon=":material/phonelink_lock:", color="green")
        st.text(_("A code from your authenticator app is asked for at each sign-in."))
        st.caption(_("Lost the app? A recovery code works once each. Then ask a manager to reset it."))
        return
    st.badge(_("none"), icon=":material/phonelink_erase:", color="gray")
    st.text(_("With a code from an app on your phone, your password alone is worth nothing to a thief."))
    st.caption(_("You are signed out, and set it up as you sign in again. It takes a minute."))
    if st.button(_("Set up a second factor"), icon=":material/phonelink_lock:"):
        try:
            portal.own_account.request_second_factor(user)
        except PortalError as error:
            show_problem(error)
        else:
            st.rerun()


def where_signed_in(sessions: list[OwnSession]) -> None:
    st.header(_("Where you are signed in"), anchor=False)
    cells = {
        _("Since"): [when_and_ago(s.since, zone) for s in sessions],
        _("Last act"): [when_and_ago(s.last_seen_at, zone) for s in sessions],
        _("From"): [s.address for s in sessions],
        _("With"): [METHODS.get(s.method, s.method) for s in sessions],
        _("This browser"): [_("here") if s.here else "" for s in sessions],
    }
    st.dataframe(
        pd.DataFrame(cells, dtype=object),
        hide_index=True,
        alt=_("Your sign-ins: since when, last act, from which address, with what, and which one is this browser."),
    )
    others = sum(not s.here for s in sessions)
    if not others:
        st.caption(_("Nowhere but here."))
    elif danger_button(_("Sign out everywhere else"), key="sessions", icon=":material/logout:"):
        ask_first(
            Danger(
                "sessions",
                _("Sign out everywhere else?"),
                [f"{when(s.since, zone)} · {s.address}" for s in sessions if not s.here],
                _("These sign-ins end at once. This browser stays signed in."),
                _("Sign out now"),
            ),
            end_others,
        )


def end_others() -> None:
    ended = portal.own_account.end_other_sessions(user)
    st.session_state["_own_told"] = plural("{n} other sign-in ended.", "{n} other sign-ins ended.", ended)
    st.rerun()


st.title(_("Your account"))
st.caption(_("Your way in, and where it is open now."))
told = st.session_state.pop("_own_told", "")
if told:
    st.success(plain(told), icon=":material/check_circle:")
own = portal.own_account.row(user)
facts(own)
left, right = st.columns(2, gap="large")
with left:
    if own.method == "password":
        password_form()
    else:
        st.header(_("Password"), anchor=False)
        st.text(_("You sign in another way: your password is kept there, not here."))
with right:
    second_factor(own)
where_signed_in(portal.own_account.own_sessions(user))
draw_calendar_address(portal, user, zone)
