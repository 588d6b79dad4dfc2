"""The picker of languages: in the sidebar, and on the sign-in page."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from portal.language import LANGUAGES
from portal.ui.common import navigation
from portal.ui.common.words import _, language
from portal.web.routes.language import OUR_PAGE, language_address
from portal.web.streamlit.page_run import redirect_browser


def language_picker() -> None:
    """A choice is saved and reloads the page in that language, at the same address."""
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
    export = navigation.chosen_export()
    here = f"{path}?{navigation.EXPORT_PARAMETER}={export}" if export else path
    return here if OUR_PAGE.fullmatch(here) else "/"
