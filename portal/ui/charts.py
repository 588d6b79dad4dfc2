"""Small pictures, each with its words for those who do not see it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

import streamlit as st

from portal.ui.words import _, plural

OUTCOME_COLOURS = {
    "Ready": "#1c8a6a",
    "Under way": "#2f7fb5",
    "Undecided": "#c98500",
    "Failed": "#c2453b",
    "Refused": "#8f6a9e",
}


def outcomes_by_day(by_day: Sequence[tuple[dt.date, str, int]]) -> None:
    """Exports a day by outcome, stacked."""
    import pandas as pd

    st.subheader(_("Exports a day"))
    first = min(day for day, _outcome, _n in by_day)
    last = max(max(day for day, _outcome, _n in by_day), dt.datetime.now(dt.UTC).date())
    outcomes = [o for o in OUTCOME_COLOURS if any(outcome == o for _day, outcome, _n in by_day)]
    counts = {(day, outcome): n for day, outcome, n in by_day}
    days = [first + dt.timedelta(days=i) for i in range((last - first).days + 1)]
    frame = pd.DataFrame(
        {outcome: [counts.get((day, outcome), 0) for day in days] for outcome in outcomes},
        index=pd.Index([f"{day:%d %b}" for day in days], name=_("Day")),
    )
    total = sum(n for _day, _outcome, n in by_day)
    words = ", ".join(f"{sum(n for _d, o, n in by_day if o == outcome)} {outcome.lower()}" for outcome in outcomes)
    st.bar_chart(
        frame,
        color=[OUTCOME_COLOURS[o] for o in outcomes],
        height=180,
        sort=False,
        y_label=_("Exports"),
        alt=plural("{n} export in the last 14 days", "{n} exports in the last 14 days", total) + f": {words}.",
    )


def activity_over_time(points: Sequence[tuple[dt.datetime, Decimal]]) -> None:
    """Transactions a month. Drawn from copies: the table keeps every digit."""
    import pandas as pd

    months = Counter(f"{moment:%Y-%m}" for moment, _amount in points)
    first, last = min(months), max(months)
    labels = []
    year, month = int(first[:4]), int(first[5:])
    while f"{year:04}-{month:02}" <= last and len(labels) < 600:
        labels.append(f"{year:04}-{month:02}")
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    frame = pd.DataFrame(
        {_("Transactions"): [months.get(label, 0) for label in labels]}, index=pd.Index(labels, name=_("Month"))
    )
    total = len(points)
    st.bar_chart(
        frame,
        color="#1c8a6a",
        height=160,
        y_label=_("Transactions"),
        alt=plural("{n} transaction", "{n} transactions", total)
        + _(" between {first} and {last}.").format(first=first, last=last),
    )
