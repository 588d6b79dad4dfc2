"""Detects signs that text was damaged before it was written: lost digits of identifiers, letters encoded twice,
invisible characters. Lost digits are reported here for JSON, and by `portal.preview.csv.damage` for each column of a
CSV."""

import re
from typing import Final

from portal.preview.model import Format, WarningLog

_OVERLAP: Final = 48
_LONG_FLOAT = re.compile(r"[:\[,]\s*\"?-?\d{11,19}\.0+\"?\s*[,\]}\s]")
_SCIENTIFIC = re.compile(r"[:\[,]\s*\"?[1-9](?:[.,]\d{1,15})?[eE]\+?1[0-9]\"?\s*[,\]}\s]")
_TWICE = re.compile(
    "[\u00c2-\u00c5][\u0080-\u00bf]|\u00e2\u20ac.|\u00f0(?:\u009f|\u0178)"
    r"|\\u00[cC][2-5]\\u00[89aAbB][0-9a-fA-F]|\\u00[fF]0\\u009[fF]"
)
_HIDDEN = (
    r"(?:[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]"
    r"|\\u(?:00[aA][dD]|200[b-fB-F]|206[0-4]|[fF][eE][fF][fF]))"
)
_UNSEEN = re.compile(rf"{_HIDDEN}[^\s\",;]{{0,40}}@|@[^\s\",;]{{0,40}}?{_HIDDEN}")
"""Only in an address: in other texts some of them belong there (emoji, Arabic, Hindi)."""
_EITHER: Final = (
    (_TWICE, "Letters look as if they were encoded twice, like é as Ã©. They are shown as they came."),
    (
        _UNSEEN,
        "An email address holds a character that cannot be seen, such as U+200B. It was left out when comparing.",
    ),
)
_TOLD: Final[dict[Format, tuple[tuple[re.Pattern[str], str], ...]]] = {
    "json": (
        (_LONG_FLOAT, "A long number is written with a decimal point: digits of a card number or ID may be lost."),
        (_SCIENTIFIC, "A long number is written as a power of ten: digits of a card number or ID may be lost."),
        *_EITHER,
    ),
    "csv": _EITHER,
}


class Losses:
    """Fed with the text piece by piece; reports each sign once for the whole file."""

    def __init__(self, format: Format) -> None:
        self._signs = _TOLD[format]
        self._found = [False] * len(self._signs)
        self._end = ""

    def look(self, piece: str) -> None:
        text = self._end + piece
        escaped = "\\" in text and "\\u" in text  # one character is looked for ten times as fast as two
        plain = text.isascii() and not escaped  # most files: letters are then what they are
        for at, (sign, _) in enumerate(self._signs):
            if plain and (sign is _TWICE or sign is _UNSEEN):
                continue
            self._found[at] = self._found[at] or sign.search(text) is not None
        self._end = text[-_OVERLAP:]

    def tell(self, log: WarningLog) -> None:
        for found, (_, message) in zip(self._found, self._signs, strict=True):
            if found:
                log.add(message, "file", message)
