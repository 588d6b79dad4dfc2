"""The table of cases, on Cases and Today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from portal.cases.facts import Right
from portal.cases.services.views import CaseRow
from portal.cases.states import OPEN_STATES
from portal.ui.cases.case_words import RIGHT_WORDS, STATE_BADGES, STATE_SIGNS
from portal.ui.common.coloured import coloured
from portal.ui.common.words import _, day_of_year, plural

SOON_DAYS = 7
AMBER = "background-color: rgba(217, 140, 0, 0.22)"
RED = "background-color: rgba(194, 69, 59, 0.25)"


def case_table(rows: Sequence[CaseRow], today: dt.date, *, key: str) -> str | None:
    """Draw the rows; gives the id of the one clicked, if any. Amber under 7 days, red when over."""
    names = [_("Case"), _("Person"), _("Due"), _("Where it stands"), _("Asks for"), _("Received"), _("Who has it"),
             _("Reference")]  # fmt: skip
    frame = pd.DataFrame([_cells(row, today) for row in rows], columns=names, dtype=object)
    due = names.index(_("Due"))
    styles = {(place, due): css for place, row in enumerate(rows) if (css := _due_style(row, today))}
    picked: Any = st.dataframe(
        coloured(frame, styles),
        key=key,
        hide_index=True,
        height="content",  # a page of rows, scrolled with the page: no second scroll bar within it
        on_select="rerun",
        selection_mode="single-row",
        column_config={name: st.column_config.TextColumn(name) for name in names},
        alt=_("Cases, soonest due first: number, person masked, due day, state, what is asked, received, with whom."),
    )
    return next((rows[place].id for place in picked.selection.rows if place < len(rows)), None)


def due_said(row: CaseRow, today: dt.date) -> str:
    """``28 Dec · 12 days left``, ``■ 2 Nov · 3 days over``; the day alone once the case has ended."""
    on = day_of_year(row.due_on)
    if row.state not in OPEN_STATES:
        return on
    left = (row.due_on - today).days
    if left < 0:
        return f"■ {on} · " + plural("{n} day over", "{n} days over", -left)
    sign = "▲ " if left <= SOON_DAYS else ""
    return f"{sign}{on} · " + plural("{n} day left", "{n} days left", left)


def rights_said(rights: Sequence[str]) -> str:
    return ", ".join(_(RIGHT_WORDS[Right(right)]) for right in rights)


def _cells(row: CaseRow, today: dt.date) -> list[str]:
    badge = STATE_BADGES[row.state]
    return [
        row.name,
        row.person,
        due_said(row, today),
        f"{STATE_SIGNS[badge.colour]} {badge.label}",
        rights_said(row.rights),
        day_of_year(row.received_on),
        row.assignee or "–",
        row.reference,
    ]


def _due_style(row: CaseRow, today: dt.date) -> str:
    if row.state not in OPEN_STATES:
        return ""
    left = (row.due_on - today).days
    return RED if left < 0 else AMBER if left <= SOON_DAYS else ""
