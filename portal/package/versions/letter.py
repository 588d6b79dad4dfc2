"""The letter of a case's answer: what the case adds to the profile, counted in the very files that go out."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from portal.cases.clock.regimes import Regime
from portal.language import catalogue_of
from portal.letters.answer.facts import AnswerFacts, CategoryCount, Outcome, Searched, SearchOutcome
from portal.letters.left_out import LeftOutCount
from portal.letters.profile.items import DataCategory
from portal.package.dictionary.kinds import Topic
from portal.package.dictionary.lookup import table_of
from portal.package.dictionary.titles import ABOUT_THE_FILE
from portal.package.givers import giver_names
from portal.package.reading import ReadFile
from portal.package.versions.contents import Contents
from portal.sources.kinds import SourceKind, SourceState
from portal.sources.views import SourceLine

CATEGORY: Mapping[Topic, DataCategory] = {
    Topic.WHO: DataCategory.CONTACT,
    Topic.CARDS: DataCategory.CARDS,
    Topic.HAPPENED: DataCategory.TRANSACTIONS,
    Topic.POINTS: DataCategory.MEMBERSHIP,
    Topic.CONSENTS: DataCategory.CONSENTS,
    Topic.LOOKED: DataCategory.ACCESSES,
    Topic.PORTAL: DataCategory.REQUESTS,
    Topic.OTHER: DataCategory.OTHER,
}
NAMES: Mapping[SourceKind, str] = {
    SourceKind.CARDS_BY_EMAIL: "LoyaltyDog, gift cards",
    SourceKind.CARDS_BY_ID: "LoyaltyDog, gift cards",
    SourceKind.CARDS_FOUND: "LoyaltyDog, gift cards",
    SourceKind.PROGRAMS: "",  # a list in which nobody stands
    SourceKind.MEMBERS: "LoyaltyDog, {name}",
    SourceKind.LOYALTY_DATA: "LoyaltyDog, {name}",
    SourceKind.CARD_CONSENT: "LoyaltyDog, consents for gift cards",
    SourceKind.LOYALTY_CONSENT: "LoyaltyDog, {name}",
    SourceKind.VENDOR_LOG: "LoyaltyDog, log of who looked at customers",
    SourceKind.PORTAL_RECORDS: "",  # it is in the answer itself
    SourceKind.OTHER_SYSTEM: "{name}",
}
"""What the person is told was searched: sources of one name are one place to them."""
STRONGEST = (SearchOutcome.FOUND, SearchOutcome.APART, SearchOutcome.NOTHING)
FOUND: Mapping[SourceState, SearchOutcome | None] = {
    SourceState.PLANNED: None,
    SourceState.ASKING: None,
    SourceState.FETCHED: SearchOutcome.FOUND,
    SourceState.EMPTY: SearchOutcome.NOTHING,
    SourceState.REFUSED: None,
    SourceState.FAILED: None,
    SourceState.ATTESTED: SearchOutcome.NOTHING,
    SourceState.APART: SearchOutcome.APART,
    SourceState.NOT_APPLICABLE: None,
}


@dataclass(frozen=True)
class CaseSays:
    """What the letter takes from the case. `zone`: the days of what was searched are the merchant's. `country`: the
    person's, where the case is kept under its law too."""

    merchant: str
    case: str
    reference: str
    received_on: dt.date
    extended_until: dt.date | None
    regimes: tuple[Regime, ...]
    zone: dt.tzinfo
    country: str
    record_kept_months: int


def answer_facts(
    says: CaseSays, lines: Sequence[SourceLine], contents: Contents, files: Sequence[ReadFile], on: dt.date,
    kept_until: dt.date,
    language: str, *, nothing: bool,
) -> AnswerFacts:  # fmt: skip
    """`files`: those of `contents`, read. `kept_until`: the package's last day. `nothing`: no source holds
    anything."""
    reasons = Counter((line.reason, line.section) for file in contents.files for line in file.left_out)
    reasons.update((one.reason, one.section) for one in contents.withheld)
    outcome = Outcome.NOTHING if nothing else Outcome.PARTLY if reasons else Outcome.YES
    return AnswerFacts(
        merchant=says.merchant,
        case=says.case,
        received_on=says.received_on,
        answered_on=on,
        outcome=outcome,
        searched=tuple(_searched(lines, says.zone, language)),
        categories=() if nothing else _categories(files),
        reference=says.reference,
        extended_until=says.extended_until,
        left_out=tuple(LeftOutCount(reason, places, section) for (reason, section), places in sorted(reasons.items())),
        sender_names=giver_names(files),
        country=says.country,
        package_kept_until=kept_until,
        record_kept_months=says.record_kept_months,
        regimes=says.regimes,
    )


def _searched(lines: Sequence[SourceLine], zone: dt.tzinfo, language: str) -> Iterator[Searched]:
    """One a place: by all that it was searched by, on the last day, with the most that came of it."""
    text = catalogue_of(language).text
    places: dict[str, list[tuple[SearchOutcome, str, dt.date]]] = {}
    for line in lines:
        outcome, at = FOUND[line.state], line.settled_at or line.asked_at
        if outcome is not None and at is not None and NAMES[line.kind]:
            name = text(NAMES[line.kind]).format(name=line.program)
            places.setdefault(name, []).append((outcome, line.asked_by[1], at.astimezone(zone).date()))
    for name, looks in places.items():
        outcomes = {outcome for outcome, _by, _on in looks}
        by = ", ".join(dict.fromkeys(by for _outcome, by, _on in looks if by))
        outcome = next(one for one in STRONGEST if one in outcomes)
        yield Searched(name, outcome, by, max(on for _outcome, _by, on in looks))


def _categories(files: Sequence[ReadFile]) -> tuple[CategoryCount, ...]:
    """Rows of the tables, by what they are about."""
    counted: Counter[DataCategory] = Counter()
    for file in files:
        for each in file.tables:
            named = table_of(each.table.name, each.table.columns, file.file.kind)
            if named.title != ABOUT_THE_FILE:
                counted[CATEGORY[named.topic]] += each.table.row_count
        if not file.tables:
            counted[DataCategory.OTHER] += 1
    return tuple(CategoryCount(code, counted[code]) for code in DataCategory if counted[code])
