"""The language a person chose to read the portal in."""

from __future__ import annotations

from dataclasses import dataclass

from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.identity.roles import User
from portal.language import LANGUAGES
from portal.storage.engine import Database
from portal.storage.tables import Account


@refusals_audited
@dataclass
class Languages:
    """Reads and writes the language saved in an account."""

    db: Database
    refusal_audit: RefusalAudit

    def set_language(self, user: User, language: str) -> None:
        """Remember the choice for the next sign-in, on any browser. A code the portal does not know changes nothing."""
        if language not in LANGUAGES:
            return
        with self.db.write() as session:
            account = session.get(Account, user.account_id)
            if account is not None:
                account.language = language

    def language_of(self, account_id: str) -> str:
        """The saved code, or an empty text."""
        with self.db.read() as session:
            account = session.get(Account, account_id)
            chosen = account.language if account is not None else None
        return chosen if chosen in LANGUAGES else ""
