"""Whether a case shows what is held about its person before it is settled who asks (IDN-3): decided here alone.

Every way to contents, counts and packages asks: screens, routes and the command line go through the same services.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.cases.facts import Channel
from portal.cases.recognition.reading import recognition_of
from portal.errors import StateConflict
from portal.storage.case_tables import Case
from portal.storage.tables import IdentityQuestions, Merchant


class ContentsHidden(StateConflict):
    code = "contents_hidden"
    message = "Nothing of this person's data is shown before it is settled who asks."
    next_step = "Recognise the person in the case first."


def hidden_cases(session: Session, case_ids: Iterable[str]) -> frozenset[str]:
    """Those of them that show nothing now: cases from the person's own page, cases with questions about the file, and
    all of a merchant who wants nobody to look before, until it is settled who asks."""
    ids = set(case_ids)
    if not ids:
        return frozenset()
    asked = select(IdentityQuestions.case_id).where(
        IdentityQuestions.case_id == Case.id, IdentityQuestions.begun_at.is_not(None)
    )
    may_hide = session.scalars(
        select(Case.id)
        .join(Merchant, Merchant.id == Case.merchant_id)
        .where(Case.id.in_(ids))
        .where(or_(Case.channel == Channel.FORM.value, asked.exists(), Merchant.looks_before_settled.is_(False)))
    )
    return frozenset(case_id for case_id in may_hide.all() if not recognition_of(session, case_id).settled)


def hides(session: Session, case_id: str) -> bool:
    return bool(hidden_cases(session, [case_id]))


def check_shown(session: Session, case_id: str) -> None:
    """Raises ContentsHidden."""
    if hides(session, case_id):
        raise ContentsHidden(detail="identity")
