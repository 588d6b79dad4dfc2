"""From records to what people decide: one line for each new identifier, each owner in doubt, each card apart. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from portal.people.classes import RecordClass, Sorted, sort_records
from portal.people.graph import Known, Mark, Node, node_of
from portal.sources.whose.codes import Decision, Item
from portal.sources.whose.facts import NOTHING_TOLD, Card, Facts, FoundRecord, Told

OWNER = (Mark.CUSTOMER_ID, Mark.EMAIL, Mark.PHONE, Mark.NAME)
"""By what records are one group; a card's own number tells the card, not its owner."""
Value = tuple[Mark, str]


@dataclass(frozen=True)
class Pending:
    """Something to decide. `values` are what it is about, `beside` the known ones it stands with, `origins` the
    answers it stands in, the first first."""

    item: Item
    key: str = field(repr=False)
    values: tuple[Value, ...] = field(default=(), repr=False)
    beside: tuple[Value, ...] = field(default=(), repr=False)
    record_class: RecordClass | None = None
    origins: tuple[str, ...] = ()
    count: int = 1
    told: Told = NOTHING_TOLD


@dataclass(frozen=True)
class Decided:
    """A decision that holds."""

    item: Item
    key: str = field(repr=False)
    decision: Decision


@dataclass(frozen=True)
class Sort:
    """Everything to decide, and how many records share only a name, last digits, or a spelling with the person."""

    pending: tuple[Pending, ...]
    name_only: int = 0
    alike: int = 0


@dataclass(frozen=True)
class Answers:
    """The answers of a case by their origin; which are exports' files, which of the search for cards."""

    facts: Mapping[str, Facts]
    exports: frozenset[str] = frozenset()
    searches: frozenset[str] = frozenset()


def sort_case(known: Known, answers: Answers, decided: Iterable[Decided]) -> Sort:
    """What is left to decide."""
    found = [one for facts in answers.facts.values() for one in facts.records]
    sorts = sort_records(known, [one.record for one in found])
    holding = {(one.item, one.key): one.decision for one in decided}
    together = list(zip(found, sorts, strict=True))
    wanted = _merged(
        [
            *_new_identifiers(known, together, holding),
            *_shared(known, together),
            *_cards(together, answers, holding),
        ]
    )
    return Sort(
        tuple(one for one in wanted if (one.item, one.key) not in holding),
        sum(f.count for f, one in together if one.is_class is RecordClass.NAME_ONLY),
        sum(f.count for f, one in together if one.is_class is RecordClass.OTHER and one.alike),
    )


Together = Sequence[tuple[FoundRecord, Sorted]]
Holding = Mapping[tuple[Item, str], Decision]


def key_of(nodes: Iterable[Node]) -> str:
    return "\n".join(f"{node.mark}:{node.key}" for node in sorted(nodes))


def _new_identifiers(known: Known, together: Together, holding: Holding) -> Iterator[Pending]:
    """A record of which something was said not to be the person's brings nothing more."""
    for found, one in together:
        if one.is_class is RecordClass.LINKED and not _refused(one, holding):
            for node in one.new:
                yield _pending(Item.NEW_IDENTIFIER, known, found, one, [node])


def _shared(known: Known, together: Together) -> Iterator[Pending]:
    for found, one in together:
        if one.is_class is RecordClass.SHARED:
            nodes = [node for node in one.record.nodes if node.mark in OWNER]
            yield _pending(Item.SHARED_RECORD, known, found, one, nodes)


def _pending(item: Item, known: Known, found: FoundRecord, one: Sorted, nodes: Sequence[Node]) -> Pending:
    beside = sorted(one.record.nodes & known.nodes - set(nodes))
    return Pending(
        item,
        key_of(nodes),
        tuple((node.mark, one.record.written(node)) for node in sorted(nodes, key=lambda n: OWNER.index(n.mark))),
        tuple((node.mark, one.record.written(node)) for node in beside if node.mark in OWNER),
        one.is_class,
        (one.record.origin,),
        found.count,
        found.told,
    )


def _refused(one: Sorted, holding: Holding) -> bool:
    """Was an ID or email in it said not to be the person's? A phone that is not leaves the record theirs."""
    telling = [node for node in one.new if node.mark is not Mark.PHONE]
    return any(holding.get((Item.NEW_IDENTIFIER, key_of([node]))) is Decision.OUT for node in telling)


def _theirs(one: Sorted, holding: Holding) -> bool:
    if one.is_class is RecordClass.SHARED:
        nodes = [node for node in one.record.nodes if node.mark in OWNER]
        return holding.get((Item.SHARED_RECORD, key_of(nodes))) is Decision.IN
    return one.is_class in (RecordClass.SAME, RecordClass.LINKED) and not _refused(one, holding)


def _cards(together: Together, answers: Answers, holding: Holding) -> Iterator[Pending]:
    """Cards of the person's that only the search or only the exports name, once there is one of each (ANS-3)."""
    if not answers.exports or not answers.searches:
        return
    held = [(card, origin) for origin in sorted(answers.exports) for card in answers.facts[origin].cards]
    searched = [(found.card, found, one) for found, one in together if found.card is not None]
    exported, found_names = _names(card for card, _origin in held), _names(card for card, _found, _one in searched)
    for card, found, one in searched:
        if _theirs(one, holding) and not _names([card]) & exported:
            yield _card(Item.CARD_NOT_EXPORTED, card, one.record.origin, found.told)
    for card, origin in held:
        if not _names([card]) & found_names:
            yield _card(Item.CARD_NOT_FOUND, card, origin, NOTHING_TOLD)


def _names(cards: Iterable[Card]) -> set[str]:
    return {name for card in cards for name in (card.id, card.number) if name}


def _card(item: Item, card: Card, origin: str, told: Told) -> Pending:
    mark = Mark.LAST_FOUR if card.number else Mark.CARD_ID
    node = node_of(Mark.CARD_ID, card.id or card.number)
    assert node is not None, "a card is known by its id or number"
    return Pending(item, key_of([node]), ((mark, card.number or card.id),), origins=(origin,), told=told)


def _merged(wanted: Iterable[Pending]) -> list[Pending]:
    """One line for each key."""
    lines: dict[tuple[Item, str], Pending] = {}
    for one in wanted:
        there = lines.setdefault((one.item, one.key), one)
        if there is not one:
            origins = tuple(dict.fromkeys((*there.origins, *one.origins)))
            lines[one.item, one.key] = replace(there, origins=origins, count=there.count + one.count)
    return list(lines.values())
