"""Parses JSON text, valid or not, into a tree whose leaves are text as written.

Tree: dict, list, `str` (a JSON string, unescaped), `Bare` (a number with its digits), True, False, None. Clean and
shallow text goes through the standard library's C scanner; what that would change or refuse (duplicate keys, NaN, lone
surrogates, long numbers, depth, damage, several values) goes through `portal.preview.json.scan`, which knows the
location of each problem. A test holds the two to the same tree.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from portal.preview.cells import Bare
from portal.preview.json.scan import Scanner
from portal.preview.model import WarningLog

LONGEST_PLAIN_NUMBER = 15
"""Digits that every program reads exactly; longer numbers take the careful way, which warns."""

MOST_VALUES = 60_000
"""One after another in one file; a longer one is read in pieces."""

_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass(frozen=True)
class Tree:
    """values: the documents of the file, more than one for newline-delimited JSON. complete: read to the end."""

    values: list[Any] = field(repr=False)
    complete: bool
    is_lines: bool = False


class TooManyValuesError(Exception):
    """More than MOST_VALUES values stand one after another."""


class _UncleanError(Exception):
    """The C scanner would hide something."""


def _number(text: str) -> Bare:
    if len(text) > LONGEST_PLAIN_NUMBER:
        raise _UncleanError
    return Bare(text)


def _float(text: str) -> Bare:
    if "e" in text or "E" in text:
        raise _UncleanError  # may be beyond what a double holds
    return _number(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _UncleanError
    return found


def _constant(_text: str) -> NoReturn:
    raise _UncleanError


_decoder = json.JSONDecoder(parse_int=_number, parse_float=_float, parse_constant=_constant, object_pairs_hook=_object)
_decode: Callable[[str], Any] = _decoder.decode
clean_value: Callable[[str, int], tuple[Any, int]] = _decoder.raw_decode
"""(text, where a value begins) -> (the value, where it ends). Raises NOT_CLEAN when the careful way is needed."""


NOT_CLEAN = (ValueError, RecursionError, _UncleanError)
SURROGATE_ESCAPE = _SURROGATE_ESCAPE


def read_tree(text: str, log: WarningLog) -> Tree:
    """Every JSON value in `text`; `values` is empty when not even one begins. Problems go to `log`.

    Raises TooManyValuesError.
    """
    if not _SURROGATE_ESCAPE.search(text):
        try:
            return Tree([_decode(text)], complete=True)
        except NOT_CLEAN:
            pass  # the scanner reports what is wrong, and where
    return read_carefully(text, log)


def read_carefully(text: str, log: WarningLog) -> Tree:
    """As `read_tree`, always by the loop that warns."""
    scanner = Scanner(text, log)
    values: list[Any] = []
    complete = True
    ended = 0
    while not scanner.at_end():
        start = scanner.position
        if values and complete and not text[ended:start].strip(" \t"):
            log.add("crowd", f"$[{len(values)}]", "Several JSON values stand on one line; each is shown as a row.")
        found, whole = scanner.value(document=len(values))
        if len(values) >= MOST_VALUES:
            raise TooManyValuesError
        if found:
            values.append(scanner.result)
        if whole:
            ended = scanner.position
            continue
        complete = False
        if not values or not scanner.skip_to_line_after(start):
            break
    return Tree(values, complete, is_lines=len(values) > 1)
