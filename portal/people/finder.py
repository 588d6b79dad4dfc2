"""Finds a person at LoyaltyDog by a clue, and writes down who looked, by what kind of clue, and whom they chose."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pydantic import SecretStr
from sqlalchemy import update
from sqlalchemy.orm import Session

from portal import audit
from portal.cases.clock.calendar_codes import country_in
from portal.cases.looked_up import SeveralPeople, own_lookups
from portal.cases.services.intake import IdentifierKind
from portal.cases.services.merchant_rules import merchant_rules
from portal.errors import InputError, NotFound
from portal.exports.core.person_limits import DirectAct, paced_access
from portal.exports.core.vendor import Vendor
from portal.exports.form.lookups import signed_out_when_refused
from portal.exports.form.request import check_email
from portal.identifiers import FEWEST_DIGITS, digits_of, identifier_key, phone_digits
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.loyaltydog import CardPage, GiftCard, LoyaltyDogError
from portal.people.finding import (
    Candidate,
    Clue,
    ClueKind,
    FoundCard,
    Told,
    cards_meant,
    fits,
    narrowed,
    tells_apart,
)
from portal.storage.case_tables import PersonLookup
from portal.storage.engine import Database
from portal.storage.tables import new_id, utc_now
from portal.vault import FieldSealer

SEARCH_LIMIT = 250  # the vendor's own page
SHORTEST_NUMBER, LONGEST_NUMBER = 8, 19
_LAST_FOUR = re.compile(r"[0-9]{4}")


@dataclass(frozen=True)
class Found:
    """What a look-up gave. `by` holds no whole card number. `named_only`: cards that the clue does not fit, so that a
    name or a part of a word must have matched. `cut`: LoyaltyDog has more than it gave."""

    lookup_id: str
    by: Clue
    candidates: tuple[Candidate, ...] = field(repr=False)
    named_only: int = 0
    cut: bool = False

    def left(self, clues: Iterable[Clue]) -> tuple[Candidate, ...]:
        """Those who fit the clue they were found by, and all others that are known by now."""
        return narrowed(self.candidates, (self.by, *clues))

    def choosable(self, clues: Sequence[Clue], told: Told | None = None) -> tuple[Candidate, ...]:
        """Those of `left` whom somebody may choose: the only one, or who is told apart from all the others."""
        left = self.left(clues)
        if self.cut:
            return ()
        if len(left) < 2:
            return left
        meant = (self.by, *clues)
        return tuple(
            one
            for one in left
            if told is not None and tells_apart(one, [other for other in left if other is not one], told, meant)
        )

    def names_one(self, clue: Clue) -> bool:
        """Does the clue alone tell one of the candidates from the others?"""
        return not self.cut and sum(fits(one, clue) for one in self.candidates) == 1


@dataclass(frozen=True)
class Chosen:
    """The customer somebody chose, and those of their cards that were meant."""

    lookup_id: str
    customer: Candidate = field(repr=False)
    cards: tuple[FoundCard, ...] = field(repr=False)

    @property
    def asked_by(self) -> tuple[IdentifierKind, SecretStr] | None:
        """What an export asks LoyaltyDog by: the customer ID, which is one person's, before the email."""
        usable = (IdentifierKind.CUSTOMER_ID, IdentifierKind.EMAIL)
        return next((one for one in self.customer.identifiers if one[0] in usable), None)


