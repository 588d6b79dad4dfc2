"""How a case begins: by hand, or by an export that is asked for; a person's open one is joined (CASE-1 to 3)."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from pydantic import SecretStr
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from portal import audit
from portal.cases.clock.applicable import laws_of
from portal.cases.clock.calendar_codes import country_in
from portal.cases.clock.receipt import local_day
from portal.cases.facts import PERSONS_COPY, Channel, Fact, FactKind, LateEntry, Right
from portal.cases.looked_up import lead_to
from portal.cases.services.folding import Rules, folded
from portal.cases.services.ledger import CaseSeal, add_fact, cached, hold_exports, open_case, own_case
from portal.cases.services.merchant_rules import MerchantRules, merchant_rules
from portal.cases.services.people import PersonIndex
from portal.cases.standing import Standing
from portal.errors import InputError
from portal.identifiers import international
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.storage.case_tables import Case, CaseDemand, CaseFact, CaseIdentifier
from portal.storage.engine import Database
from portal.storage.months import months_after
from portal.storage.tables import Export, new_id, utc_now

PROMPT_ENTRY_DAYS = 3  # a request entered later needs a reason (CASE-2)
OLDEST_YEARS = 5
REFERENCE_MAX = 100
WHERE_MAX = 200
VALUE_MAX = 320
MOST_IDENTIFIERS = 10


class IdentifierKind(StrEnum):
    EMAIL = "email"
    CUSTOMER_ID = "customer_id"
    PHONE = "phone"
    CARD_ID = "card_id"
    LAST_FOUR = "last_four"
    MEMBER_ID = "member_id"


TELLS_APART = frozenset(IdentifierKind) - {IdentifierKind.LAST_FOUR}
"""The last four digits are many people's."""


@dataclass(frozen=True)
class NewCase:
    """What is known of a request when it is entered. The first identifier names the person in lists.

    `found`: those of `identifiers` that a look-up gave, `lookups`: the look-ups that led here.
    `profile` and `calendar` are codes of `portal.cases.clock.applicable`; without a profile the merchant's are taken.
    `arrived_where` is kept sealed.
    """

    identifiers: Sequence[tuple[IdentifierKind, SecretStr]]
    rights: frozenset[Right]
    channel: Channel
    received_on: dt.date | None = None
    late_entry: LateEntry | None = None
    reference: str = ""
    name: SecretStr | None = None
    arrived_where: str = ""
    letter_dated: dt.date | None = None
    language: str = ""
    profile: str = ""
    calendar: str = ""
    found: Sequence[tuple[IdentifierKind, SecretStr]] = ()
    lookups: Sequence[str] = ()


@dataclass(frozen=True)
class Opened:
    """`joined`: the person's case was open already, and this is a follow-up in it."""

    case_id: str
    joined: bool


