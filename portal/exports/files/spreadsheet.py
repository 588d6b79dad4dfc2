"""Cells that a spreadsheet program opens as text, never as a formula (SEC-20, ASVS 1.2.10)."""

from __future__ import annotations

import re
import unicodedata

STARTERS = frozenset("=+-@\t\r\n\x00＝＋－＠")
PLAIN_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?", re.ASCII)


def safe_cell(text: str) -> str:
    """`text`, with an apostrophe before it when a spreadsheet might run it. Plain numbers stay."""
    if not text or PLAIN_NUMBER.fullmatch(text):
        return text
    first = next((c for c in text if not _is_blank(c)), "")
    return f"'{text}" if text[0] in STARTERS or first in STARTERS else text


def _is_blank(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) in ("Cc", "Cf", "Zs")
