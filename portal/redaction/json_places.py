"""Where the places of a JSON file stand, found in one pass over its bytes, without a tree of the file.

Only the containers that lead to a place are followed step by step; the rest is passed over a container at a time. The
file is taken to be JSON already (the preview read it without a warning); what is met on the way and is not, is refused.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from portal.redaction.places import Edit, Node, NotSpliceable, Place, check_all_found, tree_of
from portal.redaction.window import Window

Words = Callable[[Place], str]
"""The text that stands instead of a place."""

_BOM = b"\xef\xbb\xbf"
_BLANK = re.compile(rb"[ \t\r\n]*+")
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_SCALAR = re.compile(rb"[^\s,:\[\]{}\"]++")
_ATOMS = rb'[^{}\[\]"]++|"(?:[^"\\]++|\\.)*+"'
_FLAT = rb"[{\[](?:" + _ATOMS + rb")*+[}\]]"
_TWO_DEEP = rb"[{\[](?:" + _ATOMS + rb"|" + _FLAT + rb")*+[}\]]"
_TO_BRACKET = re.compile(rb"(?:" + _ATOMS + rb"|" + _TWO_DEEP + rb")*+", re.DOTALL)
"""Up to the next bracket that is not part of something whole at most two containers deep."""
_ITEM = re.compile(rb'[ \t\r\n]*+(?:"(?:[^"\\]++|\\.)*+"|' + _TWO_DEEP + rb"|[^\s,:\[\]{}\"]++)[ \t\r\n]*+,", re.DOTALL)
_CHARACTER = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL
)
_OPEN, _CLOSE = b"{[", b"}]"


@dataclass
class _Frame:
    """A container that is being followed."""

    node: Node
    is_list: bool
    position: int = 0
    """Of the next item of a list."""
    seen: dict[str, int] = field(default_factory=dict)
    """The next number of a key that stood in an object more than once."""
    names: set[str] = field(default_factory=set)
    wanted: deque[int] = field(default_factory=deque)
    """The positions of a list that lead to a place, ahead of `position`."""

    def __post_init__(self) -> None:
        self.wanted.extend(sorted(step for step in self.node.children if isinstance(step, int)))


def json_edits(chunks: Iterable[bytes], places: Sequence[Place], words: Words, *, lines: bool = False) -> list[Edit]:
    """What to exchange in a UTF-8 JSON file, in the order of the file.

    `lines`: the file is one value after another, and the first step of a place counts them from 0. Raises PlaceMissing,
    PlacesOverlap and NotSpliceable.
    """
    walk = _Walk(Window(chunks), words)
    walk.run(tree_of(places), lines=lines)
    check_all_found(places, walk.found)
    return walk.edits


class _Walk:
    def __init__(self, window: Window, words: Words) -> None:
        self._window = window
        self._words = words
        self._stack: list[_Frame] = []
        self.edits: list[Edit] = []
        self.found: set[int] = set()

    def run(self, root: Node, *, lines: bool) -> None:
        window = self._window
        if window.byte() == _BOM[:1]:
            while len(window.data) < len(_BOM) and window.more():
                pass
            window.at += len(_BOM) if window.data.startswith(_BOM) else 0
        document = 0
        while self._blank():
            if not lines and document:
                raise NotSpliceable("more follows after the value")
            node = root.children.get(document) if lines else root
            self._value(node)
            while self._stack:
                self._step()
            document += 1

    # One value ----------------------------------------------------------------------------------

    def _value(self, node: Node | None) -> None:
        """Pass over the value that begins here, or open it when a place lies inside."""
        opening = self._window.byte()
        if node is not None and node.children and opening in (b"{", b"["):
            if node.spans:
                raise NotSpliceable("a text was decided, a container stands there")
            self._window.at += 1
            self._stack.append(_Frame(node, opening == b"["))
            return
        if node is None or not node.inside:
            self._skip()
        elif node.whole is not None:
            start = self._window.offset
            self._skip()
            self._edit(start, self._window.offset, node.whole)
        elif node.spans and opening == b'"':
            start = self._window.offset
            self._spans(start, self._string(), node.spans)
        else:
            self._skip()  # its places stay unfound, which the caller is told

    def _edit(self, start: int, end: int, place: Place) -> None:
        self.edits.append(Edit(start, end, _text(self._words(place))))
        self.found.add(place.number)

    def _spans(self, start: int, raw: bytes, spans: Sequence[Place]) -> None:
        offsets = character_offsets(raw[1:-1])
        for place in spans:
            first, last = place.span or (0, 0)
            if last < len(offsets):
                begins, ends = start + 1 + offsets[first], start + 1 + offsets[last]
                self.edits.append(Edit(begins, ends, _text(self._words(place))[1:-1]))
                self.found.add(place.number)

    # One step inside a container ----------------------------------------------------------------

    def _step(self) -> None:
        frame = self._stack[-1]
        mark = self._blank()
        if mark == (b"]" if frame.is_list else b"}"):
            self._window.at += 1
            self._stack.pop()
            return
        if frame.position:
            if mark != b",":
                raise NotSpliceable("a comma is missing")
            self._window.at += 1
            self._blank()
        if frame.is_list:
            self._item(frame)
        else:
            self._member(frame)

    def _item(self, frame: _Frame) -> None:
        """The next item; items before the next one that is wanted are passed over in a row."""
        window = self._window
        if not frame.wanted:
            self._to_end_of_container()
            return
        target = frame.wanted[0]
        while frame.position < target:
            found = _ITEM.match(window.data, window.at)
            if found is not None:
                window.at = found.end()
                frame.position += 1
                continue
            self._blank()
            self._skip()
            frame.position += 1
            if self._blank() != b",":
                return  # the list ends before the place
            window.at += 1
        self._blank()
        frame.wanted.popleft()
        frame.position += 1
        self._value(frame.node.children[target])

    def _to_end_of_container(self) -> None:
        """Pass over the rest of the open container; its closing bracket is left to the next step."""
        self._past_brackets(1)
        self._window.at -= 1

    def _member(self, frame: _Frame) -> None:
        if not frame.node.children:
            self._to_end_of_container()
            return
        start = self._window.offset
        raw = self._string()
        end = self._window.offset
        node = frame.node.children.pop(self._name(frame, raw), None)
        if node is not None and node.key is not None:
            self._edit(start, end, node.key)
        if self._blank() != b":":
            raise NotSpliceable("a colon is missing")
        self._window.at += 1
        self._blank()
        frame.position += 1
        self._value(node)

    @staticmethod
    def _name(frame: _Frame, raw: bytes) -> str:
        """The key as a step: "key (2)" the second time, as the preview names it."""
        try:
            key = str(json.loads(raw, strict=False))
        except ValueError:
            raise NotSpliceable("a key with a broken escape") from None
        name, number = key, frame.seen.get(key, 2)
        while name in frame.names:
            name = f"{key} ({number})"
            number += 1
        if name != key:
            frame.seen[key] = number
        frame.names.add(name)
        return name

    # Bytes --------------------------------------------------------------------------------------

    def _blank(self) -> bytes:
        """Pass over white space; the byte that follows, empty at the end of the file."""
        window = self._window
        while True:
            found = _BLANK.match(window.data, window.at)
            window.at = found.end() if found else window.at
            if window.at < len(window.data):
                return window.data[window.at : window.at + 1]
            if not window.more():
                return b""

    def _string(self) -> bytes:
        """The text in quotes that begins here, as written."""
        window = self._window
        if window.byte() != b'"':
            raise NotSpliceable("a text in quotes is missing")
        while (found := _STRING.match(window.data, window.at)) is None:
            if not window.more():
                raise NotSpliceable("cut off inside a text")
        window.at = found.end()
        return found.group()

    def _skip(self) -> None:
        """Pass over one value."""
        window = self._window
        opening = window.byte()
        if opening == b'"':
            self._string()
        elif opening and opening in _OPEN:
            window.at += 1
            self._past_brackets(1)
        else:
            self._scalar()

    def _scalar(self) -> None:
        window = self._window
        while True:
            found = _SCALAR.match(window.data, window.at)
            if found is not None and found.end() < len(window.data):
                break
            if not window.more():
                break
        if found is None:
            raise NotSpliceable("a value is missing")
        window.at = found.end()

    def _past_brackets(self, depth: int) -> None:
        """Go on until `depth` open containers have closed."""
        window = self._window
        while depth:
            found = _TO_BRACKET.match(window.data, window.at)
            window.at = found.end() if found else window.at
            mark = window.data[window.at : window.at + 1]
            if not mark or mark == b'"':
                if not window.more():
                    raise NotSpliceable("cut off")
                continue
            depth += 1 if mark in _OPEN else -1
            window.at += 1


def character_offsets(inner: bytes) -> list[int]:
    """Where each code point of a JSON text begins in its bytes, and where the last one ends. Raises NotSpliceable."""
    try:
        text = inner.decode()
    except UnicodeDecodeError:
        raise NotSpliceable("a text that is not UTF-8") from None
    offsets, at = [0], 0
    for found in _CHARACTER.finditer(text):
        at += len(found.group().encode())
        offsets.append(at)
    return offsets


def _text(words: str) -> bytes:
    return json.dumps(words, ensure_ascii=False).encode()
