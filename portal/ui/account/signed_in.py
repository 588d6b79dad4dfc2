"""The pages of a person who is signed in; who they are decides which exist."""

from __future__ import annotations

import datetime as dt
from typing import Final

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from portal.cases.services.views import CaseFilter
from portal.identity import Permission, User, allows
from portal.runtime import get_portal
from portal.ui.account.session import sidebar, signed_in_user
from portal.ui.account.step_up import draw_step_up_if_wanted
from portal.ui.cases.case_table import SOON_DAYS
from portal.ui.common import navigation
from portal.ui.common.page_head import draw_page_head
from portal.ui.common.times import reader_zone
from portal.ui.common.words import _
from portal.web.streamlit import page_run

HIDDEN: Final = "hidden"
"""Of a page that one reaches from another: it has an address and no place in the menu."""


def draw_pages() -> None:
    """Draw the requested page with its frame, or sign out when the session has ended."""
    user = signed_in_user()
    if user is None:
        st.text(_("You are signed out."))
        page_run.redirect_browser(navigation.requested_page())  # ended under a live socket; a new one knows why
        return
    portal = get_portal()
    page = st.navigation(_pages(user))
    navigation.title_of_page(navigation.without_count(page.title))
    sidebar(portal, user)
    draw_page_head(user, page.url_path)
    draw_step_up_if_wanted(portal, user, page.url_path)
    page.run()


def _cases_due(user: User) -> int:
    """Open cases whose answer is overdue or due within a week."""
    soon = dt.datetime.now(reader_zone(user.time_zone)).date() + dt.timedelta(days=SOON_DAYS)
    return get_portal().case_register.count(user, CaseFilter(due_until=soon))


def _pages(user: User) -> list[StreamlitPage]:
    """What the person's role may open."""
    cases = navigation.with_count(_("Cases"), _cases_due(user))
    pages: list[tuple[Permission | None, StreamlitPage]] = [
        (None, st.Page(navigation.TODAY, title=_("Today"), icon=":material/today:", default=True)),
        (None, st.Page(navigation.CASES, title=cases, icon=":material/folder_open:")),
        (None, st.Page(navigation.CASE, title=_("Case"), icon=":material/folder:", visibility=HIDDEN)),
        (None, st.Page(navigation.CASE_FILE, title=_("Review a file"), icon=":material/draft:", visibility=HIDDEN)),
        (
            Permission.CASE_WORK,
            st.Page(navigation.NEW_CASE, title=_("New case"), icon=":material/create_new_folder:", visibility=HIDDEN),
        ),
        (
            Permission.EXPORT_CREATE,
            st.Page(navigation.NEW_EXPORT, title=_("New export"), icon=":material/add_circle:"),
        ),
        (None, st.Page(navigation.PAST_EXPORTS, title=_("Past exports"), icon=":material/history:")),
        (None, st.Page(navigation.PREVIEW, title=_("Preview"), icon=":material/table_view:")),
        (Permission.AUDIT_READ, st.Page(navigation.AUDIT_TRAIL, title=_("Audit trail"), icon=":material/policy:")),
        (Permission.ACCOUNTS, st.Page(navigation.ACCOUNTS, title=_("Accounts"), icon=":material/group:")),
        (Permission.SETTINGS, st.Page(navigation.SETTINGS, title=_("Settings"), icon=":material/settings:")),
        (None, st.Page(navigation.YOUR_ACCOUNT, title=_("Your account"), icon=":material/person:")),
        (None, st.Page(navigation.HELP, title=_("Help"), icon=":material/help:")),
    ]
    return [page for needed, page in pages if needed is None or allows(user.role, needed)]
