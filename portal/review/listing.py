"""The groups and decisions of a file as a screen shows them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from portal.redaction.places import Grain
from portal.redaction.reasons import Reason
from portal.review.deciding import proposed_places
from portal.review.defaults import Proposals
from portal.review.files import ReviewedFile
from portal.review.found.people import Person
from portal.review.kinds import By, Choice, GroupKind, Scope, SecondReason
from portal.review.left_out import LeftOut
from portal.review.views import CellPlace, DecisionView, LeftOutCell, PersonGroup
from portal.storage.answering.review_tables import ReviewDecision


def groups_of(
    found: ReviewedFile,
    standing: Sequence[ReviewDecision],
    left: Sequence[LeftOut],
    proposals: Proposals,
    apart: Collection[CellPlace],
) -> tuple[PersonGroup, ...]:
    """`apart`: the cells that were left out by themselves or with their field."""
    decided = {row.group_id: row for row in standing if row.scope == Scope.GROUP}
    spans = {(one.cell, one.span) for one in left} | {(one.cell, None) for one in left if one.span is None}
    groups = tuple(_group(person, decided, spans, proposals, set(apart)) for person in found.people)
    return (*groups, _cards(found.cards)) if found.cards else groups


def _cards(cells: Sequence[CellPlace]) -> PersonGroup:
    """Shortened in every copy, unless who takes it may have card numbers in full."""
    return PersonGroup(
        id=GroupKind.CARDS.value,
        kind=GroupKind.CARDS,
        label="",
        people=0,
        places=len(cells),
        first=cells[0],
        columns=tuple(dict.fromkeys(cell.column for cell in cells if cell.table == cells[0].table)),
        proposal=Choice.LEAVE_OUT,
        proposed_reason=Reason.BEARER_VALUE,
        proposed_places=len(cells),
        choice=Choice.LEAVE_OUT,
        reason=Reason.BEARER_VALUE,
        partly=False,
        automatic=True,
    )


def _group(
    person: Person,
    decided: Mapping[str, ReviewDecision],
    left: Collection[tuple[CellPlace, tuple[int, int] | None]],
    proposals: Proposals,
    apart: Collection[CellPlace],
) -> PersonGroup:
    first = person.places[0].place
    out = proposed_places(person, proposals)
    row = next((decided[one] for one in sorted(person.ids) if one in decided), None)
    choice = Choice(row.choice) if row else None
    reason = Reason(row.reason) if row and row.reason else None
    gone = [(one.place, None) in left or (one.place, one.span) in left for one in person.places]
    if row is None and all(gone):
        choice = Choice.LEAVE_OUT
    return PersonGroup(
        id=person.id,
        kind=person.kind,
        label=person.label,
        people=person.people,
        places=len(person.places),
        first=first,
        columns=tuple(dict.fromkeys(one.place.column for one in person.places if one.place.table == first.table)),
        proposal=Choice.LEAVE_OUT if out else Choice.KEEP,
        proposed_reason=out[0][1] if out else None,
        proposed_places=len(out),
        choice=choice,
        reason=reason,
        partly=any(one.place in apart for one in person.places) and not all(gone),
    )


def decision_views(rows: Sequence[ReviewDecision], names: Mapping[str, str]) -> tuple[DecisionView, ...]:
    """Newest last."""
    return tuple(
        DecisionView(
            number=row.number,
            by=names.get(row.decided_by, ""),
            at=row.decided_at,
            choice=Choice(row.choice),
            reason=Reason(row.reason) if row.reason else None,
            grain=Grain(row.grain),
            scope=Scope(row.scope),
            how=By(row.how),
            group_id=row.group_id,
            places=row.place_count,
            undone_at=row.undone_at,
            undone_by=names.get(row.undone_by or "", ""),
            of_asked_person=row.second_reason == SecondReason.OWN_VALUE,
        )
        for row in rows
    )


def marked_cells(left: Sequence[LeftOut], table: str, rows: Collection[int]) -> tuple[LeftOutCell, ...]:
    """The cells of these rows of which something is left out, each with its first number."""
    cells: dict[CellPlace, LeftOutCell] = {}
    for number, one in enumerate(left, 1):
        if one.cell.table != table or one.cell.row not in rows:
            continue
        before = cells.get(one.cell)
        spans = (*(before.spans if before else ()), *((one.span,) if one.span else ()))
        cells[one.cell] = LeftOutCell(one.cell, before.number if before else number, one.reason, spans)
    return tuple(cells.values())
