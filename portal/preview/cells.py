"""One cell of a table: a `str` (what the source says, digit for digit), `NULL` (JSON null) or `MISSING` (the row has no
such field). An empty text stays an empty text.
"""

import enum
from typing import Final, TypeAlias


class Gap(enum.Enum):
    """Why a cell holds no text."""

    NULL = "null"
    MISSING = "missing"

    def __repr__(self) -> str:
        return self.name


NULL: Final = Gap.NULL
MISSING: Final = Gap.MISSING
Cell: TypeAlias = str | Gap


class Bare(str):
    """Text that JSON wrote without quotes: a number with its digits, `true`, `false`, `[]` or `{}`."""

    __slots__ = ()
