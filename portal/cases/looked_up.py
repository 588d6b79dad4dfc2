"""Look-ups of a person, and the case they lead to: written in the transaction that opens or joins the case."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal import audit
from portal.errors import NotFound, PortalError
from portal.identity import User
from portal.storage.case_tables import PersonLookup
from portal.storage.tables import utc_now


class SeveralPeople(PortalError):
    """More than one customer fits what is known, and nobody has said which (N1)."""

    refusal = True
    code = "several_people"
    message = "More than one customer fits what is known."
    next_step = "Add a second fact, or choose the customer by what else the person said."


def lead_to(session: Session, user: User, lookup_ids: Collection[str], case_id: str) -> None:
    """Note that these look-ups of the user led to the case.

    Raises NotFound for somebody else's, SeveralPeople when more than one customer was found and none was chosen.
    """
    rows = own_lookups(session, user, lookup_ids)
    if any((row.people_count or 0) > 1 for row in rows) and all(row.chosen_at is None for row in rows):
        raise SeveralPeople
    for row in rows:
        led = session.execute(
            update(PersonLookup)
            .where(PersonLookup.id == row.id, PersonLookup.case_id.is_(None))
            .values(case_id=case_id, led_at=utc_now())
            .returning(PersonLookup.id)
        ).all()
        if led:
            audit.record(
                session, user.merchant_id, user.account_id, "lookup:case",
                object_id=row.id, origin=user.origin, case=case_id,
            )  # fmt: skip


def own_lookups(session: Session, user: User, lookup_ids: Collection[str]) -> list[PersonLookup]:
    """The user's own, in order of time. Raises NotFound when one is not."""
    wanted = set(lookup_ids)
    if not wanted:
        return []
    rows = session.scalars(
        select(PersonLookup)
        .where(PersonLookup.id.in_(wanted), PersonLookup.merchant_id == user.merchant_id)
        .where(PersonLookup.account_id == user.account_id)
        .order_by(PersonLookup.at, PersonLookup.id)
    ).all()
    if len(rows) != len(wanted):
        raise NotFound(next_step="Find the customer again.", detail="look-up")
    return list(rows)
