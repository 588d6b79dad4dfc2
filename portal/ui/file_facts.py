"""The facts row of an export, its checks, and what may be done with its file."""

from __future__ import annotations

import datetime as dt
from typing import Any

import streamlit as st

from portal.composition import Portal
from portal.errors import PortalError
from portal.exports import ExportView, State
from portal.identity import Permission, User, allows
from portal.loyaltydog import EXPORT_NOTES
from portal.ui import places
from portal.ui.badges import draw_badge
from portal.ui.outcome import ask_again, tells_more
from portal.ui.problems import request_id, show_problem
from portal.ui.resting import rest
from portal.ui.step_up import proof_is_fresh
from portal.ui.times import expires_in, reader_zone, size, span, when, when_exact
from portal.ui.words import _, day, number, plain, plural, sentence

DAY_SECONDS = 24 * 3600
MINUTE_SECONDS = 60.0


def draw_facts(portal: Portal, user: User, view: ExportView, zone: dt.tzinfo) -> None:
    """Customer, scope, format, requested, expiry, size. Side by side as they fit: two on a phone, all on a desktop."""
    with st.container(border=True, horizontal=True, gap="xsmall", key="facts"):
        with st.container():
            st.caption(_("Customer"))
            _customer(portal, user, view)
        with st.container():
            st.caption(_("Scope and format"))
            st.text(f"{sentence(view.scope)} · {view.format.upper()}")
            draw_badge(view)
        with st.container():
            st.caption(_("Requested"))
            st.text(when(view.requested_at, zone), help=when_exact(view.requested_at, zone))
            st.text(_("by {name}").format(name=view.requested_by))
        if view.running:
            return
        with st.container():
            st.caption(_("Expires"))
            _expiry(view.id, view.link_expires_at)
        with st.container():
            st.caption(_("Size"))
            _size(view)


def _customer(portal: Portal, user: User, view: ExportView) -> None:
    key = f"_shown_{view.id}"
    shown = st.session_state.get(key)
    st.text(shown or view.customer)
    if shown or not allows(user.role, Permission.EXPORT_OPEN):
        return
    if st.button(
        _("Show"), key=f"reveal-{view.id}", icon=":material/visibility:", type="tertiary", help=_("Shown and audited.")
    ):
        try:
            st.session_state[key] = portal.exports.reveal(user, view.id)
        except PortalError as error:
            show_problem(error)
        else:
            st.rerun()


def _size(view: ExportView) -> None:
    if view.size_bytes is None:
        st.text("–")
        return
    st.text(size(view.size_bytes), help=_("{n} bytes").format(n=number(view.size_bytes)))
    if view.destroyed_at:
        st.text(_("destroyed {when}").format(when=when(view.destroyed_at, reader_zone())))
    elif view.destroy_after:
        st.text(_("kept until {day}").format(day=day(view.destroy_after.astimezone(reader_zone()))))


@st.fragment(run_every=5)
def _expiry(export_id: str, expires_at: dt.datetime | None) -> None:
    """Counts down by itself."""
    if expires_at is None:
        st.text("–")
        return
    zone = reader_zone()
    left = (expires_at - dt.datetime.now(dt.UTC)).total_seconds()
    rest(min(MINUTE_SECONDS, abs(left) - MINUTE_SECONDS))  # minutes are shown, seconds in the last one
    st.text(expires_in(left), help=when_exact(expires_at, zone))
    if left <= 0:
        st.badge(_("Link expired"), icon=":material/history:", color="gray")
    elif left < DAY_SECONDS:
        st.badge(_("Expires soon"), icon=":material/timer:", color="orange")
    else:
        st.text(when(expires_at, zone))


def draw_checks(view: ExportView) -> None:
    """The checks with ticks, then what does not hold, line by line; the SHA-256 with its copy button."""
    good = [_check_words(view, check) for check in view.checks if check["ok"]]
    bad = [_check_words(view, check) for check in view.checks if not check["ok"]]
    with st.container(border=True, key="checks"):
        left, right = st.columns([3, 2])
        with left:
            st.caption(_("Checks"))
            for sentence in good:  # lines, for a badge cuts off what a phone has no room for
                st.markdown(f":green[:material/check_circle:] {plain(sentence)}")
            for sentence in bad:
                st.text(f"▲ {sentence}")
            for note in view.notes:
                st.text(f"ⓘ {_note_words(note, view.clock_skew_seconds)}")
            if tells_more(view.vendor_status):
                st.caption(_("LoyaltyDog's own word for its state: {word}").format(word=plain(view.vendor_status)))
        with right:
            st.caption(_("SHA-256 of the original"))
            st.code(view.sha256, language=None, wrap_lines=True)
            if view.vendor_request_id:
                request_id(view.vendor_request_id)


