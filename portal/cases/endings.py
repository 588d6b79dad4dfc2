"""How a case ended, as a whole and part by part. A part is one thing that was asked of LoyaltyDog under the case.

What was recorded at an export ends its part only: the case is over when each part is, or when it ended as a whole. So
a second export that nobody has sent keeps the clock running.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from portal.cases.facts import ENDS, ClosingReason, Fact, FactKind, IdentityResult

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
    """The ends that hold. `part_of` is the part to which an export belongs; a part without ends is still open."""

    whole: list[Fact] = field(default_factory=list)
    parts: dict[str, list[Fact]] = field(default_factory=dict)
    part_of: dict[str, str] = field(default_factory=dict)

    def of_case(self) -> Ending | None:
        """None while the case is open."""
        if self.whole:
            return Ending(max([*self.whole, *self._of_parts()], key=_order), min(self.whole, key=_order))
        if not self.parts or not all(self.parts.values()):
            return None
        ended = [_ending(ends) for ends in self.parts.values()]
        answered = [one for one in ended if one.fact.kind in ANSWERS] or ended
        decided = [one for one in answered if one.fact.kind is FactKind.ANSWERED] or answered
        last = max(answered, key=lambda one: _order(one.first))
        return Ending(max((one.fact for one in decided), key=_order), last.first)

    def of_export(self, export_id: str) -> Ending | None:
        """How the export's part ended, else the case as a whole."""
        ends = self.parts.get(self.part_of.get(export_id, export_id)) or self.whole
        return _ending(ends) if ends else None

    def _of_parts(self) -> list[Fact]:
        return [fact for ends in self.parts.values() for fact in ends]


def endings_of(holding: Iterable[Fact]) -> Endings:
    """Read the facts that hold, in the order they were recorded. Closing the file of a case that was answered, refused
    or withdrawn decides nothing and is left out. What came back undelivered was no answer, and a person who is
    recognised after all opens the case again."""
    found = Endings()
    for fact in holding:
        if fact.kind is FactKind.EXPORT_ASKED:
            export = fact.codes.get("export", "")
            same = fact.codes.get("part") or export
            part = found.part_of[export] = found.part_of.get(same, same)
            found.parts.setdefault(part, [])
        elif fact.kind in ENDS and not is_filed(fact):
            _ends_of(found, fact.codes).append(fact)
        elif fact.kind is FactKind.BOUNCED:
            _take_last_answer(found)
        elif fact.kind is FactKind.IDENTITY and fact.codes.get("result") == IdentityResult.PROVED:
            found.whole = [end for end in found.whole if end.kind is not FactKind.NOT_IDENTIFIED]
    return found


def is_filed(fact: Fact) -> bool:
    """Was the file of an ended case closed by this? It says nothing of what came of the case."""
    return fact.kind is FactKind.CLOSED and fact.codes.get("reason") == ClosingReason.DONE


def _ends_of(found: Endings, codes: Mapping[str, str]) -> list[Fact]:
    request = codes.get("request")
    if not request:
        return found.whole
    return found.parts.setdefault(found.part_of.get(request, request), [])


def _take_last_answer(found: Endings) -> None:
    lists = [found.whole, *found.parts.values()]
    answers = [(fact, ends) for ends in lists for fact in ends if fact.kind is FactKind.ANSWERED]
    if answers:
        fact, ends = max(answers, key=lambda pair: _order(pair[0]))
        ends.remove(fact)


def _ending(ends: list[Fact]) -> Ending:
    return Ending(max(ends, key=_order), min(ends, key=lambda fact: fact.at))


def _order(fact: Fact) -> int:
    return fact.number
