"""When another person has to approve what is left out (RED-8, RED-9), and when so much is left out that it is a refusal
(RED-10)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from portal.errors import StateConflict
from portal.preview import Bare, Preview, Table
from portal.preview.inspection.people import Own
from portal.redaction.places import Grain
from portal.redaction.reasons import Reason
from portal.review.found.own import is_own as is_own
from portal.review.kinds import By, Choice, Scope, SecondReason
from portal.review.left_out import LeftOut
from portal.storage.answering.review_tables import ReviewDecision

MANY_PLACES = 200
FEWEST_ROWS = 2
"""A table of one row is somebody's record card: left out whole it is one decision about one person."""
LEGAL = frozenset({Reason.LEGAL_HOLD, Reason.TRADE_SECRET})


class NothingLeft(StateConflict):
    """RED-10."""

    code = "nothing_left"
    message = "With this, nothing of the file would be left: that is a refusal, not a copy."
    next_step = "Keep something, or refuse the request with its letter."


class SecondPersonNeeded(StateConflict):
    """RED-9."""

    code = "second_person"
    message = "Another person has to approve what is left out before a copy is made."
    next_step = "Ask a colleague who did not decide here to approve it."


def second_of(
    places: Sequence[LeftOut], texts: Iterable[str], own: Own, how: By, tables_gone: Collection[str]
) -> SecondReason | None:
    """Why a single decision needs two people; the number of all places is weighed over all decisions."""
    if any(is_own(text, own) for text in texts):
        return SecondReason.OWN_VALUE
    if any(place.reason in LEGAL for place in places):
        return SecondReason.LEGAL
    if how is By.HAND and any(p.reason is Reason.BEARER_VALUE and p.grain is not Grain.SPAN for p in places):
        return SecondReason.WHOLE_CARD
    return SecondReason.WHOLE_TABLE if tables_gone else None


def counted(places: Sequence[LeftOut], how: By) -> int:
    """The places that count towards MANY_PLACES: staff and secrets left out as proposed are no weighing of people."""
    if how is By.HAND:
        return len(places)
    return sum(place.reason not in (Reason.STAFF, Reason.CREDENTIAL, Reason.BEARER_VALUE) for place in places)


def why_second(rows: Sequence[ReviewDecision], *, merchant_wants: bool) -> SecondReason | None:
    """Over the decisions that stand, the gravest first."""
    leaving = [row for row in rows if row.choice == Choice.LEAVE_OUT or row.scope == Scope.SAME_TEXT]
    own = {row.second_reason for row in leaving}
    for reason in SecondReason:
        if reason.value in own:
            return reason
    if sum(row.counted for row in leaving) > MANY_PLACES:
        return SecondReason.MANY_PLACES
    return SecondReason.MERCHANT if merchant_wants and leaving else None


def tables_left_out(preview: Preview, places: Iterable[LeftOut]) -> set[str]:
    """The tables of several rows of which nothing would be left. Raises NothingLeft when that is all of the file."""
    gone = Counter(place.cell.table for place in places if place.grain is not Grain.SPAN)
    filled = {table.name: _filled(table) for table in preview.tables if table.row_count}
    without: Mapping[str, bool] = {name: gone[name] >= count for name, count in filled.items()}
    if filled and all(without.values()):
        raise NothingLeft
    rows = {table.name: table.row_count for table in preview.tables}
    return {name for name, is_gone in without.items() if is_gone and gone[name] and rows[name] >= FEWEST_ROWS}


def _filled(table: Table) -> int:
    """Its cells that say something, but those that only link it to another table."""
    own = [at for at, name in enumerate(table.columns) if name not in table.link_columns]
    return sum(
        isinstance(row[at], str) and row[at] != "" and not (isinstance(row[at], Bare) and row[at] in ("[]", "{}"))
        for _, row in table.iterate()
        for at in own
    )
