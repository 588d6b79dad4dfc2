"""Who is signed in, on every rerun; what a person sees of their session."""

from __future__ import annotations

import dataclasses

import streamlit as st

from portal.composition import Portal
from portal.identity import User
from portal.identity.tickets import SIGN_OUT
from portal.runtime import get_portal
from portal.ui.account.signed_out import BOUND_TO
from portal.ui.account.step_up import fetch_new_cookie
from portal.ui.common.acts import ROLE_WORDS, word
from portal.ui.common.language_picker import language_picker
from portal.ui.common.refresh_throttle import skip_refresh_for
from portal.ui.common.words import _, plain, plural
from portal.web.gate.access import SIGN_OUT_PATH
from portal.web.streamlit.page_run import redirect_browser

WATCH_SECONDS = 15  # for the warning; a revoked session is cut off by the gate (`portal.web.gate.live`)
WARN_SECONDS = 60
WARNED = "_idle_warned"
FOR_THIS_RUN = "_user_of_this_run"


def signed_in_user() -> User | None:
    """The user of this rerun, looked up in the session table by the gate's headers in `st.user`.

    Session state is bound to the login session; another one clears it (SEC-32).
    """
    handed = st.user.to_dict()  # once: Streamlit looks for a secrets file at each question
    session_hash = str(handed.get("session_hash") or "")
    user = get_portal().sessions.resolve_hash(session_hash) if session_hash else None
    bound = st.session_state.get(BOUND_TO)
    if bound is not None and (user is None or bound != user.session_hash):
        st.session_state.clear()
    if user is None:
        return None
    st.session_state[BOUND_TO] = user.session_hash
    user = dataclasses.replace(user, origin=str(handed.get("address") or "web"))
    st.session_state[FOR_THIS_RUN] = user
    return user


def current_user() -> User:
    """The user that `portal/app.py` found in this run; for pages that exist only when signed in."""
    found = st.session_state.pop(FOR_THIS_RUN, None)
    user: User | None = found if found is not None else signed_in_user()
    if user is None:
        st.session_state.clear()
        st.rerun()
    assert user is not None
    return user


@st.fragment(run_every=WATCH_SECONDS)
def watch_session(user: User) -> None:
    """Warn a minute before the session idles out; clear the page at once when it has ended."""
    left = get_portal().sessions.idle_seconds_left(user)
    if left <= 0:
        st.session_state.clear()
        st.rerun(scope="app")
    skip_refresh_for(left - WARN_SECONDS)
    if left >= WARN_SECONDS:
        st.session_state.pop(WARNED, None)
    else:
        words = plural(
            "You will be signed out in {n} second because nothing happens here.",
            "You will be signed out in {n} seconds because nothing happens here.",
            int(left),
        )
        st.warning(words, icon=":material/timer:")
        if not st.session_state.get(WARNED):  # on a phone the sidebar is folded away
            st.session_state[WARNED] = True
            st.toast(words, icon=":material/timer:", duration="long")
        st.button(_("Stay signed in"), key="stay_signed_in")


def sidebar(portal: Portal, user: User) -> None:
    """Name, merchant, role and the way out."""
    with st.sidebar:
        with st.container(border=True, key="who"):
            st.text(user.name or user.email)
            st.caption(plain(f"{word(ROLE_WORDS, user.role.value)} · {user.merchant_name}"))
            if st.button(_("Sign out"), icon=":material/logout:", width="stretch", key="sign_out"):
                st.session_state.clear()
                ticket = portal.tickets.issue_ticket(
                    user.account_id,
                    browser=str(st.user.get("browser") or ""),
                    purpose=SIGN_OUT,
                    session=user.session_hash,
                )
                redirect_browser(f"{SIGN_OUT_PATH}?ticket={ticket}")
                st.stop()
        language_picker()
        watch_session(user)
        fetch_new_cookie()
