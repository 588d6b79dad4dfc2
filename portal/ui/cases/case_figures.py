"""How requests were answered, month by month (LAW-21)."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from portal.cases.services.figures import MonthFigures
from portal.ui.common.words import _, month_of_year, number, percent


def draw_months(months: Sequence[MonthFigures]) -> None:
    """One row a month of receipt, the newest first."""
    names = [_("Month"), _("Received"), _("Answered"), _("In time"), _("Median hours to the answer"), _("More time"),
             _("Refused"), _("Overdue")]  # fmt: skip
    rows = [
        [
            month_of_year(one.month),
            number(one.received),
            number(one.answered),
            "–" if one.in_time is None else percent(one.in_time),
            "–" if one.median_hours is None else number(one.median_hours),
            number(one.extended),
            number(one.refused),
            number(one.overdue),
        ]
        for one in sorted(months, key=lambda one: one.month, reverse=True)
    ]
    st.dataframe(
        pd.DataFrame(rows, columns=names, dtype=object),
        hide_index=True,
        height="content",
        alt=_("Requests by month of receipt: received, answered, in time, median hours, more time, refused, overdue."),
    )
