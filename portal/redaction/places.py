"""A place in a file that is left out, and the marker that stands there instead (RED-2). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from portal.redaction.reasons import Reason

Steps = tuple[str | int, ...]
"""How a value is reached: keys and positions from 0 in JSON, (line, field) in CSV. A key that stands more than once in
its object is "key (2)" the second time, as in the preview."""

MARKER = re.compile(r"\[withheld [0-9]+: [^\]]+\]")


class Grain(StrEnum):
    VALUE = "value"
    """A whole value, or everything below it."""
    KEY = "key"
    """The key under which a value stands: an object keyed by emails leaks by its keys."""
    SPAN = "span"
    """A part of a text."""


@dataclass(frozen=True)
class Place:
    """`number` counts from 1 in one file. `span`: the part of the text, in code points of the decoded text, of grain
    `span` only."""

    number: int
    steps: Steps = field(repr=False)
    reason: Reason
    grain: Grain = Grain.VALUE
    span: tuple[int, int] | None = None


@dataclass(frozen=True)
class Edit:
    """Bytes `start` to `end` of a file give way to `replacement`."""

    start: int
    end: int
    replacement: bytes = field(repr=False)


class RedactionError(Exception):
    """Nothing was written. `str()` names numbers, never a value or a key."""


class PlaceMissing(RedactionError):
    """The file has no such place: it is not the file that the decisions are about."""


class NotSpliceable(RedactionError):
    """The file is not of a form in which single places can be exchanged. It can go out whole or not at all."""


class PlacesOverlap(RedactionError):
    """One place lies inside another."""


def marker(number: int, words: str, *, width: int = 1) -> str:
    """``[withheld 03: another person]``: of one length for all places of a file with the same words (RED-5)."""
    text = f"[withheld {number:0{width}}: {words}]"
    if not MARKER.fullmatch(text):
        raise ValueError("words of a marker hold a bracket")
    return text


@dataclass
class Node:
    """The places below one value, as a tree of steps."""

    whole: Place | None = None
    key: Place | None = None
    spans: list[Place] = field(default_factory=list)
    children: dict[str | int, Node] = field(default_factory=dict)

    @property
    def inside(self) -> bool:
        """Is there something to find in the value or below?"""
        return self.whole is not None or bool(self.spans) or bool(self.children)


def tree_of(places: Iterable[Place]) -> Node:
    """Raises PlacesOverlap when a place is named twice or lies inside another; a key and its value are two places."""
    root = Node()
    for place in places:
        node = root
        for step in place.steps:
            node = node.children.setdefault(step, Node())
        _mark(node, place)
    _check(root)
    return root


def _mark(node: Node, place: Place) -> None:
    if place.grain is Grain.SPAN:
        if place.span is None or not 0 <= place.span[0] < place.span[1]:
            raise ValueError("a span without its part")
        node.spans.append(place)
    elif place.grain is Grain.KEY:
        if node.key is not None or not place.steps or not isinstance(place.steps[-1], str):
            raise PlacesOverlap(f"place {place.number}: key")
        node.key = place
    else:
        if node.whole is not None:
            raise PlacesOverlap(f"places {node.whole.number} and {place.number}")
        node.whole = place


def _check(root: Node) -> None:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.whole is not None and (node.spans or node.children):
            raise PlacesOverlap(f"inside place {node.whole.number}")
        node.spans.sort(key=lambda place: place.span or (0, 0))
        for one, two in pairwise(node.spans):
            if (one.span or (0, 0))[1] > (two.span or (0, 0))[0]:
                raise PlacesOverlap(f"places {one.number} and {two.number}")
        waiting.extend(node.children.values())


def check_all_found(places: Sequence[Place], found: Mapping[int, object] | set[int]) -> None:
    """Raises PlaceMissing naming the first numbers that no value of the file had."""
    missing = sorted(place.number for place in places if place.number not in found)
    if missing:
        raise PlaceMissing(f"{len(missing)} of {len(places)}: {missing[:5]}")