@refusals_audited
@dataclass
class CaseIntake:
    """Opens cases."""

    db: Database
    refusal_audit: RefusalAudit
    index: PersonIndex
    seal: CaseSeal

    def open(self, user: User, new_case: NewCase) -> Opened:
        """Open a case, or note a follow-up in the person's open one when nothing else is asked for.

        Raises NotPermitted, InputError(field="identifiers", "rights", "received_on", "late_entry", "reference", …),
        SeveralPeople when a look-up found more than one customer and none was chosen.
        """
        require(user, Permission.CASE_WORK)
        _check(new_case)
        subject = new_case.identifiers[0][1].get_secret_value()
        with self.db.write() as session:
            self.hold(session, user, subject)
            today = _today(user)
            received = new_case.received_on or today
            _check_receipt(received, today, new_case.late_entry)
            there = self._open_case_of(session, user, subject, new_case.rights)
            if there is not None:
                self._follow_up(session, user, there, received, new_case.channel)
            case = there or self._open(session, user, new_case, received)
            lead_to(session, user, new_case.lookups, case.id)
            return Opened(case.id, there is not None)

    def hold(self, session: Session, user: User, value: str, case_id: str | None = None) -> None:
        """Hold the exports of the person's open cases, or of the one that is named, then the merchant's lock
        (`portal.cases.services.ledger.hold_exports` says why in this order). Raises NotFound."""
        if case_id is not None:
            cases = select(Case.id).where(Case.id == own_case(session, user, case_id).id)
        else:
            cases = self._cases_of(session, user, value).order_by(None)
        hold_exports(session, user.merchant_id, cases)

    def join_or_open(
        self,
        session: Session,
        user: User,
        export_id: str,
        person: tuple[str, str],
        *,
        received_on: dt.date | None,
        reference: str,
        case_id: str | None = None,
        same_asks: Sequence[str] = (),
    ) -> Case:
        """The case under which an export is asked for, within the transaction that writes the export.

        `person` is the identifier's kind and value. With `case_id` that one: raises NotFound, or CaseNeeded when it has
        ended. `same_asks`: what `exports.ask_index` says where the same is asked for in any format. The caller has
        called `hold`.
        """
        kind, value = person
        today = _today(user)
        received = min(received_on or today, today)  # the form's today may be tomorrow here: the earlier day is safe
        if case_id is not None:
            case = open_case(own_case(session, user, case_id, hold=True))
        else:
            found = self._open_case_of(session, user, value, PERSONS_COPY, any_of=True)
            case = found or self._open(
                session,
                user,
                NewCase(
                    identifiers=((IdentifierKind(kind), SecretStr(value)),),
                    rights=frozenset({Right.ACCESS}),
                    channel=Channel.UNKNOWN,
                    late_entry=LateEntry.NOT_ASKED if _is_late(received, today) else None,
                    reference=reference,
                ),
                received,
            )
            if found is not None and received < case.received_on:
                self._follow_up(session, user, case, received, Channel.UNKNOWN)
        part = session.scalar(
            select(Export.request_id)
            .where(Export.case_id == case.id, Export.ask_index.in_(same_asks), Export.answer == Standing.OPEN)
            .order_by(Export.requested_at, Export.id)
            .limit(1)
        )
        return self.carry_on(session, user, case.id, export_id, part or export_id)

    def carry_on(self, session: Session, user: User, case_id: str, export_id: str, part: str) -> Case:
        """Note in a case that an export was asked for under it, also after its end. `part`: the export that first asked
        for the same."""
        case = own_case(session, user, case_id, hold=True)
        add_fact(session, user, case, FactKind.EXPORT_ASKED, codes={"export": export_id, "part": part})
        return case

    def take_in(
        self, session: Session, user: User, new_case: NewCase, submitted_at: dt.datetime, *, joins: str = ""
    ) -> Case:
        """The case of a person who asked for themselves, at the moment when they did, whenever it was proved; with
        `joins` a follow-up in that one. The caller has called `hold`. Raises InputError."""
        _check(new_case)
        received = local_day(submitted_at, Rules(zone=user.time_zone).place)
        if joins:
            case = own_case(session, user, joins, hold=True)
            self._follow_up(session, user, case, received, new_case.channel, by_itself=True)
            return case
        late = LateEntry.NOT_ASKED if _is_late(received, _today(user)) else None
        case = self._open(session, user, replace(new_case, late_entry=late), received, by_itself=True)
        case.received_at = submitted_at
        return case

    # -------------------------------------------------------------------------------------------

    def _open_case_of(
        self, session: Session, user: User, value: str, rights: frozenset[Right], *, any_of: bool = False
    ) -> Case | None:
        """The person's open case that asks for the same: for all of `rights`, or for one of them."""
        for case_id in session.scalars(self._cases_of(session, user, value)).unique():
            asked = set(session.scalars(select(CaseDemand.demand).where(CaseDemand.case_id == case_id)))
            if (rights & asked) if any_of else rights <= asked:
                return own_case(session, user, case_id, hold=True)
        return None

    def _cases_of(self, session: Session, user: User, value: str) -> Select[str]:
        """The person's open cases, the one that came first first."""
        return (
            select(Case.id)
            .join(CaseIdentifier, CaseIdentifier.case_id == Case.id)
            .where(CaseIdentifier.merchant_id == user.merchant_id)
            .where(CaseIdentifier.value_index.in_(self.index.all(session, user, value)))
            .where(CaseIdentifier.kind != IdentifierKind.LAST_FOUR, CaseIdentifier.standing != "struck")
            .where(Case.merchant_id == user.merchant_id, Case.closed_at.is_(None))
            .order_by(Case.received_on, Case.id)
        )

    def _follow_up(
        self, session: Session, user: User, case: Case, received: dt.date, channel: Channel, *, by_itself: bool = False
    ) -> None:
        codes = {"channel": channel.value}
        number = add_fact(session, user, case, FactKind.FOLLOW_UP, told_on=received, codes=codes, by_itself=by_itself)
        audit.record(
            session, user.merchant_id, user.account_id, "case:follow_up",
            object_id=case.id, origin=user.origin, number=number, received_on=received.isoformat(),
        )  # fmt: skip

    def _open(self, session: Session, user: User, new: NewCase, received: dt.date, *, by_itself: bool = False) -> Case:
        merchant_id, now, case_id = user.merchant_id, utc_now(), new_id()
        by = None if by_itself else user.account_id
        zone = user.time_zone or "UTC"
        codes = {
            "channel": new.channel.value,
            "late_entry": new.late_entry.value if new.late_entry else "",
            "letter_dated": new.letter_dated.isoformat() if new.letter_dated else "",
            "demands": ",".join(sorted(new.rights)) if new.rights - PERSONS_COPY else "",
        }
        codes = {name: code for name, code in codes.items() if code}
        rules = _rules(merchant_rules(session, merchant_id), new, zone)
        start = folded([Fact(1, FactKind.RECEIVED, now, on=received, codes=codes)], rules)
        year = _today(user).year
        subject = new.identifiers[0][1].get_secret_value()
        name = new.name.get_secret_value().strip() if new.name else ""
        case = Case(
            id=case_id, merchant_id=merchant_id, year=year, number=_next_number(session, merchant_id, year),
            reference=new.reference, profile=rules.profile, calendar=rules.calendar, zone=zone, language=new.language,
            channel=new.channel.value, subject_index=self.index.one(session, user, subject),
            sealed_name=self.seal.seal(merchant_id, Case, "name", case_id, name) if name else None, **cached(start),
        )  # fmt: skip
        session.add(case)
        session.flush()
        for number, known in enumerate(new.identifiers, 1):
            looked_up, country = known in new.found, country_in(rules.calendar)
            row = self._identifier(session, user, case_id, number, known, looked_up=looked_up, country=country)
            row.added_by = by
            session.add(row)
        session.add_all(
            CaseDemand(case_id=case_id, demand=r.value, merchant_id=merchant_id) for r in sorted(new.rights)
        )
        fact_id, where = new_id(), new.arrived_where.strip()
        session.add(
            CaseFact(
                id=fact_id, merchant_id=merchant_id, case_id=case_id, number=1, kind=FactKind.RECEIVED.value, at=now,
                told_on=received, recorded_by=by, codes=codes,
                sealed_text=self.seal.seal(merchant_id, CaseFact, "text", fact_id, where) if where else None,
            )
        )  # fmt: skip
        session.flush()
        audit.record(
            session, merchant_id, user.account_id, "case:open", object_id=case_id, origin=user.origin,
            subject=case.subject_index[:16], number=f"{case.year}-{case.number:04}", channel=case.channel,
            rights=sorted(new.rights), profile=case.profile, received_on=received.isoformat(),
            late_entry=codes.get("late_entry"),
        )  # fmt: skip
        return case

    def _identifier(
        self, session: Session, user: User, case_id: str, number: int, known: tuple[IdentifierKind, SecretStr],
        *, looked_up: bool, country: str,
    ) -> CaseIdentifier:  # fmt: skip
        row_id, kind, value = new_id(), known[0], known[1].get_secret_value()
        if kind is IdentifierKind.PHONE:  # LoyaltyDog is asked by what is kept here
            value = international(value, country)
        return CaseIdentifier(
            id=row_id, merchant_id=user.merchant_id, case_id=case_id, number=number, kind=kind.value,
            sealed_value=self.seal.seal(user.merchant_id, CaseIdentifier, "value", row_id, value),
            value_index=self.index.one(session, user, value), standing="found" if looked_up else "claimed",
        )  # fmt: skip


