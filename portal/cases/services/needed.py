"""Nothing is asked, packed or sent about a person without a case (CASE-1)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from portal.cases.states import OPEN_STATES, CaseState
from portal.errors import PortalError
from portal.storage.case_tables import Case


class CaseNeeded(PortalError):
    refusal = True
    code = "case_needed"
    message = "Nothing is asked about a person without an open case."
    next_step = "Open a case for this request."


def has_case(session: Session, merchant_id: str, case_id: str) -> bool:
    """Is there such a case of the merchant? The database holds an export to a case, not to one of its own merchant."""
    case = session.get(Case, case_id)
    return case is not None and case.merchant_id == merchant_id


def open_case(case: Case) -> Case:
    """Raises CaseNeeded when it has ended."""
    if CaseState(case.state) not in OPEN_STATES:
        raise CaseNeeded("This case has ended.", detail=case.state)
    return case
