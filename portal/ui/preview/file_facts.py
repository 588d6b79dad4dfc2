"""The facts row of an export, its checks, and what may be done with its file."""

from __future__ import annotations

import datetime as dt
from typing import Any

import streamlit as st

from portal.composition import Portal
from portal.errors import PortalError
from portal.exports import ExportView, State
from portal.exports.core.download import FileKind
from portal.identity import Permission, User, allows
from portal.loyaltydog import EXPORT_NOTES
from portal.ui.account.step_up import proof_is_fresh
from portal.ui.common import navigation
from portal.ui.common.badges import draw_badge
from portal.ui.common.danger import Danger, ask_first, danger_button
from portal.ui.common.file_link import file_link
from portal.ui.common.notices import add_notice
from portal.ui.common.problems import request_id, show_problem
from portal.ui.common.refresh_throttle import skip_refresh_for
from portal.ui.common.times import ago, expires_in, reader_zone, size, span, when, when_exact
from portal.ui.common.words import _, day, number, plain, plural, sentence
from portal.ui.preview.outcome import is_notable_status, reorder_export

DAY_SECONDS = 24 * 3600
MINUTE_SECONDS = 60.0
NOT_SENT = " It may not be sent."  # ended a check's sentence in earlier versions; a manager may have decided since


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
            _ago(view.requested_at)
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
            st.session_state[key] = portal.history.reveal(user, view.id)
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


@st.fragment(run_every=MINUTE_SECONDS)
def _ago(time: dt.datetime) -> None:
    st.text(ago(time))


@st.fragment(run_every=5)
def _expiry(export_id: str, expires_at: dt.datetime | None) -> None:
    """Updates its countdown by a timer."""
    if expires_at is None:
        st.text("–")
        return
    zone = reader_zone()
    left = (expires_at - dt.datetime.now(dt.UTC)).total_seconds()
    skip_refresh_for(min(MINUTE_SECONDS, abs(left) - MINUTE_SECONDS))  # minutes are shown, seconds in the last one
    st.text(expires_in(left), help=when_exact(expires_at, zone))
    if left <= 0:
        st.badge(_("Link expired"), icon=":material/history:", color="gray")
    elif left < DAY_SECONDS:
        st.badge(_("Expires soon"), icon=":material/timer:", color="orange")
    else:
        st.text(when(expires_at, zone))


def draw_checks(view: ExportView, *, overruled: bool = False) -> None:
    """The checks with ticks, then what does not hold, line by line; the SHA-256 with its copy button.

    `overruled`: a person has decided that the file may be sent all the same.
    """
    good = [_check_words(view, check) for check in view.checks if check["ok"]]
    bad = [_check_words(view, check) for check in view.checks if not check["ok"]]
    with st.container(border=True, key="checks"):
        left, right = st.columns([3, 2])
        with left:
            st.caption(_("Checks"))
            for sentence in good:  # lines, for a badge cuts off what a phone has no room for
                st.markdown(f":green[:material/check_circle:] {plain(sentence)}")
            for sentence in bad:
                st.text(_("◇ Overruled: {check}").format(check=sentence) if overruled else f"▲ {sentence}")
            for note in view.notes:
                st.text(f"ⓘ {_note_words(note, view.clock_skew_seconds)}")
            if is_notable_status(view.vendor_status):
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
    return sentence(str(check["sentence"]).removesuffix(NOT_SENT))


def _note_words(note: str, skew_seconds: float | None) -> str:
    """The sentence for a note on LoyaltyDog's response; for a differing clock, with the difference."""
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
            file_link(
                _("Download original"), navigation.file_address(view.id), primary=fresh, icon="download",
                key="original",
                help=_("The very bytes LoyaltyDog sent."),
            )  # fmt: skip
            _spreadsheet(view)
        may_repeat = allows(user.role, Permission.EXPORT_CREATE) and view.state is not State.ATTENTION
        if may_repeat and st.button(
            _("Ask again"), icon=":material/refresh:", help=_("A new export with the same filters.")
        ):
            reorder_export(portal, user, view.id)
        if allows(user.role, Permission.EXPORT_DESTROY) and danger_button(
            _("Destroy file"), key="destroy", icon=":material/delete_forever:"
        ):
            _confirm_destroy(portal, user, view)


def _spreadsheet(view: ExportView) -> None:
    """What a spreadsheet program opens: a CSV, and for several tables a workbook with a sheet a table."""
    file_link(
        _("Download spreadsheet"), navigation.file_address(view.id, FileKind.CSV), icon="table", key="spreadsheet",
        help=_("A CSV made from the original, safe to open in a spreadsheet program."),
    )  # fmt: skip
    if (view.table_count or 0) > 1:
        file_link(
            _("Download workbook"), navigation.file_address(view.id, FileKind.XLSX), icon="table_chart", key="workbook",
            help=_("An XLSX made from the original: a sheet a table, every cell as text."),
        )  # fmt: skip


def _confirm_destroy(portal: Portal, user: User, view: ExportView) -> None:
    def destroy() -> None:
        try:
            portal.retention.destroy(user, view.id)
        except PortalError as error:
            show_problem(error)
            return
        st.session_state.pop("_preview", None)
        add_notice(_("The file was destroyed."))
        st.rerun()

    about = f"{view.customer} · {sentence(view.scope)} · {when(view.requested_at, reader_zone(user.time_zone))}"
    words = _("The sealed file and its key are destroyed here for good. The facts stay in Past exports.")
    ask_first(Danger("destroy", _("Destroy this file?"), [about], words, _("Destroy now")), destroy)
