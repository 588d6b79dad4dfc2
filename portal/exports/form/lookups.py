"""What the form needs from LoyaltyDog: the merchant's programs, and cards found by a few letters."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from portal import audit
from portal.errors import InputError
from portal.exports.core.person_limits import DirectAct, paced_access
from portal.exports.core.vendor import Vendor
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.identity.sessions import end_login_session, live_vendor_token
from portal.loyaltydog import LoyaltyDogError, NotAuthenticated
from portal.storage.engine import Database
from portal.vault import FieldSealer

SEARCH_MIN = 3
SEARCH_LIMIT = 25


@dataclass(frozen=True)
class ProgramChoice:
    id: str
    name: str


@dataclass(frozen=True)
class CardChoice:
    """A card to choose, its number masked to the last four and its holder to an initial."""

    id: str
    last_four: str
    holder: str
    status: str


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
        with self._signed_out_when_refused(user):
            found = self.vendor.client(access.connection).programs()
        return sorted((ProgramChoice(p.id, p.name) for p in found), key=lambda p: p.name.casefold())

    @contextlib.contextmanager
    def _signed_out_when_refused(self, user: User) -> Iterator[None]:
        """A 401 to a session's own LoyaltyDog token ends that session, and its sign-in page says why."""
        try:
            yield
        except NotAuthenticated:
            with self.db.write() as session:
                if live_vendor_token(session, self.sealer, user.session_hash, user.merchant_id):
                    end_login_session(session, user.session_hash, "vendor_refused")
            raise

    def _note_card_search(self, user: User, program_id: str | None, found: int | None) -> None:
        self.db.group_commit(
            lambda session: audit.record(
                session, user.merchant_id, user.account_id, "cards:search",
                origin=user.origin, result="failed" if found is None else "ok", program=program_id, found=found,
            )
        )  # fmt: skip

    def search_cards(self, user: User, text: str, program_id: str | None = None) -> list[CardChoice]:
        """Cards by number, last four, name or email; audited without the words searched for."""
        require(user, Permission.EXPORT_CREATE)
        text = text.strip()
        if len(text) < SEARCH_MIN:
            raise InputError(f"Enter at least {SEARCH_MIN} characters to search for.", field="card_search")
        access = paced_access(self.db, self.vendor, user, DirectAct.CARD_SEARCH)
        try:
            with self._signed_out_when_refused(user):
                client = self.vendor.client(access.connection)
                page = client.search_cards(text, program_id=program_id, limit=SEARCH_LIMIT)
        except LoyaltyDogError:
            self._note_card_search(user, program_id, None)
            raise
        self._note_card_search(user, program_id, len(page.items))
        return [
            CardChoice(
                id=card.id,
                last_four=card.last_four_digits or (card.card_number or "")[-4:],
                holder=_initials(card.customer_name or ""),
                status=card.status or "",
            )
            for card in page.items[:SEARCH_LIMIT]
        ]


def _initials(name: str) -> str:
    return " ".join(f"{part[0]}." for part in name.split()[:3])
