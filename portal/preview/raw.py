"""The original text, paged and safe to put on a screen.

Rules: nothing is left out and nothing is reordered; what a screen would swallow or obey (control characters,
text-direction overrides, lone surrogates) is written as an escape such as `\\x00` or `\\u202e` (SEC-22).
"""

import re
from dataclasses import dataclass, field

CHARS_PER_PAGE = 20_000

# C0 and C1 controls except tab, line feed and carriage return; the line separators; the direction overrides
# that make text read in another order than it is stored; halves of a surrogate pair, which UTF-8 cannot carry.
_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def displayable(text: str) -> str:
    """`text` with every character that a screen would hide or obey written as a visible escape."""
    if text.isprintable():  # none of them is; most texts end here
        return text
    return _UNSAFE.sub(_escape, text)


def without_lone_surrogates(text: str) -> str:
    """`text` with lone surrogates written as `\\ud800`; everything else untouched, so UTF-8 can carry it."""
    if text.isascii():
        return text
    return _SURROGATE.sub(_escape, text)


def has_lone_surrogate(text: str) -> bool:
    return _SURROGATE.search(text) is not None


@dataclass(frozen=True)
class RawText:
    """Decoded text of the whole file, handed out in pages of `chars_per_page` source characters, from page 0."""

    text: str = field(repr=False)

    def pages(self, chars_per_page: int = CHARS_PER_PAGE) -> int:
        return max(1, -(-len(self.text) // chars_per_page))

    def page(self, page: int, chars_per_page: int = CHARS_PER_PAGE) -> str:
        """Page `page`, counted from 0; beyond the end: an empty text."""
        start = max(0, page) * chars_per_page
        return displayable(self.text[start : start + chars_per_page])
