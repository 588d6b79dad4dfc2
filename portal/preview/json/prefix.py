"""What programs put around JSON so that a browser runs it or does not: JSONP, XSSI guards, an assignment.

It is blanked, not cut off, so that every place in the text stays the same.
"""

import re
from typing import Final

from portal.preview.model import WarningLog

LONGEST_PREFIX: Final = 300
_NAME = r"[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*|\[\s*(?:\d+|'[^']*'|\"[^\"]*\")\s*\])*"
_PREFIX = re.compile(
    r"\s*(?:\)\]\}'?,?[ \t]*(?:\r?\n|(?=[\[{]))"
    r"|(?:while\s*\(\s*(?:1|true)\s*\)|for\s*\(\s*;\s*;\s*\))\s*;?"
    r"|(?:/\*\*/\s*)?(?:typeof\s+[\w$.]+\s*===?\s*'function'\s*&&\s*)?" + _NAME + r"\s*\(\s*(?=[\[{])"
    r"|(?:(?:var|let|const)\s+)?" + _NAME + r"\s*=\s*(?=[\[{]))"
)
_CLOSING = re.compile(r"[\s;)]*\Z")
_NOT_BLANK = re.compile(r"[^\r\n]")
CLOSERS: Final = re.compile(r"[ \t\n\r\x1e;)]*+")
"""What may follow the value when there was such a prefix."""


def without_prefix(text: str, log: WarningLog) -> str:
    """The beginning of a file with such a prefix blanked, and a warning; the same text where there is none."""
    found = _PREFIX.match(text[:LONGEST_PREFIX])
    if found is None or not found.group().strip():
        return text
    log.add("prefix", "file", "Text of a program stands before the JSON, outside the tables. The Raw tab shows it.")
    return _NOT_BLANK.sub(" ", found.group()) + text[found.end() :]


def without_closing(text: str) -> str:
    """The end of such a file without its bracket and semicolon."""
    found = _CLOSING.search(text, max(0, len(text) - LONGEST_PREFIX))
    return text if found is None else text[: found.start()]
