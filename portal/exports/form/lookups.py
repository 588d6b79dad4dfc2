"""What the form needs from LoyaltyDog: the merchant's programs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from portal.exports.core.person_limits import DirectAct, paced_access
from portal.exports.core.vendor import Vendor
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.identity.sessions import end_login_session, live_vendor_token
from portal.loyaltydog import NotAuthenticated
from portal.storage.engine import Database
from portal.vault import FieldSealer


@dataclass(frozen=True)
class ProgramChoice:
    id: str
    name: str


@refusals_audited
@dataclass
class Lookups:
    """Asks LoyaltyDog while the person waits."""

    db: Database
    refusal_audit: RefusalAudit
    sealer: FieldSealer
    vendor: Vendor

    def programs(self, user: User) -> list[ProgramChoice]:
        """The merchant's programs by name. Raises NotConfigured or LoyaltyDogError."""
        require(user, Permission.EXPORT_CREATE)
        access = paced_access(self.db, self.vendor, user, DirectAct.PROGRAM_LIST)
        with signed_out_when_refused(self.db, self.sealer, user):
            found = self.vendor.client(access.connection).programs()
        return sorted((ProgramChoice(p.id, p.name) for p in found), key=lambda p: p.name.casefold())


@contextlib.contextmanager
def signed_out_when_refused(db: Database, sealer: FieldSealer, user: User) -> Iterator[None]:
    """A 401 to a session's own LoyaltyDog token ends that session, and its sign-in page says why."""
    try:
        yield
    except NotAuthenticated:
        with db.write() as session:
            if live_vendor_token(session, sealer, user.session_hash, user.merchant_id):
                end_login_session(session, user.session_hash, "vendor_refused")
        raise
