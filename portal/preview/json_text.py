"""The text of a JSON file of any length, value by value: whole where that is short, else to be taken apart."""

import json
import re
from collections.abc import Callable
from typing import Any

from portal.preview.json_reader import NOT_CLEAN, SURROGATE_ESCAPE, clean_value
from portal.preview.json_scan import Scanner, path_text
from portal.preview.json_tables import MAX_DEPTH
from portal.preview.model import WarningLog

WINDOW = 128 * 1024
LONGEST_VALUE = 8 * 1024 * 1024
MOST_MARKS = 150_000
"""A text, or a value too deep to be taken apart, may be longer than the window, but not than LONGEST_VALUE, nor hold
more commas, colons and opening brackets than this."""
_BLANK = re.compile(r"[ \t\n\r\x1e]*+")
TOO_LONG = object()
Place = tuple[str | int, ...]


class StoppedError(Exception):
    """The structure cannot be followed further; the log says why."""


class JsonText:
    """Where reading stands. `_at` is a place in `_text`, which holds what is not yet done with."""

    def __init__(self, log: WarningLog, pull: Callable[[], str]) -> None:
        """`pull` gives the next piece of text, an empty one at the end."""
        self._log = log
        self._pull = pull
        self._text = ""
        self._at = 0
        self._before = 0
        self._ended = False
        self._damaged = False
        self.kind = ""
        """ "object", "list", "value" or "lines"; empty as long as no value was found."""

    def _more(self) -> bool:
        """Take the next piece of text; False at the end."""
        if self._ended:
            return False
        piece = self._pull()
        self._ended = not piece
        self._text = self._text[self._at :] + piece
        self._before += self._at
        self._at = 0
        return not self._ended

    @property
    def _done(self) -> int:
        """Characters of the file that are done with."""
        return self._before + self._at

    def _skip(self) -> bool:
        """Go to what is no white space; False at the end of the file."""
        while True:
            found = _BLANK.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text):
                return True
            if not self._more():
                return False

    def _stop(self, place: Place, message: str) -> None:
        self._log.add("damage", path_text(list(place)), f"{message} What was read up to there is shown.")
        raise StoppedError

    def _mark(self, place: Place) -> str:
        if not self._skip():
            self._stop(place, "The file ends in the middle: it is cut off.")
        return self._text[self._at]

    def _value(self, place: Place, *, line: bool = False) -> Any:
        """The value that begins here, read whole; TOO_LONG, without moving, when it must be taken apart."""
        while True:
            left = len(self._text) - self._at
            done, value, end = self._attempt(place, final=self._ended)
            if done:
                self._at = end
                return value
            if self._ended:
                return self._damage(place, value, line)
            opens = self._text[self._at] in "{["
            if left >= WINDOW and opens and len(place) < MAX_DEPTH:
                return TOO_LONG
            if left >= LONGEST_VALUE or (opens and left >= WINDOW and self._marks_left() > MOST_MARKS):
                self._stop(place, "A single value here is too long to be shown.")
            while self._more() and len(self._text) - self._at < 2 * left:
                pass  # twice as much for each attempt, so that all attempts together stay linear

    def _marks_left(self) -> int:
        return sum(self._text.count(mark, self._at) for mark in ",:[{")

    def _attempt(self, place: Place, *, final: bool) -> tuple[bool, Any, int]:
        """(read whole, the value, where it ends). Nothing is logged unless it is whole."""
        text, at = self._text, self._at
        try:
            value, end = clean_value(text, at)
            if not final and text[end : end + 1] in (".", "e", "E", "+", "-") and len(text) - end < 3:
                return False, None, 0  # a number whose rest is still to come
            if (end < len(text) or final) and not (SURROGATE_ESCAPE.search(text, at, end)):
                return True, value, end
            if end >= len(text) and not final:
                return False, None, 0
        except NOT_CLEAN as problem:
            deep = isinstance(problem, RecursionError) and len(place) < MAX_DEPTH
            if not final and (deep or _is_cut(problem, len(text))):  # what is very deep is taken apart
                return False, None, 0
        except StopIteration:
            pass
        log = WarningLog()
        scanner = Scanner(text, log, place, at)
        _, whole = scanner.value(document=0)
        if whole and (final or scanner.position < len(text)):
            self._log.absorb(log)
            return True, scanner.result, scanner.position
        return False, None, 0

    def _damage(self, place: Place, value: Any, line: bool) -> Any:
        """The file ends, or is damaged, inside this value: what can be read of it, and no more after it."""
        log = WarningLog()
        scanner = Scanner(self._text, log, place, self._at)
        begun, _ = scanner.value(document=0)
        next_line = self._text.find("\n", self._at) + 1
        self._damaged = True
        if line and next_line and self._text[next_line : next_line + 1] in ("{", "["):
            self._at = next_line
        else:
            self._at = len(self._text)
        if not begun:
            if not self.kind:
                raise StoppedError
            self._stop(place, "This part is not JSON.")
        self._log.absorb(log)
        return scanner.result


def _is_cut(problem: Exception, length: int) -> bool:
    """True when the text so far is no damage but a beginning: its last string, escape or token is not whole."""
    if not isinstance(problem, json.JSONDecodeError):
        return False
    return problem.msg.startswith("Unterminated string") or problem.pos >= length - len("\\ud83d\\ud83d")
