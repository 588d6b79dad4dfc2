"""The part of Settings that says what is proposed to be left out of a copy, and when two people are needed."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from portal.errors import PortalError
from portal.identity import User
from portal.review.defaults import PROPOSALS, Key
from portal.review.kinds import Attribute, Choice, GroupKind
from portal.review.rules import ShownReviewRules
from portal.runtime import get_portal
from portal.ui.common.notices import add_notice
from portal.ui.common.problems import show_problem
from portal.ui.common.words import _, later

NAMES = frozenset({Attribute.NAME, Attribute.OTHER})
CONTACT = frozenset(Attribute) - NAMES
LINES: Mapping[str, tuple[GroupKind, frozenset[Attribute]]] = {
    later("The name of who gave a card"): (GroupKind.GIVER, NAMES),
    later("How to reach who gave a card"): (GroupKind.GIVER, CONTACT),
    later("The name of who got a card"): (GroupKind.RECIPIENT, NAMES),
    later("How to reach who got a card"): (GroupKind.RECIPIENT, CONTACT),
    later("The other side of a transfer"): (GroupKind.COUNTERPARTY, NAMES | CONTACT),
    later("Other people named in a text"): (GroupKind.IN_TEXT, NAMES | CONTACT),
    later("Personal messages"): (GroupKind.MESSAGE, NAMES | CONTACT),
    later("Who served the customer"): (GroupKind.STAFF, NAMES | CONTACT),
}


def leaving_out(user: User) -> None:
    st.header(_("What copies leave out"))
    st.caption(
        _("Proposed on each preview; a person decides. Card numbers keep their last four, codes are always left out.")
    )
    now = get_portal().review_settings.show(user)
    with st.form("leaving_out"):
        out = {
            words: st.checkbox(_(words), value=_is_out(now, words), key=f"leaving_out_{number}")
            for number, words in enumerate(LINES)
        }
        second = st.checkbox(
            _("A second person approves every copy with something left out"), value=now.second_person,
            key="leaving_out_second",
        )  # fmt: skip
        saved = st.form_submit_button(_("Save what is proposed"), icon=":material/save:")
    if saved:
        _save(user, now, out, second_person=second)


def _is_out(now: ShownReviewRules, words: str) -> bool:
    kind, attributes = LINES[words]
    key = (kind, min(attributes))
    return now.changed.get(key, PROPOSALS[key].choice) is Choice.LEAVE_OUT


def _save(user: User, now: ShownReviewRules, out: Mapping[str, bool], *, second_person: bool) -> None:
    changed: dict[Key, Choice] = dict(now.changed)
    for words, is_out in out.items():
        kind, attributes = LINES[words]
        if is_out != _is_out(now, words):
            changed |= {(kind, one): Choice.LEAVE_OUT if is_out else Choice.KEEP for one in attributes}
    try:
        get_portal().review_settings.save(user, changed=changed, second_person=second_person)
    except PortalError as error:
        show_problem(error)
    else:
        add_notice(_("What copies leave out is saved."))
        st.rerun()
