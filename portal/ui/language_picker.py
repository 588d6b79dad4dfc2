"""The picker of languages: in the sidebar, and on the sign-in page."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from portal.language import LANGUAGES
from portal.ui import places
from portal.ui.words import _, language
from portal.web.bridge import redirect_browser
from portal.web.language_route import OUR_PAGE, language_address


def language_picker() -> None:
    """Choosing loads the page anew in that language, at the same address, and is remembered."""
    codes = list(LANGUAGES)
    chosen = st.selectbox(
        _("Language"), codes, index=codes.index(language()), format_func=LANGUAGES.__getitem__, key="language"
    )
    if chosen != language():
        redirect_browser(language_address(chosen, _here()))
        st.stop()


def _here() -> str:
    """This page's own address, with the export it shows."""
    path = urlsplit(st.context.url or "/").path or "/"
    export = places.chosen_export()
    here = f"{path}?{places.EXPORT_PARAMETER}={export}" if export else path
    return here if OUR_PAGE.fullmatch(here) else "/"
