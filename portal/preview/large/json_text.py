"""The text of a JSON file of any length, value by value: whole where that is short, else to be taken apart."""

import json
import re
from collections.abc import Callable
from typing import Any, NoReturn

from portal.preview.json.paths import path_text
from portal.preview.json.prefix import CLOSERS, LONGEST_PREFIX, without_prefix
from portal.preview.json.reader import NOT_CLEAN, SURROGATE_ESCAPE, clean_value
from portal.preview.json.scan import Scanner
from portal.preview.json.tables import MAX_DEPTH, keys_are_data
from portal.preview.json.typed import TYPED_MARK, without_types
from portal.preview.model import WarningLog

WINDOW = 128 * 1024
MOST_SCANNED = 64
READ_AHEAD = 128 * 1024
LONGEST_VALUE = 8 * 1024 * 1024
MOST_MARKS = 150_000
"""A text, or a value too deep to be taken apart, may be longer than the window, but not than LONGEST_VALUE, nor hold
more commas, colons and opening brackets than this."""
_BLANK = re.compile(r"[ \t\n\r\x1e]*+")
TOO_LONG = object()
Place = tuple[str | int, ...]


class _ScanFirstError(Exception):
    """The values just before this one were not clean."""


class StoppedError(Exception):
    """The structure cannot be followed further; the log says why."""


class JsonText:
    """The read position. `_at` is an index into `_text`, which holds the text not yet consumed."""

    def __init__(self, log: WarningLog, pull: Callable[[], str]) -> None:
        """`pull` gives the next piece of text, an empty one at the end."""
        self._log = log
        self._pull = pull
        self._text = ""
        self._at = 0
        self._before = 0
        self._types_told: set[tuple[str, str]] = set()
        self._to_scan = self._scanned = 0
        """How many values the scanner reads next before the quick reader is tried again, and the last such number."""
        self._blank = self._after_value = _BLANK
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

    def _begin(self) -> bool:
        """Go to the value, past what a program put before it; False at the end of the file."""
        while len(self._text) - self._at < LONGEST_PREFIX and self._more():
            pass
        bare = without_prefix(self._text, self._log)
        if bare is not self._text:
            self._text, self._after_value = bare, CLOSERS
        return self._skip()

    def _skip(self) -> bool:
        """Skip white space; False at the end of the file."""
        while True:
            found = self._blank.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text):
                return True
            if not self._more():
                return False

    def _stop(self, place: Place, message: str) -> NoReturn:
        self._log.add("damage", path_text(list(place)), f"{message} What was read up to there is shown.")
        raise StoppedError

    def _mark(self, place: Place) -> str:
        if not self._skip() or (self._text[self._at] == "/" and not self._skip_comments(place)):
            self._stop(place, "The file ends in the middle: it is cut off.")
        return self._text[self._at]

    def _skip_comments(self, place: Place) -> bool:
        """Go past the comments that begin here; False at the end of the file."""
        while self._skip() and self._text[self._at] == "/":
            log = WarningLog()
            scanner = Scanner(self._text, log, place, self._at)
            scanner.comments()
            if scanner.position < len(self._text) or self._ended:
                if scanner.position == self._at:
                    return True
                self._log.absorb(log)
                self._at = scanner.position
            elif len(self._text) - self._at > READ_AHEAD:
                return True
            else:
                self._more()
        return self._at < len(self._text)

    def _key(self, place: Place) -> str:
        """The key of the member that begins here, in any quotes."""
        if self._mark(place) == '"':
            key = self._value(place)
            if isinstance(key, str):
                return key
        else:
            while True:
                log = WarningLog()
                scanner = Scanner(self._text, log, place, self._at)
                key = scanner.key()
                if key is not None and scanner.position < len(self._text):
                    self._log.absorb(log)
                    self._at = scanner.position
                    return key
                if len(self._text) - self._at > READ_AHEAD or not self._more():
                    break
        self._stop(place, "Expected a key in quotes here, so the rest cannot be read as JSON.")

    def _value(self, place: Place, *, line: bool = False) -> Any:
        """The value that begins here, read whole; TOO_LONG, without moving, when it must be taken apart."""
        inside = bool(place) and not line
        while True:
            left = len(self._text) - self._at
            done, value, end = self._attempt(place, final=self._ended, inside=inside)
            if done:
                if isinstance(value, dict | list) and self._text.find(TYPED_MARK, self._at, end) >= 0:
                    value = self._without_types(value, place)
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

    def _first_item(self) -> Any:
        """The first item of the list that begins here, read ahead; None where it does not end within READ_AHEAD."""
        while True:
            scanner = Scanner(self._text, WarningLog(), (), self._at + 1, inside=True)
            begun, whole = scanner.value(document=0)
            if whole:
                return scanner.result
            if not begun or len(self._text) - self._at > READ_AHEAD or not self._more():
                return None

    def _without_types(self, value: Any, place: Place) -> Any:
        column = tuple(step for step in place if isinstance(step, str) and not keys_are_data({step: None}))
        return without_types(value, self._log, self._types_told, column, keys_are_data)

    def _marks_left(self) -> int:
        return sum(self._text.count(mark, self._at) for mark in ",:[{")

    def _attempt(self, place: Place, *, final: bool, inside: bool) -> tuple[bool, Any, int]:
        """(read whole, the value, where it ends). Nothing is logged unless it is whole."""
        text, at = self._text, self._at
        try:
            if self._to_scan:  # the standard library's refusal takes time: it counts the lines of the text before it
                self._to_scan -= 1
                raise _ScanFirstError
            value, end = clean_value(text, at)
            if not final and text[end : end + 1] in (".", "e", "E", "+", "-") and len(text) - end < 3:
                return False, None, 0  # a number whose rest is still to come
            if (end < len(text) or final) and not (SURROGATE_ESCAPE.search(text, at, end)):
                self._scanned = 0
                return True, value, end
            if end >= len(text) and not final:
                return False, None, 0
        except NOT_CLEAN as problem:
            deep = isinstance(problem, RecursionError) and len(place) < MAX_DEPTH
            if not final and (deep or _is_cut(problem, len(text))):  # what is very deep is taken apart
                return False, None, 0
        except (StopIteration, _ScanFirstError):
            pass
        log = WarningLog()
        scanner = Scanner(text, log, place, at, inside=inside)
        _, whole = scanner.value(document=0)
        if whole and (final or scanner.position < len(text)):
            self._log.absorb(log)
            if not self._to_scan:
                self._to_scan = self._scanned = min(2 * self._scanned + 1, MOST_SCANNED)
            return True, scanner.result, scanner.position
        return False, None, 0

    def _damage(self, place: Place, value: Any, line: bool) -> Any:
        """The file ends, or is damaged, inside this value: what can be read of it, and no more after it."""
        log = WarningLog()
        scanner = Scanner(self._text, log, place, self._at, inside=bool(place) and not line)
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
        return self._without_types(scanner.result, place)


def _is_cut(problem: Exception, length: int) -> bool:
    """True when the text so far is no damage but a beginning: its last string, escape or token is not whole."""
    if not isinstance(problem, json.JSONDecodeError):
        return False
    return problem.msg.startswith("Unterminated string") or problem.pos >= length - len("\\ud83d\\ud83d")