@refusals_audited
@dataclass
class PersonFinder:
    """Asks LoyaltyDog's card search while somebody waits."""

    db: Database
    refusal_audit: RefusalAudit
    sealer: FieldSealer
    vendor: Vendor

    def look_up(self, user: User, clue: Clue) -> Found:
        """Search by the clue, and keep what it fits. Audited by kind and count, never with the value.

        Raises InputError(field="identifiers"), TryLater, NotConfigured, LoyaltyDogError.
        """
        require(user, Permission.EXPORT_CREATE)
        words = _search_words(clue)
        access = paced_access(self.db, self.vendor, user, DirectAct.CARD_SEARCH)
        try:
            with signed_out_when_refused(self.db, self.sealer, user):
                page = self.vendor.client(access.connection).search_cards(words, limit=SEARCH_LIMIT)
        except LoyaltyDogError:
            self._note(user, clue.kind)
            raise
        with self.db.read() as session:
            country = country_in(merchant_rules(session, user.merchant_id).calendar)
        candidates = _customers_of(_about(page.items, clue), country)
        by = clue
        if clue.kind is ClueKind.CARD_NUMBER:
            by = Clue(ClueKind.LAST_FOUR, words[-4:])
        candidates = narrowed(candidates, [by])
        card_count = sum(len(one.cards) for one in candidates)
        lookup_id = self._note(user, clue.kind, card_count, len(candidates))
        return Found(lookup_id, by, candidates, len(page.items) - card_count, _is_cut(page))

    def choose(self, user: User, found: Found, clues: Sequence[Clue], key: str, *, told: Told | None = None) -> Chosen:
        """Somebody chooses one of those who were found.

        Raises SeveralPeople when others fit as well, InputError(field="identifiers") when that one does not, NotFound
        for somebody else's look-up.
        """
        require(user, Permission.EXPORT_CREATE)
        left = found.left(clues)
        customer = next((one for one in left if one.key == key), None)
        with self.db.write() as session:
            own_lookups(session, user, [found.lookup_id])
            if customer is None:
                raise InputError("This customer does not fit everything that is known.", field="identifiers")
            if customer not in found.choosable(clues, told):
                raise SeveralPeople
            self._note_choice(session, user, found.lookup_id, len(left), told)
        return Chosen(found.lookup_id, customer, cards_meant(customer, (found.by, *clues)))

    def _note_choice(self, session: Session, user: User, lookup_id: str, people: int, told: Told | None) -> None:
        chosen = session.execute(
            update(PersonLookup)
            .where(PersonLookup.id == lookup_id, PersonLookup.case_id.is_(None))
            .values(chosen_at=utc_now())
            .returning(PersonLookup.id)
        ).all()
        if not chosen:
            raise NotFound(next_step="Find the customer again.", detail="look-up led to a case")
        audit.record(
            session, user.merchant_id, user.account_id, "lookup:choose",
            object_id=lookup_id, origin=user.origin, people=people, told=told.value if told and people > 1 else None,
        )  # fmt: skip

    def _note(self, user: User, kind: ClueKind, cards: int | None = None, people: int | None = None) -> str:
        lookup_id = new_id()

        def write(session: Session) -> None:
            session.add(
                PersonLookup(
                    id=lookup_id, merchant_id=user.merchant_id, account_id=user.account_id, kind=kind.value,
                    card_count=cards, people_count=people,
                )
            )  # fmt: skip
            session.flush()
            audit.record(
                session, user.merchant_id, user.account_id, "cards:search", object_id=lookup_id, origin=user.origin,
                result="failed" if cards is None else "ok", kind=kind.value, found=cards, people=people,
            )  # fmt: skip

        self.db.group_commit(write)
        return lookup_id


def _search_words(clue: Clue) -> str:
    """What is sent as `q`. Raises InputError for what the search knows nothing by: names above all."""
    text = clue.value.strip()
    match clue.kind:
        case ClueKind.EMAIL:
            return check_email(text)
        case ClueKind.PHONE if len(phone_digits(text)) >= FEWEST_DIGITS:
            return text
        case ClueKind.LAST_FOUR if _LAST_FOUR.fullmatch(text):
            return text
        case ClueKind.CARD_NUMBER if SHORTEST_NUMBER <= len(digits_of(text)) <= LONGEST_NUMBER:
            return digits_of(text)
    raise InputError(
        "LoyaltyDog can be searched by an email, a card's number or last four digits, or a phone number.",
        field="identifiers", detail=clue.kind.value,
    )  # fmt: skip


def _about(cards: Iterable[GiftCard], clue: Clue) -> list[GiftCard]:
    """By a whole number only that card; where LoyaltyDog shows no whole number, its last four must do."""
    if clue.kind is not ClueKind.CARD_NUMBER:
        return list(cards)
    wanted = digits_of(clue.value)
    return [card for card in cards if len(digits_of(card.card_number)) < SHORTEST_NUMBER
            or digits_of(card.card_number) == wanted]  # fmt: skip


def _customers_of(cards: Iterable[GiftCard], country: str) -> tuple[Candidate, ...]:
    """One for each customer ID; cards without one are put together by their holder's email, else each stands alone."""
    held: dict[tuple[str, str], list[GiftCard]] = {}
    for card in cards:
        email = identifier_key(card.customer_email or "")
        owner = ("id", card.customer_id) if card.customer_id else ("email", email) if email else ("card", card.id)
        held.setdefault(owner, []).append(card)
    return tuple(_candidate(str(place), theirs, country) for place, theirs in enumerate(held.values()))


def _candidate(key: str, cards: Sequence[GiftCard], country: str) -> Candidate:
    emails = {identifier_key(card.customer_email): card.customer_email for card in cards if card.customer_email}
    phones = {phone_digits(card.customer_phone, country): card.customer_phone for card in cards if card.customer_phone}
    name = next((card.customer_name for card in cards if card.customer_name), "")
    return Candidate(
        key=key,
        customer_id=cards[0].customer_id or "",
        emails=tuple(email.strip() for email in emails.values()),
        phones=tuple(phone.strip() for phone in phones.values()),
        initials=" ".join(f"{part[0]}." for part in name.split()[:3]),
        cards=tuple(_found_card(card) for card in cards),
        country=country,
    )


def _found_card(card: GiftCard) -> FoundCard:
    moved = [one.created_at for one in card.transactions if one.created_at] + [card.updated_at or card.created_at]
    return FoundCard(
        id=card.id,
        last_four=digits_of(card.last_four_digits or card.card_number)[-4:],
        program_id=card.program_id or "",
        balance=card.balance or "",
        status=card.status or "",
        last_change=max((at for at in moved if at), default=None),
    )


def _is_cut(page: CardPage) -> bool:
    return len(page.items) >= SEARCH_LIMIT or (page.total or 0) > len(page.items)
