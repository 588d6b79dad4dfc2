"""The script Streamlit runs: who is signed in decides which pages exist."""

from __future__ import annotations

import streamlit as st

from portal.identity import Permission, allows
from portal.runtime import get_portal
from portal.ui import places
from portal.ui.brand import LOGO_SVG, icon_address
from portal.ui.page_head import head_of_page
from portal.ui.resting import stir
from portal.ui.session import sidebar, signed_in_user
from portal.ui.step_up import draw_step_up_if_wanted
from portal.ui.words import _, choose_language
from portal.web import bridge

stir()
choose_language()
st.set_page_config(page_title=_("Privacy portal"), page_icon=icon_address(), layout="wide")
st.logo(LOGO_SVG, size="large")
portal = get_portal()
user = signed_in_user()
if user is None and st.user.get("session_hash"):
    st.text(_("You are signed out."))
    bridge.redirect_browser(places.asked_place())  # the session ended under a live socket: a new one knows why
elif user is None:
    ways_in = [st.Page(places.SIGN_IN, title=_("Sign in"), url_path=path) for path in places.PAGE_PATHS]
    st.navigation([st.Page(places.SIGN_IN, title=_("Sign in"), default=True), *ways_in], position="hidden").run()
else:
    may_ask = allows(user.role, Permission.EXPORT_CREATE)
    pages = [
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
    page = st.navigation(pages)
    sidebar(portal, user)
    head_of_page(user, page.url_path)
    draw_step_up_if_wanted(portal, user, page.url_path)
    page.run()
