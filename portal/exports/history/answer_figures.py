"""How quickly requests are answered (LAW-21). A request that was asked again counts once: by the export that stands
for it. Requests of one person count each."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from portal.cases.standing import Standing
from portal.exports.core.answers import ANSWERED, DUE_SOON
from portal.exports.history.query import MOST_COUNTED, midnight
from portal.storage.tables import Export

SHARE_DAYS = 90


@dataclass(frozen=True)
class AnswerFigures:
    """Counts go up to 1,001. `open`: not answered; of these `due` within 7 days from today, `overdue` before today.

    The shares, 0 to 1, are of the `decided` requests: received within the last 90 days and either answered or past
    their first month; None where there are none. `in_a_month`: sent or refused (Art. 12(4) GDPR) on the last day of
    that month or before. `extended`: told in time that it takes up to two months more. Those that needed no answer
    are left out.
    """

    open: int
    due: int
    overdue: int
    decided: int
    in_a_month: float | None
    extended: float | None
    refused: float | None


def answer_figures(session: Session, merchant_id: str, today: dt.date) -> AnswerFigures:
    own = Export.merchant_id == merchant_id
    waiting = Export.answer == Standing.OPEN

    def count(*conditions: ColumnElement[bool]) -> int:
        some = (
            select(Export.id)
            .where(own, waiting, *conditions)
            .order_by(Export.due_on, Export.id)
            .limit(MOST_COUNTED + 1)
            .subquery()
        )
        return session.scalar(select(func.count()).select_from(some)) or 0

    decided, good, longer, no = session.execute(
        select(
            func.count(),
            _sum(and_(_answered(), Export.answered_on <= Export.month_ends_on)),
            _sum(Export.due_on > Export.month_ends_on),
            _sum(Export.answer == Standing.REFUSED),
        ).where(own, _received_since(today - dt.timedelta(days=SHARE_DAYS)), _decided(today))
    ).one()
    shares = [n / decided for n in (good, longer, no)] if decided else [None, None, None]
    return AnswerFigures(
        open=count(),
        due=count(Export.due_on >= today, Export.due_on <= today + DUE_SOON),
        overdue=count(Export.due_on < today),
        decided=decided,
        in_a_month=shares[0],
        extended=shares[1],
        refused=shares[2],
    )


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _answered() -> ColumnElement[bool]:
    return Export.answer.in_(ANSWERED)


def _decided(today: dt.date) -> ColumnElement[bool]:
    return or_(_answered(), and_(Export.answer == Standing.OPEN, Export.month_ends_on < today))


def _received_since(first: dt.date) -> ColumnElement[bool]:
    """No request is received after its export was created, so the list's index bounds the scan."""
    day_before = midnight(first - dt.timedelta(days=1))  # the day of asking is UTC's, that of receipt the merchant's
    unsaid = and_(Export.received_on.is_(None), Export.requested_at >= midnight(first))
    return and_(Export.requested_at >= day_before, or_(Export.received_on >= first, unsaid))
