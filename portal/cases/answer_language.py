"""The language of the answer to a case: of its letters, its package, and the markers in its copies."""

from __future__ import annotations

from dataclasses import dataclass

from portal import audit
from portal.cases.services.ledger import hold_case
from portal.errors import InputError
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.language import LANGUAGES
from portal.storage.engine import Database


@refusals_audited
@dataclass
class AnswerLanguages:
    """Changes it; what was sent before stays as it was."""

    db: Database
    refusal_audit: RefusalAudit

    def choose(self, user: User, case_id: str, language: str) -> None:
        """Raises NotPermitted, NotFound, InputError(field="language")."""
        require(user, Permission.CASE_WORK)
        with self.db.write() as session:
            case = hold_case(session, user, case_id)
            if language not in LANGUAGES:
                raise InputError("The portal does not speak this language.", field="language")
            if case.language == language:
                return
            was, case.language = case.language, language
            audit.record(
                session, user.merchant_id, user.account_id, "case:language",
                object_id=case_id, origin=user.origin, was=was, now=language,
            )  # fmt: skip
