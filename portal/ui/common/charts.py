"""Small charts, each with a text alternative."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd
import streamlit as st

from portal.exports.core.states import Outcome
from portal.exports.history.dashboard import Figures
from portal.ui.common.words import _, day_of_year, month_of_year, number, plain, plural, sentence

DAYS = 14
FEW_BARS, BAR_PIXELS = 6, 40
MOST_MONTHS = 600

OUTCOME_COLOURS: Mapping[Outcome, str] = {
    Outcome.READY: "#1c8a6a",
    Outcome.UNDER_WAY: "#2f7fb5",
    Outcome.UNDECIDED: "#c98500",
    Outcome.FAILED: "#c2453b",
    Outcome.REFUSED: "#8f6a9e",
}


def _bars(
    frame: pd.DataFrame, x: str, y: str, *, colour: str | None = None, domain: Sequence[str] = (), height: int, alt: str
) -> None:
    """One bar per value of `x`, as high as `y`. Written as Vega-Lite: altair writes the same JSON and costs 20 MiB."""
    shades = [OUTCOME_COLOURS[Outcome(name)] for name in domain]
    said = [_(name) for name in domain]
    tint: dict[str, Any] = (
        {"field": colour, "type": "nominal", "scale": {"domain": said, "range": shades}, "legend": {"title": None}}
        if colour
        else {"value": "#1c8a6a"}
    )
    few = frame[x].nunique() <= FEW_BARS  # a single bar would be as wide as the page
    spec = {
        "mark": {"type": "bar", "size": BAR_PIXELS} if few else {"type": "bar"},
        "height": height,
        "encoding": {
            "x": {"field": x, "type": "nominal", "sort": None, "title": None,
                  "axis": {"labelAngle": 0, "labelOverlap": True}},
            "y": {"field": y, "type": "quantitative", "title": None, "axis": {"tickMinStep": 1, "format": "d"}},
            "color": tint,
        },
    }  # fmt: skip
    st.vega_lite_chart(frame, spec, alt=alt)


def outcomes_by_day(by_day: Sequence[tuple[dt.date, Outcome, int]]) -> None:
    """Exports a day by outcome over the last 14 days, stacked."""
    st.header(_("Exports a day"))
    today = dt.datetime.now(dt.UTC).date()
    days = [today - dt.timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    outcomes = [o for o in OUTCOME_COLOURS if any(outcome == o for _day, outcome, _n in by_day)]
    counts = {(day, outcome): n for day, outcome, n in by_day}
    frame = pd.DataFrame(
        [[day_of_year(day), _(outcome), counts.get((day, outcome), 0)] for day in days for outcome in outcomes],
        columns=["day", "outcome", "exports"],
    )
    total = sum(n for _day, _outcome, n in by_day)
    words = ", ".join(f"{_(outcome)}: {number(sum(n for _d, o, n in by_day if o == outcome))}" for outcome in outcomes)
    alt = plural("{n} export in the last 14 days", "{n} exports in the last 14 days", total) + f": {words}."
    _bars(frame, "day", "exports", colour="outcome", domain=outcomes, height=120, alt=alt)


def figures_of_today(figures: Figures) -> None:
    """Expiries, exports ready within a day, programs."""
    left, right = st.columns(2)
    with left:
        quick = [(day_of_year(day), round(100 * share, 1)) for day, share in figures.within_a_day]
        mean = sum(share for _day, share in quick) / len(quick) if quick else 0.0
        words = _("On average {n} percent of a day's exports were ready within 24 hours.").format(n=number(mean))
        _bar_of(_("Ready within a day, percent"), "day", quick, words)
    with right:
        soon = [(day_of_year(day), float(n)) for day, n in figures.expiring]
        total = sum(n for _day, n in figures.expiring)
        _bar_of(_("Links that expire within 7 days"), "day", soon,
                plural("{n} link expires within 7 days.", "{n} links expire within 7 days.", total))  # fmt: skip
        programs = [(sentence(name), float(n)) for name, n in figures.by_program]
        words = ", ".join(f"{sentence(name)}: {number(n)}" for name, n in figures.by_program)
        _bar_of(_("Exports by program, 30 days"), "program", programs, words)


def _bar_of(title: str, axis: str, bars: Sequence[tuple[str, float]], words: str) -> None:
    """One small chart under its title, with its text alternative below it as well."""
    st.header(title)
    if not any(height for _name, height in bars):
        st.caption(_("Nothing to draw yet."))
        return
    frame = pd.DataFrame([[name, height] for name, height in bars], columns=[axis, "exports"])
    _bars(frame, axis, "exports", height=140, alt=f"{title}. {words}")
    st.text(words)


def activity_over_time(points: Sequence[tuple[dt.datetime, Decimal]]) -> None:
    """Transactions a month. Drawn from copies: the table keeps every digit."""
    months = Counter(f"{moment:%Y-%m}" for moment, _amount in points)
    first, last = min(months), max(months)
    labels: list[str] = []
    year, month = int(first[:4]), int(first[5:])
    while f"{year:04}-{month:02}" <= last and len(labels) < MOST_MONTHS:
        labels.append(f"{year:04}-{month:02}")
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    said = {label: month_of_year(dt.date(int(label[:4]), int(label[5:]), 1)) for label in {*labels, first, last}}
    frame = pd.DataFrame([[said[label], months.get(label, 0)] for label in labels], columns=["month", "transactions"])
    words = plural("{n} transaction", "{n} transactions", len(points)) + _(" between {first} and {last}").format(
        first=said[first], last=said[last]
    )
    st.caption(plain(words))
    _bars(frame, "month", "transactions", height=160, alt=words)
