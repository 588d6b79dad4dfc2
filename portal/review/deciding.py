"""What a person's choice comes to: the decision with its places, as it will be weighed and written. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from portal.errors import InputError
from portal.preview import Bare
from portal.redaction.law_section import law_section
from portal.redaction.leaks import folded
from portal.redaction.reasons import Reason
from portal.review.defaults import FIXED, Proposals
from portal.review.files import ReviewedFile
from portal.review.found.marks import Found
from portal.review.found.people import Person
from portal.review.kinds import By, Choice, Scope
from portal.review.ledger import NewDecision
from portal.review.left_out import LeftOut, union
from portal.review.weighing import counted, second_of, tables_left_out


def by_hand(scope: Scope, places: tuple[LeftOut, ...], reason: Reason, section: str) -> NewDecision:
    return NewDecision(
        scope, Choice.LEAVE_OUT, By.HAND, reason, places[0].grain, places=places, law_section=section
    )  # fmt: skip


def section_for(reason: Reason | None, typed: str) -> str:
    """The section of the law that exempts it, where that is the reason. Raises InputError(field="section")."""
    if reason is not Reason.EXEMPT_NATIONAL:
        return ""
    section = law_section(typed)
    if section is None:
        words = "Name the section of the law and nothing else, like § 29 BDSG or DPA 2018 Sch. 2 para. 14."
        raise InputError(words, field="section")
    return section


def proposed_places(person: Person, proposals: Proposals) -> list[tuple[Found, Reason]]:
    """The places that the proposal leaves out, with why. A text of somebody who gave one card and got another is left
    out at both: at one alone, the copy would still say it."""
    weighed = [(one, proposals.of(one.kind, one.attribute)) for one in person.places]
    gone: dict[str, Reason] = {}
    for one, proposal in weighed:
        if proposal.choice is Choice.LEAVE_OUT:
            gone.setdefault(folded(one.text), proposal.reason)
    return [(one, gone[folded(one.text)]) for one, _ in weighed if folded(one.text) in gone]


def proposed_choice(person: Person, proposals: Proposals) -> Choice:
    return Choice.LEAVE_OUT if proposed_places(person, proposals) else Choice.KEEP


def decision_of(
    found: ReviewedFile,
    person: Person,
    proposals: Proposals,
    choice: Choice,
    reason: Reason | None,
    section: str = "",
) -> NewDecision:
    if choice is Choice.KEEP:
        if person.kind in FIXED:
            raise InputError("What opens an account or a card is left out of every copy.", field="choice")
        how = By.RULE if not proposed_places(person, proposals) else By.HAND
        return NewDecision(Scope.GROUP, choice, how, group_id=person.id, place_count=len(person.places))
    proposed = proposed_places(person, proposals)
    as_proposed = bool(proposed) and reason in (None, proposed[0][1])
    why = reason or (proposed[0][1] if proposed else proposals.of(person.kind, person.places[0].attribute).reason)
    chosen = proposed if as_proposed else [(one, why) for one in person.places]
    how = By.RULE if as_proposed else By.HAND
    places = found.places_of(chosen)
    return NewDecision(Scope.GROUP, choice, how, why, places[0].grain, person.id, places, law_section=section)


def says_something(cell: object) -> bool:
    return isinstance(cell, str) and cell != "" and not (isinstance(cell, Bare) and cell in ("[]", "{}"))


def weighed_of(found: ReviewedFile, left: Sequence[LeftOut], new: Sequence[NewDecision]) -> list[NewDecision]:
    """New decisions with what they weigh beside the places `left` out already. Raises NothingLeft."""
    own = found.own
    before = tables_left_out(found.preview, left) if left else set()
    after = tables_left_out(found.preview, union([*left, *(place for one in new for place in one.places)]))
    weighed: list[NewDecision] = []
    for one in new:
        if one.choice is Choice.KEEP:
            weighed.append(one)
            continue
        gone = {place.cell.table for place in one.places} & (after - before)
        second = second_of(one.places, found.texts_of(one.places), own, one.how, gone)
        weighed.append(replace(one, counted=counted(one.places, one.how), second=second))
    return weighed
