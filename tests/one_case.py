"""A case for exports that a test or a bench writes straight into the tables."""

from __future__ import annotations

import datetime as dt
from itertools import count

from sqlalchemy.orm import Session

from portal.storage.case_tables import Case, CaseFact
from portal.storage.months import months_after
from portal.storage.tables import utc_now

_NUMBERS = count(1_000_000)


def add_case(session: Session, merchant: str) -> str:
    """An open case by the rules of the EU, received today: what an export's row needs to point to. Gives its id."""
    received: dt.date = utc_now().date()
    ends = months_after(received, 1)
    case = Case(
        merchant_id=merchant, year=received.year, number=next(_NUMBERS), profile="EU", zone="UTC", channel="unknown",
        received_on=received, subject_index="", state="collecting", target_on=ends, last_lawful_on=ends, due_on=ends,
    )  # fmt: skip
    session.add(case)
    session.flush()
    session.add(CaseFact(merchant_id=merchant, case_id=case.id, number=1, kind="received", at=utc_now()))
    session.flush()
    return case.id
