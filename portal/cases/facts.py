"""What can be recorded in a case: one list of kinds, and the codes each may carry.

Facts are only ever added and numbered from 1 within the case; a mistake is taken back by a further fact that names it.
Codes are closed lists, ids, days and hashes: no words of a person's own stand in clear (LAW-18).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from zoneinfo import ZoneInfo

from portal.cases.clock.receipt import local_day


class FactKind(StrEnum):
    """`FOLLOW_UP`: the person wrote again about the same thing. `EXPORT_ASKED`: an export was asked for under the case.
    `CONFIRMED`: the person said that they have the answer. `BOUNCED`: the answer never reached them.
    `NOT_IDENTIFIED`: they were told that nobody could tell who they are. `OPENED`: the page of a link was opened with
    the right code. `FETCHED`: the whole package was taken from there. `NOT_THEIRS`: who opened it is somebody else."""

    RECEIVED = "received"
    FOLLOW_UP = "follow_up"
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    HANDED_OVER = "handed_over"
    NOTE = "note"
    IDENTITY_ASKED = "identity_asked"
    IDENTITY = "identity"
    SCOPE_ASKED = "scope_asked"
    SCOPE = "scope"
    FEE_ASKED = "fee_asked"
    FEE_PAID = "fee_paid"
    PAUSED = "paused"
    RESUMED = "resumed"
    EXPORT_ASKED = "export_asked"
    EXTENDED = "extended"
    ANSWERED = "answered"
    CONFIRMED = "confirmed"
    OPENED = "opened"
    FETCHED = "fetched"
    NOT_THEIRS = "not_theirs"
    BOUNCED = "bounced"
    REFUSED = "refused"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    NOT_IDENTIFIED = "not_identified"
    TAKEN_BACK = "taken_back"


class Channel(StrEnum):
    """How the request came. None delays the clock: arrival at any official contact starts it (EDPB 01/2022, 52-57)."""

    EMAIL = "email"
    FORM = "form"
    POST = "post"
    PHONE = "phone"
    IN_PERSON = "in_person"
    CHAT = "chat"
    SOCIAL = "social"
    AGENT = "agent"
    AUTHORITY = "authority"
    VENDOR = "vendor"
    UNKNOWN = "unknown"


class Right(StrEnum):
    """What the person asks for."""

    ACCESS = "access"
    PORTABILITY = "portability"
    ERASURE = "erasure"
    RECTIFICATION = "rectification"
    RESTRICTION = "restriction"
    OBJECTION = "objection"
    CONSENT_WITHDRAWAL = "consent_withdrawal"


HOLDS_NOTHING = "nothing"
PERSONS_COPY = frozenset({Right.ACCESS, Right.PORTABILITY})
"""What an export serves."""


class DemandOutcome(StrEnum):
    OPEN = "open"
    GIVEN = "given"
    PARTLY = "partly"
    NOTHING_HELD = "nothing_held"
    REFUSED = "refused"
    NOT_IDENTIFIED = "not_identified"
    WITHDRAWN = "withdrawn"


class LateEntry(StrEnum):
    """Why a request is entered more than three days after it came. `NOT_ASKED`: an export was asked for, and its form
    has no such field."""

    OTHER_MAILBOX = "other_mailbox"
    POST = "post"
    TILL = "till"
    WAS_AWAY = "was_away"
    FORWARDED = "forwarded"
    NOT_ASKED = "not_asked"


class ExtensionReason(StrEnum):
    """Art. 12(3) GDPR; EDPB guidelines 01/2022, 162-164: that person's requests, not the workload."""

    COMPLEXITY = "complexity"
    MANY_REQUESTS = "many_requests"


class RefusalReason(StrEnum):
    """Art. 12(5), 12(6) and 15(4) GDPR."""

    UNFOUNDED = "unfounded"
    EXCESSIVE = "excessive"
    IDENTITY = "identity"
    OTHERS_RIGHTS = "others_rights"


class ClosingReason(StrEnum):
    """`DONE`: answered, refused or withdrawn, and nothing is left to do. `BEFORE_RECORDS`: asked for before the portal
    kept answers, and its month was over then."""

    DONE = "done"
    ELSEWHERE = "elsewhere"
    TAKEN_BACK = "taken_back"
    NO_REQUEST = "no_request"
    BEFORE_RECORDS = "before_records"


class IdentityMethod(StrEnum):
    """How the person was recognised. Only the method and the kinds of facts are kept, never a value or a document.

    `ADDRESS_CODE`: typed the code that was mailed to the address they gave, which proves that mailbox and nothing more
    until a record holds the address. `EMAIL_CODE`: told the code that the portal mailed to the address on file.
    `REPLY`: answered a mail sent to it, for a sender's name alone proves nothing. `CALLBACK`: answered at the number on
    file. `EID`: a national eID's result. `AUTHORITY`: of cases recorded before agents were.
    """

    ADDRESS_CODE = "address_code"
    EMAIL_CODE = "email_code"
    REPLY = "reply"
    CALLBACK = "callback"
    QUESTIONS = "questions"
    CARD_IN_HAND = "card_in_hand"
    IN_PERSON = "in_person"
    STAFF_KNOWS = "staff_knows"
    ACCOUNT = "account"
    SINGLE_SIGN_ON = "single_sign_on"
    EID = "eid"
    AUTHORITY = "authority"
    NOT_NEEDED = "not_needed"


