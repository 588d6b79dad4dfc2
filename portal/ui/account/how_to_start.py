"""Shown by `streamlit run portal/app.py`, which runs the script without the gate, so that no sign-in is possible."""

from __future__ import annotations

import streamlit as st

from portal.ui.common.words import _, choose_language

PRACTISE = "make run"
SERVE = ".venv/bin/python -m portal doctor\n.venv/bin/python -m portal serve"


def draw_how_to_start() -> None:
    choose_language()
    st.set_page_config(page_title=_("Privacy portal"))
    st.title(_("The portal is started another way"))
    st.markdown(
        _(
            "This is only the script that draws its pages. Nobody can sign in here, for what lets people in stands in "
            "front of it. Stop this server (Ctrl-C) and start the portal in its own folder."
        )
    )
    st.markdown(_("To practise, with invented people:"))
    st.code(PRACTISE, language="sh")
    st.markdown(_("For real merchants, when the first command finds nothing wrong:"))
    st.code(SERVE, language="sh")
    st.markdown(_("The file README.md tells the rest."))
