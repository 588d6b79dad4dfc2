"""The table of exports, on Today and Past exports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Literal

import pandas as pd
import streamlit as st

from portal.cases.standing import Standing
from portal.exports import ExportView
from portal.ui.common.badges import badge_of
from portal.ui.common.coloured import coloured
from portal.ui.common.times import expires_in, good_for, size, when_short
from portal.ui.common.words import _, sentence
from portal.ui.preview.answers import standing_said

AMBER = "background-color: rgba(217, 140, 0, 0.22)"
GREY = {"light": "color: #5a696c", "dark": "color: #98a8ab"}  # 4.5:1 on each theme's background
DAY_SECONDS = 24 * 3600
STATE_SIGNS = {"green": "●", "blue": "◐", "orange": "▲", "red": "■", "gray": "○"}


def export_table(rows: Sequence[ExportView], zone: dt.tzinfo, *, key: str) -> str | None:
    """Draw the rows; gives the id of the one clicked, if any."""
    chosen = _draw(rows, zone, key=key, mode="single-row")
    return chosen[0] if chosen else None


def days_of_exports(rows: Sequence[ExportView], today: dt.date) -> dict[str, str]:
    """What the table calls each case whose answer has a day, by the case's id."""
    waiting = [row for row in rows if row.answer is Standing.OPEN]
    return {row.case_id: f"{row.customer} · {standing_said(row, today)}" for row in waiting}


def expiries_good_for(rows: Sequence[ExportView]) -> float:
    """Seconds until the table would show another time left."""
    now = dt.datetime.now(dt.UTC)
    return good_for(row.seconds_left(now) for row in rows)


def choose_exports(rows: Sequence[ExportView], zone: dt.tzinfo, *, key: str) -> list[str]:
    """Draw the rows with a box each; gives the ids of those ticked."""
    return _draw(rows, zone, key=key, mode="multi-row")


def _draw(
    rows: Sequence[ExportView], zone: dt.tzinfo, *, key: str, mode: Literal["single-row", "multi-row"]
) -> list[str]:
    now = dt.datetime.now(dt.UTC)
    names = [_("Requested"), _("Customer"), _("Status"), _("Expires"), _("Answer"), _("Scope"), _("Format"), _("Size"),
             _("By"), _("Reference")]  # fmt: skip  # status and expiry early: a phone shows three columns
    frame = pd.DataFrame([_cells(row, now, zone) for row in rows], columns=names, dtype=object)
    expiry = names.index(_("Expires"))
    styles = {(place, expiry): css for place, row in enumerate(rows) if (css := _expiry_style(row, now))}
    picked: Any = st.dataframe(
        coloured(frame, styles),
        key=key,
        hide_index=True,
        height="content",  # a page of rows, scrolled with the page: no second scroll bar within it
        on_select="rerun",
        selection_mode=mode,
        column_config={name: st.column_config.TextColumn(name) for name in names},
        alt=_(
            "Exports, newest first: when asked, customer masked, status, expiry, answer, scope, format, size, by whom."
        ),
    )
    return [rows[place].id for place in picked.selection.rows if place < len(rows)]


def _cells(row: ExportView, now: dt.datetime, zone: dt.tzinfo) -> list[str]:
    badge = badge_of(row)
    expiry = "–"
    if row.link_expires_at is not None:
        expiry = f"{expires_in(row.seconds_left(now))} · {when_short(row.link_expires_at, zone)}"
    return [
        when_short(row.requested_at, zone),
        row.customer,
        f"{STATE_SIGNS[badge.colour]} {badge.label}",
        expiry,
        standing_said(row, now.astimezone(zone).date()),
        sentence(row.scope),
        row.format.upper(),
        size(row.size_bytes),
        row.requested_by,
        row.reference,
    ]


def _expiry_style(row: ExportView, now: dt.datetime) -> str:
    left = row.seconds_left(now)
    if left is None:
        return ""
    if left <= 0:
        return GREY["dark" if st.context.theme.type == "dark" else "light"]
    return AMBER if left < DAY_SECONDS else ""
