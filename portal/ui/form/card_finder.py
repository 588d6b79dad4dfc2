"""Find a card by number, last four digits, name or email, through LoyaltyDog's card search."""

from __future__ import annotations

import streamlit as st

from portal.composition import Portal
from portal.errors import PortalError
from portal.exports import CardChoice
from portal.identity import User
from portal.loyaltydog import LoyaltyDogError
from portal.ui.common.problems import show_problem
from portal.ui.common.words import _, plain, plural, sentence


def find_a_card(portal: Portal, user: User) -> None:
    """An expander under **Card ID**; choosing a card fills the field. Numbers masked to the last four."""
    with st.expander(_("Find a card"), icon=":material/search:"):
        with st.form("find_card", border=False):
            words = st.text_input(_("Number, last four digits, name or email"), max_chars=200, autocomplete="off")
            asked = st.form_submit_button(_("Search"))
        if asked:
            try:
                st.session_state["_cards"] = portal.lookups.search_cards(user, words)
            except (PortalError, LoyaltyDogError) as error:
                st.session_state.pop("_cards", None)
                show_problem(error)
        found: list[CardChoice] | None = st.session_state.get("_cards")
        if found is None:
            return
        if not found:
            st.info(
                _("No card matches. Check the spelling, or try the last four digits."), icon=":material/search_off:"
            )
            return
        st.caption(plural("{n} card found", "{n} cards found", len(found)))
        for card in found:
            _choice(card)


def _choice(card: CardChoice) -> None:
    def take() -> None:
        st.session_state["card_id"] = card.id
        st.session_state.pop("_cards", None)

    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(f"•••• {card.last_four}", width="content")
        st.text(card.holder or "–", width="stretch")
        st.text(sentence(card.status), width="content")
        st.button(_("Use {card}").format(card=f"•••• {plain(card.last_four)}"), key=f"card-{card.id}", on_click=take)
