"""Whose records: what stands beside the person's identifiers, decided line by line. Nothing is drawn without a line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import streamlit as st

from portal.cases.services.people import masked_subject
from portal.composition import Portal
from portal.errors import PortalError
from portal.identity import Permission, User, allows
from portal.people.graph import Mark
from portal.sources.kinds import SourceKind
from portal.sources.whose.codes import TRAITS, Decision, Item, MatchCode
from portal.sources.whose.views import MatchLine, MatchList
from portal.ui.cases.case_sources import KIND_WORDS
from portal.ui.common.notices import add_notice
from portal.ui.common.problems import show_problem
from portal.ui.common.words import _, day, later, plain, plural

SHOWN = "_case_matches_shown"
"""In the session's state: the case whose records are shown in clear, and the values by line."""
MARK_WORDS: Mapping[Mark, str] = {
    Mark.CUSTOMER_ID: later("Customer ID"),
    Mark.EMAIL: later("Email"),
    Mark.PHONE: later("Phone"),
    Mark.CARD_ID: later("Card ID"),
    Mark.LAST_FOUR: later("Card"),
    Mark.NAME: later("Name"),
}
ITEM_WORDS: Mapping[Item, str] = {
    Item.NEW_IDENTIFIER: later("New, and nothing speaks against it."),
    Item.SHARED_RECORD: later("One thing matches and another does not: perhaps somebody who shares it."),
    Item.CARD_NOT_EXPORTED: later("A card of this person's that no export holds."),
    Item.CARD_NOT_FOUND: later("A card that an export holds and the search does not find."),
    Item.NOT_COMPARED: later("Not compared: too large, or too much in it. Look through it yourself."),
    Item.NO_CUSTOMER: later("LoyaltyDog has no gift card customer with this ID."),
}
CODE_WORDS: Mapping[MatchCode, str] = {
    MatchCode.THEIRS: later("It is theirs"),
    MatchCode.NOT_THEIRS: later("Not theirs"),
    MatchCode.PERSON_PROVED: later("The person has proved this one too"),
    MatchCode.NAME_CHANGED: later("The person has changed their name"),
    MatchCode.TYPING_ERROR: later("It was mistyped when it was entered"),
    MatchCode.VENDOR_LACKS_IT: later("Theirs; LoyaltyDog lacks it there"),
    MatchCode.CLOSED_CARD: later("Theirs; the card is closed"),
    MatchCode.LOOKED_THROUGH: later("I looked through it"),
    MatchCode.NO_GIFT_CARDS: later("No gift cards under it"),
}
DECISION_WORDS: Mapping[Decision, str] = {Decision.IN: later("In the answer"), Decision.OUT: later("Left out")}
Clear = Mapping[str, tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]]


def draw_matches(portal: Portal, user: User, case_id: str, found: MatchList) -> None:
    """What is to be decided, then what was."""
    if not found.any:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(_("Whose records"), width="content")
        clear = _shown(portal, user, case_id)
    for line in found.pending:
        _pending(portal, user, case_id, line, clear, may=found.may)
    for line in found.decided:
        _decided(portal, user, case_id, line, clear, may=found.may)
    _rest(found)


def _rest(found: MatchList) -> None:
    """What nobody decides about, said without saying what was found."""
    if found.name_only:
        st.caption(
            plural(
                "{n} record shares only a name or the last digits with this person, and stays out.",
                "{n} records share only a name or the last digits with this person, and stay out.",
                found.name_only,
            )
        )
    if found.alike:
        st.caption(
            plural(
                "{n} record has an email that only looks like theirs, and stays out.",
                "{n} records have an email that only looks like theirs, and stay out.",
                found.alike,
            )
        )


def _shown(portal: Portal, user: User, case_id: str) -> Clear:
    """The values in clear once they were asked for; each look is an entry of the trail."""
    if not allows(user.role, Permission.CASE_WORK):
        return {}
    kept, values = st.session_state.get(SHOWN, ("", {}))
    if kept == case_id:
        if st.button(_("Hide"), key="case_hide_matches", type="tertiary", icon=":material/visibility_off:"):
            st.session_state.pop(SHOWN, None)
            st.rerun()
        return dict(values)
    st.session_state.pop(SHOWN, None)
    if st.button(_("Show"), key="case_show_matches", type="tertiary", icon=":material/visibility:"):
        try:
            found = portal.case_matches.reveal(user, case_id)
        except PortalError as error:
            show_problem(error)
            return {}
        st.session_state[SHOWN] = (case_id, {one.id: (_plain(one.values), _plain(one.beside)) for one in found})
        st.rerun()
    return {}


