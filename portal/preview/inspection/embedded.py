"""JSON that stands as text in a cell, plain or in base64: its values with the keys that lead to them."""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any, Final

from portal.preview.cells import Bare, Cell

_LONGEST: Final = 2 * 1024 * 1024
_MOST_VALUES: Final = 20_000
_MOST_LAYERS: Final = 4
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")

Leaf = tuple[tuple[str, ...], str]


def json_in(cell: Cell, layers: int = 0) -> list[Leaf] | None:
    """The texts and numbers of the JSON that `cell` holds, each with its keys; None when it holds none."""
    if type(cell) is Bare or not isinstance(cell, str) or len(cell) < 5 or len(cell) > _LONGEST:
        return None
    start = cell[:64].lstrip()[:1]
    if start in ("{", "[", '"'):
        return _leaves(cell, layers)
    if _BASE64.fullmatch(cell):
        try:
            text = base64.b64decode(cell + "=" * (-len(cell) % 4), altchars=b"-_" if set(cell) & set("-_") else None)
            if text.lstrip()[:1] in (b"{", b"["):
                return _leaves(text.decode("utf-8"), layers)
        except (binascii.Error, ValueError):
            return None
    return None


def _leaves(text: str, layers: int) -> list[Leaf] | None:
    try:
        value = json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, str):
        return json_in(value, layers + 1) if layers < _MOST_LAYERS else None
    if not isinstance(value, dict | list) or not value:
        return None
    found: list[Leaf] = []
    for leaf in _walk(value):
        inner = json_in(leaf[1], layers + 1) if layers < _MOST_LAYERS else None
        found += [(leaf[0] + keys, text) for keys, text in inner] if inner else [leaf]
        if len(found) > _MOST_VALUES:
            break
    return found


def _walk(value: Any) -> Iterator[Leaf]:
    todo: list[tuple[tuple[str, ...], Any]] = [((), value)]
    while todo:
        keys, item = todo.pop()
        if isinstance(item, dict):
            todo += [((*keys, key), inner) for key, inner in item.items()]
            for key in item:
                if "@" in key:
                    yield (*keys, "key"), key
        elif isinstance(item, list):
            todo += [(keys, inner) for inner in item]
        elif isinstance(item, str):
            yield keys, item
