"""Card numbers of a file on the screen: how much money lies on the cards, the masks, and asking to see the numbers.

A file's numbers are masked unless the person holds a grant (`portal.exports.files.card_access`); each run of the page
asks anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from portal.composition import Portal
from portal.errors import PortalError
from portal.exports import ExportView
from portal.exports.files.card_codes import CardAccessState, CardReason, WaitingRequest
from portal.identity import User
from portal.preview import Preview, Table
from portal.preview.card_masking import FileMask, careful_mask, mask_of_file, without_card_numbers
from portal.preview.card_money import MoneyAtRisk, money_at_risk
from portal.ui.common import navigation
from portal.ui.common.acting import act_and_tell, open_dialog, redraw_unless_asking
from portal.ui.common.file_link import file_link
from portal.ui.common.problems import show_problem
from portal.ui.common.times import reader_zone
from portal.ui.common.words import _, money, plain, plural
from portal.ui.preview.card_words import CARD_REASON_WORDS

ROWS_READ_WHOLE = 200_000
"""A longer file's numbers are not gathered for the screen: any digits that may be one are masked in it."""
KEPT = "_cards"
POLL_SECONDS = 4.0


@dataclass(frozen=True)
class ShownCards:
    """The file as this person may see it now: `preview` with its numbers masked, or as it is."""

    preview: Preview
    mask: FileMask | None
    by_name: dict[str, Table]

    def of(self, table: Table) -> Table:
        """What is shown of a table of the file. Its name may stand in labels and keys."""
        return self.by_name[table.name]

    def text(self, text: str) -> str:
        return text if self.mask is None else self.mask.text(text)


@dataclass(frozen=True)
class _Judged:
    mask: FileMask
    money: MoneyAtRisk | None
    masked: Preview


def draw_card_safety(
    place: Any, told: Any, portal: Portal, user: User, view: ExportView, preview: Preview
) -> ShownCards:
    """In `told` what is at risk, others' requests, and in `place` the button that asks. Gives what may be shown."""
    access = portal.card_access.state(user, view.id)
    judged = _judged(view, preview)
    if judged.money is not None:
        with told:
            draw_money(judged.money)
    for request in access.to_decide:
        _draw_request(portal, user, request)
    if access.holds_numbers:
        _draw_asking(place, portal, user, view, access)
    if access.shown:
        return ShownCards(preview, None, {table.name: table for table in preview.tables})
    shown = dict(zip((table.name for table in preview.tables), judged.masked.tables, strict=True))
    return ShownCards(judged.masked, judged.mask, shown)


def _judged(view: ExportView, preview: Preview) -> _Judged:
    """Worked out once for a file, or for as much of it as is read."""
    key = (view.id, view.sha256, preview.still_reading, preview.row_count)
    kept = st.session_state.get(KEPT)
    if kept is None or kept[0] != key:
        careful = preview.still_reading or preview.row_count > ROWS_READ_WHOLE
        mask = careful_mask(preview) if careful else mask_of_file(preview)
        money = None if careful else money_at_risk(preview)
        kept = st.session_state[KEPT] = (key, _Judged(mask, money, without_card_numbers(preview, mask)))
    judged: _Judged = kept[1]
    return judged


# Money -------------------------------------------------------------------------------------------


def draw_money(found: MoneyAtRisk) -> None:
    """``€54.20 on 3 cards is at risk here.``; nothing where no card has money on it."""
    parts = []
    if found.cards:
        sums = " + ".join(money(amount, currency) for currency, amount in sorted(found.by_currency.items()))
        cards = plural("{n} card", "{n} cards", found.cards)
        parts.append(_("{money} on {cards} is at risk here.").format(money=sums, cards=cards))
    if found.unread:
        parts.append(
            plural("{n} more balance could not be read.", "{n} more balances could not be read.", found.unread)
            if found.cards
            else plural("{n} card's balance could not be read.", "{n} cards' balances could not be read.", found.unread)
        )
    if parts:
        st.markdown(f":material/credit_card: {plain(' '.join(parts))}")


# Asking ------------------------------------------------------------------------------------------


