"""How an export ended when it is not simply ready: what happened, whose turn, what can be done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd
import streamlit as st

from portal.audit import Act, AuditRow
from portal.composition import Portal
from portal.errors import PortalError
from portal.exports import ExportView, State
from portal.exports.core.leading import LeadingAct, leading_act
from portal.exports.core.states import KEEPABLE
from portal.exports.core.vendor_refusal import VendorRefusal
from portal.identity import Permission, User, allows
from portal.loyaltydog.models import meaning_of
from portal.ui.common import navigation
from portal.ui.common.acts import describe_act, describe_move
from portal.ui.common.notices import add_notice
from portal.ui.common.problems import request_id, show_problem
from portal.ui.common.times import when, when_to_second
from portal.ui.common.words import _, later, plain, sentence
from portal.ui.help.help_places import QUESTIONS, help_link

ROWS_UNSCROLLED, ROW_PIXELS = 20, 36
TURN_WORDS: Mapping[str, str] = {
    "you": later("Your turn"),
    "manager": later("A manager's turn"),
    "loyaltydog": later("LoyaltyDog's turn"),
    "nobody": later("Nothing more to do"),
}


def draw_outcome(portal: Portal, user: User, view: ExportView) -> None:
    """The panel for rejected, failed, unknown, expired, attention and purged exports, with its buttons."""
    panel = PANELS[view.state]
    words = sentence(view.problem) or _(panel.words)
    turn = _(TURN_WORDS[view.turn]) if view.turn in TURN_WORDS else ""
    step = sentence(view.next_step)
    text = plain(words) + (f"  \n**{turn}.** {plain(step)}" if turn or step else "")
    panel.draw(text, icon=panel.icon)
    if view.state is State.REJECTED and allows(user.role, Permission.EXPORT_CREATE):
        draw_refusal(portal.submissions.refusal(user, view.id))
    if is_notable_status(view.vendor_status) and view.state is not State.PURGED:
        st.caption(_("LoyaltyDog's own word for it: {word}").format(word=plain(view.vendor_status)))
    _buttons(portal, user, view)
    if panel.question:
        help_link(panel.question, label=_(QUESTIONS[panel.question]))
    if view.vendor_request_id and not view.holds_file:  # beside a file's checks otherwise
        request_id(view.vendor_request_id)


FIELD_LABELS = {
    "email": later("Customer email"),
    "customer_id": later("Customer ID"),
    "program_id": later("Program"),
    "card_id": later("Card ID"),
    "format": later("Format"),
    "": later("The request"),
}


def draw_refusal(refusal: VendorRefusal) -> None:
    """LoyaltyDog's own words, and a line for each field it refused. Its words are plain text, never Markdown."""
    if refusal.says:
        st.text(_("LoyaltyDog says: “{words}”").format(words=refusal.says))
    for refused in refusal.fields:
        st.text(f"{_(FIELD_LABELS[refused.field])}: {sentence(refused.sentence)}")


def is_notable_status(vendor_status: str) -> bool:
    """Whether the vendor's own word for an export's state says more than that it is there."""
    return bool(vendor_status) and meaning_of(vendor_status) != "ready"


def _buttons(portal: Portal, user: User, view: ExportView) -> None:
    may_ask = allows(user.role, Permission.EXPORT_CREATE)
    if not may_ask:
        return
    link_alive = view.link_alive(dt.datetime.now(dt.UTC))
    leads = leading_act(user.role, view.state, view.turn, problem_code=view.problem_code, link_alive=link_alive)
    with st.container(horizontal=True):
        mend_first = leads is LeadingAct.CHANGE
        if mend_first:
            _change_button(view, primary=True)
        if view.state is not State.ATTENTION and st.button(
            _("Ask again"), type="primary" if leads is LeadingAct.ASK_AGAIN else "secondary", icon=":material/refresh:"
        ):
            reorder_export(portal, user, view.id)
        if view.state is State.FAILED and link_alive:
            _act_button(
                _("Fetch again"), lambda: portal.decisions.retry_fetch(user, view.id), _("Fetching again."),
                primary=leads is LeadingAct.FETCH_AGAIN,
            )  # fmt: skip
        if view.state is State.UNKNOWN:
            close = _("Close, it did not arrive")
            _act_button(close, lambda: portal.decisions.close_unknown(user, view.id), _("Closed as not arrived."))
        if not mend_first:
            _change_button(view, primary=False)
        decides = view.state is not State.ATTENTION or allows(user.role, Permission.EXPORT_RELEASE)
        if view.state in KEEPABLE and view.turn not in ("", "nobody") and decides:
            keep = _("Keep as it is")
            _act_button(
                keep, lambda: portal.decisions.keep(user, view.id), _("Kept as it is. It waits for nobody now.")
            )


