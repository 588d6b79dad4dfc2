"""Review a file: one file of a case, who else is in it, and what is left out of it."""

from __future__ import annotations

import streamlit as st

from portal.errors import NotFound
from portal.runtime import get_portal
from portal.storage.blobs import StorageTrouble
from portal.ui.account.session import current_user
from portal.ui.cases.review.case_file import draw_case_file
from portal.ui.common import navigation
from portal.ui.common.problems import show_problem
from portal.ui.common.words import _

portal = get_portal()
user = current_user()


def draw_choice() -> None:
    st.info(_("Choose a file in a case to look at it here before it is sent."), icon=":material/draft:")
    if st.button(_("Cases"), type="primary", icon=":material/folder_open:"):
        st.switch_page(navigation.CASES)


file_id = navigation.chosen_file()
if file_id is None:
    st.title(_("Review a file"))
    draw_choice()
else:
    try:
        draw_case_file(portal, user, *portal.case_files.find(user, file_id))
    except (NotFound, StorageTrouble) as problem:
        st.title(_("Review a file"))
        show_problem(problem)
        draw_choice()
