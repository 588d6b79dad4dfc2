"""Find the customer by what was recognised in the box: one look-up by a press, candidates masked, a person chooses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st
from pydantic import SecretStr

from portal.cases.clock.calendar_codes import country_in
from portal.cases.services.intake import IdentifierKind
from portal.cases.services.people import masked_subject
from portal.composition import Portal
from portal.errors import PortalError
from portal.identity import User
from portal.loyaltydog import LoyaltyDogError
from portal.people.finder import Chosen, Found
from portal.people.finding import Candidate, Clue, ClueKind, FoundCard, Told, best_clue, cards_meant
from portal.ui.cases.recognising import Recognised, without_card_numbers
from portal.ui.common.problems import show_problem
from portal.ui.common.times import reader_zone
from portal.ui.common.words import _, day, later, number, plain, plural, sentence
from portal.ui.form.programs import program_names

MOST_CANDIDATES, MOST_CARDS = 10, 5
TOLD_WORDS: Mapping[Told, str] = {
    Told.PROGRAM: later("The card's program"),
    Told.BALANCE: later("The card's balance"),
    Told.LAST_CHANGE: later("When the card was last used"),
}


@dataclass
class Sitting:
    """What a page's finder came to, in this session's memory only: until the box says something else."""

    found: Found | None = None
    chosen: Chosen | None = None
    looked: dict[str, Clue] = field(default_factory=dict)
    clues: Sequence[Clue] = ()

    def keep_to(self, clues: Sequence[Clue]) -> None:
        """Drop what was found by a clue that is in the box no more, and a choice that no longer fits."""
        self.clues = clues
        self.looked = {one: by for one, by in self.looked.items() if by in clues}
        if self.found is not None and self.found.by not in clues:
            self.found = self.chosen = None
        if self.found is not None and self.chosen is not None and self.chosen.customer not in self.found.left(clues):
            self.chosen = None


def find_person(portal: Portal, user: User, clues: Sequence[Clue], *, page: str) -> Sitting:
    """Under the box of `page`. Gives whom somebody chose, and the look-ups by clues that still stand in the box."""
    sitting = sitting_of(page)
    sitting.keep_to(clues)
    if sitting.chosen is not None:
        _who_is_chosen(sitting, sitting.chosen, page)
        return sitting
    by = best_clue(clues)
    if by is not None and (sitting.found is None or sitting.found.by != by):
        asked = st.button(_("Find the customer"), icon=":material/person_search:", key=f"find_customer_{page}")
        if asked and _look_up(portal, user, sitting, by, page):
            st.rerun()
    if sitting.found is not None:
        _who_was_found(portal, user, sitting, sitting.found, clues, page)
    return sitting


def sitting_of(page: str) -> Sitting:
    kept: Sitting = st.session_state.setdefault(f"_finder_{page}", Sitting())
    return kept


def forget_finder(page: str) -> None:
    for name in ("_finder", "_card_numbers"):
        st.session_state.pop(f"{name}_{page}", None)


def dialling_country(portal: Portal, user: User) -> str:
    """Where phones in national form are dialled: the country of the merchant's calendar, if one is set."""
    return country_in(portal.clock_settings.show(user).calendar)


def clues_of(recognised: Sequence[Recognised]) -> list[Clue]:
    """What was recognised, as the finder compares it; it has no use for a member ID."""
    kinds = {kind.value: kind for kind in ClueKind}
    return [Clue(kinds[one.kind.value], one.value) for one in recognised if one.kind.value in kinds]


def hide_card_numbers(box: str, page: str) -> None:
    """Cut whole card numbers in the box to their last four. The search gets the whole one, once, out of memory."""
    text, numbers = without_card_numbers(str(st.session_state.get(box) or ""))
    if numbers:
        st.session_state[box] = text
        st.session_state[f"_card_numbers_{page}"] = tuple(SecretStr(one) for one in numbers)


def _look_up(portal: Portal, user: User, sitting: Sitting, by: Clue, page: str) -> bool:
    try:
        with st.spinner(_("Asking LoyaltyDog for the customer …")):
            sitting.found = portal.person_finder.look_up(user, _whole_number(by, page))
    except (PortalError, LoyaltyDogError) as error:
        show_problem(error)
        st.caption(_("Nothing you entered is lost. You can try again, or go on without it."))
        return False
    st.session_state.pop(f"_card_numbers_{page}", None)
    sitting.looked[sitting.found.lookup_id] = sitting.found.by
    return True


def _whole_number(by: Clue, page: str) -> Clue:
    numbers: tuple[SecretStr, ...] = st.session_state.get(f"_card_numbers_{page}", ())
    if by.kind is ClueKind.LAST_FOUR:
        for one in numbers:
            if one.get_secret_value().endswith(by.value):
                return Clue(ClueKind.CARD_NUMBER, one.get_secret_value())
    return by


