"""How a case ended: demand by demand (a copy, erasure, correction …), and for a copy part by part.

A part is one thing that was asked of LoyaltyDog under the case. What was recorded at an export ends its part, and the
parts together the demand for a copy; a demand can also be ended by itself. The case is over when each demand is, or
when it ended as a whole: an answered copy leaves the clock running while an erasure is still to be done.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from portal.cases.facts import ENDS, PERSONS_COPY, ClosingReason, Fact, FactKind, IdentityResult, Right

ANSWERS = (FactKind.ANSWERED, FactKind.REFUSED)  # a refusal with its reasons is an answer too (Art. 12(4) GDPR)


@dataclass(frozen=True)
class Ending:
    """`fact` says what came of it. `first` is the earliest end that holds: sent again is not answered later."""

    fact: Fact
    first: Fact

    @property
    def at(self) -> dt.datetime:
        return self.first.at


@dataclass
class Endings:
    """The ends that hold. `demands` is what the person asks for; `part_of` the part to which an export belongs. A part
    or a demand without ends is still open."""

    whole: list[Fact] = field(default_factory=list)
    demands: dict[Right, list[Fact]] = field(default_factory=lambda: {Right.ACCESS: []})
    parts: dict[str, list[Fact]] = field(default_factory=dict)
    part_of: dict[str, str] = field(default_factory=dict)

    def of_case(self) -> Ending | None:
        """None while the case is open."""
        if self.whole:
            return Ending(max(self._all(), key=_order), min(self.whole, key=_order))
        ended = [self.of_demand(right) for right in self.demands]
        return _together([one for one in ended if one is not None]) if all(ended) else None

    def of_demand(self, right: Right) -> Ending | None:
        """How one demand ended: by itself, for a copy by its parts, else with the case."""
        if ends := self.demands.get(right):
            return _ending(ends)
        if self.whole:
            return self.of_case()
        if parts := self.of_parts(right):
            return _together(parts)
        return self.of_case() if right not in self.demands else None

    def of_parts(self, right: Right) -> list[Ending]:
        """How the parts of a copy ended, once each has, where nothing else ended it."""
        if right not in PERSONS_COPY or self.whole or self.demands.get(right) or not all(self.parts.values()):
            return []
        return [_ending(ends) for ends in self.parts.values()]

    def of_export(self, export_id: str) -> Ending | None:
        """How the export's part ended, else the demand that it serves, else the case."""
        ends = self.parts.get(self.part_of.get(export_id, export_id)) or self.whole
        if ends:
            return _ending(ends)
        copies = [_ending(ends) for right, ends in self.demands.items() if right in PERSONS_COPY and ends]
        asked = [right for right in self.demands if right in PERSONS_COPY]
        if len(copies) < len(asked):
            return None
        return _together(copies) if copies else self.of_case()

    def _all(self) -> list[Fact]:
        return [*self.whole, *(fact for ends in (*self.demands.values(), *self.parts.values()) for fact in ends)]


def endings_of(holding: Iterable[Fact]) -> Endings:
    """Read the facts that hold, in the order they were recorded. Closing the file of a case that was answered, refused
    or withdrawn decides nothing and is left out. What came back undelivered was no answer, and a person who is
    recognised after all opens the case again."""
    found = Endings()
    for fact in holding:
        if fact.kind is FactKind.RECEIVED and fact.codes.get("demands"):
            found.demands = {Right(code): [] for code in fact.codes["demands"].split(",")}
        elif fact.kind is FactKind.EXPORT_ASKED:
            export = fact.codes.get("export", "")
            same = fact.codes.get("part") or export
            part = found.part_of[export] = found.part_of.get(same, same)
            found.parts.setdefault(part, [])
        elif fact.kind in ENDS and not is_filed(fact):
            _ends_of(found, fact.codes).append(fact)
        elif fact.kind is FactKind.BOUNCED:
            _take_answer(found, fact.codes.get("delivery", ""))
        elif fact.kind is FactKind.IDENTITY and fact.codes.get("result") == IdentityResult.PROVED:
            found.whole = [end for end in found.whole if end.kind is not FactKind.NOT_IDENTIFIED]
    return found


def ends_a_part(fact: Fact) -> bool:
    """Does this end one export or one demand, not the case as a whole?"""
    return bool(fact.codes.get("request") or fact.codes.get("demand"))


def is_filed(fact: Fact) -> bool:
    """Was the file of an ended case closed by this? It says nothing of what came of the case."""
    return fact.kind is FactKind.CLOSED and fact.codes.get("reason") == ClosingReason.DONE


def _ends_of(found: Endings, codes: Mapping[str, str]) -> list[Fact]:
    if demand := codes.get("demand"):
        return found.demands.setdefault(Right(demand), [])
    if request := codes.get("request"):
        return found.parts.setdefault(found.part_of.get(request, request), [])
    return found.whole


def _take_answer(found: Endings, delivery: str) -> None:
    """The answer of that delivery; without one, the last that went another way."""
    if delivery:
        for ends in (found.whole, *found.demands.values(), *found.parts.values()):
            ends[:] = [fact for fact in ends if fact.codes.get("delivery") != delivery]
        return
    lists = [found.whole, *found.parts.values()]
    answers = [(fact, ends) for ends in lists for fact in ends if fact.kind is FactKind.ANSWERED]
    if answers:
        fact, ends = max(answers, key=lambda pair: _order(pair[0]))
        ends.remove(fact)


def _together(ended: Sequence[Ending]) -> Ending:
    """Of several that have all ended: an answer says more than a closing, and the last one is the end."""
    answered = [one for one in ended if one.fact.kind in ANSWERS] or ended
    decided = [one for one in answered if one.fact.kind is FactKind.ANSWERED] or answered
    last = max(answered, key=lambda one: _order(one.first))
    return Ending(max((one.fact for one in decided), key=_order), last.first)


def _ending(ends: list[Fact]) -> Ending:
    return Ending(max(ends, key=_order), min(ends, key=lambda fact: fact.at))


def _order(fact: Fact) -> int:
    return fact.number