def _plain(values: Sequence[tuple[Mark, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((mark.value, text) for mark, text in values)


def _pending(portal: Portal, user: User, case_id: str, line: MatchLine, clear: Clear, *, may: bool) -> None:
    with st.container(border=True, key=f"case_match_{line.id}", gap="small"):
        st.text(line_said(line, clear))
        st.caption(plain(" ".join(part for part in (_(ITEM_WORDS[line.item]), told_of(line)) if part)))
        if not may:
            return
        decide = partial(_decide, portal, user, case_id, line)
        reasons = [code for code in line.codes if TRAITS[code].manager]
        reason = _reason(line, reasons) if reasons else None
        with st.container(horizontal=True):
            if reasons and st.button(_("Take in"), key=f"case_match_in_{line.id}", disabled=reason is None) and reason:
                decide(reason)
            for code in line.codes:
                if code not in reasons and st.button(_(CODE_WORDS[code]), key=f"case_match_{code}_{line.id}"):
                    decide(code)
        if line.manager_decides:
            st.caption(_("A manager decides whether it is taken in."))


def _reason(line: MatchLine, reasons: Sequence[MatchCode]) -> MatchCode | None:
    """Why a manager takes in what something contradicts."""
    return st.selectbox(
        _("Take it in because"), reasons, index=None, key=f"case_match_reason_{line.id}",
        format_func=lambda code: _(CODE_WORDS[code]), placeholder=_("Choose a reason"),
    )  # fmt: skip


def _decided(portal: Portal, user: User, case_id: str, line: MatchLine, clear: Clear, *, may: bool) -> None:
    if line.decision is None or line.code is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"case_match_{line.id}"):
        sign = "✓" if line.decision is Decision.IN else "–"
        st.text(f"{sign} {line_said(line, clear)}", width="stretch")
        said = f"{_(CODE_WORDS[line.code])} · {line.decided_by}"
        st.text(
            said if line.item is Item.NOT_COMPARED else f"{_(DECISION_WORDS[line.decision])}: {said}", width="content"
        )
        mine = not TRAITS[line.code].manager or allows(user.role, Permission.CASE_DECIDE)
        if may and mine and st.button(
            _("Undo"), key=f"case_match_undo_{line.number}", type="tertiary", icon=":material/undo:"
        ):  # fmt: skip
            _act(lambda: portal.case_matches.take_back(user, case_id, line.number), _("It is open again."))


def _in_words(decision: Decision, said: str) -> str:
    return f"{_(DECISION_WORDS[decision])}: {said}"


def line_said(line: MatchLine, clear: Clear) -> str:
    """``Phone •••0100, beside Email a•••@example.com``; an answer that was not compared by its source."""
    values, beside = clear.get(line.id, (line.values, line.beside))
    if not values:
        return " · ".join(where_of(line)) or _("An answer")
    words = ", ".join(_value(kind, text) for kind, text in values)
    if line.item is Item.NEW_IDENTIFIER and beside:
        with_it = ", ".join(_value(kind, text) for kind, text in beside)
        words = _("{new}, beside {known}").format(new=words, known=with_it)
    return words


def _value(kind: str, text: str) -> str:
    """Of a card only its last four digits, shown or not: as elsewhere."""
    mark = Mark(kind)
    return f"{_(MARK_WORDS[mark])} {masked_subject(kind, text) if mark is Mark.LAST_FOUR else text}"


def where_of(line: MatchLine) -> list[str]:
    return [" · ".join(part for part in (_(KIND_WORDS[SourceKind(kind)]), name) if part) for kind, name in line.where]


def told_of(line: MatchLine) -> str:
    """Where it stands, and what tells people of one name apart: program, balance, last use."""
    parts = where_of(line)[:3]
    if line.program and line.program not in " ".join(parts):
        parts.append(line.program)
    if line.balance:
        parts.append(_("balance {amount}").format(amount=line.balance))
    if line.used:
        parts.append(_("last used on {day}").format(day=day(dt.datetime.fromisoformat(line.used))))
    if line.count > 1:
        parts.append(plural("{n} record", "{n} records", line.count))
    return ", ".join(parts) + "." if parts else ""


def _decide(portal: Portal, user: User, case_id: str, line: MatchLine, code: MatchCode) -> None:
    _act(lambda: portal.case_matches.decide(user, case_id, line.id, code), _("Decided."))


def _act(act: Callable[[], object], done: str) -> None:
    try:
        act()
    except PortalError as error:
        show_problem(error)
    else:
        st.session_state.pop(SHOWN, None)
        add_notice(done)
        st.rerun(scope="app")
