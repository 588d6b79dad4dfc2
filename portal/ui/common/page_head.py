"""The line above every page: practice strip, button for a new export, link to the page's question in Help."""

from __future__ import annotations

import streamlit as st

from portal.identity import Permission, User, allows
from portal.ui.common import navigation
from portal.ui.common.notices import show_notice
from portal.ui.common.practice_strip import practice_strip
from portal.ui.common.words import _
from portal.ui.help import tour
from portal.ui.help.help_places import QUESTION_OF_PAGE, help_link
from portal.ui.preview import progress

NEW_EXPORT_KEYS = "Alt+N"
"""With a modifier: a single letter would fire for users of speech input (WCAG 2.1.4)."""
PAGES_WITHOUT_BUTTON = ("", "new_export")


def draw_page_head(user: User, page: str) -> None:
    """`page` is its path, empty for Today."""
    progress.forget_waiting(page)
    show_notice()
    with st.container(horizontal=True, vertical_alignment="center", key="page_head"):
        if user.practice:
            tour.note(page)
            practice_strip()
        st.space("stretch")
        alone = page == "preview" and navigation.chosen_export() is None
        if (
            allows(user.role, Permission.EXPORT_CREATE)
            and page not in PAGES_WITHOUT_BUTTON
            and not alone
            and st.button(
                _("New export"), key="head_new_export", type="tertiary", icon=":material/add:", shortcut=NEW_EXPORT_KEYS
            )
        ):
            st.switch_page(navigation.NEW_EXPORT)
        question = QUESTION_OF_PAGE.get(page)
        if question is not None:
            help_link(question)
