"""The step Send: what it waits for, the ways out, the deliveries so far."""

from __future__ import annotations

from functools import partial

import streamlit as st

from portal.cases.services.views import CaseView
from portal.composition import Portal
from portal.delivery.kinds import LIVE, WITH_LINK, CodeChannel, DeliveryState, DeliveryWay
from portal.delivery.views import DeliveriesState
from portal.errors import PortalError
from portal.identity import User
from portal.ui.cases.sending.address_hints import draw_looked_at
from portal.ui.cases.sending.code_dialogs import draw_open_dialog, show_code
from portal.ui.cases.sending.delivery_row import draw_delivery
from portal.ui.cases.sending.send_words import CHANNEL_WORDS, WAY_HELP, WAY_WORDS
from portal.ui.common.acting import act_and_tell
from portal.ui.common.problems import show_problem
from portal.ui.common.words import _, plural

ANOTHER = ""
"""In the list of addresses: one that the case does not know."""
REACHED = frozenset(
    {DeliveryState.SENT, DeliveryState.OPENED, DeliveryState.COMPLETED, DeliveryState.CLOSED}
)  # fmt: skip


def deliveries_of(portal: Portal, user: User, view: CaseView, *, packed: bool) -> DeliveriesState | None:
    """None before a package was approved, while nothing was ever sent, and where it cannot be read just now."""
    try:
        found = portal.deliveries.state(user, view.row.id)
    except PortalError as error:
        show_problem(error)
        return None
    return found if packed or found.deliveries else None


def sent(state: DeliveriesState | None) -> bool:
    """Is an answer on its way, or there?"""
    return state is not None and any(one.state in REACHED for one in state.deliveries)


def locked(state: DeliveriesState | None) -> bool:
    """Does a link wait for the person to be recognised again?"""
    return state is not None and any(one.state is DeliveryState.LOCKED for one in state.deliveries)


def draw_send(portal: Portal, user: User, view: CaseView, state: DeliveriesState, *, leads: bool) -> None:
    """`leads`: this is the open step, so its next act is the primary one."""
    st.header(_("Send"))
    case_id = view.row.id
    draw_open_dialog(portal, user, case_id)
    live = [one for one in state.deliveries if one.state in LIVE or one.state is DeliveryState.LOCKED]
    ended = [one for one in state.deliveries if one not in live]
    for place, one in enumerate(live):
        draw_delivery(portal, user, case_id, one, leads=leads and place == 0)
    if state.may_prepare:
        if live:
            with st.expander(_("Send it another way")):
                _new(portal, user, case_id, state, leads=False)
        else:
            _new(portal, user, case_id, state, leads=leads)
    if ended:
        with st.expander(plural("{n} earlier delivery", "{n} earlier deliveries", len(ended)), expanded=not live):
            for one in ended:
                draw_delivery(portal, user, case_id, one, leads=False)


def _new(portal: Portal, user: User, case_id: str, state: DeliveriesState, *, leads: bool) -> None:
    first = DeliveryWay.LINK if state.mail_ready else DeliveryWay.SCREEN
    ways = list(DeliveryWay)
    way = st.selectbox(
        _("How does it reach the person?"), ways, index=ways.index(first), key="send_way",
        format_func=lambda one: _(WAY_WORDS[one]),
    )  # fmt: skip
    st.caption(_(WAY_HELP[way]))
    if not WITH_LINK[way]:
        if st.button(
            _("It was handed over"), key="send_record", type="primary" if leads else "secondary",
            icon=":material/handshake:",
        ):  # fmt: skip
            act_and_tell(
                partial(portal.deliveries.record, user, case_id, state.package_id, way), _("Recorded as the answer.")
            )
        return
    if way is DeliveryWay.LINK and not state.mail_ready:
        st.info(_("This portal sends no mail yet: its operator sets up the mail server."), icon=":material/mail_off:")
        return
    _with_code(portal, user, case_id, state, way, leads=leads)


def _with_code(
    portal: Portal, user: User, case_id: str, state: DeliveriesState, way: DeliveryWay, *, leads: bool
) -> None:  # fmt: skip
    known = typed = again = ""
    channel: CodeChannel | None = CodeChannel.IN_PERSON
    if way is DeliveryWay.LINK:
        known, typed, again = _address(state)
        channels = [one for one in CodeChannel if one is not CodeChannel.SAME_MAILBOX or state.may_weak]
        channel = st.selectbox(
            _("How do you tell the code?"), channels, key="send_channel", format_func=lambda one: _(CHANNEL_WORDS[one])
        )
    weak = channel is CodeChannel.SAME_MAILBOX
    if weak:
        st.caption(_("Protects against forwarded mails only: who reads the mailbox gets link and code."))
    with st.expander(_("How long it holds")):
        days = int(st.number_input(_("Days"), 1, 30, 14, key="send_days"))
        remind = way is DeliveryWay.LINK and st.checkbox(
            _("Remind the person after 3 and 7 days"), value=True, key="send_remind"
        )
    if not st.button(
        _("Prepare the link") if weak else _("Make the code"), key="send_prepare",
        type="primary" if leads else "secondary", icon=":material/pin:",
    ):  # fmt: skip
        return
    try:
        made = portal.deliveries.prepare(
            user, case_id, state.package_id, way, to=typed, to_again=again, known_address=known, channel=channel,
            days=days, remind=remind,
        )  # fmt: skip
    except PortalError as error:
        show_problem(error)
        return
    if made.code:
        show_code(made.delivery_id, made.code, channel)
    st.rerun()


def _address(state: DeliveriesState) -> tuple[str, str, str]:
    """The id of a known address, or one typed twice."""
    masked = {one.id: one.masked for one in state.addresses}
    chosen = st.selectbox(
        _("To"), [*masked, ANOTHER], key="send_to",
        format_func=lambda one: masked[one] if one else _("Another address"),
    )  # fmt: skip
    if chosen != ANOTHER:
        return chosen, "", ""
    typed = st.text_input(_("Email of the person"), key="send_typed", autocomplete="off", max_chars=320)
    again = st.text_input(_("The same email again"), key="send_again", autocomplete="off", max_chars=320)
    if "@" in typed:
        draw_looked_at(typed.strip())
    st.caption(_("A colleague compares an address that the case does not know before anything is sent."))
    return "", typed, again
