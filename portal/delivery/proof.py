"""What a delivery proves, as facts of its case: answered, opened, fetched, came back, not theirs (DLV-9, DLV-11).

Each is recorded in the transaction of what happened, with the package's SHA-256.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases.facts import HOLDS_NOTHING, PERSONS_COPY, FactKind, Right
from portal.cases.services.ledger import add_fact
from portal.delivery.kinds import DeliveryWay
from portal.delivery.ledger import note
from portal.delivery.limits import REPORT_WITHIN
from portal.exports.core.answers import Channel
from portal.identity import User
from portal.package.parts import LETTER_ALONE, Outcome, Variant
from portal.package.versions.service import KEPT
from portal.storage.answering.delivery_tables import Breach, Delivery
from portal.storage.case_tables import Case, CaseDemand
from portal.storage.tables import CasePackage, utc_now

CHANNEL_OF: dict[DeliveryWay, Channel] = {
    DeliveryWay.LINK: Channel.EMAIL,
    DeliveryWay.SCREEN: Channel.HANDED_OVER,
    DeliveryWay.PAPER: Channel.POST,
    DeliveryWay.ATTACHMENT: Channel.EMAIL,
    DeliveryWay.ELSEWHERE: Channel.SECURE_PLACE,
}
RIGHT_OF: dict[Variant, Right] = {Variant.ACCESS: Right.ACCESS, Variant.PORTABILITY: Right.PORTABILITY}


def record_answered(session: Session, user: User, case: Case, row: Delivery, *, by_itself: bool = True) -> None:
    """The answer is out: once a delivery, whichever of its proofs comes first. Of a letter alone, the fact that it was
    written is the answer, and stands already."""
    package = session.get_one(CasePackage, row.package_id)
    if row.answered or Outcome(package.outcome) in LETTER_ALONE:
        return
    row.answered = True
    codes = {
        "channel": CHANNEL_OF[DeliveryWay(row.way)].value, "sha256": row.sha256, "delivery": row.id,
        "package": row.package_id, "holds": HOLDS_NOTHING if package.outcome == Outcome.NOTHING else "",
    }  # fmt: skip
    for demand in _answers(session, case, Variant(package.variant)):
        more = {"demand": demand} if demand else {}
        add_fact(session, user, case, FactKind.ANSWERED, codes=codes | more, by_itself=by_itself)


def _answers(session: Session, case: Case, variant: Variant) -> tuple[str, ...]:
    """The demands that a package of the variant ends; one empty code for the case as a whole."""
    asked = {Right(code) for code in session.scalars(select(CaseDemand.demand).where(CaseDemand.case_id == case.id))}
    served = asked & {RIGHT_OF[variant]} or asked & PERSONS_COPY
    return ("",) if served == asked or not served else tuple(sorted(served))


def record_opened(session: Session, user: User, case: Case, row: Delivery) -> None:
    codes = {"delivery": row.id, "sha256": row.sha256}
    add_fact(session, user, case, FactKind.OPENED, codes=codes, by_itself=True)
    record_answered(session, user, case, row)


def record_fetched(session: Session, user: User, case: Case, row: Delivery) -> None:
    codes = {"delivery": row.id, "sha256": row.sha256}
    add_fact(session, user, case, FactKind.FETCHED, codes=codes, by_itself=True)


def record_bounced(session: Session, user: User, case: Case, row: Delivery, *, by_itself: bool = True) -> None:
    """The answer never reached the person: it counts no longer, and the clock runs on."""
    if not row.answered:
        return
    row.answered = False
    codes = {"delivery": row.id}
    add_fact(session, user, case, FactKind.BOUNCED, codes=codes, anyhow=True, by_itself=by_itself)
    note(session, user, row, "delivery:bounced")


def record_not_theirs(session: Session, user: User, case: Case, row: Delivery) -> Breach:
    """Somebody else has it: the facts of a breach, which is reported within 72 hours of now."""
    add_fact(session, user, case, FactKind.NOT_THEIRS, codes={"delivery": row.id}, by_itself=True)
    record_bounced(session, user, case, row)
    now = utc_now()
    breach = Breach(
        merchant_id=row.merchant_id, case_id=row.case_id, delivery_id=row.id, aware_at=now,
        report_by=now + REPORT_WITHIN, fetched=row.completed,
    )  # fmt: skip
    session.add(breach)
    session.flush()
    note(
        session, user, row, "breach:open",
        breach=breach.id, report_by=breach.report_by.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )  # fmt: skip
    return breach


def keep_package(session: Session, row: Delivery, until: dt.datetime) -> None:
    """The package lives at least so long, and `KEPT` more (PKG-9)."""
    package = session.get_one(CasePackage, row.package_id, populate_existing=True)
    if package.destroyed_at is None and package.destroy_after is not None:
        package.destroy_after = max(package.destroy_after, until + KEPT)
