"""Signs that a spreadsheet has rounded long numbers before they were written to the CSV file."""

import re
from collections.abc import Sequence
from itertools import zip_longest

SCIENTIFIC = "Long numbers in this column are written as 6.01E+15 is: their last digits are lost."
ROUNDED = "The long numbers in this column all end in zeros: their last digits may have been lost in a spreadsheet."
_POWER = re.compile(r"[+-]?\d(?:[.,]\d+)?[eE]\+?(\d{1,3})")
_DIGITS_KEPT = 15
"""A spreadsheet keeps so many digits of a number (IEEE 754 double precision; Excel's specifications say 15)."""
_LEAST_POWER = 9
_ROWS_LOOKED_AT = 30


def lost_digits(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[tuple[str, str, str]]:
    """(kind, column, what to say) of each column whose long numbers are not whole any more."""
    found: list[tuple[str, str, str]] = []
    for name, column in zip(columns, zip_longest(*rows[:_ROWS_LOOKED_AT], fillvalue=""), strict=False):
        cells = set(column)
        powers = [_POWER.fullmatch(cell.strip()) for cell in cells if "E" in cell or "e" in cell]
        if any(match and int(match[1]) >= _LEAST_POWER for match in powers):
            found.append(("scientific", name, SCIENTIFIC))
        numbers = [cell for cell in cells if len(cell) > _DIGITS_KEPT and cell.isdecimal()]
        zeros = sum(len(number) - _DIGITS_KEPT for number in numbers)
        if zeros > 1 and not any(number[_DIGITS_KEPT:].strip("0") for number in numbers):
            found.append(("rounded", name, ROUNDED))
    return found
