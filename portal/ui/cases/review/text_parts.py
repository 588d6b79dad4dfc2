"""A plain text under review: read as it is, and words of it left out wherever they stand."""

from __future__ import annotations

from functools import partial

import streamlit as st

from portal.identity import User
from portal.preview import Preview
from portal.preview.card_numbers import hidden_in
from portal.preview.raw import CHARS_PER_PAGE, displayable
from portal.redaction.reasons import Reason
from portal.ui.common.acting import act_and_tell
from portal.ui.common.words import _
from portal.ui.preview.review.cell_acts import law_box
from portal.ui.preview.review.plain_text import draw_plain_text
from portal.ui.preview.review.review_words import REASON_WORDS
from portal.ui.preview.review.reviewed import Reviewed


def draw_text(user: User, file: Reviewed, preview: Preview, decisions: int) -> None:
    """`decisions`: how many there are; after each the field is empty again."""
    pages = preview.raw_pages
    slot = st.container()
    page = st.pagination(pages, key=f"text-page-{file.id}") if pages > 1 else 1
    start = (page - 1) * CHARS_PER_PAGE
    text = hidden_in(preview.raw.text[start : start + CHARS_PER_PAGE], frozenset(), cautious=True)
    with slot:
        draw_plain_text(displayable(text), key=f"text-{file.id}")
    with st.container(border=True, key="text_words"):
        words = st.text_area(
            _("Only these words of it"), key=f"words-{file.id}-{decisions}", height=80, max_chars=2_000,
            help=_("Type or paste them as they stand in the text. They are left out wherever they stand."),
        )  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="bottom"):
            reason = st.selectbox(
                _("Why is it left out?"), list(Reason), index=list(Reason).index(Reason.OTHER_IN_TEXT),
                format_func=lambda one: _(REASON_WORDS[one]), key=f"words-why-{file.id}", width=280,
            )  # fmt: skip
            reason = reason or Reason.OTHER_IN_TEXT
            section = law_box(f"words-section-{file.id}") if reason is Reason.EXEMPT_NATIONAL else ""
            if st.button(_("Leave out"), key="words-out", icon=":material/content_cut:"):
                act_and_tell(
                    partial(file.service.leave_out_words, user, file.id, words or "", reason, section),
                    _("Left out. Undo takes it back."),
                )
