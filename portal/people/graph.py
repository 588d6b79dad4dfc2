"""Identifiers as nodes; those that stand in the same customer record belong together (ANS-2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from portal.identifiers import FEWEST_DIGITS, digits_of, identifier_key, phone_digits


class Mark(StrEnum):
    """What kind of thing tells about the person in a record."""

    CUSTOMER_ID = "customer_id"
    EMAIL = "email"
    PHONE = "phone"
    CARD_ID = "card_id"
    LAST_FOUR = "last_four"
    NAME = "name"


PROVING = frozenset({Mark.CUSTOMER_ID, Mark.EMAIL, Mark.CARD_ID})
"""One of these shows that a record is the person's, unless another contradicts it; a phone is a second proof only."""
NEW = frozenset({Mark.CUSTOMER_ID, Mark.EMAIL, Mark.PHONE})
"""What a record can bring that was not known of the person. A card is what is held, not by whom."""


@dataclass(frozen=True, order=True)
class Node:
    """An identifier in the form in which it is compared."""

    mark: Mark
    key: str = field(repr=False)


def node_of(mark: Mark, value: str | None, country: str = "") -> Node | None:
    """None for a value that identifies nobody. Ids are exact; of emails, dots and plus-tags are not folded; a phone in
    national form is one of `country`."""
    text = (value or "").strip()
    match mark:
        case Mark.EMAIL:
            key = identifier_key(text)
            return Node(mark, key) if "@" in key else None
        case Mark.PHONE:
            key = phone_digits(text, country)
            return Node(mark, key) if len(key) >= FEWEST_DIGITS else None
        case Mark.LAST_FOUR:
            key = digits_of(text)[-4:]
            return Node(mark, key) if len(key) == 4 else None
        case Mark.CUSTOMER_ID | Mark.CARD_ID | Mark.NAME:
            return Node(mark, text) if text else None


def looks_alike(one: str, other: str) -> bool:
    """Are these two emails one if dots and a plus-tag are left out? A suggestion, never a match (ANS-2)."""
    first, second = identifier_key(one), identifier_key(other)
    return first != second and "@" in first and _folded(first) == _folded(second)


def _folded(email: str) -> str:
    local, _, domain = email.rpartition("@")
    return f"{local.partition('+')[0].replace('.', '')}@{domain}"


@dataclass(frozen=True)
class Record:
    """One record of an answer: what identifies its owner, as it is written there, and where it came from."""

    values: tuple[tuple[Mark, str], ...] = field(repr=False)
    origin: str = ""
    country: str = ""

    @cached_property
    def nodes(self) -> frozenset[Node]:
        told = (node_of(mark, value, self.country) for mark, value in self.values)
        return frozenset(node for node in told if node is not None)

    def keys(self, mark: Mark) -> frozenset[str]:
        return frozenset(node.key for node in self.nodes if node.mark is mark)

    def written(self, node: Node) -> str:
        """The identifier as the record has it: so it is asked for."""
        of_node = (text.strip() for mark, text in self.values if node_of(mark, text, self.country) == node)
        return next(of_node, node.key)


class Standing(StrEnum):
    """How the case came to know an identifier. `FOUND`: a person ticked it in a record beside a proved one."""

    PROVED = "proved"
    FOUND = "found"
    CLAIMED = "claimed"
    STRUCK = "struck"


@dataclass(frozen=True)
class Known:
    """What the person is known by: the nodes that a comparison starts from. `country`: where phones in national form
    are dialled, the merchant's."""

    nodes: frozenset[Node] = frozenset()
    country: str = ""

    def keys(self, mark: Mark) -> frozenset[str]:
        return frozenset(node.key for node in self.nodes if node.mark is mark)


def known_of(identifiers: Iterable[tuple[Mark, str, Standing]], country: str = "") -> Known:
    """Proved identifiers and what was found beside them; what was only claimed counts while nothing is proved. A name
    counts always: it proves nothing, and can contradict."""
    told = ((node_of(mark, value, country), standing) for mark, value, standing in identifiers)
    given = [(node, standing) for node, standing in told if node is not None]
    proved = any(standing is Standing.PROVED for node, standing in given if node.mark is not Mark.NAME)
    taken = {Standing.PROVED, Standing.FOUND} | (set() if proved else {Standing.CLAIMED})
    return Known(
        frozenset(
            node
            for node, standing in given
            if standing in taken or (node.mark is Mark.NAME and standing is not Standing.STRUCK)
        ),
        country,
    )


class Graph:
    """Which records hold an identifier: the records are the edges between the identifiers in them."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records
        at: defaultdict[Node, list[int]] = defaultdict(list)
        for place, record in enumerate(records):
            for node in record.nodes:
                at[node].append(place)
        self._at: Mapping[Node, list[int]] = at

    def touching(self, nodes: Iterable[Node]) -> frozenset[int]:
        """Places of the records that hold one of these."""
        return frozenset(place for node in nodes for place in self._at.get(node, ()))
