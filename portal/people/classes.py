"""The class of each record: the person's, linked to them, shared with somebody, alike in name, or another's (2.2).

A record stands or falls by its own identifiers and those that are known: what an unticked record would bring counts for
no other record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from portal.people.graph import NEW, PROVING, Graph, Known, Mark, Node, Record, looks_alike
from portal.people.names import NameRelation, best_relation, name_words, relation

MOST_AT_ONE_ADDRESS = 4  # people of different names behind one email; more are a shop's own address, not a household


class RecordClass(StrEnum):
    SAME = "same"
    """All that identifies its owner is known of the person."""
    LINKED = "linked"
    """Holds a known identifier and new ones that contradict nothing."""
    SHARED = "shared"
    """One identifier matches and another contradicts, or a phone alone matches: a family, a shop's own address."""
    NAME_ONLY = "name_only"
    """Only the name or the last four digits match."""
    OTHER = "other"


@dataclass(frozen=True)
class Sorted:
    """A record, its class, what a `linked` or `shared` one brings, and the known emails that one of its looks like."""

    record: Record
    is_class: RecordClass
    new: tuple[Node, ...] = ()
    alike: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Names:
    """The person's names, and whether records of one mailbox contradict each other with nothing to tell whose it is."""

    known: frozenset[str]
    quarrel: bool = False

    def relation(self, record: Record) -> NameRelation:
        theirs = record.keys(Mark.NAME)
        if self.quarrel:
            return NameRelation.DIFFERS if theirs else NameRelation.UNKNOWN
        return best_relation(self.known, theirs)


def sort_records(known: Known, records: Sequence[Record]) -> list[Sorted]:
    """In the order given."""
    graph = Graph(records)
    crowded = _crowded(known, graph)
    names = _names(known, graph, crowded)
    return [_sorted(known, names, crowded, record) for record in records]


def is_related(known: Known, record: Record) -> bool:
    """Can the record come to another class than `other`, or be suggested?"""
    return bool(record.nodes & known.nodes or _same_name(known, record) or _alike(known, record))


def _sorted(known: Known, names: _Names, crowded: frozenset[Node], record: Record) -> Sorted:
    touched = record.nodes & known.nodes
    matched = {node.mark for node in touched - crowded}
    new = tuple(sorted(node for node in record.nodes - known.nodes if node.mark in NEW))
    alike = _alike(known, record)
    if not matched & PROVING:
        if Mark.PHONE in matched or touched & crowded:
            return Sorted(record, RecordClass.SHARED, new, alike)
        weak = Mark.LAST_FOUR in matched or _same_name(known, record)
        return Sorted(record, RecordClass.NAME_ONLY if weak else RecordClass.OTHER, (), alike)
    if _contradicts(known, names, record, matched):
        return Sorted(record, RecordClass.SHARED, new, alike)
    return Sorted(record, RecordClass.LINKED if new else RecordClass.SAME, new, alike)


def _contradicts(known: Known, names: _Names, record: Record, matched: set[Mark]) -> bool:
    """A wholly other name always does. A new surname does unless two identifiers match. Another email or phone does
    where neither the name, nor the customer ID, nor a second identifier speaks for the person."""
    second = len(matched & (PROVING | {Mark.PHONE})) > 1
    name = names.relation(record)
    if name is NameRelation.DIFFERS:
        return True
    if name is NameRelation.RENAMED:
        return not second
    if name is NameRelation.AGREES or second or Mark.CUSTOMER_ID in matched:
        return False
    return any(
        mark not in matched and known.keys(mark) and record.keys(mark) for mark in (Mark.EMAIL, Mark.PHONE)
    )  # fmt: skip


def _crowded(known: Known, graph: Graph) -> frozenset[Node]:
    """Known emails that many people of different names have: such a one shows nothing."""
    return frozenset(
        node
        for node in known.nodes
        if node.mark is Mark.EMAIL and len(_different_names(graph, node)) > MOST_AT_ONE_ADDRESS
    )


def _different_names(graph: Graph, node: Node) -> set[frozenset[str]]:
    held = (graph.records[place] for place in graph.touching([node]))
    return {frozenset(name_words(name)) for record in held for name in record.keys(Mark.NAME)}


def _names(known: Known, graph: Graph, crowded: frozenset[Node]) -> _Names:
    """Where the case knows no name: that of the records which more than one thing shows to be the person's; else that
    of all that match, if they agree. Records that disagree contradict each other."""
    given = known.keys(Mark.NAME)
    if given:
        return _Names(given)
    proving = [node for node in known.nodes - crowded if node.mark in PROVING]
    matching = [graph.records[place] for place in sorted(graph.touching(proving))]
    sure = [record for record in matching if _sure(known, record)]
    found = frozenset(name for record in sure or matching for name in record.keys(Mark.NAME))
    agree = all(relation(one, other) is NameRelation.AGREES for one, other in combinations(sorted(found), 2))
    return _Names(found) if agree else _Names(frozenset(), quarrel=True)


def _sure(known: Known, record: Record) -> bool:
    matched = {node.mark for node in record.nodes & known.nodes}
    named = bool(record.keys(Mark.NAME))
    return named and (Mark.CUSTOMER_ID in matched or len(matched & (PROVING | {Mark.PHONE})) > 1)


def _same_name(known: Known, record: Record) -> bool:
    return best_relation(known.keys(Mark.NAME), record.keys(Mark.NAME)) is NameRelation.AGREES


def _alike(known: Known, record: Record) -> tuple[str, ...]:
    theirs = record.keys(Mark.EMAIL)
    return tuple(
        sorted(one for one in known.keys(Mark.EMAIL) if any(looks_alike(one, other) for other in theirs))
    )  # fmt: skip
