"""One delivery: where it went, what became of it with each time, and what can be done about it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from portal.composition import Portal
from portal.delivery.kinds import UNOPENED, WITH_LINK, CodeChannel, DeliveryState, DeliveryWay
from portal.delivery.mail.kinds import MailState
from portal.delivery.views import DeliveryView
from portal.errors import PortalError
from portal.identity import Permission, User, allows
from portal.ui.cases.sending.address_hints import draw_looked_at
from portal.ui.cases.sending.code_dialogs import draw_told, send, show_code, show_link
from portal.ui.cases.sending.send_words import HANDED_BADGE, MAIL_WORDS, STATE_BADGES, WAY_WORDS
from portal.ui.common.acting import act_and_tell, open_dialog
from portal.ui.common.danger import Danger, ask_first, danger_button
from portal.ui.common.notices import add_notice
from portal.ui.common.problems import show_problem
from portal.ui.common.times import reader_zone, when
from portal.ui.common.words import _, plain, plural

BEFORE = frozenset({DeliveryState.PREPARED, DeliveryState.CODE_TOLD})
LINK_AGAIN = UNOPENED - BEFORE | {DeliveryState.OPENED, DeliveryState.EXPIRED}
CODE_AGAIN = UNOPENED | {DeliveryState.OPENED, DeliveryState.LOCKED}


def draw_delivery(portal: Portal, user: User, case_id: str, one: DeliveryView, *, leads: bool) -> None:
    with st.container(border=True, key=f"delivery_{one.id}"):
        badge = STATE_BADGES[one.state]
        if not WITH_LINK[one.way] and one.state is not DeliveryState.REVOKED:
            badge = HANDED_BADGE
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.badge(badge.label, icon=badge.icon, color=badge.colour)
            st.text(_where(one), width="stretch")
        for line in _times(one, user):
            st.caption(plain(line))
        if not allows(user.role, Permission.CASE_WORK):
            return
        if one.waits_for_second and one.state in BEFORE:
            _second(portal, user, case_id, one)
        elif one.state in BEFORE and not one.linked:
            _go_on(portal, user, case_id, one, leads=leads)
        _again(portal, user, case_id, one)


def _where(one: DeliveryView) -> str:
    return _(WAY_WORDS[one.way]) + (f" · {one.to}" if one.to else "")


def _times(one: DeliveryView, user: User) -> list[str]:
    zone = reader_zone(user.time_zone)
    dated = (
        (_("Prepared by {name}, {when}"), one.created_at),
        (_("code told {when}"), one.code_told_at),
        (_("sent {when}") if WITH_LINK[one.way] else _("handed over {when}"), one.sent_at),
        (_("opened with the code {when}"), one.opened_at),
        (_("fetched whole {when}"), one.completed_at),
        (_("ended {when}"), one.ended_at),
    )
    lines = [" · ".join(said.format(name=one.by, when=when(at, zone)) for said, at in dated if at is not None) + "."]
    if one.mail_state and (one.sent_at is None or one.mail_state == MailState.BOUNCED):
        lines.append(_(MAIL_WORDS[MailState(one.mail_state)]))
    if one.state is DeliveryState.LOCKED:
        lines.append(_("Too many wrong codes. Recognise the person again, then make a new code."))
    elif one.wrong_codes:
        lines.append(plural("{n} wrong code.", "{n} wrong codes.", one.wrong_codes))
    ends = one.closes_at or one.expires_at
    if one.linked and ends is not None and one.ended_at is None:
        left = plural("{n} fetch left", "{n} fetches left", one.downloads_left)
        lines.append(_("The link holds until {when}, {left}.").format(when=when(ends, zone), left=left))
    return lines


def _second(portal: Portal, user: User, case_id: str, one: DeliveryView) -> None:
    if one.by_me:
        st.caption(_("The case does not know this address: a colleague compares it on this page first."))
    elif st.button(_("Compare the address"), key=f"send_compare_{one.id}", icon=":material/visibility:"):
        open_dialog(_("Is this the person's address?"), _compare, portal, user, case_id, one.id)


def _compare(portal: Portal, user: User, case_id: str, delivery_id: str) -> None:
    try:
        address = portal.deliveries.address(user, case_id, delivery_id)
    except PortalError as error:
        show_problem(error)
        return
    st.text(_("Compare it, letter by letter, with what the person wrote."))
    st.caption(_("When the link goes out, the addresses on file are told that the answer goes elsewhere."))
    draw_looked_at(address, both=True)
    if st.button(_("It is theirs"), key="send_address_right", type="primary", icon=":material/check:"):
        act_and_tell(
            partial(portal.deliveries.confirm_address, user, case_id, delivery_id), _("The address is confirmed.")
        )
    if st.button(_("Cancel"), key="send_address_cancel"):
        st.rerun()


def _go_on(portal: Portal, user: User, case_id: str, one: DeliveryView, *, leads: bool) -> None:
    """What comes next before a link exists."""
    if one.state is DeliveryState.PREPARED and one.channel is not CodeChannel.SAME_MAILBOX:
        with st.popover(_("The code was told"), icon=":material/pin:"):
            if draw_told(portal, user, case_id, one.id, one.channel, key=one.id):
                st.rerun()
        return
    words = _("Send the link") if one.way is DeliveryWay.LINK else _("Show the link")
    if st.button(
        words, key=f"send_now_{one.id}", type="primary" if leads else "secondary", icon=":material/outgoing_mail:"
    ):  # fmt: skip
        try:
            send(portal, user, case_id, one.id)
        except PortalError as error:
            show_problem(error)
        else:
            st.rerun()


def _again(portal: Portal, user: User, case_id: str, one: DeliveryView) -> None:
    """A new code, a new link, the end."""
    with st.container(horizontal=True, gap="small"):
        coded = WITH_LINK[one.way] and one.channel is not CodeChannel.SAME_MAILBOX
        if coded and one.state in CODE_AGAIN and st.button(
            _("New code"), key=f"send_new_code_{one.id}", type="tertiary", icon=":material/pin:"
        ):  # fmt: skip
            _new_code(portal, user, case_id, one)
        refused = one.state in BEFORE and one.mail_state == MailState.REFUSED
        if WITH_LINK[one.way] and (refused or one.state in LINK_AGAIN) and st.button(
            _("New link"), key=f"send_new_link_{one.id}", type="tertiary", icon=":material/link:"
        ):  # fmt: skip
            _new_link(portal, user, case_id, one)
        if one.state is not DeliveryState.REVOKED and danger_button(
            _("Take it back"), key=f"send_back_{one.id}", icon=":material/undo:"
        ):
            back = partial(portal.deliveries.take_back, user, case_id, one.id)
            danger = Danger("send_back", _("Take this answer back?"), [_where(one)], _back_said(one), _("Take it back"))
            ask_first(danger, partial(act_and_tell, back, _("Taken back.")))


def _back_said(one: DeliveryView) -> str:
    if one.completed_at is not None:
        return _("It was fetched already: the link ends now, and the file stays where it is.")
    if one.opened_at is not None:
        return _("It was opened already. The link ends now.")
    if one.sent_at is not None:
        return _("The link ends now, nothing counts as answered, and the days run on.")
    return _("The code and the link end now.")


def _new_code(portal: Portal, user: User, case_id: str, one: DeliveryView) -> None:
    try:
        show_code(one.id, portal.deliveries.new_code(user, case_id, one.id), one.channel)
    except PortalError as error:
        show_problem(error)
    else:
        st.rerun()


def _new_link(portal: Portal, user: User, case_id: str, one: DeliveryView) -> None:
    try:
        link = portal.deliveries.new_link(user, case_id, one.id)
    except PortalError as error:
        show_problem(error)
        return
    if link:
        show_link(link)
    else:
        add_notice(_("The mail with the new link is on its way."))
    st.rerun()
