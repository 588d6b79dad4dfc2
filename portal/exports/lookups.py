"""What the form needs from LoyaltyDog: the merchant's programs, and cards found by a few letters."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select

from portal import audit
from portal.errors import InputError, TryLater
from portal.exports.base import ExportsBase
from portal.exports.pace import wait_for_slot
from portal.exports.vendor import VendorAccess
from portal.identity import Permission, User, require
from portal.identity.sessions import end_one, live_vendor_token
from portal.loyaltydog import LoyaltyDogError, NotAuthenticated
from portal.storage.tables import AuditEntry, utc_now

SEARCH_MIN = 3
SEARCH_LIMIT = 25
MAX_SEARCHES_A_MINUTE = 20


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


class Lookups(ExportsBase):
    def programs(self, user: User) -> list[ProgramChoice]:
        """The merchant's programs by name. Raises NotConfigured or LoyaltyDogError."""
        require(user, Permission.EXPORT_CREATE)
        access = self._paced_access(user)
        with self._signed_out_when_refused(user):
            found = self.vendor.client(access.connection).programs()
        return sorted((ProgramChoice(p.id, p.name) for p in found), key=lambda p: p.name.casefold())

    def _paced_access(self, user: User) -> VendorAccess:
        with self.db.write() as session:
            access = self.vendor.access(session, user.merchant_id, user.session_hash)
            wait = wait_for_slot(session, user.merchant_id)
        if wait:
            raise TryLater("LoyaltyDog is being asked too much at once.", wait_seconds=wait)
        return access

    def _check_search_rate(self, user: User) -> None:
        """Nobody looks a customer base through by searching for cards (SEC-45)."""
        minute_ago = (utc_now() - dt.timedelta(minutes=1)).isoformat(timespec="microseconds")
        with self.db.read() as session:
            recent = session.scalar(
                select(func.count())
                .select_from(AuditEntry)
                .where(AuditEntry.merchant_id == user.merchant_id, AuditEntry.actor == user.account_id)
                .where(AuditEntry.action == "cards:search", AuditEntry.at > minute_ago)
            )
        if (recent or 0) >= MAX_SEARCHES_A_MINUTE:
            raise TryLater("You have searched for many cards within a minute.", wait_seconds=60)

    @contextlib.contextmanager
    def _signed_out_when_refused(self, user: User) -> Iterator[None]:
        """A 401 to a session's own LoyaltyDog token ends that session, and its sign-in page says why."""
        try:
            yield
        except NotAuthenticated:
            with self.db.write() as session:
                if live_vendor_token(session, self.sealer, user.session_hash, user.merchant_id):
                    end_one(session, user.session_hash, "vendor_refused")
            raise

    def _note_card_search(self, user: User, program_id: str | None, found: int | None) -> None:
        self.db.together(
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
        self._check_search_rate(user)
        access = self._paced_access(user)
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
