"""The pictures of the Help page: small drawings of our own, inside the page, in the reader's language and theme.

Drawn as `data:` addresses in Markdown images, so that `/media` stays shut and every picture has its text alternative.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import pairwise

import streamlit as st

from portal.ui.common.words import _, later, plain
from portal.web.brand import data_address

FONT = "Source Sans, Source Sans Pro, Segoe UI, Helvetica, Arial, sans-serif"


@dataclass(frozen=True)
class Ink:
    """Colours for one theme; text reaches 4.5:1 on the page's background."""

    text: str
    soft: str
    line: str
    fill: str
    good: str
    wait: str
    bad: str


LIGHT = Ink("#0a1a1c", "#47585b", "#7d9194", "#eef3f3", "#1c6e3d", "#9a5b00", "#b3261e")
DARK = Ink("#eef4f4", "#b4c2c4", "#6f8689", "#17292c", "#6fcf97", "#f0b45a", "#ff8a80")


def ink() -> Ink:
    return DARK if st.context.theme.type == "dark" else LIGHT


def show(svg: str, says: str) -> None:
    """`says` is the text alternative."""
    address = data_address(svg)
    st.markdown(f"![{plain(says)}]({address})")


def states_svg(colours: Ink) -> str:
    """The way of an export from top to bottom, and to the right where it stops and whose turn it is."""
    steps = [
        (1, "Asking"), (3, "Fetching"), (4, "Checking"), (5, "Ready"), (6, "Expired"), (7, "Destroyed"),
    ]  # fmt: skip
    stops = [
        (0, 1, later("Waiting"), later("goes on by itself"), colours.wait),
        (1, 1, later("Refused"), later("your turn"), colours.bad),
        (2, 1, later("Unknown"), later("your turn"), colours.wait),
        (3, 3, later("Failed"), later("your turn"), colours.bad),
        (4, 4, later("Needs a manager"), later("a manager's turn"), colours.wait),
    ]
    asides = [
        (5, later("open, download, send")), (6, later("link dead, copy kept")), (7, later("only the facts stay")),
    ]  # fmt: skip
    made = [_line(66, _row(a) + 17, 66, _row(b) - 17, colours) for (a, _a), (b, _b) in pairwise(steps)]
    for there, here, _word, _whose, _colour in stops:
        made.append(_line(124, _row(here), 166, _row(there), colours))
    for row, word in steps:
        made.append(_box(8, row, 116, _(word), "", colours.good if word == "Ready" else colours.line, colours))
    for row, _here, word, whose, colour in stops:
        made.append(_box(168, row, 206, _(word), _(whose), colour, colours))
    for row, words in asides:
        made.append(_text(140, _row(row) + 4, _(words), colours.soft, 13))
    return _svg(380, 372, made)


def expiry_svg(colours: Ink) -> str:
    """Two bars under one another: how long LoyaltyDog's link lives, how long the sealed copy is kept."""
    made = [
        _line(16, 120, 366, 120, colours),
        _text(16, 140, _("Requested"), colours.soft, 12),
        _text(366, 140, _("time"), colours.soft, 12, "end"),
        f'<rect x="16" y="24" width="170" height="32" rx="6" fill="{colours.fill}" stroke="{colours.wait}"/>',
        _text(26, 45, _("Link works"), colours.text, 14),
        _text(194, 45, _("then: Expired"), colours.soft, 13),
        f'<rect x="16" y="70" width="262" height="32" rx="6" fill="{colours.fill}" stroke="{colours.good}"/>',
        _text(26, 91, _("Sealed copy kept here"), colours.text, 14),
        _text(286, 91, _("Destroyed"), colours.soft, 13),
    ]
    return _svg(380, 150, made)


def masked_svg(colours: Ink) -> str:
    """A masked cell, and what it shows after a press that is written down."""
    made = [
        f'<rect x="8" y="12" width="172" height="36" rx="6" fill="{colours.fill}" stroke="{colours.line}"/>',
        _text(20, 35, "a•••@example.com", colours.text, 14),
        _line(184, 30, 204, 30, colours),
        f'<rect x="206" y="12" width="166" height="36" rx="6" fill="{colours.fill}" stroke="{colours.good}"/>',
        _text(218, 35, "ada@example.com", colours.text, 14),
        _line(194, 34, 194, 66, colours),
        _text(194, 84, _("Show: written into the audit trail"), colours.soft, 13, "middle"),
    ]
    return _svg(380, 96, made)


def _row(number: int) -> int:
    """The middle of a row."""
    return 26 + number * 46


def _box(x: int, row: int, width: int, word: str, whose: str, edge: str, colours: Ink) -> str:
    y = _row(row)
    box = (
        f'<rect x="{x}" y="{y - 17}" width="{width}" height="34" rx="7" fill="{colours.fill}" stroke="{edge}" '
        'stroke-width="1.6"/>'
    )
    if not whose:
        return box + _text(x + width // 2, y + 5, word, colours.text, 14, "middle")
    return box + _text(x + 10, y - 2, word, colours.text, 14) + _text(x + 10, y + 12, whose, colours.soft, 12)


def _line(x1: int, y1: int, x2: int, y2: int, colours: Ink) -> str:
    return (
        f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{colours.line}" stroke-width="1.6" '
        'marker-end="url(#tip)"/>'
    )


def _text(x: int, y: int, words: str, colour: str, size: int, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" fill="{colour}" font-size="{size}" text-anchor="{anchor}">{escape(words)}</text>'


def _svg(width: int, height: int, parts: list[str]) -> str:
    tip = (
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0 8 4 0 8z" fill="#7d9194"/></marker></defs>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="{FONT}">{tip}{"".join(parts)}</svg>'
    )
