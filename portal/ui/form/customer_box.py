"""The box of New export: an email or an ID is asked for as it stands, a card or a phone finds the customer first."""

from __future__ import annotations

from typing import Final

import streamlit as st

from portal.cases.services.intake import IdentifierKind
from portal.composition import Portal
from portal.errors import InputError
from portal.exports.form.request import check_object_id
from portal.identity import User
from portal.people.finding import Clue, ClueKind, cards_meant
from portal.ui.cases.recognising import Recognised, recognise
from portal.ui.common.words import _, number, plain, plural
from portal.ui.form.pasted import addresses_in, is_more_than_an_address
from portal.ui.form.person_finder import clues_of, dialling_country, find_person, hide_card_numbers, sitting_of

PAGE: Final = "new_export"
BOX: Final = "customer_email"
MOST_CARDS: Final = 10
NO_EXPORT_BY: Final = frozenset({ClueKind.PHONE, ClueKind.LAST_FOUR})


def customer_of(portal: Portal, user: User, typed: str, *, wanted: bool) -> dict[str, str]:
    """The email or customer ID to ask by: what was typed, or that of the customer who was found and chosen. `wanted`:
    the customer is to be found although LoyaltyDog could be asked by what was typed."""
    clues = _clues(portal, user, typed)
    kinds = [clue.kind for clue in clues]
    if kinds.count(ClueKind.EMAIL) < 2 and (NO_EXPORT_BY & set(kinds) or (clues and wanted)):
        finder = find_person(portal, user, clues, page=PAGE)
        if finder.chosen is not None and finder.chosen.asked_by is not None:
            kind, value = finder.chosen.asked_by
            return {str(kind): value.get_secret_value()}
    else:
        sitting_of(PAGE).keep_to(clues)
    if kinds == [ClueKind.CUSTOMER_ID]:
        return {"customer_id": clues[0].value}
    return {"email": typed}


def must_find_first(portal: Portal, user: User, fields: dict[str, str]) -> bool:
    """Is something known by which LoyaltyDog cannot be asked for an export, and no customer chosen?"""
    return any(clue.kind in NO_EXPORT_BY for clue in _clues(portal, user, fields.get("email", "")))


def _clues(portal: Portal, user: User, typed: str) -> list[Clue]:
    recognised = recognise(typed, dialling_country(portal, user))
    return clues_of([one for one in recognised if not _is_a_word(one)])


def _is_a_word(one: Recognised) -> bool:
    """Was it taken for a customer ID only because it stands alone? Here a word may be half an address."""
    if one.kind is not IdentifierKind.CUSTOMER_ID:
        return False
    try:
        check_object_id(one.value, "customer_id", "Customer ID")
    except InputError:
        return True
    return False


def take_pasted() -> None:
    """A whole message becomes the one address in it, unless a customer is being found by more than that."""
    st.session_state.pop("_found_in_text", None)
    hide_card_numbers(BOX, PAGE)
    text = str(st.session_state.get(BOX) or "")
    found = addresses_in(text) if is_more_than_an_address(text) else ()
    if len(found) == 1 and sitting_of(PAGE).found is None:
        st.session_state[BOX] = st.session_state["_found_in_text"] = found[0]


def choose_of_pasted(typed: str) -> None:
    """What was found in a pasted message; several addresses are a person's choice."""
    if typed and typed == st.session_state.get("_found_in_text"):
        st.info(
            _("Found in what you pasted. Is it the customer's own address?"), icon=":material/content_paste_search:"
        )
    found = addresses_in(typed) if is_more_than_an_address(typed) else ()
    if len(found) < 2:
        return

    def take() -> None:
        chosen = st.session_state.get("pasted_choice")
        if chosen:
            st.session_state[BOX] = chosen

    st.selectbox(
        plural("{n} address is in what you pasted. Choose the customer's.",
               "{n} addresses are in what you pasted. Choose the customer's.", len(found)),
        found, index=None, key="pasted_choice", on_change=take, placeholder=_("Choose an address"),
    )  # fmt: skip


def cards_of_the_customer() -> None:
    """Those of the customer who was chosen; one press fills the field."""
    sitting = sitting_of(PAGE)
    if sitting.chosen is None:
        st.caption(_("Or find the customer above by email or card, and take one of their cards."))
        return

    def take(card_id: str) -> None:
        st.session_state["card_id"] = card_id

    cards = cards_meant(sitting.chosen.customer, sitting.clues)
    with st.container(horizontal=True):
        for card in cards[:MOST_CARDS]:
            st.button(
                _("Use {card}").format(card=f"•••• {plain(card.last_four)}"), key=f"card-{card.id}",
                on_click=take, args=(card.id,),
            )  # fmt: skip
    if len(cards) > MOST_CARDS:
        st.caption(_("And {n} more: add the last four digits to the box.").format(n=number(len(cards) - MOST_CARDS)))
