"""The table of exports, on Today and Past exports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Literal

import streamlit as st

from portal.cases.standing import Standing
from portal.exports import ExportView
from portal.exports.core.answers import DUE_SOON
from portal.ui.common.badges import badge_of
from portal.ui.common.times import good_for, size, when_short
from portal.ui.common.words import _, sentence
from portal.ui.history.row_table import Picked, row_table
from portal.ui.preview.answers import standing_said

AMBER = "background-color: rgba(217, 140, 0, 0.22)"
RED = "background-color: rgba(194, 69, 59, 0.25)"
GREY = {"light": "color: #5a696c", "dark": "color: #98a8ab"}  # 4.5:1 on each theme's background
SHORT_REFERENCE, LETTER_PIXELS, EDGE_PIXELS = 14, 8, 34
"""The column is as wide as the letters of its references need."""
MOST_LETTERS = 22
"""Of a longer reference both ends are shown: customer, state and day have to stand beside it."""
STATE_SIGNS = {"green": "●", "blue": "◐", "orange": "▲", "red": "■", "gray": "○"}


def export_table(rows: Sequence[ExportView], zone: dt.tzinfo, *, key: str) -> str | None:
    """Draw the rows; gives the id of the one clicked or ticked, if any."""
    picked = _draw(rows, zone, key=key, boxes="single-row")
    return picked.opened or next(iter(picked.chosen), None)


def export_list(rows: Sequence[ExportView], zone: dt.tzinfo, *, key: str) -> Picked:
    """Draw the rows, with boxes to choose several."""
    return _draw(rows, zone, key=key, boxes="multi-row")


def days_of_exports(rows: Sequence[ExportView], today: dt.date) -> dict[str, str]:
    """What the table calls each case whose answer has a day, by the case's id."""
    waiting = [row for row in rows if row.answer is Standing.OPEN]
    return {row.case_id: f"{row.customer} · {standing_said(row, today)}" for row in waiting}


def expiries_good_for(rows: Sequence[ExportView]) -> float:
    """Seconds until the table would show another time left."""
    now = dt.datetime.now(dt.UTC)
    return good_for(row.seconds_left(now) for row in rows)


def _draw(
    rows: Sequence[ExportView], zone: dt.tzinfo, *, key: str, boxes: Literal["single-row", "multi-row"]
) -> Picked:
    now = dt.datetime.now(dt.UTC)
    today = now.astimezone(zone).date()
    due, expiry = _("Answer due"), _("Expires")
    names = [_("Requested"), _("Reference"), _("Customer"), _("Status"), due, expiry, _("Scope"), _("Format"),
             _("Size"), _("By")]  # fmt: skip
    references = told_apart([row.reference for row in rows])
    longest = max(map(len, references), default=0)
    styles: dict[tuple[int, int], str] = {}
    for place, row in enumerate(rows):
        if css := _due_style(row, today):
            styles[place, names.index(due)] = css
        if (left := row.seconds_left(now)) is not None and left <= 0:
            styles[place, names.index(expiry)] = GREY["dark" if st.context.theme.type == "dark" else "light"]
    return row_table(
        [_cells(row, reference, now, zone) for row, reference in zip(rows, references, strict=True)],
        [row.id for row in rows], names, key=key, styles=styles, boxes=boxes,
        helps={
            due: _("The day by which the person must have their answer."),
            _("Scope"): _("What was asked for: everything, one program or one card."),
            expiry: _("When LoyaltyDog's link to the file ends; grey once it has."),
        },
        widths={_("Reference"): LETTER_PIXELS * longest + EDGE_PIXELS} if longest > SHORT_REFERENCE else {},
        alt=_(
            "Exports, newest first: when asked, reference, customer masked, status, answer due, expiry, scope, format, "
            "size, by whom."
        ),
    )  # fmt: skip


def told_apart(references: Sequence[str], most: int = MOST_LETTERS) -> list[str]:
    """``TICKET-202…gift-cards``: each at most so long, and longer where two of the list would else look the same."""
    different, whole = len(set(references)), max(map(len, references), default=0)
    for letters in range(most, whole, most // 2):
        short = [_ends(reference, letters) for reference in references]
        if len(set(short)) == different:
            return short
    return list(references)


def _ends(text: str, letters: int) -> str:
    if len(text) <= letters:
        return text
    first = (letters - 1) // 2
    return f"{text[:first]}…{text[first + 1 - letters :]}"


def _cells(row: ExportView, reference: str, now: dt.datetime, zone: dt.tzinfo) -> list[str]:
    badge = badge_of(row)
    return [
        when_short(row.requested_at, zone),
        reference,
        row.customer,
        f"{STATE_SIGNS[badge.colour]} {badge.label}",
        standing_said(row, now.astimezone(zone).date()),
        when_short(row.link_expires_at, zone) if row.link_expires_at is not None else "–",
        sentence(row.scope),
        row.format.upper(),
        size(row.size_bytes),
        row.requested_by,
    ]


def _due_style(row: ExportView, today: dt.date) -> str:
    if row.answer is not Standing.OPEN:
        return ""
    return RED if row.due_on < today else AMBER if row.due_on <= today + DUE_SOON else ""
