"""Rows of text as a pandas frame to look at.

Marks: a missing cell is None; JSON null is `⟨null⟩`; an empty text is `⟨empty⟩`; an empty JSON list or object is
`⟨empty list⟩` or `⟨empty object⟩`. A text of the source that begins like a mark gets a backslash in front, so
`⟨null⟩` in the source reads `\\⟨null⟩` and nothing looks like what it is not.
What a screen would hide or obey is written as an escape (`portal.preview.raw`); cells beyond MAX_CELL_CHARS are cut
and say so; `Table.rows` has them whole.
"""

import re
from collections.abc import Sequence

import pandas

from portal.preview.cells import NULL, Bare, Cell, Gap
from portal.preview.raw import displayable

MAX_CELL_CHARS = 10_000

NULL_MARK = "⟨null⟩"
EMPTY_MARK = "⟨empty⟩"
_BARE_MARKS = {"[]": "⟨empty list⟩", "{}": "⟨empty object⟩"}
_LIKE_A_MARK = re.compile(r"\\*⟨")


def shown(cell: Cell) -> str | None:
    """What the screen says for `cell`; None for a missing one."""
    if type(cell) is str and cell.isascii() and cell.isprintable() and 0 < len(cell) <= MAX_CELL_CHARS:
        return cell  # most are: nothing to escape, and the marks' bracket is not ASCII
    if isinstance(cell, Gap):
        return NULL_MARK if cell is NULL else None
    if not cell:
        return EMPTY_MARK
    if isinstance(cell, Bare) and cell in _BARE_MARKS:
        return _BARE_MARKS[cell]
    text = displayable(cell[:MAX_CELL_CHARS])
    if len(cell) > MAX_CELL_CHARS:
        text += f" … ⟨cut: {len(cell):,} characters in all⟩"
    return "\\" + text if _LIKE_A_MARK.match(text) else text


def frame(columns: Sequence[str], rows: Sequence[Sequence[Cell]], first_row: int = 0) -> pandas.DataFrame:
    """A frame of objects (text or None), its index counting rows of the table from 1."""
    index = pandas.RangeIndex(first_row + 1, first_row + 1 + len(rows), name="row")
    shown_rows = [[shown(cell) for cell in row] for row in rows]
    names = pandas.Index([displayable(name) for name in columns], dtype=object)
    return pandas.DataFrame(shown_rows, columns=names, index=index, dtype=object)