def _check_words(view: ExportView, check: dict[str, Any]) -> str:
    if check["key"] == "content" and view.table_count is not None and view.row_count is not None:
        tables = plural("{n} table", "{n} tables", view.table_count)
        return f"{tables}, {plural('{n} row', '{n} rows', view.row_count)}."
    where, colon, rest = str(check["sentence"]).partition(": ")
    if check["key"] == "finding" and colon:
        return f"{sentence(where)}: {sentence(rest)}"
    return sentence(check["sentence"])


def _note_words(note: str, skew_seconds: float | None) -> str:
    """The sentence for what was odd in LoyaltyDog's answer; a clock that differs is told with by how much."""
    if note == "clock_skewed" and skew_seconds:
        words = (
            _("LoyaltyDog's clock is {span} ahead of ours.")
            if skew_seconds > 0
            else _("LoyaltyDog's clock is {span} behind ours.")
        )
        return words.format(span=span(abs(skew_seconds))) + " " + _("The expiry shown is by our clock.")
    return sentence(EXPORT_NOTES.get(note, note))


def draw_actions(portal: Portal, user: User, view: ExportView) -> None:
    """Download original, Download spreadsheet, Ask again, Destroy file."""
    if not allows(user.role, Permission.EXPORT_OPEN):
        return
    with st.container(horizontal=True, key="actions"):
        if view.can_open:
            fresh = proof_is_fresh(portal, user)  # else the form below asks for a proof first
            st.link_button(
                _("Download original"), places.file_address(view.id), type="primary" if fresh else "secondary",
                icon=":material/download:",
                help=_("The very bytes LoyaltyDog sent."),
            )  # fmt: skip
            _spreadsheet(view)
        may_repeat = allows(user.role, Permission.EXPORT_CREATE) and view.state is not State.ATTENTION
        if may_repeat and st.button(
            _("Ask again"), icon=":material/refresh:", help=_("A new export with the same filters.")
        ):
            ask_again(portal, user, view.id)
        if allows(user.role, Permission.EXPORT_DESTROY) and st.button(
            _("Destroy file"), icon=":material/delete_forever:"
        ):
            _confirm_destroy(portal, user, view.id)


def _spreadsheet(view: ExportView) -> None:
    """What a spreadsheet program opens: a CSV, and for several tables a workbook with a sheet a table."""
    st.link_button(
        _("Download spreadsheet"), places.file_address(view.id, "csv"), icon=":material/table:",
        help=_("A CSV made from the original, safe to open in a spreadsheet program."),
    )  # fmt: skip
    if (view.table_count or 0) > 1:
        st.link_button(
            _("Download workbook"), places.file_address(view.id, "xlsx"), icon=":material/table_chart:",
            help=_("An XLSX made from the original: a sheet a table, every cell as text."),
        )  # fmt: skip


def _confirm_destroy(portal: Portal, user: User, export_id: str) -> None:
    ask = st.dialog(_("Destroy this file?"), icon=":material/delete_forever:")(_destroy_or_keep)
    ask(portal, user, export_id)


def _destroy_or_keep(portal: Portal, user: User, export_id: str) -> None:
    st.markdown(_("The sealed file and its key are destroyed here for good. The facts stay in Past exports."))

    def destroy() -> None:
        try:
            portal.exports.destroy(user, export_id)
        except PortalError as error:
            st.session_state["_destroy_problem"] = error
        st.session_state.pop("_preview", None)

    if st.button(_("Destroy file"), type="primary", key="destroy_now", on_click=destroy):
        problem = st.session_state.pop("_destroy_problem", None)
        if problem is not None:
            show_problem(problem)
        else:
            st.rerun()
    if st.button(_("Keep it"), key="destroy_keep"):
        st.rerun()
