"""The script Streamlit runs: the sign-in page for nobody, a person's own pages for whoever is signed in.

What the services are needed for is imported then: the sign-in page is up before they are loaded.
"""

from __future__ import annotations

import streamlit as st

from portal.ui import places
from portal.ui.nobody import forget_person
from portal.ui.resting import stir
from portal.ui.words import _, choose_language
from portal.web import bridge
from portal.web.brand import ICON_ADDRESS, LOGO_SVG

stir()
choose_language()
somebody = bool(st.user.get("session_hash"))
# The page shell has the icon already; said again where a page's own would else take its place in the browser's tab.
st.set_page_config(page_title=_("Privacy portal"), page_icon=ICON_ADDRESS if somebody else None, layout="wide")
bridge.draw_logo(LOGO_SVG)
if somebody:
    from portal.ui.signed_in import draw_pages

    draw_pages()
else:
    forget_person()
    ways_in = [st.Page(places.SIGN_IN, title=_("Sign in"), url_path=path) for path in places.PAGE_PATHS]
    st.navigation([st.Page(places.SIGN_IN, title=_("Sign in"), default=True), *ways_in], position="hidden").run()
