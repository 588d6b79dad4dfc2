"""The rows of comparing: which answers of a case can be compared, what was found in them, what holds of decisions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.cases.clock.calendar_codes import country_in
from portal.cases.services.intake import IdentifierKind
from portal.cases.services.ledger import CaseSeal
from portal.loyaltydog import NotFound
from portal.people.graph import Known, Mark, Standing, known_of
from portal.sources.from_exports import export_lines
from portal.sources.kinds import SourceKind, SourceState
from portal.sources.ledger import identifiers_of, sources_of
from portal.sources.planning import KnownIdentifier
from portal.sources.views import SourceLine
from portal.sources.whose.codes import Decision, Item
from portal.sources.whose.facts import Compared, Facts, as_facts, as_text
from portal.sources.whose.items import Answers, Decided, Pending, Sort, sort_case
from portal.storage.answering.source_tables import CaseComparison, CaseMatch, CaseSource
from portal.storage.case_tables import Case
from portal.storage.tables import new_id, utc_now

MARK_OF: dict[IdentifierKind, Mark] = {
    IdentifierKind.EMAIL: Mark.EMAIL,
    IdentifierKind.CUSTOMER_ID: Mark.CUSTOMER_ID,
    IdentifierKind.PHONE: Mark.PHONE,
    IdentifierKind.CARD_ID: Mark.CARD_ID,
    IdentifierKind.LAST_FOUR: Mark.LAST_FOUR,
    IdentifierKind.MEMBER_ID: Mark.CUSTOMER_ID,
}
COMPARABLE = frozenset({SourceKind.MEMBERS, SourceKind.CARDS_FOUND, SourceKind.CARD_CONSENT})
"""Sources whose answers are records; exports are compared as well."""
WHOLE = frozenset({SourceState.FETCHED, SourceState.EMPTY})


@dataclass(frozen=True)
class Input:
    """An answer that can be compared. `answer`: of its bytes; `mark`: of them and of what is known. `empty`: an
    export's file that holds nobody, which need not be read."""

    source_id: str | None
    export_id: str | None
    kind: SourceKind
    answer: str
    mark: str
    size_bytes: int
    empty: bool = False

    @property
    def origin(self) -> str:
        return self.source_id or self.export_id or ""


@dataclass(frozen=True)
class Matching:
    """A case's answers with what was compared and decided. `unread`: inputs that are still to be compared."""

    known: Known
    inputs: tuple[Input, ...]
    unread: tuple[Input, ...]
    sort: Sort
    decisions: tuple[CaseMatch, ...] = field(repr=False)

    @property
    def without_customer(self) -> frozenset[str | None]:
        """Exports of which a person said that there is no gift card customer by that ID."""
        return frozenset(row.export_id for row in self.decisions if row.item == Item.NO_CUSTOMER)

    @property
    def taken_in(self) -> int:
        return sum(row.decision == Decision.IN and row.item in _RECORDS for row in self.decisions)


_RECORDS = frozenset({Item.NEW_IDENTIFIER, Item.SHARED_RECORD, Item.CARD_NOT_EXPORTED, Item.CARD_NOT_FOUND})


def known_person(session: Session, seal: CaseSeal, case: Case, identifiers: Sequence[KnownIdentifier]) -> Known:
    name = seal.name(case)
    return known_of(
        [
            *((MARK_OF[one.kind], one.value, Standing(one.standing)) for one in identifiers),
            *([(Mark.NAME, name, Standing.CLAIMED)] if name else []),
        ],
        country_in(case.calendar),
    )


def matching_of(session: Session, seal: CaseSeal, case: Case) -> Matching:
    """Everything about whose records are in a case, from its rows alone: no sealed answer is opened."""
    identifiers = identifiers_of(session, seal, case.id)
    known = known_person(session, seal, case, identifiers)
    exports = list(export_lines(session, case.id, identifiers))
    inputs = _inputs(session, case, identifiers, exports)
    rows = session.scalars(select(CaseComparison).where(CaseComparison.case_id == case.id)).all()
    kept = {row.source_id or row.export_id or "": row for row in rows}
    unread = tuple(one for one in inputs if not one.empty and not _is_current(kept.get(one.origin), one))
    answers, odd = _answers(seal, inputs, kept, known.country)
    odd += _no_customers(identifiers, exports)
    decisions = decisions_of(session, case.id)
    decided = [Decided(Item(row.item), _key(seal, row), Decision(row.decision)) for row in decisions]
    sort = sort_case(known, answers, decided)
    told = {(one.item, one.key) for one in decided}
    pending = (*sort.pending, *(one for one in odd if (one.item, one.key) not in told))
    return Matching(known, inputs, unread, Sort(pending, sort.name_only, sort.alike), decisions)


def decisions_of(session: Session, case_id: str) -> tuple[CaseMatch, ...]:
    """Those that hold, in the order in which they were made."""
    rows = select(CaseMatch).where(CaseMatch.case_id == case_id, CaseMatch.taken_back_at.is_(None))
    return tuple(session.scalars(rows.order_by(CaseMatch.number)))


