"""What an answer says of whose its records are, as it is kept sealed between two looks. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from portal.people.classes import is_related
from portal.people.graph import Known, Mark, Record

MOST_RECORDS = 500
"""Different ones that are kept of one answer; more cannot be decided by people."""
MOST_CARDS = 2_000


class Compared(StrEnum):
    """`TOO_LARGE`: not compared, because it is too large or holds too many that match. `UNREADABLE`: not compared."""

    COMPARED = "compared"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Told:
    """What tells people of one name apart. `program` is an id, or a name where an answer has only that."""

    program: str = ""
    balance: str = field(default="", repr=False)
    used: str = ""


NOTHING_TOLD = Told()


@dataclass(frozen=True)
class Card:
    """A gift card, as far as an answer tells."""

    id: str = ""
    number: str = field(default="", repr=False)


@dataclass(frozen=True)
class FoundRecord:
    """A record, or several that name the same owner."""

    record: Record
    told: Told = NOTHING_TOLD
    card: Card | None = None
    count: int = 1


@dataclass(frozen=True)
class Facts:
    """Of one answer: its records that touch the known person, and of an export the cards in it."""

    records: tuple[FoundRecord, ...] = ()
    cards: tuple[Card, ...] = ()


class TooMany(Exception):
    """More records match than people can decide about."""


def kept(known: Known, found: Iterable[FoundRecord]) -> tuple[FoundRecord, ...]:
    """Those that touch the known person, each once with how often it came. Raises TooMany."""
    there: dict[Any, FoundRecord] = {}
    for one in found:
        if not is_related(known, one.record):
            continue
        key = (one.record.nodes, one.card)
        before = there.get(key)
        there[key] = FoundRecord(one.record, one.told, one.card, one.count + (before.count if before else 0))
        if len(there) > MOST_RECORDS:
            raise TooMany
    return tuple(there.values())


def as_text(facts: Facts) -> str:
    return json.dumps(
        {
            "records": [
                {
                    "values": [[mark.value, value] for mark, value in one.record.values],
                    "told": [one.told.program, one.told.balance, one.told.used],
                    "card": [one.card.id, one.card.number] if one.card else None,
                    "count": one.count,
                }
                for one in facts.records
            ],
            "cards": [[card.id, card.number] for card in facts.cards],
        },
        separators=(",", ":"),
    )


def as_facts(text: str, origin: str, country: str = "") -> Facts:
    """The inverse of `as_text`. `origin` names the answer, `country` is that of `Known`."""
    value = json.loads(text)
    records = tuple(
        FoundRecord(
            Record(tuple((Mark(mark), written) for mark, written in one["values"]), origin, country),
            Told(*one["told"]),
            Card(*one["card"]) if one["card"] else None,
            one["count"],
        )
        for one in value["records"]
    )
    return Facts(records, tuple(Card(*card) for card in value["cards"]))
