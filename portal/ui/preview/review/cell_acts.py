"""What is left out by hand: single values, a whole field, or words of one text."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from portal.identity import User
from portal.preview import Table
from portal.preview.raw import displayable
from portal.redaction.law_section import LONGEST
from portal.redaction.places import Grain
from portal.redaction.reasons import Reason
from portal.review.views import CellPlace
from portal.ui.common.acting import act_and_tell
from portal.ui.common.words import _, number, plain, plural
from portal.ui.preview.card_safety import ShownCards
from portal.ui.preview.review.review_words import REASON_WORDS
from portal.ui.preview.review.reviewed import Reviewed


def draw_cell_acts(user: User, file: Reviewed, cards: ShownCards, table: Table, chosen: list[CellPlace]) -> None:
    """Below a table in which cells are chosen."""
    key = f"{file.id}-{chosen[0].row}-{table.columns.index(chosen[0].column)}-{len(chosen)}"
    with st.container(border=True, horizontal=True, vertical_alignment="bottom", key=f"cell-acts-{key}"):
        reason = st.selectbox(
            _said(cards, chosen), list(Reason), format_func=lambda one: _(REASON_WORDS[one]), key=f"cell-reason-{key}",
            width=280,
        )  # fmt: skip
        reason = reason or Reason.OTHER_PERSON
        section = law_box(f"cell-section-{key}") if reason is Reason.EXEMPT_NATIONAL else ""
        part = ""
        if len(chosen) == 1:
            part = st.text_input(
                _("Only these words of it"), key=f"cell-part-{key}", width=220, max_chars=500, autocomplete="off"
            )
        done = _("Left out. Undo takes it back.")
        if st.button(_("Leave out"), key=f"cell-out-{key}", type="primary", icon=":material/content_cut:"):
            grain, span = Grain.VALUE, None
            if part:
                span = _span(table, chosen[0], part)
                if span is None:
                    st.error(_("These words do not stand there in this way."), icon=":material/error:")
                    return
                grain = Grain.SPAN
            act_and_tell(partial(file.service.leave_out, user, file.id, chosen, reason, grain, span, section), done)
        columns = list(dict.fromkeys(place.column for place in chosen))
        if (
            len(columns) == 1
            and table.row_count > 1
            and st.button(_("Leave out the whole column"), key=f"column-out-{key}", icon=":material/view_column:")
        ):
            act = partial(file.service.leave_out_field, user, file.id, table.name, columns[0], reason, section)
            act_and_tell(act, done)


def _said(cards: ShownCards, chosen: list[CellPlace]) -> str:
    if len(chosen) > 1:
        return plural(
            "{n} value is chosen. Why leave it out?", "{n} values are chosen. Why leave them out?", len(chosen)
        )
    where = f"{displayable(cards.text(chosen[0].column))} · {number(chosen[0].row + 1)}"
    return plain(_("Why leave out {where}?").format(where=where))


def _span(table: Table, place: CellPlace, part: str) -> tuple[int, int] | None:
    """Where the words stand in the text of the cell, in code points."""
    text = table.rows(place.row, place.row + 1)[0][table.columns.index(place.column)]
    at = text.find(part) if isinstance(text, str) else -1
    return None if at < 0 else (at, at + len(part))


def law_box(key: str, on_change: Callable[[], None] | None = None) -> str:
    """Which law exempts it: a section, no sentence."""
    typed: str = st.text_input(
        _("Section of the law"), key=key, max_chars=LONGEST, width=200, autocomplete="off",
        placeholder=_("For example § 29 BDSG"), on_change=on_change,
        help=_("The section and the law, nothing else. The customer reads it."),
    )  # fmt: skip
    return typed
