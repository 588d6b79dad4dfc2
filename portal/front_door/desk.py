"""What a person does on the merchant's page and on their own: nobody is signed in (design 6, DLV-1).

Nothing here looks whether LoyaltyDog knows an address, so that known and unknown people get the same words in the same
time (IDN-6). Reading changes nothing; what changes a case needs a code that was mailed, or the cookie it gave.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases.services.ledger import hold_case
from portal.cases.states import CaseState
from portal.delivery import codes
from portal.delivery.contact import Contacts
from portal.delivery.ledger import RECIPIENT, acting_for
from portal.delivery.mail.outbox import Outbox
from portal.delivery.recipient import LinkEnded, NotACode, NotOpened, WrongCode
from portal.delivery.tokens import token_sha256
from portal.errors import InputError, InputErrors, NotFound, TryLater
from portal.front_door.checking import OLD_FORM, check_room, checked, message_text, readable
from portal.front_door.codes import DoorCodes, holds
from portal.front_door.forms import keyed, new_form, page_token
from portal.front_door.kinds import (
    ALSO_MAX,
    MESSAGE_MAX,
    MOST_MESSAGES,
    MOST_OF_A_FORM,
    Demand,
    MessageKind,
    RequestState,
    Writer,
)
from portal.front_door.ledger import (
    ORIGIN,
    DoorSeal,
    add_message,
    add_visit,
    by_token,
    door_named,
    messages_of,
    note,
    visited,
    written_since,
)
from portal.front_door.proving import Proving
from portal.front_door.views import WHERE, Asking, DoorKind, DoorPage, Entered, MineKind, MinePage, ShownMessage
from portal.identifiers import identifier_key
from portal.identity import User
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.identity.throttle import Policy, charge, check_wait, key_of
from portal.letters.words import letter_language
from portal.storage.answering.front_door_tables import DoorRequest, FrontDoor
from portal.storage.case_tables import Case
from portal.storage.engine import Database
from portal.storage.locks import lock_merchant
from portal.storage.tables import Merchant, new_id, utc_now

ASKS = Policy(free=20, longest=900.0)
"""Forms sent from one address: an office or a school has one for everybody."""
CODES = Policy(free=20, longest=900.0)
KEPT_SECONDS, MOST_KEPT = 5.0, 500
CLOSED = DoorPage(DoorKind.CLOSED)
UNKNOWN = MinePage(MineKind.UNKNOWN)


@dataclass(frozen=True)
class OpenDoor:
    """What a form needs, as it was read at `read_at`. `key` signs forms."""

    merchant_id: str
    merchant: str
    contact: str
    key: str = field(repr=False)
    read_at: float

    def page(self) -> DoorPage:
        return DoorPage(DoorKind.OPEN, self.merchant, self.contact, new_form(self.key, utc_now()))


@refusals_audited
@dataclass
class FrontDoorDesk:
    """Answers people who ask for themselves."""

    db: Database
    refusal_audit: RefusalAudit
    seal: DoorSeal
    codes: DoorCodes
    outbox: Outbox
    contacts: Contacts
    proving: Proving
    checkpoint: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    _doors: dict[tuple[str, str], OpenDoor] = field(default_factory=dict, repr=False)
    _forms: dict[str, set[str]] = field(default_factory=dict, repr=False)

    def page(self, name: str, language: str) -> DoorPage:
        """The form, where the merchant has opened its page and mails can be sent."""
        door = self._open_door(name, language)
        return CLOSED if door is None else door.page()

    def wrong(self, name: str, asking: Asking) -> tuple[DoorPage, InputErrors] | None:
        """What is wrong with a form, where no database need be asked for it: in a flood, of nearly all. It is short
        enough for the event loop."""
        door = self._kept(name, asking.language)
        if door is None:
            return None
        try:
            self._checked(door, asking)
        except InputErrors as problems:
            return door.page(), problems
        return None

    def ask(self, name: str, asking: Asking, *, address: str) -> str:
        """Write down what is asked and mail the code; gives the token of the page where it is typed. The same form sent
        again is the same request. Raises NotFound, InputErrors, TryLater."""
        counter = key_of("front-door", address)
        door = self._open_door(name, asking.language)
        if door is None:
            raise NotFound(detail="front door")
        merchant_id = door.merchant_id
        demand, email, nonce, email_prf = self._checked(door, asking)
        with self.db.read() as session:
            check_wait(session, [counter])
            check_room(session, merchant_id)
        token = page_token(door.key, nonce, demand, email_prf)
        mail_id = ""
        with self.db.write() as session:
            charge(session, {counter: ASKS})
            lock_merchant(session, merchant_id)
            if session.scalar(select(DoorRequest.id).where(DoorRequest.token_sha256 == token_sha256(token))):
                return token
            if self._door(session, name) is None:
                raise NotFound(detail="front door")
            user = acting_for(session, merchant_id, RECIPIENT, ORIGIN)
            row = self._new(merchant_id, demand, asking, email, email_prf, token)
            session.add(row)
            session.flush()
            note(session, user, row.id, "door:ask", demand=demand.value)
            with suppress(TryLater):  # the request is kept all the same: the page mails a code when it is pressed for
                mail_id = self.codes.send(session, user, row)
        if mail_id:
            self.outbox.start(mail_id)
        return token

    def mine(self, token: str, cookie: str) -> MinePage:
        """A person's own page. Without the cookie of a code it says how things stand, and no message."""
        with self.db.read() as session:
            row = by_token(session, token)
            if row is None:
                return UNKNOWN
            merchant = session.get_one(Merchant, row.merchant_id)
            contact = self.contacts.of(session, row.merchant_id, row.language)
            state, demand = RequestState(row.state), Demand(row.demand)
            if state is not RequestState.PROVED:
                kind = MineKind.WAITING if state is RequestState.WAITING else MineKind.LAPSED
                return MinePage(kind, row.language, merchant.name, contact, demand, holds(row))
            case = session.get_one(Case, row.case_id)
            opened = visited(session, row, cookie)
            return MinePage(
                MineKind.PROVED, row.language, merchant.name, contact, demand, holds(row), opened,
                f"{case.year}-{case.number:04}", WHERE[CaseState(case.state)], case.received_on, case.due_on, case.zone,
                tuple(self._shown(session, case.id)) if opened else (),
            )  # fmt: skip

    def send_code(self, token: str, *, address: str) -> None:
        """Raises LinkEnded, TryLater after three an hour, and what the mail raises."""
        with self._holding(token) as (session, user, row):
            mail_id = self.codes.send(session, user, row)
        self.outbox.start(mail_id)

    def enter_code(self, token: str, code: str, *, address: str) -> Entered:
        """The first right code makes the case; a later one opens the page in this browser. Raises LinkEnded, NotACode,
        TryLater, WrongCode."""
        typed = codes.read_mail_code(code)
        if typed is None:
            raise NotACode(detail="front door")
        with self.db.write() as session:
            charge(session, {key_of("front-door-code", address): CODES})
        mail_id, entered = "", None
        with self._holding(token) as (session, user, row):
            if self.codes.take(session, user, row, typed):
                if row.state == RequestState.WAITING:
                    token, mail_id = self.proving.prove(session, user, row)
                else:
                    note(session, user, row.case_id or "", "door:opened", request=row.id)
                self.checkpoint("door.proving")
                entered = Entered(token, add_visit(session, row))
        self.checkpoint("door.proved")
        if mail_id:
            self.outbox.start(mail_id)
        if entered is None:  # after the commit, so that the try counts
            raise WrongCode(detail="front door")
        return entered

    def write(self, token: str, cookie: str, text: str, *, address: str) -> None:
        """A message to the merchant. Raises LinkEnded, NotOpened, InputError(field="text"), TryLater."""
        self._say(token, cookie, message_text(text, MESSAGE_MAX), MessageKind.MESSAGE)

    def also_used(self, token: str, cookie: str, text: str, *, address: str) -> None:
        """Another address or card that they name as theirs: for a colleague to read. As `write`."""
        self._say(token, cookie, message_text(text, ALSO_MAX), MessageKind.ALSO_USED)

    # -------------------------------------------------------------------------------------------

    def _open_door(self, name: str, language: str) -> OpenDoor | None:
        """Kept for some seconds: in a flood the form, and what is wrong with one, ask no database."""
        if (kept := self._kept(name, language)) is not None:
            return kept
        with self.db.read() as session:
            door = self._door(session, name)
            if door is None:
                self._doors.pop((name, language), None)
                return None
            contact = self.contacts.of(session, door.merchant_id, language)
            found = OpenDoor(
                door.merchant_id, session.get_one(Merchant, door.merchant_id).name, contact, self.seal.key(door),
                self.clock(),
            )  # fmt: skip
        if len(self._doors) >= MOST_KEPT:
            self._doors.clear()
        self._doors[(name, language)] = found
        return found

    def _kept(self, name: str, language: str) -> OpenDoor | None:
        kept = self._doors.get((name, language))
        return kept if kept is not None and self.clock() - kept.read_at < KEPT_SECONDS else None

    def _checked(self, door: OpenDoor, asking: Asking) -> tuple[Demand, str, str, str]:
        """What is asked for, the address, the form's random part, and the address's PRF. Raises InputErrors."""
        demand, email, nonce = checked(asking, door.key)
        email_prf = keyed(door.key, "email", identifier_key(email))
        self._count_form(nonce, email_prf)
        return demand, email, nonce, email_prf

    def _count_form(self, nonce: str, email_prf: str) -> None:
        """Of this process; each replica has its own. Raises InputErrors."""
        if len(self._forms) >= MOST_KEPT * 100:
            self._forms.clear()
        used = self._forms.setdefault(nonce, set())
        used.add(email_prf)
        if len(used) > MOST_OF_A_FORM:
            used.discard(email_prf)
            raise InputErrors([InputError(OLD_FORM, field="form")])

    def _door(self, session: Session, name: str) -> FrontDoor | None:
        door = door_named(session, name)
        if door is None or not self.outbox.ready or not self.outbox.sender_of(session, door.merchant_id)[1]:
            return None
        return door

    def _new(
        self, merchant_id: str, demand: Demand, asking: Asking, email: str, email_prf: str, token: str
    ) -> DoorRequest:
        row_id, words = new_id(), readable(asking.note)
        return DoorRequest(
            id=row_id, merchant_id=merchant_id, demand=demand.value, language=letter_language(asking.language),
            state=RequestState.WAITING.value, token_sha256=token_sha256(token), email_prf=email_prf,
            sealed_email=self.seal.seal(merchant_id, DoorRequest, "email", row_id, email),
            sealed_note=self.seal.seal(merchant_id, DoorRequest, "note", row_id, words) if words else None,
        )  # fmt: skip

    @contextmanager
    def _holding(self, token: str) -> Iterator[tuple[Session, User, DoorRequest]]:
        """The request of a page that lives, with the person's cases held."""
        with self.db.write() as session:
            row = by_token(session, token)
            if row is None or row.sealed_email is None:
                raise LinkEnded(detail="unknown")
            user = acting_for(session, row.merchant_id, RECIPIENT, ORIGIN)
            self.proving.hold(session, user, row)
            session.refresh(row)
            if row.state == RequestState.LAPSED or by_token(session, token) is None:
                raise LinkEnded(detail="ended")
            yield session, user, row

    def _say(self, token: str, cookie: str, text: str, kind: MessageKind) -> None:
        with self.db.write() as session:
            row = by_token(session, token)
            if row is None or row.case_id is None:
                raise LinkEnded(detail="unknown")
            if not visited(session, row, cookie):
                raise NotOpened(detail="front door")
            user = acting_for(session, row.merchant_id, RECIPIENT, ORIGIN)
            case = hold_case(session, user, row.case_id)
            if case.facts_destroyed_at is not None:
                raise LinkEnded(detail="destroyed")
            if written_since(session, case.id, utc_now() - dt.timedelta(days=1)) >= MOST_MESSAGES:
                raise TryLater(wait_seconds=3600, detail="messages")
            add_message(session, self.seal, user, case, text, writer=Writer.PERSON, kind=kind)

    def _shown(self, session: Session, case_id: str) -> Iterator[ShownMessage]:
        for row in messages_of(session, case_id):
            yield ShownMessage(Writer(row.writer), MessageKind(row.kind), self.seal.opened(row, "text"), row.at)
