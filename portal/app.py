"""The script Streamlit runs: the sign-in page without a session, the pages of the role with one."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

if (ROOT := str(Path(__file__).resolve().parent.parent)) not in sys.path:  # `streamlit run portal/app.py`
    sys.path.insert(0, ROOT)

from portal.ui.account.how_to_start import draw_how_to_start
from portal.ui.account.signed_in import draw_pages
from portal.ui.account.signed_out import forget_person
from portal.ui.common import navigation
from portal.ui.common.acting import forget_dialog
from portal.ui.common.refresh_throttle import forget_drawn
from portal.ui.common.words import _, choose_language
from portal.web.brand import ICON_ADDRESS, LOGO_SVG
from portal.web.streamlit import options

if options.is_main_script(__file__):
    draw_how_to_start()
    st.stop()
forget_drawn()
forget_dialog()
choose_language()
signed_in = bool(st.user.get("session_hash"))
# The page shell has the icon already; said again where a page's own would else take its place in the browser's tab.
st.set_page_config(page_icon=ICON_ADDRESS if signed_in else None, layout="wide")
st.logo(LOGO_SVG, size="large")
if signed_in:
    draw_pages()
else:
    forget_person()
    ways_in = [st.Page(navigation.SIGN_IN, title=_("Sign in"), url_path=path) for path in navigation.PAGE_PATHS]
    page = st.navigation([st.Page(navigation.SIGN_IN, title=_("Sign in"), default=True), *ways_in], position="hidden")
    navigation.title_of_page(page.title)
    page.run()
