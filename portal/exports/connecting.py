"""A merchant's own settings: the connection to LoyaltyDog, where files may come from, how long they live.

Secrets are written, never shown. A token is saved together with its address and only sent there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit
from portal.errors import InputError, InputErrors
from portal.exports.base import ExportsBase, stand_in_line
from portal.exports.vendor import VendorAccess
from portal.identity import Permission, User, require, require_fresh_proof
from portal.identity.sessions import end_one
from portal.loyaltydog import AddressRefused, normalise_base_url, parse_host_entry
from portal.storage.tables import LoginSession, Merchant

RETENTION_DAYS = range(1, 31)
MAX_TOKEN = 4096
MAX_HOSTS = 20
WRONG_ADDRESS = "The portal does not ask at this address. Use https://api.loyalty.dog."


@dataclass(frozen=True)
class MerchantSettings:
    """What the Settings page shows. `token_saved` says whether there is one, never which."""

    api_url: str
    token_saved: bool
    download_hosts: tuple[str, ...]
    retention_days: int
    time_zone: str
    requests_per_minute: int | None
    from_environment: tuple[str, ...]


@dataclass(frozen=True)
class ConnectionReport:
    """What a test of the connection found out."""

    who: str
    programs: tuple[str, ...]


class Connecting(ExportsBase):
    def merchant_settings(self, user: User) -> MerchantSettings:
        require(user, Permission.SETTINGS)
        with self.db.read() as session:
            merchant = session.get_one(Merchant, user.merchant_id)
        named = {
            "PORTAL_API_URL": self.settings.api_url,
            "PORTAL_API_TOKEN": self.settings.api_token,
            "PORTAL_DOWNLOAD_HOSTS": self.settings.download_hosts,
        }
        return MerchantSettings(
            api_url=merchant.api_url,
            token_saved=merchant.sealed_api_token is not None,
            download_hosts=tuple(merchant.download_hosts),
            retention_days=merchant.retention_days or self.settings.retention_days,
            time_zone=merchant.time_zone,
            requests_per_minute=merchant.requests_per_minute,
            from_environment=tuple(name for name, value in named.items() if value),
        )

    def save_settings(
        self,
        user: User,
        *,
        api_url: str,
        token: str,
        download_hosts: str,
        retention_days: int,
        time_zone: str,
        requests_per_minute: int | None,
    ) -> None:
        """Check and keep. An empty `token` keeps the saved one, unless the address changes: then it is asked for.

        Raises InputErrors naming the fields, NotPermitted, StepUpNeeded.
        """
        require(user, Permission.SETTINGS)
        require_fresh_proof(user, self.settings)
        problems: list[InputError] = []
        address = self._address(api_url, problems, practice=user.practice)
        hosts = _hosts(download_hosts, problems)
        token = token.strip()
        if len(token) > MAX_TOKEN or any(not "!" <= c <= "~" for c in token):
            problems.append(InputError("Enter the token as LoyaltyDog gave it, without spaces.", field="token"))
        if retention_days not in RETENTION_DAYS:
            problems.append(InputError("Retention must be 1 to 30 days.", field="retention_days"))
        if time_zone and time_zone not in available_timezones():
            problems.append(InputError("Select a time zone from the list.", field="time_zone"))
        if requests_per_minute is not None and not 1 <= requests_per_minute <= 1800:
            problems.append(
                InputError(
                    "Requests per minute must be 1 to 1800, LoyaltyDog's own limit.", field="requests_per_minute"
                )
            )
        with self.db.write() as session:
            stand_in_line(session, user.merchant_id)  # before its row, as key rotation and removal do: no deadlock
            merchant = session.get_one(Merchant, user.merchant_id)
            moves = bool(merchant.api_url) and address != merchant.api_url
            if moves and merchant.sealed_api_token is not None and not token:
                problems.append(InputError("Enter the token again: it belongs to the former address.", field="token"))
            if problems:
                raise InputErrors(problems)
            wanted: dict[str, Any] = {
                "api_url": address,
                "download_hosts": list(hosts),
                "retention_days": retention_days,
                "time_zone": time_zone,
                "requests_per_minute": requests_per_minute,
            }
            changed = [name for name, value in wanted.items() if getattr(merchant, name) != value]
            if "api_url" in changed:
                self._end_vendor_sessions(session, user)
            for name in changed:
                setattr(merchant, name, wanted[name])
            if token:
                merchant.sealed_api_token = self.sealer.seal(
                    token, merchant_id=merchant.id, table="merchants", column="api_token", row=merchant.id
                )
                changed.append("api_token")
            if changed:
                audit.record(
                    session, user.merchant_id, user.account_id, "merchant:settings",
                    object_id=user.merchant_id, origin=user.origin, changed=changed,
                )  # fmt: skip

    def _end_vendor_sessions(self, session: Session, user: User) -> None:
        """Tokens that people signed in with belong to the former address: those sessions end."""
        theirs = select(LoginSession.id_hash).where(
            LoginSession.merchant_id == user.merchant_id,
            LoginSession.ended_at.is_(None),
            LoginSession.sealed_vendor_token.is_not(None),
        )
        for session_hash in list(session.scalars(theirs)):
            end_one(session, session_hash, "vendor_refused", actor=user.account_id)

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
        """Ask LoyaltyDog who the token is and what it can see. Raises NotConfigured or LoyaltyDogError."""
        require(user, Permission.SETTINGS)
        with self.db.read() as session:
            access: VendorAccess = self.vendor.access(session, user.merchant_id, user.session_hash)
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
