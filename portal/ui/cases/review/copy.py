"""The copy of a file as it goes out, to be looked at before anybody sends it."""

from __future__ import annotations

import streamlit as st

from portal.composition import Portal
from portal.identity import User
from portal.preview.decoding import decode
from portal.preview.raw import displayable
from portal.review.of_case.views import CaseFileView
from portal.ui.common.words import _, number
from portal.ui.preview.review.plain_text import draw_plain_text

MOST_CHARS = 20_000


def draw_copy(portal: Portal, user: User, case_id: str, view: CaseFileView) -> None:
    """Folded; made anew when it is opened."""
    with st.expander(
        _("Look at the copy"), icon=":material/preview:", key=f"case_file_copy_{view.id}", on_change="rerun"
    ) as copy:
        if not copy.open:
            return
        made = portal.case_files.open_for_answer(user, case_id, view.file, view.id)
        text = decode(made.read()).text
        draw_plain_text(displayable(text[:MOST_CHARS]), key=f"copy-{view.id}")
        if len(text) > MOST_CHARS:
            st.caption(_("The first {n} characters.").format(n=number(MOST_CHARS)))
        st.caption(_("Fingerprint of the file (SHA-256)"))
        st.code(made.sha256, language=None, wrap_lines=True)
