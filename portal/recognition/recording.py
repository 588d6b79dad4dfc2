"""A proof that the portal itself has seen, as a fact of its case: method and kinds of facts, never a value (IDN-5)."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from portal import audit
from portal.cases.facts import FactKind, IdentityMethod, IdentityResult, KnownFact
from portal.cases.services.ledger import add_fact
from portal.identity import User
from portal.storage.case_tables import Case


def record_check(
    session: Session, user: User, case: Case, method: IdentityMethod, result: IdentityResult,
    facts: Iterable[KnownFact] = (),
) -> None:  # fmt: skip
    """In a case that is held. Raises StateConflict where the case takes none."""
    codes = {"method": method.value, "result": result.value, "facts": ",".join(sorted(facts))}
    number = add_fact(session, user, case, FactKind.IDENTITY, codes=codes)
    audit.record(
        session, user.merchant_id, user.account_id, "case:identity",
        object_id=case.id, origin=user.origin, number=number, method=method.value, outcome=result.value,
    )  # fmt: skip
