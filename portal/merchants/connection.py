"""A merchant's settings: the connection to LoyaltyDog, allowed file hosts, retention.

Secrets are stored and never shown. A token is saved together with its address and sent to no other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit
from portal.cases.recognition.risk import AMOUNTS
from portal.cases.services.clock_settings import move_zone
from portal.cases.services.redating import hold_open_cases
from portal.config import LOYALTYDOG_TOKENS, Settings
from portal.errors import InputError, InputErrors
from portal.exports.core.person_limits import DirectAct, paced_access
from portal.exports.core.vendor import Vendor
from portal.exports.core.vendor_credentials import seal_saved
from portal.identity import Permission, User, require, require_fresh_proof
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.identity.sessions import end_login_session
from portal.loyaltydog import AddressRefused, normalise_base_url, parse_host_entry
from portal.sources.views import FRESH_DAYS
from portal.storage.engine import Database
from portal.storage.tables import LoginSession, Merchant
from portal.vault import FieldSealer

RETENTION_DAYS = range(1, 31)
FRESH_RANGE = range(1, 31)
MAX_TOKEN = 4096
MAX_HOSTS = 20
WRONG_ADDRESS = "The portal does not ask at this address. Use https://api.loyalty.dog."


@dataclass(frozen=True)
class MerchantSettings:
    """What the Settings page shows. `saved`: which of LOYALTYDOG_TOKENS are stored, without their values."""

    api_url: str
    saved: frozenset[str]
    download_hosts: tuple[str, ...]
    retention_days: int
    time_zone: str
    requests_per_minute: int | None
    cards_need_two: bool
    packages_need_two: bool
    looks_before_settled: bool
    second_proof_from: int
    fresh_days: int
    from_environment: tuple[str, ...]


@dataclass(frozen=True)
class ConnectionReport:
    """What a test of the connection found out."""

    who: str
    programs: tuple[str, ...]


@refusals_audited
@dataclass
class MerchantConnection:
    """What a merchant's managers set, and a test of it."""

    db: Database
    refusal_audit: RefusalAudit
    settings: Settings
    sealer: FieldSealer
    vendor: Vendor

    def merchant_settings(self, user: User) -> MerchantSettings:
        require(user, Permission.SETTINGS)
        with self.db.read() as session:
            merchant = session.get_one(Merchant, user.merchant_id)
        named = {
            "PORTAL_API_URL": self.settings.api_url,
            "PORTAL_API_TOKEN": self.settings.api_token,
            "PORTAL_MERCHANT_TOKEN": self.settings.merchant_token,
            "PORTAL_CUSTOMER_TOKEN": self.settings.customer_token,
            "PORTAL_DOWNLOAD_HOSTS": self.settings.download_hosts,
        }
        return MerchantSettings(
            api_url=merchant.api_url,
            saved=frozenset(n for n in LOYALTYDOG_TOKENS if getattr(merchant, f"sealed_{n}") is not None),
            download_hosts=tuple(merchant.download_hosts),
            retention_days=merchant.retention_days or self.settings.retention_days,
            time_zone=merchant.time_zone,
            requests_per_minute=merchant.requests_per_minute,
            cards_need_two=merchant.cards_need_two,
            packages_need_two=merchant.packages_need_two,
            looks_before_settled=merchant.looks_before_settled,
            second_proof_from=merchant.second_proof_from,
            fresh_days=merchant.fresh_days or FRESH_DAYS,
            from_environment=tuple(name for name, value in named.items() if value),
        )

    def save_settings(
        self,
        user: User,
        *,
        api_url: str,
        tokens: Mapping[str, str],
        download_hosts: str,
        retention_days: int,
        time_zone: str,
        requests_per_minute: int | None,
        forget: Collection[str] = (),
        cards_need_two: bool | None = None,
        packages_need_two: bool | None = None,
        looks_before_settled: bool | None = None,
        second_proof_from: int | None = None,
        fresh_days: int | None = None,
    ) -> None:
        """Check and save. `tokens`: by names of LOYALTYDOG_TOKENS; an empty or missing one leaves the saved one as it
        is. `forget`: names of those to delete. A new address needs each token entered again. `cards_need_two`,
        `packages_need_two`, `looks_before_settled`, `second_proof_from`, `fresh_days`: None leaves it as it is.

        Raises InputErrors naming the fields, NotPermitted, StepUpNeeded.
        """
        require(user, Permission.SETTINGS)
        require_fresh_proof(user, self.settings)
        problems: list[InputError] = []
        address = self._address(api_url, problems, practice=user.practice)
        hosts = _hosts(download_hosts, problems)
        given = {name: tokens.get(name, "").strip() for name in LOYALTYDOG_TOKENS}
        problems += [
            InputError("Enter the token as LoyaltyDog gave it, without spaces.", field=name)
            for name, token in given.items()
            if len(token) > MAX_TOKEN or any(not "!" <= c <= "~" for c in token)
        ]
        if retention_days not in RETENTION_DAYS:
            problems.append(InputError("Retention must be 1 to 30 days.", field="retention_days"))
        if fresh_days is not None and fresh_days not in FRESH_RANGE:
            problems.append(InputError("Answers may stay fresh for 1 to 30 days.", field="fresh_days"))
        if second_proof_from is not None and second_proof_from not in AMOUNTS:
            problems.append(InputError("Choose one of the amounts.", field="second_proof_from"))
        if time_zone and time_zone not in available_timezones():
            problems.append(InputError("Select a time zone from the list.", field="time_zone"))
        if requests_per_minute is not None and not 1 <= requests_per_minute <= 1800:
            problems.append(
                InputError(
                    "Requests per minute must be 1 to 1800, LoyaltyDog's own limit.", field="requests_per_minute"
                )
            )
        with self.db.write() as session:
            hold_open_cases(
                session, user.merchant_id
            )  # lock order, as in key rotation and removal: cases before the merchant row; avoids deadlock
            merchant = session.get_one(Merchant, user.merchant_id)
            moves = bool(merchant.api_url) and address != merchant.api_url
            if moves:
                problems += _tokens_left_behind(merchant, given, forget)
            if problems:
                raise InputErrors(problems)
            wanted: dict[str, Any] = {
                "api_url": address,
                "download_hosts": list(hosts),
                "retention_days": retention_days,
                "time_zone": time_zone,
                "requests_per_minute": requests_per_minute,
            }
            switches: dict[str, Any] = {
                "cards_need_two": cards_need_two, "packages_need_two": packages_need_two,
                "looks_before_settled": looks_before_settled, "second_proof_from": second_proof_from,
            }  # fmt: skip
            wanted |= {name: to for name, to in switches.items() if to is not None}
            if fresh_days is not None and fresh_days != (merchant.fresh_days or FRESH_DAYS):
                wanted["fresh_days"] = fresh_days
            changed = [name for name, value in wanted.items() if getattr(merchant, name) != value]
            if "api_url" in changed:
                self._end_vendor_sessions(session, user)
            former_zone = merchant.time_zone
            for name in changed:
                setattr(merchant, name, wanted[name])
            changed += self._keep_tokens(merchant, given, forget)
            if changed:
                audit.record(
                    session, user.merchant_id, user.account_id, "merchant:settings",
                    object_id=user.merchant_id, origin=user.origin, changed=changed,
                )  # fmt: skip
            if "time_zone" in changed:
                move_zone(session, user, former_zone, time_zone)

    def _keep_tokens(self, merchant: Merchant, given: Mapping[str, str], forget: Collection[str]) -> list[str]:
        """Seal the entered tokens, delete those to forget. Returns the names of those that changed."""
        changed: list[str] = []
        for name in LOYALTYDOG_TOKENS:
            column = f"sealed_{name}"
            if given[name]:
                setattr(merchant, column, seal_saved(self.sealer, merchant.id, name, given[name]))
            elif name in forget and getattr(merchant, column) is not None:
                setattr(merchant, column, None)
            else:
                continue
            changed.append(name)
        return changed

    def _end_vendor_sessions(self, session: Session, user: User) -> None:
        """End the sessions whose token was issued by the former address."""
        theirs = select(LoginSession.id_hash).where(
            LoginSession.merchant_id == user.merchant_id,
            LoginSession.ended_at.is_(None),
            LoginSession.sealed_vendor_token.is_not(None),
        )
        for session_hash in list(session.scalars(theirs)):
            end_login_session(session, session_hash, "vendor_refused", actor=user.account_id)

    def _address(self, typed: str, problems: list[InputError], *, practice: bool) -> str:
        typed = typed.strip()
        if not typed:
            return ""
        loopback = self.settings.allow_loopback_http or practice
        try:
            return normalise_base_url(typed, allow_loopback_http=loopback)
        except AddressRefused as refused:  # its own words are about a file's address
            problems.append(InputError(WRONG_ADDRESS, field="api_url", detail=refused.detail))
            return ""

    def test_connection(self, user: User) -> ConnectionReport:
        """Ask LoyaltyDog who the token is and what it can see. Raises NotConfigured, TryLater or LoyaltyDogError."""
        require(user, Permission.SETTINGS)
        access = paced_access(self.db, self.vendor, user, DirectAct.CONNECTION_TEST)
        client = self.vendor.client(access.connection)
        outcome = "failed"
        try:
            me = client.whoami()
            programs = tuple(sorted(p.name for p in client.programs()))
            outcome = "ok"
        finally:
            with self.db.write() as session:
                audit.record(
                    session, user.merchant_id, user.account_id, "api:test", origin=user.origin, outcome=outcome
                )
        return ConnectionReport(me.name or me.email, programs)


def _tokens_left_behind(merchant: Merchant, given: Mapping[str, str], forget: Collection[str]) -> list[InputError]:
    """A problem for each saved token that would go to an address it was not saved for."""
    return [
        InputError("Enter the token again: it belongs to the former address.", field=name)
        for name in LOYALTYDOG_TOKENS
        if getattr(merchant, f"sealed_{name}") is not None and not given[name] and name not in forget
    ]


def _hosts(typed: str, problems: list[InputError]) -> tuple[str, ...]:
    entries = [entry for line in typed.replace(",", "\n").splitlines() if (entry := line.strip().lower())]
    if len(entries) > MAX_HOSTS:
        problems.append(InputError(f"At most {MAX_HOSTS} hosts.", field="download_hosts"))
    for entry in entries[:MAX_HOSTS]:
        try:
            parse_host_entry(entry)
        except (AddressRefused, ValueError):
            problems.append(
                InputError("Enter hosts like files.example.com or files.example.com:8443.", field="download_hosts")
            )
            break
    return tuple(dict.fromkeys(entries))