def _draw_asking(place: Any, portal: Portal, user: User, view: ExportView, access: CardAccessState) -> None:
    with place:
        if access.granted_until is not None:
            until = f"{access.granted_until.astimezone(reader_zone(user.time_zone)):%H:%M}"
            st.caption(plain(_("Card numbers are shown until {time}.").format(time=until)))
        elif access.waiting is not None:
            _follow(portal, user, view.id)
        else:
            if access.refused_by:
                st.caption(plain(_("{name} did not allow it.").format(name=access.refused_by)))
            if st.button(
                _("Show card numbers"), key=f"cards-{view.id}", icon=":material/visibility:", width="stretch",
                help=_("Card numbers are as good as cash. Audited."),
            ):  # fmt: skip
                ask_why(portal, user, view.id)


@st.fragment(run_every=POLL_SECONDS)
def _follow(portal: Portal, user: User, export_id: str) -> None:
    """Until it is decided: then the whole page is drawn anew."""
    access = portal.card_access.state(user, export_id)
    st.caption(f":material/hourglass_top: {plain(_waits_for(access))}")
    if access.waiting is None:
        redraw_unless_asking()


def _waits_for(access: CardAccessState) -> str:
    return _("You asked to see the card numbers. It waits for {names}.").format(names=_names(access))


def _names(access: CardAccessState) -> str:
    return _("a manager") if not access.deciders else _(" or ").join(access.deciders[:3])


def ask_why(portal: Portal, user: User, export_id: str) -> None:
    """The dialog that asks for the reason. Called by a pressed button."""
    open_dialog(_("Show card numbers"), _draw_reason, portal, user, export_id, icon=":material/credit_card:")


def _draw_reason(portal: Portal, user: User, export_id: str) -> None:
    try:
        access = portal.card_access.state(user, export_id)
    except PortalError as error:
        show_problem(error)
        return
    if access.waiting is not None:
        st.text(_waits_for(access))
        return
    st.text(_("Anyone who knows a card's number can spend its balance."))
    st.text(_("You see the numbers for an hour; copies you take in that hour hold them too."))
    reason = st.selectbox(
        _("Why do you need them?"), list(CardReason), key=f"cards-why-{export_id}",
        format_func=lambda one: _(CARD_REASON_WORDS[one]),
    )  # fmt: skip
    label, done = _("Show the numbers"), _("Card numbers are shown for an hour.")
    if access.needs_two:
        st.text(_("A second person must allow it: {names}.").format(names=_names(access)))
        label, done = _("Ask for it"), _("Asked. The numbers are shown once it is allowed.")
    if reason is not None and st.button(label, key=f"cards-ask-{export_id}", type="primary"):
        act_and_tell(partial(portal.card_access.ask, user, export_id, reason), done)


def request_said(request: WaitingRequest) -> str:
    """``Sam Ortiz asks to see the card numbers: A card is lost or stolen``."""
    words = _("{name} asks to see the card numbers: {reason}")
    return words.format(name=request.by, reason=_(CARD_REASON_WORDS[request.reason]))


def _draw_request(portal: Portal, user: User, request: WaitingRequest) -> None:
    """Somebody else's, for a manager."""
    with st.container(border=True, key=f"cards-request-{request.id}"):
        st.text(request_said(request))
        with st.container(horizontal=True):
            if st.button(_("Allow"), key=f"cards-allow-{request.id}", type="primary", icon=":material/check:"):
                act_and_tell(partial(portal.card_access.allow, user, request.id), _("Allowed for an hour."))
            if st.button(_("Refuse"), key=f"cards-refuse-{request.id}", icon=":material/block:"):
                act_and_tell(partial(portal.card_access.refuse, user, request.id), _("Refused."))


def original_link(portal: Portal, user: User, view: ExportView) -> None:
    """The original's download; a button that asks why where the file holds numbers and this person has no grant."""
    label, help = (
        _("Download original"),
        _("The very bytes LoyaltyDog sent, for your own use: it holds what the copy leaves out."),
    )
    if view.holds_cards is False or portal.card_access.state(user, view.id).shown:
        file_link(
            label, navigation.file_address(view.id), icon="download",
            key="original", help=help,
        )  # fmt: skip
        return
    if st.button(label, key=f"cards-original-{view.id}", icon=":material/download:", help=help):
        ask_why(portal, user, view.id)
