"""What looks like the number of an identity document, which no note keeps (LAW-5, IDN-5). Pure.

Such numbers are 8 to 12 letters and digits in one piece (German and French cards, most passports, DNI, BSN, PESEL). A
telephone number begins with + or 0, a date is written with marks between, and an id of LoyaltyDog is longer.
"""

from __future__ import annotations

import re

_PIECE = re.compile(r"(?<![\w+@.-])[A-Za-z0-9]{8,12}(?![\w@-])")
_FEWEST_DIGITS = 2
_ALL_DIGITS = frozenset({9, 11, 12})


def looks_like_id_number(text: str) -> bool:
    """Is there a piece that mixes capitals with at least two digits, or one of 9, 11 or 12 digits?"""
    return any(_is_one(found[0]) for found in _PIECE.finditer(text))


def _is_one(piece: str) -> bool:
    digits = sum(c.isdigit() for c in piece)
    if digits == len(piece):
        return len(piece) in _ALL_DIGITS and piece[0] != "0"
    return piece == piece.upper() and digits >= _FEWEST_DIGITS