def _rules(merchant: MerchantRules, new: NewCase, zone: str) -> Rules:
    """A profile that was chosen for this case comes with the calendar that was chosen, or none."""
    if new.profile:
        return merchant.of_case(new.profile, new.calendar, zone)
    return merchant.of_case(merchant.profile, new.calendar or merchant.calendar, zone)


def _today(user: User) -> dt.date:
    return utc_now().astimezone(Rules(zone=user.time_zone).place).date()


def _is_late(received: dt.date, today: dt.date) -> bool:
    return (today - received).days > PROMPT_ENTRY_DAYS


def _check_receipt(received: dt.date, today: dt.date, late_entry: LateEntry | None) -> None:
    if received > today:
        raise InputError("Received on must be today or earlier.", field="received_on")
    if received < months_after(today, -12 * OLDEST_YEARS):
        raise InputError("Received on must be within the last five years.", field="received_on")
    if _is_late(received, today) and late_entry in (None, LateEntry.NOT_ASKED):
        raise InputError(
            f"Say why this is entered more than {PROMPT_ENTRY_DAYS} days after it came.", field="late_entry"
        )  # fmt: skip


def _check(new: NewCase) -> None:
    """Raises InputError."""
    values = [secret.get_secret_value().strip() for _kind, secret in new.identifiers]
    if not values or not all(values):
        raise InputError("Say by what the person is known.", field="identifiers")
    if len(values) > MOST_IDENTIFIERS or any(len(value) > VALUE_MAX for value in values):
        raise InputError("That is more than an email, an ID or a number.", field="identifiers")
    if new.identifiers[0][0] not in TELLS_APART:
        raise InputError("The last four digits are many people's: give a second fact.", field="identifiers")
    if not new.rights:
        raise InputError("Tick what the person asks for.", field="rights")
    if len(new.reference) > REFERENCE_MAX:
        raise InputError(f"Reference must be {REFERENCE_MAX} characters or less.", field="reference")
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in new.reference):
        raise InputError("Reference must be one line of text.", field="reference")
    if len(new.arrived_where) > WHERE_MAX:
        raise InputError(f"Where it came may have at most {WHERE_MAX} characters.", field="arrived_where")
    if new.profile:
        laws_of(new.profile, new.calendar)


def _next_number(session: Session, merchant_id: str, year: int) -> int:
    """The merchant's lock is held, so no other gets the same."""
    last = session.scalar(select(func.max(Case.number)).where(Case.merchant_id == merchant_id, Case.year == year))
    return (last or 0) + 1
