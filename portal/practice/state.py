"""What the running practice merchant remembers. In memory, shared by both listeners, bounded, gone at exit."""

import asyncio
import hashlib
import hmac
import secrets
import time
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from portal.practice.behaviours import BEHAVIOURS, Behaviour, ordinary_behaviour
from portal.practice.invented.builder import build_world
from portal.practice.invented.loyalty import Loyalty, build_loyalty
from portal.practice.invented.whole_answers import log_before
from portal.practice.invented.world import Consent, Customer, World
from portal.practice.mails import Mailbox
from portal.practice.settings import APP_KEYS, USERS, PracticeSettings, PracticeUser

EXPORTS_KEPT: Final = 20_000
AUDIT_ENTRIES_KEPT: Final = 10_000
SIGN_INS_KEPT: Final = 5_000
PENDING_SIGN_IN_SECONDS: Final = 5 * 60
CODE_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Export:
    """One accepted export and what it was asked with."""

    id: str
    object_key: str
    customer_id: str
    merchant_id: str
    format: str
    asked_customer_id: str | None
    asked_customer_email: str | None
    program_id: str | None
    card_id: str | None
    requested_at: datetime
    expires_at: datetime


@dataclass(slots=True)
class PendingSignIn:
    """A password was right; the code is still missing."""

    user: PracticeUser
    deadline: float
    tries_left: int = CODE_TRIES


@dataclass(slots=True)
class State:
    """The server's mutable state. Each process generates its own ``signing_key``."""

    settings: PracticeSettings
    world: World
    loyalty: Loyalty
    log_before: tuple[dict[str, Any], ...] = ()
    signing_key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    exports: OrderedDict[str, Export] = field(default_factory=OrderedDict)
    object_keys: dict[str, str] = field(default_factory=dict)
    consents: dict[str, Consent] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    audit: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=AUDIT_ENTRIES_KEPT))
    signed_in: OrderedDict[str, PracticeUser] = field(default_factory=OrderedDict)
    pending: OrderedDict[str, PendingSignIn] = field(default_factory=OrderedDict)
    turned_away_at: dict[str, float] = field(default_factory=dict)
    mailbox: Mailbox = field(default_factory=Mailbox)
    counts: Counter[str] = field(default_factory=Counter)
    by_situation: dict[str, Counter[str]] = field(default_factory=dict)

    @classmethod
    def fresh(cls, settings: PracticeSettings) -> "State":
        """A state that has seen nothing yet."""
        world = build_world(settings.seed)
        loyalty = build_loyalty(world, settings.seed)
        return cls(settings=settings, world=world, loyalty=loyalty, log_before=log_before(world))

    def reset(self) -> None:
        """Forget everything that happened, sign-ins and mails included. The signing key stays."""
        for memory in (
            self.exports,
            self.object_keys,
            self.consents,
            self.erased,
            self.audit,
            self.signed_in,
            self.pending,
            self.turned_away_at,
            self.mailbox,
            self.counts,
            self.by_situation,
        ):
            memory.clear()

    def digest(self) -> str:
        """SHA-256 of everything about people: the same before and after a look (what was logged does not count)."""
        world, known = self.world, (sorted(self.consents.items()), sorted(self.erased))
        everything = repr((world.merchants, world.programs, world.customers, world.cards, self.loyalty, known))
        return hashlib.sha256(everything.encode()).hexdigest()

    def caller(self, token: str) -> PracticeUser | None:
        """Whose bearer token this is."""
        fixed = next((user for user in APP_KEYS if user.token == token), None)
        return fixed or self.signed_in.get(token)

    def user(self, email: str) -> PracticeUser | None:
        """The practice user with this address."""
        return next((user for user in USERS if user.email == email.strip().lower()), None)

    def sign_in(self, user: PracticeUser) -> str:
        """An opaque access token for the user, good until the process ends."""
        token = secrets.token_urlsafe(32)
        self.signed_in[token] = user
        _drop_oldest(self.signed_in, SIGN_INS_KEPT)
        return token

    def begin_code_step(self, user: PracticeUser) -> str:
        """A pending token that a one-time code turns into an access token."""
        token = secrets.token_urlsafe(32)
        self.pending[token] = PendingSignIn(user, time.monotonic() + PENDING_SIGN_IN_SECONDS)
        _drop_oldest(self.pending, SIGN_INS_KEPT)
        return token

    def behaviour(self, customer: Customer) -> Behaviour:
        """How the server behaves for this customer."""
        if customer.situation is None:
            return ordinary_behaviour(customer.number)
        return BEHAVIOURS[customer.situation]

    def holds(self, customer: Customer) -> bool:
        """Whether the customer was not erased."""
        return customer.id not in self.erased

    def count(self, name: str, customer: Customer | None = None) -> None:
        """Count something that happened; never anything personal."""
        self.counts[name] += 1
        if customer is not None:
            self.by_situation.setdefault(customer.situation or "no_situation", Counter())[name] += 1

    def keep_export(self, export: Export) -> None:
        """Remember an export; the oldest is forgotten when there are too many."""
        self.exports[export.id] = export
        self.object_keys[export.object_key] = export.id
        while len(self.exports) > EXPORTS_KEPT:
            _, oldest = self.exports.popitem(last=False)
            self.object_keys.pop(oldest.object_key, None)

    def export_for_key(self, object_key: str) -> Export | None:
        """The export behind a presigned link."""
        export_id = self.object_keys.get(object_key)
        return self.exports.get(export_id) if export_id else None

    def consent_of(self, customer: Customer) -> Consent | None:
        """What the customer agreed to last."""
        return self.consents.get(customer.id, customer.consent)

    def sign(self, object_key: str, expires: str) -> str:
        """The signature of a presigned link: HMAC-SHA256 over key and expiry, in hex."""
        return hmac.new(self.signing_key, f"{object_key}\n{expires}".encode(), hashlib.sha256).hexdigest()

    def note(self, action: str, resource_type: str, *, user: PracticeUser | None, **facts: Any) -> None:
        """Add an entry to the audit log, in the shape of AuditLogResponse."""
        merchant = self.world.merchant(user.merchant) if user else None
        self.audit.appendleft(
            {
                "id": secrets.token_hex(12),
                "action": action,
                "resourceType": resource_type,
                "resourceId": None,
                "actorId": user.id if user else None,
                "actorType": "user" if user else "anonymous",
                "subjectId": None,
                "merchantId": merchant.id if merchant else None,
                "ipAddress": None,
                "userAgent": None,
                "requestId": None,
                "details": None,
                "timestamp": datetime.now(UTC),
                "actorName": user.name if user else None,
                "subjectName": None,
                "merchantName": merchant.name if merchant else None,
                "resourceName": None,
                **facts,
            }
        )


def _drop_oldest(memory: OrderedDict[str, Any], keep: int) -> None:
    while len(memory) > keep:
        memory.popitem(last=False)
