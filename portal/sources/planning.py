"""Which sources follow from what is known of the person and what was found so far. Pure.

Planning again gives the same places, so a line that is there already is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from portal.cases.services.intake import IdentifierKind
from portal.sources.kinds import SourceKind
from portal.sources.matching import KnownPerson

SEARCHED_BY = (IdentifierKind.EMAIL, IdentifierKind.PHONE)
"""What members of a program are found by."""
CARDS_BY = (IdentifierKind.EMAIL, IdentifierKind.LAST_FOUR)
"""What the search for cards is asked by (S6)."""
CONSENT_BY = (IdentifierKind.EMAIL, IdentifierKind.PHONE, IdentifierKind.CUSTOMER_ID)


@dataclass(frozen=True)
class KnownIdentifier:
    """An identifier of the case that is not struck."""

    id: str
    number: int
    kind: IdentifierKind
    value: str = field(repr=False)
    standing: str = "claimed"


@dataclass(frozen=True)
class FoundProgram:
    id: str
    name: str


@dataclass(frozen=True)
class Planned:
    """A source to ask. `member`: the id that an earlier answer named; else the case's identifier is asked by."""

    kind: SourceKind
    place: str = ""
    program: FoundProgram | None = None
    identifier_id: str | None = None
    member: str | None = field(default=None, repr=False)


def known_person(identifiers: Iterable[KnownIdentifier], country: str) -> KnownPerson:
    known = list(identifiers)

    def of(kind: IdentifierKind) -> tuple[str, ...]:
        return tuple(one.value for one in known if one.kind is kind)

    return KnownPerson(of(IdentifierKind.EMAIL), of(IdentifierKind.PHONE), of(IdentifierKind.CUSTOMER_ID), country)


def from_identifiers(identifiers: Sequence[KnownIdentifier]) -> Iterator[Planned]:
    """The list of programs, cards by search, consents by each identifier, the log by each customer ID."""
    yield Planned(SourceKind.PROGRAMS)
    for one in identifiers:
        if one.kind in CARDS_BY:
            yield Planned(SourceKind.CARDS_FOUND, f"i{one.number}", identifier_id=one.id)
    for one in identifiers:
        if one.kind in CONSENT_BY:
            yield Planned(SourceKind.CARD_CONSENT, f"i{one.number}", identifier_id=one.id)
    for one in identifiers:
        if one.kind is IdentifierKind.CUSTOMER_ID:
            yield Planned(SourceKind.VENDOR_LOG, f"i{one.number}", identifier_id=one.id)


def in_programs(programs: Iterable[FoundProgram], identifiers: Sequence[KnownIdentifier]) -> Iterator[Planned]:
    """The person in each program, by each identifier that members are found by."""
    for program in programs:
        for one in identifiers:
            if one.kind in SEARCHED_BY:
                yield Planned(SourceKind.MEMBERS, f"{program.id}/i{one.number}", program, one.id)


def of_member(program: FoundProgram, member: str, number: int) -> Iterator[Planned]:
    """What is asked about one membership. `number` counts the different ids found in the case, from 1."""
    place = f"{program.id}/m{number}"
    yield Planned(SourceKind.LOYALTY_DATA, place, program, member=member)
    yield Planned(SourceKind.LOYALTY_CONSENT, place, program, member=member)


def of_id(member: str, number: int) -> Planned:
    """The log about an id that was found."""
    return Planned(SourceKind.VENDOR_LOG, f"m{number}", member=member)
