"""Bars a month, as a picture inside the page, and the same figures as words and as a table."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from portal.language import formats
from portal.package.readable.values import Values
from portal.package.texts import MOST, SAME_FIGURES, WHEN

Months = Counter[tuple[int, int]]
MONTHS_AT_MOST = 36
YEARS_AT_MOST = 60
WIDTH, HEIGHT, FOOT = 720, 210, 28
SIDE = 48
"""Room for the first and the last label."""
WIDEST = 56
"""A single month is a bar, not a wall."""
CLOSE = 40
"""Numbers over bars nearer than this are left out on a phone, where the letters are larger."""


def chart(values: Values, months: Months, titles: tuple[str, str], counted: str, style: str) -> str:
    """A figure of `months` (year, month); of years when they are too many. `titles`: for months, for years."""
    if not months:
        return ""
    monthly = _span(months) <= MONTHS_AT_MOST
    bars = _by_month(months, values.language) if monthly else _by_year(months)
    title = values.say(titles[0] if monthly else titles[1])
    top = max(bars, key=lambda bar: bar[1])
    said = values.say(MOST, when=top[0], count=values.number(top[1]), total=values.number(sum(months.values())))
    rows = "".join(f'<tr><th scope="row">{label}</th><td>{values.number(n)}</td></tr>' for label, n in bars if n)
    table = (
        f'<table><caption>{title}</caption><thead><tr><th scope="col">{values.say(WHEN)}</th>'
        f'<th scope="col">{values.say(counted)}</th></tr></thead><tbody>{rows}</tbody></table>'
    )
    return (
        f"<figure><figcaption>{title}</figcaption>{_picture(bars, f'{title}. {said}', style, values)}<p>{said}</p>"
        f'<details class="noprint"><summary>{values.say(SAME_FIGURES)}</summary>{table}</details></figure>'
    )


def _picture(bars: list[tuple[str, int]], label: str, style: str, values: Values) -> str:
    """`label` is HTML already, quotes included."""
    top = max(n for _, n in bars)
    step = WIDTH / len(bars)
    room = HEIGHT - FOOT - 24
    drawn = []
    for at, (_, n) in enumerate(bars):
        if n:
            high, wide = max(3.0, n / top * room), min(step * 0.7, WIDEST)
            drawn.append(
                f'<rect class="{style}" x="{at * step + (step - wide) / 2:.1f}" y="{HEIGHT - FOOT - high:.1f}" '
                f'width="{wide:.1f}" height="{high:.1f}" rx="2"/>'
            )
            if step >= 18:
                close = ' class="close"' if step < CLOSE else ""
                x, y = at * step + step / 2, HEIGHT - FOOT - high - 4
                drawn.append(f'<text{close} x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{values.number(n)}</text>')
    every = max(1, -(-len(bars) // 6))
    marks = "".join(
        f'<text x="{at * step + step / 2:.1f}" y="{HEIGHT - 6}" text-anchor="middle">{bars[at][0]}</text>'
        for at in range(0, len(bars), every)
    )
    axis = f'<line class="axis" x1="0" x2="{WIDTH}" y1="{HEIGHT - FOOT}" y2="{HEIGHT - FOOT}"/>'
    drawn += [axis, marks]
    return (
        f'<svg viewBox="-{SIDE} 0 {WIDTH + 2 * SIDE} {HEIGHT}" role="img" aria-label="{label}">{"".join(drawn)}</svg>'
    )


def _span(months: Months) -> int:
    first, last = min(months), max(months)
    return (last[0] - first[0]) * 12 + last[1] - first[1] + 1


def _by_month(months: Months, language: str) -> list[tuple[str, int]]:
    """Every month from the first to the last, also empty ones."""
    first = min(months)
    spans = [divmod(first[0] * 12 + first[1] - 1 + at, 12) for at in range(_span(months))]
    return [
        (formats.month_of_year(dt.date(year, month + 1, 1), language), months[year, month + 1]) for year, month in spans
    ]


def _by_year(months: Months) -> list[tuple[str, int]]:
    years: Counter[int] = Counter()
    for (year, _), n in months.items():
        years[year] += n
    first, last = min(years), max(years)
    span = range(first, last + 1) if last - first < YEARS_AT_MOST else sorted(years)[-YEARS_AT_MOST:]
    return [(str(year), years[year]) for year in span]
