"""What comes back from LoyaltyDog, as frozen typed objects.

The documentation contradicts itself and may be behind the service, so reading is forgiving where it is harmless: money
as text or number stays text, a status we do not know is kept, a field we do not know is passed over, a time without an
offset is read as UTC. ``repr`` never shows a person. Source: api/openapi.yaml, api/loyaltydog-api.md.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic.alias_generators import to_camel

from .parsing import without_emails

__all__ = [
    "AuditLogEntry",
    "AuditLogPage",
    "CardPage",
    "ConsentRecord",
    "CustomerPage",
    "ErasureAnswer",
    "ExportAnswer",
    "GiftCard",
    "LoyaltyCustomer",
    "Program",
    "SignIn",
    "Transaction",
    "User",
]

_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d)(?:(:\d\d)([.,]\d{1,12})?)?\s?(Z|z|[+-]\d\d(:?\d\d)?)?"
    r"(\[!?[A-Za-z0-9_/+=:.-]{1,80}\])*",
    re.ASCII,
)
"""RFC 3339 and its near misses; what stands in brackets behind it is RFC 9557's and changes no moment."""
_EPOCH = re.compile(r"(\d{9,10})(\.\d{1,9})?|(\d{12,13})", re.ASCII)
"""Seconds, or milliseconds, since 1970: from 1973 on for both."""


def read_time(value: object) -> tuple[datetime, bool]:
    """(UTC time, whether it came without an offset) from RFC 3339 text, its near misses, or a count since 1970.

    Raises ValueError.
    """
    if isinstance(value, datetime):
        return (value.replace(tzinfo=UTC), True) if value.tzinfo is None else (value.astimezone(UTC), False)
    if not isinstance(value, str):
        raise ValueError("not a date and time")
    if counted := _EPOCH.fullmatch(value.strip()):
        seconds = float(counted[3]) / 1000 if counted[3] else float(value)
        return datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds), False
    found = _TIME.fullmatch(value.strip())
    if found is None:
        raise ValueError("not a date and time")
    day_and_minute, second, fraction, offset = found.group(1, 2, 3, 4)
    leap = second == ":60"  # RFC 3339, 5.7: the second after 59
    text = day_and_minute[:10] + "T" + day_and_minute[11:] + (":59" if leap else second or ":00")
    text += (fraction or "").replace(",", ".") + (offset or "").upper()
    try:
        parsed = datetime.fromisoformat(text) + timedelta(seconds=1 if leap else 0)
        return (parsed.replace(tzinfo=UTC), True) if parsed.tzinfo is None else (parsed.astimezone(UTC), False)
    except (ValueError, OverflowError):
        pass
    raise ValueError("not a date and time")


def _text(value: object) -> object:
    """Numbers stay the text they were sent as (``1.10`` is not ``1.1``); ``answers.parse_json`` keeps that text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else value


def _whole_number(value: object) -> object:
    if isinstance(value, str) and len(value) < 16 and value.strip().isdigit():
        return int(value)
    return value


Text = Annotated[str, BeforeValidator(_text)]
Time = Annotated[datetime, BeforeValidator(lambda value: read_time(value)[0])]
WholeNumber = Annotated[int, BeforeValidator(_whole_number)]


class _Answer(BaseModel):
    """Base of what comes back: camelCase names, unknown fields passed over, only ``_shown`` fields in ``repr``."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore", hide_input_in_errors=True
    )
    _shown: ClassVar[frozenset[str]] = frozenset({"id"})

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        return ((name, value) for name, value in super().__repr_args__() if name in self._shown)


Id = Annotated[str, BeforeValidator(_text), Field(validation_alias=AliasChoices("id", "_id"))]


class User(_Answer):
    """Who the token belongs to. No role and no merchant id: the vendor sends none."""

    id: Id
    email: Text
    name: Text | None = None
    email_verified: Time | None = None
    active: bool = True
    admin: bool = False
    image: Text | None = None
    location: Text | None = None
    website: Text | None = None


class Program(_Answer):
    """A loyalty program; whether gift card programs are in the list is undocumented."""

    _shown = frozenset({"id", "name"})
    id: Id
    name: Text = ""
    share_url: Text | None = None


class Transaction(_Answer):
    """One money move on a card."""

    _shown = frozenset({"id", "transaction_type", "created_at"})
    id: Id
    transaction_type: Text | None = None
    amount: Text | None = None
    balance_before: Text | None = None
    balance_after: Text | None = None
    reference_id: Text | None = None
    description: Text | None = None
    created_at: Time | None = None
    processed_at: Time | None = None


class GiftCard(_Answer):
    """One gift card; only ``id`` can be relied on, the list's shape is undocumented."""

    _shown = frozenset({"id", "status", "program_id"})
    id: Id
    card_number: Text | None = None
    last_four_digits: Text | None = None
    balance: Text | None = None
    initial_value: Text | None = None
    status: Text | None = None
    created_at: Time | None = None
    updated_at: Time | None = None
    activated_at: Time | None = None
    expires_at: Time | None = None
    suspended_reason: Text | None = None
    customer_id: Text | None = None
    customer_email: Text | None = None
    customer_phone: Text | None = None
    customer_name: Text | None = None
    sender_name: Text | None = None
    merchant_id: Text | None = None
    merchant_name: Text | None = None
    program_id: Text | None = None
    is_physical: bool | None = None
    custom_message: Text | None = None
    transactions: tuple[Transaction, ...] = ()


