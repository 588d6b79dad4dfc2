"""The pages of a person who is signed in; who they are decides which exist."""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from portal.identity import Permission, User, allows
from portal.runtime import get_portal
from portal.ui import places
from portal.ui.page_head import head_of_page
from portal.ui.session import sidebar, signed_in_user
from portal.ui.step_up import draw_step_up_if_wanted
from portal.ui.words import _
from portal.web import bridge


def draw_pages() -> None:
    """The page asked for, with what stands around it; the way out when the session has ended meanwhile."""
    user = signed_in_user()
    if user is None:
        st.text(_("You are signed out."))
        bridge.redirect_browser(places.asked_place())  # the session ended under a live socket: a new one knows why
        return
    portal = get_portal()
    page = st.navigation(_pages(user))
    sidebar(portal, user)
    head_of_page(user, page.url_path)
    draw_step_up_if_wanted(portal, user, page.url_path)
    page.run()


def _pages(user: User) -> list[StreamlitPage]:
    may_ask = allows(user.role, Permission.EXPORT_CREATE)
    return [
        st.Page(places.TODAY, title=_("Today"), icon=":material/today:", default=True),
        *([st.Page(places.NEW_EXPORT, title=_("New export"), icon=":material/add_circle:")] if may_ask else []),
        st.Page(places.PAST_EXPORTS, title=_("Past exports"), icon=":material/history:"),
        st.Page(places.PREVIEW, title=_("Preview"), icon=":material/table_view:"),
        *(
            [st.Page(places.AUDIT_TRAIL, title=_("Audit trail"), icon=":material/policy:")]
            if allows(user.role, Permission.AUDIT_READ)
            else []
        ),
        *(
            [st.Page(places.ACCOUNTS, title=_("Accounts"), icon=":material/group:")]
            if allows(user.role, Permission.ACCOUNTS)
            else []
        ),
        *(
            [st.Page(places.SETTINGS, title=_("Settings"), icon=":material/settings:")]
            if allows(user.role, Permission.SETTINGS)
            else []
        ),
        st.Page(places.YOUR_ACCOUNT, title=_("Your account"), icon=":material/person:"),
        st.Page(places.HELP, title=_("Help"), icon=":material/help:"),
    ]
