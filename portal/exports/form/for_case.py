"""Asking LoyaltyDog under a case that is there already, by what the case knows of the person."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr
from sqlalchemy import select

from portal.cases.services.intake import IdentifierKind
from portal.cases.services.ledger import FORGOTTEN, CaseSeal, own_case
from portal.errors import NotFound, StateConflict
from portal.exports.form.request import ExportRequest
from portal.exports.form.submissions import Submissions
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.storage.case_tables import CaseIdentifier
from portal.storage.engine import Database

ASKED_BY = frozenset({IdentifierKind.EMAIL, IdentifierKind.CUSTOMER_ID})
"""What LoyaltyDog's export can be asked by (`customerEmail`, `customerId`)."""


@refusals_audited
@dataclass
class CaseExports:
    """Exports of a case."""

    db: Database
    refusal_audit: RefusalAudit
    seal: CaseSeal
    submissions: Submissions

    def ask(self, user: User, case_id: str, number: int, *, force: bool = False) -> str:
        """Ask for everything, as JSON, by the case's identifier of that number. Gives the export's id.

        Raises NotFound for another merchant's case or an identifier that LoyaltyDog cannot be asked by, CaseNeeded for
        a case that has ended, AskedAlready (unless `force`), TryLater.
        """
        require(user, Permission.EXPORT_CREATE)
        with self.db.read() as session:
            case = own_case(session, user, case_id)
            wanted = select(CaseIdentifier).where(CaseIdentifier.case_id == case_id, CaseIdentifier.number == number)
            row = session.scalar(wanted)
            if row is None or IdentifierKind(row.kind) not in ASKED_BY:
                raise NotFound(next_step="Look at the case.", detail="identifier")
            value = SecretStr(self.seal.value(session, row))
            if not value:
                raise StateConflict(FORGOTTEN, next_step="Open a new case.", detail="identifier")
            by_email = row.kind == IdentifierKind.EMAIL
            request = ExportRequest(
                email=value if by_email else None,
                customer_id=None if by_email else value,
                format="json",
                reference=case.reference,
                received_on=case.received_on,
            )
        return self.submissions.submit(user, request, case_id=case_id, force=force)