class LoyaltyCustomer(_Answer):
    """A member of a loyalty program; the fields that tell who it is, all but the id undocumented."""

    id: Id
    email: Text | None = None
    phone: Text | None = None
    name: Text | None = None


@dataclass(frozen=True)
class CustomerPage:
    """One page of loyalty customers. ``total`` is None when the vendor answers with a bare list."""

    items: list[LoyaltyCustomer]
    total: int | None


@dataclass(frozen=True)
class CardPage:
    """One page of cards. ``total`` is None when the vendor answers with a bare list."""

    items: list[GiftCard]
    total: int | None


class ConsentRecord(_Answer):
    """What a customer agreed to."""

    _shown = frozenset({"purposes", "consented_at"})
    customer_id: Text
    purposes: tuple[Text, ...]
    consented_at: Time
    ip_address: Text | None = None
    expires_at: Time | None = None
    updated_at: Time | None = None


class ErasureAnswer(_Answer):
    """What the vendor says about an erasure; ``status`` values and timing are undocumented."""

    _shown = frozenset({"request_id", "status", "completed_at"})
    request_id: Text
    status: Text
    affected_cards: tuple[Text, ...]
    message: Text
    completed_at: Time | None = None


class AuditLogEntry(_Answer):
    """One line of the vendor's audit log; ``action`` and ``resource_type`` are open lists."""

    _shown = frozenset({"id", "action", "resource_type", "timestamp"})
    id: Id
    action: Text
    resource_type: Text
    actor_type: Text
    timestamp: Time
    resource_id: Text | None = None
    resource_name: Text | None = None
    actor_id: Text | None = None
    actor_name: Text | None = None
    subject_id: Text | None = None
    subject_name: Text | None = None
    merchant_id: Text | None = None
    merchant_name: Text | None = None
    ip_address: Text | None = None
    user_agent: Text | None = None
    request_id: Text | None = None
    details: dict[str, Any] | None = None


class AuditLogPage(_Answer):
    """One page of the vendor's audit log."""

    _shown = frozenset({"total", "page", "pages", "limit"})
    items: tuple[AuditLogEntry, ...]
    total: WholeNumber
    page: WholeNumber
    pages: WholeNumber
    limit: WholeNumber


class SignIn(_Answer):
    """A token, or the half of one that waits for the 6-digit code. OAuth's own snake_case names are read too."""

    _shown = frozenset({"token_type", "mfa_pending"})
    access_token: SecretStr | None = Field(None, validation_alias=AliasChoices("accessToken", "access_token"))
    token_type: Text = Field("bearer", validation_alias=AliasChoices("tokenType", "token_type"))
    mfa_pending: bool = Field(False, validation_alias=AliasChoices("mfaPending", "mfa_pending"))
    pending_token: SecretStr | None = Field(None, validation_alias=AliasChoices("pendingToken", "pending_token"))


SKEW_NOTED_SECONDS = 60.0  # SEC-17
_SKEW_MEANT_SECONDS = 5.0
_SKEW_BELIEVED_SECONDS = 24 * 3600.0

ReadyMeaning = Literal["ready", "pending", "failed", "unknown"]
# The vendor documents no values of `status`; docs/inspection.md has this list in words.
_MEANINGS: dict[str, ReadyMeaning] = {
    **dict.fromkeys(
        ("available", "complete", "completed", "done", "finished", "ready", "success", "succeeded"), "ready"
    ),
    **dict.fromkeys(("accepted", "in_progress", "pending", "processing", "queued", "running", "started"), "pending"),
    **dict.fromkeys(("cancelled", "error", "expired", "failed", "failure", "rejected"), "failed"),
}


def meaning_of(status: str) -> ReadyMeaning:
    """What the vendor's ``status`` of an export most likely says; ``unknown`` when it is empty or no word we know."""
    return _MEANINGS.get(status.strip().lower().replace("-", "_").replace(" ", "_"), "unknown")


@dataclass(frozen=True)
class ExportAnswer:
    """The vendor's answer to an export request.

    ``requested_at`` and ``expires_at`` are aware UTC. ``download_url`` is a credential (SEC-9). ``clock_skew_seconds``
    is the vendor's clock minus ours. ``notes`` are codes from ``EXPORT_NOTES`` for what was odd (SEC-16).
    """

    export_id: str
    download_url: SecretStr
    format: str
    requested_at: datetime
    expires_at: datetime
    status: str
    request_id: str | None = None
    clock_skew_seconds: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def export_id_shown(self) -> str:
        """The id fit to be kept in clear: without an email address, should the vendor have put one in."""
        return without_emails(self.export_id)

    @property
    def expires_here(self) -> datetime:
        """The expiry by our own clock: moved by the skew, unless that is too small or too large to count (SEC-17).

        A few seconds drown in the network's delay; more than a day is a broken clock somewhere, and not ours to mend.
        """
        skew = self.clock_skew_seconds or 0.0
        if not _SKEW_MEANT_SECONDS < abs(skew) < _SKEW_BELIEVED_SECONDS:
            return self.expires_at
        try:
            return self.expires_at - timedelta(seconds=skew)
        except OverflowError:
            return self.expires_at

    @property
    def meaning(self) -> ReadyMeaning:
        """What ``status`` most likely says."""
        return meaning_of(self.status)