class IdentityResult(StrEnum):
    PROVED = "proved"
    DOUBTFUL = "doubtful"
    FAILED = "failed"


class KnownFact(StrEnum):
    """The kinds of facts that were compared."""

    EMAIL = "email"
    CUSTOMER_ID = "customer_id"
    CARD = "card"
    PHONE = "phone"
    LAST_PURCHASE = "last_purchase"
    BALANCE = "balance"
    SHOP = "shop"
    ACTIVATED = "activated"
    PROGRAM = "program"
    POSTCODE = "postcode"
    BIRTHDAY = "birthday"


class NotNeeded(StrEnum):
    """Why nobody had to be recognised."""

    SAME_ADDRESS = "same_address"
    KNOWN_AT_TILL = "known_at_till"
    SIGNED_IN = "signed_in"
    NO_DATA_GIVEN = "no_data_given"


CODES: Mapping[FactKind, frozenset[str]] = {
    FactKind.RECEIVED: frozenset({"channel", "late_entry", "letter_dated", "demands"}),
    FactKind.FOLLOW_UP: frozenset({"channel"}),
    FactKind.ACKNOWLEDGED: frozenset({"sha256", "mail"}),
    FactKind.ASSIGNED: frozenset({"to"}),
    FactKind.HANDED_OVER: frozenset({"to"}),
    FactKind.NOTE: frozenset(),
    FactKind.IDENTITY_ASKED: frozenset(),
    FactKind.IDENTITY: frozenset({"method", "facts", "result", "because"}),
    FactKind.SCOPE_ASKED: frozenset(),
    FactKind.SCOPE: frozenset(),
    FactKind.FEE_ASKED: frozenset(),
    FactKind.FEE_PAID: frozenset(),
    FactKind.PAUSED: frozenset(),
    FactKind.RESUMED: frozenset(),
    FactKind.EXPORT_ASKED: frozenset({"export", "part"}),
    FactKind.EXTENDED: frozenset({"reason", "until", "sha256", "request", "answer", "mail"}),
    FactKind.ANSWERED: frozenset(
        {"channel", "copy", "sha256", "request", "answer", "demand", "holds", "delivery", "package"}
    ),
    FactKind.CONFIRMED: frozenset({"request", "answer"}),
    FactKind.OPENED: frozenset({"delivery", "sha256"}),
    FactKind.FETCHED: frozenset({"delivery", "sha256"}),
    FactKind.NOT_THEIRS: frozenset({"delivery"}),
    FactKind.BOUNCED: frozenset({"delivery"}),
    FactKind.REFUSED: frozenset({"reason", "sha256", "late", "request", "answer", "demand", "mail"}),
    FactKind.CLOSED: frozenset({"reason", "request", "answer", "demand"}),
    FactKind.WITHDRAWN: frozenset({"request", "answer", "demand"}),
    FactKind.NOT_IDENTIFIED: frozenset({"sha256", "late", "mail"}),
    FactKind.TAKEN_BACK: frozenset({"request", "answer"}),
}
"""The codes a fact of each kind may carry. `request` and `answer` name the row of `answers` that says the same. `part`
names the first export that asked for the same of the same person, in whatever format. `holds` says that the answer was
that nothing is held. `demands` is all that the person
asks for where an export does not serve all of it, `demand` the one that is ended by itself. `delivery` names the row of
`deliveries`: an answer that came back is the one of the same delivery. `mail` names the mail by which a letter went
out."""

ENDS = frozenset(
    {FactKind.ANSWERED, FactKind.REFUSED, FactKind.CLOSED, FactKind.WITHDRAWN, FactKind.NOT_IDENTIFIED}
)  # fmt: skip


class UndeclaredCode(RuntimeError):
    """A code nobody declared for that kind of fact: our own mistake."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One recorded fact. `at` is when it happened, `by` an account id; `takes_back` the number of a mistake."""

    number: int
    kind: FactKind
    at: dt.datetime
    by: str = ""
    on: dt.date | None = None
    """The day itself, where it was told as a day and not as a moment."""
    codes: Mapping[str, str] = field(default_factory=dict)
    takes_back: int | None = None

    def day(self, zone: ZoneInfo) -> dt.date:
        """The day it counts for, in the controller's time zone."""
        return self.on or local_day(self.at, zone)


def check_codes(kind: FactKind, codes: Iterable[str]) -> None:
    """Raises UndeclaredCode."""
    if not set(codes) <= CODES[kind]:
        raise UndeclaredCode(f"{kind}: {sorted(codes)}")


def effective(facts: Sequence[Fact]) -> list[Fact]:
    """The facts that hold, in the order they were recorded; one that takes back can be taken back itself."""
    gone: set[int] = set()
    for fact in reversed(facts):
        if fact.kind is FactKind.TAKEN_BACK and fact.number not in gone and fact.takes_back is not None:
            gone.add(fact.takes_back)
    return [fact for fact in facts if fact.number not in gone and fact.kind is not FactKind.TAKEN_BACK]