def _who_was_found(
    portal: Portal, user: User, sitting: Sitting, found: Found, clues: Sequence[Clue], page: str
) -> None:
    left = found.left(clues)
    if not left:
        _nobody(found)
        return
    told = None
    if found.cut:
        st.warning(
            _("More cards match than LoyaltyDog gave. Add a second fact, then find again."), icon=":material/group:"
        )
    elif len(left) > 1:
        st.warning(
            plural(
                "{n} customer fits. Add a second fact above, or say what else the person named.",
                "{n} customers fit, none is chosen yet. Add a second fact above, or say what else the person named.",
                len(left),
            ), icon=":material/group:",
        )  # fmt: skip
        told = st.selectbox(
            _("The person also named"), list(Told), index=None, key=f"told_{page}", placeholder=_("Choose what"),
            format_func=lambda one: _(TOLD_WORDS[one]),
        )  # fmt: skip
    choosable = found.choosable(clues, told)
    if told is not None and not choosable:
        st.caption(_("That is the same for several of them, so it tells nobody apart."))
    names = _names_of(left)
    for one in left[:MOST_CANDIDATES]:
        with st.container(border=True, gap="xxsmall"):
            _customer(portal, user, one, cards_meant(one, (found.by, *clues)))
            if one in choosable and st.button(
                _("Use {customer}").format(customer=plain(names[one.key])), key=f"use_{page}_{one.key}",
            ):  # fmt: skip
                _choose(portal, user, sitting, clues, one, told)
    if len(left) > MOST_CANDIDATES:
        st.caption(_("And {n} more: add a second fact.").format(n=number(len(left) - MOST_CANDIDATES)))


def _nobody(found: Found) -> None:
    if found.candidates:
        st.warning(
            _("None of the customers found fits everything you entered. Check it, or untick what may be wrong."),
            icon=":material/person_off:",
        )
    elif found.named_only:
        st.info(
            _("Only a name or part of a word matches, and a name finds nobody by itself. Add another fact."),
            icon=":material/person_off:",
        )
    elif found.by.kind is ClueKind.PHONE:
        st.info(
            _("No customer found. LoyaltyDog's search may not know phone numbers: add an email or a card."),
            icon=":material/person_off:",
        )
    else:
        st.info(_("No customer found. Check what you entered, or add another fact."), icon=":material/person_off:")


def _choose(
    portal: Portal, user: User, sitting: Sitting, clues: Sequence[Clue], one: Candidate, told: Told | None
) -> None:
    assert sitting.found is not None
    try:
        sitting.chosen = portal.person_finder.choose(user, sitting.found, clues, one.key, told=told)
    except PortalError as error:
        show_problem(error)
    else:
        st.rerun()


def _who_is_chosen(sitting: Sitting, chosen: Chosen, page: str) -> None:
    def take_back() -> None:
        sitting.chosen = None

    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(_("Customer found"), icon=":material/how_to_reg:", color="green")
        st.text(_person(chosen.customer), width="content")
        st.button(_("Choose again"), key=f"choose_again_{page}", on_click=take_back)


def _customer(portal: Portal, user: User, one: Candidate, cards: Sequence[FoundCard]) -> None:
    st.text(_person(one))
    try:
        programs = program_names(portal, user)
    except (PortalError, LoyaltyDogError):  # names only make it easier to read
        programs = {}
    zone = reader_zone(user.time_zone)
    for card in cards[:MOST_CARDS]:
        st.caption(plain(_card(card, programs, zone)))
    if len(cards) > MOST_CARDS:
        st.caption(plural("And {n} more card", "And {n} more cards", len(cards) - MOST_CARDS))


def _card(card: FoundCard, programs: Mapping[str, str], zone: dt.tzinfo) -> str:
    program = programs.get(card.program_id) or (card.program_id and f"•••{card.program_id[-4:]}")
    balance = _("balance {amount}").format(amount=card.balance) if card.balance else ""
    at = card.last_change
    used = _("last change {day}").format(day=day(at.astimezone(zone).date())) if at else ""
    return " · ".join(filter(None, (f"•••• {card.last_four}", program, balance, used, sentence(card.status))))


def _person(one: Candidate) -> str:
    """Masked: an email or an ID, and the initials."""
    known = [masked_subject(kind.value, value.get_secret_value()) for kind, value in one.identifiers
             if kind in (IdentifierKind.CUSTOMER_ID, IdentifierKind.EMAIL)]  # fmt: skip
    return " · ".join(filter(None, (*known, one.initials))) or _("A card without a known holder")


def _names_of(left: Sequence[Candidate]) -> dict[str, str]:
    """What each button calls a candidate: no two the same."""
    named: dict[str, str] = {}
    for one in left:
        words = _person(one)
        named[one.key] = words if words not in named.values() else f"{words} ({len(named) + 1})"
    return named
