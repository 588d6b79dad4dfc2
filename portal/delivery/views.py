"""What pages and the command line see of deliveries: frozen, addresses masked, no token and no code."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum

from portal.delivery.kinds import AddressFrom, BreachState, CodeChannel, DeliveryState, DeliveryWay
from portal.package.versions.views import Member, Need


@dataclass(frozen=True)
class DeliveryView:
    """One delivery. `to` is masked. `waits_for_second`: another person has to look at the address first."""

    id: str
    package_id: str
    way: DeliveryWay
    state: DeliveryState
    channel: CodeChannel | None
    to: str
    address_from: AddressFrom
    waits_for_second: bool
    by_me: bool
    by: str
    sha256: str
    created_at: dt.datetime
    code_told_at: dt.datetime | None
    mail_state: str
    linked: bool
    """Was a link made that holds still?"""
    sent_at: dt.datetime | None
    expires_at: dt.datetime | None
    opened_at: dt.datetime | None
    completed_at: dt.datetime | None
    closes_at: dt.datetime | None
    ended_at: dt.datetime | None
    downloads_left: int
    wrong_codes: int
    codes_open_at: dt.datetime | None


@dataclass(frozen=True)
class KnownAddress:
    """An address by which the case knows the person: `id` is what `prepare` takes."""

    id: str
    masked: str


@dataclass(frozen=True)
class DeliveriesState:
    """Newest first. `needs`: what a new one waits for. `may_weak`: may choose a code by the same mailbox."""

    deliveries: tuple[DeliveryView, ...]
    needs: tuple[Need, ...]
    package_id: str
    """The version that would go out; empty while one is needed."""
    addresses: tuple[KnownAddress, ...]
    mail_ready: bool
    may_prepare: bool
    may_weak: bool


@dataclass(frozen=True)
class Prepared:
    """`code` is shown this once, grouped; empty where there is none."""

    delivery_id: str
    code: str = field(repr=False)


class TaskKind(StrEnum):
    UNOPENED = "unopened"
    """The link's time is over, and it was never opened with the code."""
    LOCKED = "locked"
    NOT_MAILED = "not_mailed"
    LETTER = "letter"
    """A letter of the case was not taken, or came back."""


@dataclass(frozen=True)
class DeliveryTask:
    """Something that a colleague has to see to. `delivery_id` is the mail's for a letter."""

    kind: TaskKind
    case_id: str
    case_name: str
    delivery_id: str
    since: dt.datetime


@dataclass(frozen=True)
class BreachView:
    """An answer that reached somebody else. `report_by`: 72 hours after it was known."""

    id: str
    case_id: str
    case_name: str
    delivery_id: str
    aware_at: dt.datetime
    report_by: dt.datetime
    fetched: int
    """How many whole copies were fetched before."""
    state: BreachState


class PageKind(StrEnum):
    """What an address shows. `UNKNOWN`: nobody has it; the same page as for one that is mistyped."""

    UNKNOWN = "unknown"
    ENDED = "ended"
    LOCKED = "locked"
    CODE = "code"


@dataclass(frozen=True)
class CodePage:
    """The page of an address, before any code. `delivery_id` is for the log; `weak`: the code comes by mail."""

    kind: PageKind
    delivery_id: str = ""
    language: str = ""
    merchant: str = ""
    contact: str = ""
    weak: bool = False
    code_mailed: bool = False
    wait_until: dt.datetime | None = None


@dataclass(frozen=True)
class FilesPage:
    """What is there to be fetched, after the code."""

    delivery_id: str
    language: str
    merchant: str
    contact: str
    file_name: str
    size_bytes: int
    sha256: str
    file_count: int
    downloads_left: int
    until: dt.datetime | None
    zone: str
    open: bool
    members: tuple[Member, ...] = ()
    """Empty for a package that is closed, or too large to be listed."""


@dataclass(frozen=True)
class OpenedPage:
    """`cookie` goes to the browser, this once."""

    delivery_id: str
    cookie: str = field(repr=False)