def _change_button(view: ExportView, *, primary: bool) -> None:
    if st.button(_("Change the request"), type="primary" if primary else "secondary", icon=":material/edit:"):
        st.session_state["prefill_from"] = view.id
        st.switch_page(navigation.NEW_EXPORT)


def _act_button(label: str, act: Callable[[], object], said: str, *, primary: bool = False) -> None:
    if st.button(label, type="primary" if primary else "secondary"):
        try:
            act()
        except PortalError as error:
            show_problem(error)
        else:
            add_notice(said)
            st.rerun()


def reorder_export(portal: Portal, user: User, export_id: str) -> None:
    """Repeat with the same filters and go to the new one."""
    try:
        new = portal.submissions.reorder(user, export_id)
    except PortalError as error:
        show_problem(error)
    else:
        add_notice(_("Asked again. This is the new export."))
        navigation.go_to_export(new)


def draw_release(portal: Portal, user: User, view: ExportView) -> None:
    """A manager's decision about a file whose check failed."""
    if not allows(user.role, Permission.EXPORT_RELEASE):
        return
    with st.form("release", border=True):
        st.markdown(_("**Your decision.** Look at the data below first. Releasing lets agents open and send it."))
        reason = st.text_input(_("Reason"), max_chars=500, help=_("Kept in the audit trail. Do not name the customer."))
        if st.form_submit_button(_("Release"), type="primary", icon=":material/lock_open:"):
            try:
                portal.decisions.release(user, view.id, reason)
            except PortalError as error:
                show_problem(error)
            else:
                add_notice(_("Released. Agents may open and send it."))
                st.rerun()


def release_of(portal: Portal, user: User, view: ExportView) -> AuditRow | None:
    """The entry of the decision that let this file be sent although a check failed; None where none was needed."""
    if view.state not in (State.READY, State.EXPIRED) or all(check["ok"] for check in view.checks):
        return None
    entries = portal.history.timeline(user, view.id)
    return next((row for row in reversed(entries) if row.action == "export:release"), None)


def draw_released(row: AuditRow, zone: dt.tzinfo) -> None:
    """Who let the file be sent, why and when."""
    words = _("Released by {name}: {reason}").format(name=row.who, reason=row.facts.get("reason", ""))
    st.info(plain(words), icon=":material/lock_open:")
    st.caption(plain(when(row.at, zone)))


def draw_timeline(rows: list[AuditRow], zone: dt.tzinfo) -> None:
    """What happened to this export, oldest first."""
    frame = pd.DataFrame(
        [
            [when_to_second(row.at, zone), sentence(row.who), _act_words(row), row.origin]
            for row in rows
        ],
        columns=[_("When"), _("Who"), _("What"), _("From")],
        dtype=object,
    )  # fmt: skip
    height: int | Literal["content"] = ROWS_UNSCROLLED * ROW_PIXELS if len(frame) > ROWS_UNSCROLLED else "content"
    st.dataframe(frame, hide_index=True, height=height, alt=_("Timeline of this export."))


def _act_words(row: AuditRow) -> str:
    if row.action == "export:state":
        return describe_move(row.facts)
    return _(ACT_WORDS[row.action]) if row.action in ACT_WORDS else describe_act(row.action, row.facts)


ACT_WORDS: Mapping[str, str] = {
    Act.EXPORT_SUBMIT: later("asked for"),
    Act.EXPORT_VIEW: later("opened"),
    Act.EXPORT_REVEAL: later("masked values shown"),
    Act.EXPORT_DOWNLOAD: later("downloaded"),
    Act.EXPORT_RELEASE: later("released"),
    Act.EXPORT_KEEP: later("left as it is"),
    Act.EXPORT_DESTROY: later("file destroyed"),
}


@dataclass(frozen=True)
class Panel:
    """How the panel of a state looks; `question` is the one of Help's questions that it links to."""

    draw: Callable[..., object]
    icon: str
    question: str = ""
    words: str = ""
    """Said when the export's row has no problem written on it; in English."""


DESTROYED = later("The file has been destroyed, by hand or after its time. What is left are the facts of the export.")
PANELS: Mapping[State, Panel] = {
    State.ATTENTION: Panel(st.warning, ":material/warning:", "checks"),
    State.UNKNOWN: Panel(st.warning, ":material/help:", "trouble"),
    State.REJECTED: Panel(st.error, ":material/block:", "trouble"),
    State.FAILED: Panel(st.error, ":material/error:", "trouble"),
    State.EXPIRED: Panel(st.info, ":material/history:", "expiry", later("LoyaltyDog's link has expired.")),
    State.PURGED: Panel(st.info, ":material/delete:", words=DESTROYED),
}
