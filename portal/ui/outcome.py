"""How an export ended when it is not simply ready: what happened, whose turn, what can be done."""

from __future__ import annotations

import datetime as dt

import streamlit as st

from portal.audit import AuditRow
from portal.composition import Portal
from portal.errors import PortalError
from portal.exports import ExportView, State
from portal.exports.states import KEEPABLE
from portal.identity import Permission, User, allows
from portal.ui import places
from portal.ui.acts import act_said, move_said
from portal.ui.help_places import QUESTIONS, help_link
from portal.ui.problems import request_id, show_problem
from portal.ui.times import when_to_second
from portal.ui.words import _, later, plain, sentence

TURN_WORDS = {
    "you": later("Your turn"),
    "manager": later("A manager's turn"),
    "loyaltydog": later("LoyaltyDog's turn"),
    "nobody": later("Nothing more to do"),
}


def draw_outcome(portal: Portal, user: User, view: ExportView) -> None:
    """The panel for rejected, failed, unknown, expired, attention and purged exports, with its buttons."""
    words = sentence(view.problem) or _(DEFAULT_WORDS.get(view.state, ""))
    turn = _(TURN_WORDS.get(view.turn, ""))
    step = sentence(view.next_step)
    text = plain(words) + (f"  \n**{turn}.** {plain(step)}" if turn or step else "")
    draw = {State.ATTENTION: st.warning, State.UNKNOWN: st.warning, State.EXPIRED: st.info, State.PURGED: st.info}
    draw.get(view.state, st.error)(text, icon=ICONS.get(view.state, ":material/error:"))
    if tells_more(view.vendor_status) and view.state is not State.PURGED:
        st.caption(_("LoyaltyDog's own word for it: {word}").format(word=plain(view.vendor_status)))
    _buttons(portal, user, view)
    question = QUESTIONS_ABOUT.get(view.state)
    if question is not None:
        help_link(question, label=_(QUESTIONS[question]))
    if view.vendor_request_id and not view.holds_file:  # beside a file's checks otherwise
        request_id(view.vendor_request_id)


USUAL_WORDS = frozenset({"completed", "complete", "ready", "success", "done"})


def tells_more(vendor_status: str) -> bool:
    """Whether the vendor's own word for an export's state says more than that it is there."""
    return bool(vendor_status) and vendor_status.lower() not in USUAL_WORDS


def _buttons(portal: Portal, user: User, view: ExportView) -> None:
    may_ask = allows(user.role, Permission.EXPORT_CREATE)
    if not may_ask:
        return
    with st.container(horizontal=True):
        mend_first = view.state is State.REJECTED and view.turn == "you"
        if mend_first:
            _change_button(view, primary=True)
        if view.state is not State.ATTENTION and st.button(
            _("Ask again"), type="secondary" if mend_first else "primary", icon=":material/refresh:"
        ):
            ask_again(portal, user, view.id)
        if view.state is State.FAILED and view.link_alive(dt.datetime.now(dt.UTC)):
            _act_button(_("Fetch again"), lambda: portal.exports.fetch_again(user, view.id))
        if view.state is State.UNKNOWN:
            _act_button(_("Close, it did not arrive"), lambda: portal.exports.close_unknown(user, view.id))
        if not mend_first:
            _change_button(view, primary=False)
        decides = view.state is not State.ATTENTION or allows(user.role, Permission.EXPORT_RELEASE)
        if view.state in KEEPABLE and view.turn not in ("", "nobody") and decides:
            _act_button(_("Keep as it is"), lambda: portal.exports.keep(user, view.id))


def _change_button(view: ExportView, *, primary: bool) -> None:
    if st.button(_("Change the request"), type="primary" if primary else "secondary", icon=":material/edit:"):
        st.session_state["prefill_from"] = view.id
        st.switch_page(places.NEW_EXPORT)


def _act_button(label: str, act: object) -> None:
    if st.button(label):
        try:
            act()  # type: ignore[operator]  # a callable without arguments
        except PortalError as error:
            show_problem(error)
        else:
            st.rerun()


def ask_again(portal: Portal, user: User, export_id: str) -> None:
    """Repeat with the same filters and go to the new one."""
    try:
        new = portal.exports.ask_again(user, export_id)
    except PortalError as error:
        show_problem(error)
    else:
        places.go_to_export(new)


def draw_release(portal: Portal, user: User, view: ExportView) -> None:
    """A manager's decision about a file whose check failed."""
    if not allows(user.role, Permission.EXPORT_RELEASE):
        return
    with st.form("release", border=True):
        st.markdown(_("**Your decision.** Look at the data below first. Releasing lets agents open and send it."))
        reason = st.text_input(_("Reason"), max_chars=500, help=_("Kept in the audit trail. Do not name the customer."))
        if st.form_submit_button(_("Release"), icon=":material/lock_open:"):
            try:
                portal.exports.release(user, view.id, reason)
            except PortalError as error:
                show_problem(error)
            else:
                st.rerun()


def draw_timeline(rows: list[AuditRow], zone: dt.tzinfo) -> None:
    """What happened to this export, oldest first."""
    import pandas as pd

    frame = pd.DataFrame(
        [
            [when_to_second(row.at, zone), sentence(row.who), _act_words(row), row.origin]
            for row in rows
        ],
        columns=[_("When"), _("Who"), _("What"), _("From")],
        dtype=object,
    )  # fmt: skip
    st.dataframe(frame, hide_index=True, alt=_("Timeline of this export."))


def _act_words(row: AuditRow) -> str:
    if row.action == "export:state":
        return move_said(row.facts)
    return _(ACT_WORDS[row.action]) if row.action in ACT_WORDS else act_said(row.action, row.facts)


ACT_WORDS = {
    "export:submit": later("asked for"),
    "export:view": later("opened"),
    "export:reveal": later("masked values shown"),
    "export:download": later("downloaded"),
    "export:release": later("released"),
    "export:keep": later("left as it is"),
    "export:destroy": later("file destroyed"),
}
QUESTIONS_ABOUT = {
    State.ATTENTION: "checks",
    State.UNKNOWN: "trouble",
    State.REJECTED: "trouble",
    State.FAILED: "trouble",
    State.EXPIRED: "expiry",
}
DEFAULT_WORDS = {
    State.PURGED: later(
        "The file has been destroyed, by hand or after its time. What is left are the facts of the export."
    ),
    State.EXPIRED: later("LoyaltyDog's link has expired."),
}
ICONS = {
    State.ATTENTION: ":material/warning:",
    State.UNKNOWN: ":material/help:",
    State.REJECTED: ":material/block:",
    State.EXPIRED: ":material/history:",
    State.PURGED: ":material/delete:",
}
