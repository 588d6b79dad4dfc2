"""The pages of a person who is signed in; who they are decides which exist."""

from __future__ import annotations

from typing import Final

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from portal.identity import Permission, User, allows
from portal.runtime import get_portal
from portal.ui.account.session import sidebar, signed_in_user
from portal.ui.account.step_up import draw_step_up_if_wanted
from portal.ui.common import navigation
from portal.ui.common.page_head import head_of_page
from portal.ui.common.words import _
from portal.web.streamlit import page_run

HIDDEN: Final = "hidden"
"""Of a page that one reaches from another: it has an address and no place in the menu."""


def draw_pages() -> None:
    """Draw the requested page with its frame, or sign out when the session has ended."""
    user = signed_in_user()
    if user is None:
        st.text(_("You are signed out."))
        page_run.redirect_browser(navigation.asked_place())  # ended under a live socket; a new one knows why
        return
    portal = get_portal()
    page = st.navigation(_pages(user))
    navigation.title_of_page(page.title)
    sidebar(portal, user)
    head_of_page(user, page.url_path)
    draw_step_up_if_wanted(portal, user, page.url_path)
    page.run()


def _pages(user: User) -> list[StreamlitPage]:
    may_ask = allows(user.role, Permission.EXPORT_CREATE)
    return [
        st.Page(navigation.TODAY, title=_("Today"), icon=":material/today:", default=True),
        st.Page(navigation.CASES, title=_("Cases"), icon=":material/folder_open:"),
        st.Page(navigation.CASE, title=_("Case"), icon=":material/folder:", visibility=HIDDEN),
        *(
            [
                st.Page(
                    navigation.NEW_CASE, title=_("New case"), icon=":material/create_new_folder:", visibility="hidden"
                )
            ]
            if allows(user.role, Permission.CASE_WORK)
            else []
        ),
        *([st.Page(navigation.NEW_EXPORT, title=_("New export"), icon=":material/add_circle:")] if may_ask else []),
        st.Page(navigation.PAST_EXPORTS, title=_("Past exports"), icon=":material/history:"),
        st.Page(navigation.PREVIEW, title=_("Preview"), icon=":material/table_view:"),
        *(
            [st.Page(navigation.AUDIT_TRAIL, title=_("Audit trail"), icon=":material/policy:")]
            if allows(user.role, Permission.AUDIT_READ)
            else []
        ),
        *(
            [st.Page(navigation.ACCOUNTS, title=_("Accounts"), icon=":material/group:")]
            if allows(user.role, Permission.ACCOUNTS)
            else []
        ),
        *(
            [st.Page(navigation.SETTINGS, title=_("Settings"), icon=":material/settings:")]
            if allows(user.role, Permission.SETTINGS)
            else []
        ),
        st.Page(navigation.YOUR_ACCOUNT, title=_("Your account"), icon=":material/person:"),
        st.Page(navigation.HELP, title=_("Help"), icon=":material/help:"),
    ]
