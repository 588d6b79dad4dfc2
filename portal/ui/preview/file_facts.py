"""The line of facts above a file, and the line of its checks."""

from __future__ import annotations

import datetime as dt
from typing import Any

import streamlit as st

from portal.composition import Portal
from portal.errors import PortalError
from portal.exports import ExportView
from portal.identity import Permission, User, allows
from portal.loyaltydog import EXPORT_NOTES
from portal.ui.common.badges import draw_badge
from portal.ui.common.problems import show_problem
from portal.ui.common.times import span
from portal.ui.common.words import _, plain, plural, sentence
from portal.ui.preview.answers import draw_due
from portal.ui.preview.outcome import is_notable_status

NOT_SENT = " It may not be sent."  # ended a check's sentence in earlier versions; a manager may have decided since


def draw_facts(portal: Portal, user: User, view: ExportView, zone: dt.tzinfo) -> None:
    """One line: whose file, of what, in which state, and until when the answer is due."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="facts"):
        _customer(portal, user, view)
        st.text(f"{sentence(view.scope)} · {view.format.upper()}")
        draw_badge(view)
        if view.reference:
            st.text(view.reference)
        if not view.running:
            st.space("stretch")
            draw_due(portal, user, view, zone)


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


def checks_hold(view: ExportView) -> bool:
    """Is there nothing about this file that unfolds by itself?"""
    return all(check["ok"] for check in view.checks) and not _is_odd(view)


def _is_odd(view: ExportView) -> bool:
    return bool(view.notes) or is_notable_status(view.vendor_status)


def draw_checks(view: ExportView, *, overruled: bool = False) -> None:
    """The checks in one line, which unfolds by itself when one does not hold or LoyaltyDog's answer was odd.

    `overruled`: a person has decided that the file may be sent all the same.
    """
    good = [_check_words(view, check) for check in view.checks if check["ok"]]
    bad = [_check_words(view, check) for check in view.checks if not check["ok"]]
    label, icon = _checks_label(len(good), len(bad), overruled=overruled)
    with st.expander(label, icon=icon, expanded=(bool(bad) and not overruled) or _is_odd(view), key="checks"):
        for sentence in good:  # lines, for a badge cuts off what a phone has no room for
            st.markdown(f":green[:material/check_circle:] {plain(sentence)}")
        for sentence in bad:
            st.text(_("◇ Overruled: {check}").format(check=sentence) if overruled else f"▲ {sentence}")
        for note in view.notes:
            st.text(f"ⓘ {_note_words(note, view.clock_skew_seconds)}")
        if is_notable_status(view.vendor_status):
            st.caption(_("LoyaltyDog's own word for its state: {word}").format(word=plain(view.vendor_status)))


def _checks_label(good: int, bad: int, *, overruled: bool) -> tuple[str, str]:
    if bad and not overruled:
        label = plural("{n} check does not hold", "{n} checks do not hold", bad)
        return label, ":material/warning:"
    if bad:
        return plural("{n} check overruled", "{n} checks overruled", bad), ":material/lock_open:"
    return plural("{n} check holds", "{n} checks hold", good), ":material/check_circle:"


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
