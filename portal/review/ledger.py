"""The rows of a review: decisions of a file, added and undone; who approved what stood."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from portal.cases.services.ledger import CaseSeal
from portal.preview import Place as CellPlace
from portal.redaction.places import Grain
from portal.redaction.reasons import Reason
from portal.review.defaults import Proposals, from_codes
from portal.review.kinds import By, Choice, FileOf, Scope, SecondReason
from portal.review.left_out import LeftOut, read, union, written
from portal.storage.answering.review_tables import ReviewApproval, ReviewDecision, ReviewRules
from portal.storage.tables import Account, new_id, utc_now


@dataclass(frozen=True)
class File:
    """Which file decisions are about, as it was looked at."""

    merchant_id: str
    file_id: str
    sha256: str
    kind: FileOf = FileOf.EXPORT


@dataclass(frozen=True)
class MerchantRules:
    proposals: Proposals
    second_person: bool


def rules_of(session: Session, merchant_id: str) -> MerchantRules:
    row = session.get(ReviewRules, merchant_id)
    return MerchantRules(Proposals(from_codes(row.proposals if row else {})), row.second_person if row else False)


def decisions_of(session: Session, file: File) -> list[ReviewDecision]:
    """All that were ever made about the file with this digest, oldest first (RED-6)."""
    return list(
        session.scalars(
            select(ReviewDecision)
            .where(
                ReviewDecision.merchant_id == file.merchant_id,
                ReviewDecision.file_id == file.file_id,
                ReviewDecision.sha256 == file.sha256,
            )
            .order_by(ReviewDecision.number)
        )
    )


def standing(rows: Sequence[ReviewDecision]) -> list[ReviewDecision]:
    return [row for row in rows if row.undone_at is None]


def places_of(seal: CaseSeal, row: ReviewDecision) -> tuple[LeftOut, ...]:
    text = seal.opened(row, "places")
    found = read(text) if text else ()
    return tuple(replace(one, section=row.law_section) for one in found) if row.law_section else found


def left_out(seal: CaseSeal, rows: Sequence[ReviewDecision]) -> list[LeftOut]:
    """Every place that the standing decisions leave out, once."""
    leaving = [row for row in standing(rows) if row.choice == Choice.LEAVE_OUT]
    return union(place for row in leaving for place in places_of(seal, row))


def apart(seal: CaseSeal, rows: Sequence[ReviewDecision]) -> set[CellPlace]:
    """The cells that standing decisions leave out by themselves or with their field."""
    by_cell = [row for row in standing(rows) if row.scope in (Scope.PLACES, Scope.FIELD)]
    return {place.cell for row in by_cell for place in places_of(seal, row)}


def leaves_out_places(row: ReviewDecision) -> bool:
    """Places, and not the file as one."""
    return row.choice == Choice.LEAVE_OUT and row.scope != Scope.WHOLE


def same_text(seal: CaseSeal, rows: Sequence[ReviewDecision]) -> set[tuple[str, Grain, tuple[int, int] | None]]:
    """The places whose text may also stand where it is kept."""
    allowing = [row for row in standing(rows) if row.scope == Scope.SAME_TEXT]
    return {place.key for row in allowing for place in places_of(seal, row)}


@dataclass(frozen=True)
class NewDecision:
    """`counted`: the places that count towards two people. `second`: why it needs them by itself."""

    scope: Scope
    choice: Choice
    how: By
    reason: Reason | None = None
    grain: Grain = Grain.VALUE
    group_id: str = ""
    places: tuple[LeftOut, ...] = ()
    place_count: int | None = None
    counted: int = 0
    second: SecondReason | None = None
    law_section: str = ""


def add(session: Session, seal: CaseSeal, file: File, by: str, new: NewDecision, act: str) -> ReviewDecision:
    """Write a decision under the next number of the file, as part of `act`. The merchant's lock is held."""
    last = session.scalar(select(func.max(ReviewDecision.number)).where(ReviewDecision.file_id == file.file_id)) or 0
    row_id = new_id()
    text = written(new.places) if new.places else ""
    row = ReviewDecision(
        id=row_id, merchant_id=file.merchant_id, file_kind=file.kind.value, file_id=file.file_id, sha256=file.sha256,
        number=last + 1, scope=new.scope.value, group_id=new.group_id, choice=new.choice.value, grain=new.grain.value,
        reason=new.reason.value if new.reason else "", how=new.how.value,
        sealed_places=seal.seal(file.merchant_id, ReviewDecision, "places", row_id, text) if text else None,
        place_count=len(new.places) if new.place_count is None else new.place_count, counted=new.counted,
        second_reason=new.second.value if new.second else "", decided_by=by, law_section=new.law_section, act=act,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def of_one_act(rows: Sequence[ReviewDecision], number: int) -> list[ReviewDecision]:
    """The decision and those that the same press took, as far as they stand."""
    named = next((row for row in rows if row.number == number), None)
    if named is None:
        return []
    return [row for row in standing(rows) if row is named or (named.act and row.act == named.act)]


def undo(session: Session, row: ReviewDecision, by: str) -> bool:
    """False when it was undone already."""
    done: CursorResult[None] = session.execute(  # type: ignore[assignment]  # an UPDATE gives a cursor result
        update(ReviewDecision)
        .where(ReviewDecision.id == row.id, ReviewDecision.undone_at.is_(None))
        .values(undone_by=by, undone_at=utc_now())
    )
    session.refresh(row)
    return done.rowcount == 1


# Two people ---------------------------------------------------------------------------------------


def covers(rows: Sequence[ReviewDecision]) -> str:
    """What an approval is about: the decisions that stand."""
    return hashlib.sha256(",".join(str(row.number) for row in standing(rows)).encode()).hexdigest()


def approval_of(session: Session, file: File, rows: Sequence[ReviewDecision]) -> ReviewApproval | None:
    return session.scalar(
        select(ReviewApproval)
        .where(
            ReviewApproval.merchant_id == file.merchant_id,
            ReviewApproval.file_id == file.file_id,
            ReviewApproval.sha256 == file.sha256,
            ReviewApproval.covers == covers(rows),
        )
        .order_by(ReviewApproval.approved_at)
        .limit(1)
    )


def deciders(rows: Sequence[ReviewDecision]) -> set[str]:
    """Who has a part in what stands; none of them approves it."""
    return {row.decided_by for row in standing(rows)}


def names_of(session: Session, rows: Sequence[ReviewDecision], approval: ReviewApproval | None) -> dict[str, str]:
    """Who decided, undid and approved, by their accounts."""
    people = {row.decided_by for row in rows} | {row.undone_by for row in rows if row.undone_by}
    people |= {approval.approved_by} if approval else set()
    accounts = session.scalars(select(Account).where(Account.id.in_(people))) if people else ()
    return {account.id: account.name or account.email for account in accounts}