def keep_comparison(
    session: Session, seal: CaseSeal, case: Case, one: Input, state: Compared, facts: Facts | None
) -> None:
    """In place of an older one of the same answer."""
    same = CaseComparison.source_id == one.source_id if one.source_id else CaseComparison.export_id == one.export_id
    row = session.scalar(select(CaseComparison).where(CaseComparison.case_id == case.id, same))
    if row is None:
        row = CaseComparison(
            id=new_id(), merchant_id=case.merchant_id, case_id=case.id, source_id=one.source_id,
            export_id=one.export_id, mark=one.mark, state=state.value,
        )  # fmt: skip
        session.add(row)
    row.mark, row.state, row.compared_at = one.mark, state.value, utc_now()
    text = as_text(facts) if facts is not None else None
    sealed = seal.seal(case.merchant_id, CaseComparison, "facts", row.id, text) if text is not None else None
    row.sealed_facts = sealed


def add_decision(
    session: Session, seal: CaseSeal, case: Case, one: Pending, *, decision: Decision, code: str, by: str
) -> CaseMatch:
    last = session.scalar(select(func.max(CaseMatch.number)).where(CaseMatch.case_id == case.id)) or 0
    match_id = new_id()
    said = json.dumps({"key": one.key, "values": one.values, "beside": one.beside})
    origin = one.origins[0] if one.origins else None
    source = session.get(CaseSource, origin) if origin else None
    row = CaseMatch(
        id=match_id, merchant_id=case.merchant_id, case_id=case.id, number=last + 1, item=one.item.value,
        record_class=one.record_class.value if one.record_class else "",
        source_id=source.id if source else None, export_id=None if source else origin,
        sealed_item=seal.seal(case.merchant_id, CaseMatch, "item", match_id, said),
        decision=decision.value, code=code, decided_by=by,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def item_said(seal: CaseSeal, row: CaseMatch) -> tuple[tuple[tuple[Mark, str], ...], tuple[tuple[Mark, str], ...]]:
    """What a decision is about: its values, and the known ones they stand beside."""
    said = _said(seal, row)
    values, beside = (tuple((Mark(mark), text) for mark, text in said[part]) for part in ("values", "beside"))
    return values, beside


def _key(seal: CaseSeal, row: CaseMatch) -> str:
    return str(_said(seal, row)["key"])


def _said(seal: CaseSeal, row: CaseMatch) -> dict[str, Any]:
    """What was sealed; nothing of a merchant that was removed."""
    text = seal.opened(row, "item")
    said: dict[str, Any] = json.loads(text) if text else {"key": "", "values": [], "beside": []}
    return said


def _is_current(row: CaseComparison | None, one: Input) -> bool:
    return row is not None and row.mark == one.mark


def _inputs(
    session: Session, case: Case, identifiers: Sequence[KnownIdentifier], exports: Sequence[SourceLine]
) -> tuple[Input, ...]:
    """Answers that are whole, and not destroyed."""
    known = "".join(f"{one.number}{one.standing};" for one in identifiers) + str(case.sealed_name is not None)
    known += country_in(case.calendar)
    ids = {one.id for one in identifiers}
    found = [
        Input(
            row.id, None, SourceKind(row.kind), row.file.sha256, _mark(row.file.sha256, known), row.file.size_bytes
        )
        for row in sources_of(session, case.id)
        if row.kind in COMPARABLE and row.state in WHOLE and row.file.destroyed_at is None
        and row.file.size_bytes is not None and row.identifier_id in ids
    ]  # fmt: skip
    found += [
        Input(
            None, line.export_id, line.kind, line.sha256, _mark(line.sha256, known), line.size_bytes or 0,
            empty=line.state is SourceState.EMPTY,
        )
        for line in exports
        if line.export_id and line.state in WHOLE and line.destroyed_at is None
    ]  # fmt: skip
    return tuple(found)


def _no_customers(identifiers: Sequence[KnownIdentifier], exports: Sequence[SourceLine]) -> list[Pending]:
    """IDs that were found elsewhere, a loyalty member's maybe, and by which LoyaltyDog has no gift card customer. A 404
    is never nothing, so a person says so."""
    found = {one.id: one.value for one in identifiers if one.standing == Standing.FOUND}
    return [
        Pending(
            Item.NO_CUSTOMER, f"{line.export_id}", ((Mark.CUSTOMER_ID, found[line.identifier_id]),),
            origins=(line.export_id,),
        )
        for line in exports
        if line.kind is SourceKind.CARDS_BY_ID and line.problem_code == NotFound.code and line.identifier_id in found
    ]  # fmt: skip


def _mark(answer: str, known: str) -> str:
    return hashlib.sha256(f"{answer} {known}".encode()).hexdigest()


def _answers(
    seal: CaseSeal, inputs: Sequence[Input], kept: dict[str, CaseComparison], country: str
) -> tuple[Answers, list[Pending]]:
    """What was found in each answer, and those that could not be compared. What an older comparison found counts until
    the answer is compared anew."""
    facts: dict[str, Facts] = {}
    odd: list[Pending] = []
    for one in inputs:
        row = kept.get(one.origin)
        if one.empty:
            facts[one.origin] = Facts()
        elif row is not None and row.sealed_facts is not None:
            facts[one.origin] = as_facts(seal.opened(row, "facts"), one.origin, country)
        elif row is not None:
            odd.append(Pending(Item.NOT_COMPARED, f"{one.origin} {one.answer}", origins=(one.origin,)))
    exports = frozenset(one.origin for one in inputs if one.export_id and one.origin in facts)
    searches = frozenset(
        one.origin for one in inputs if one.kind is SourceKind.CARDS_FOUND and one.origin in facts
    )  # fmt: skip
    return Answers(facts, exports, searches), odd
