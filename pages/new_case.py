"""New case: one box that takes anything, how it came, what is asked for."""

from __future__ import annotations

import datetime as dt
from typing import Final

import streamlit as st
from pydantic import SecretStr

from portal.cases.facts import Channel, LateEntry, Right
from portal.cases.services.intake import PROMPT_ENTRY_DAYS, TELLS_APART, IdentifierKind, NewCase
from portal.errors import InputError, PortalError
from portal.exports.form.request import earliest_receipt, suggested_email
from portal.identifiers import identifier_key
from portal.runtime import get_portal
from portal.ui.account.session import current_user
from portal.ui.cases.case_before import draw_before_opening
from portal.ui.cases.case_words import CHANNEL_WORDS, IDENTIFIER_WORDS, LATE_WORDS, RIGHT_WORDS
from portal.ui.cases.letter_draft import answer_language_field
from portal.ui.cases.recognising import Recognised, recognise
from portal.ui.common import navigation
from portal.ui.common.notices import add_notice
from portal.ui.common.problems import field_problem, show_problem
from portal.ui.common.times import reader_zone
from portal.ui.common.words import _, date_field
from portal.ui.form.pasted import MOST_CHARACTERS
from portal.ui.form.person_finder import (
    Sitting,
    clues_of,
    dialling_country,
    find_person,
    forget_finder,
    hide_card_numbers,
    sitting_of,
)

CHANNELS: Final = [channel for channel in Channel if channel is not Channel.UNKNOWN]
LATE: Final = [late for late in LateEntry if late is not LateEntry.NOT_ASKED]
FIRST_RIGHTS: Final = (Right.ACCESS, Right.PORTABILITY, Right.ERASURE)
MORE_RIGHTS: Final = tuple(right for right in Right if right not in FIRST_RIGHTS)
PAGE: Final = "new_case"
FIELDS: Final = ("case_pasted", "case_channel", "case_received", "case_late", "case_reference", "case_language",
                 *(f"case_right_{right}" for right in FIRST_RIGHTS), "case_rights")  # fmt: skip

portal = get_portal()
user = current_user()
today = dt.datetime.now(reader_zone(user.time_zone)).date()


def person_fields() -> tuple[list[Recognised], Sitting]:
    """What the person is known by: recognised in what was pasted, each part to be kept or not; and whom it finds."""
    text = st.text_area(
        _("What did you get?"), key="case_pasted", max_chars=MOST_CHARACTERS, height=110,
        placeholder=_("An email, a customer ID, a card's last four digits, a phone number, or the whole message"),
        on_change=hide_card_numbers, args=("case_pasted", PAGE),
    )  # fmt: skip
    found = recognise(text or "", dialling_country(portal, user))
    kept = [one for place, one in enumerate(found) if _keeps(one, place)]
    if text and not found:
        field_problem(_("A name finds nobody by itself. Enter an email, an ID or a number."))
    for one in kept:
        better = suggested_email(one.value) if one.kind is IdentifierKind.EMAIL else None
        if better is not None:
            st.text(_("Did you mean {domain}?").format(domain=better.rpartition("@")[2]))
    nobody_yet = kept and not any(one.kind in TELLS_APART for one in kept)
    if nobody_yet and sitting_of(PAGE).chosen is None:
        st.warning(
            _("The last four digits are many people's. Add a second fact, or find the customer."),
            icon=":material/group:",
        )
    finder = find_person(portal, user, clues_of(kept), page=PAGE)
    problem_at("identifiers")
    return kept, finder


def identifiers(kept: list[Recognised], finder: Sitting) -> list[tuple[IdentifierKind, SecretStr]]:
    """The first names the person and finds their open case: one that is known to be only theirs."""
    typed = [(one.kind, SecretStr(one.value)) for one in sorted(kept, key=lambda one: one.kind not in TELLS_APART)]
    if finder.chosen is None or finder.found is None:
        return typed
    clues = {(clue.kind.value, clue.value): clue for clue in clues_of(kept)}
    only_theirs = [
        (kind, value)
        for kind, value in typed
        if kind in TELLS_APART and finder.found.names_one(clues[kind.value, value.get_secret_value()])
    ]
    return [*only_theirs, *_found(kept, finder), *(one for one in typed if one not in only_theirs)]


def _found(kept: list[Recognised], finder: Sitting) -> list[tuple[IdentifierKind, SecretStr]]:
    """What the look-up added to what was typed."""
    typed = {identifier_key(one.value) for one in kept}
    known = finder.chosen.customer.identifiers if finder.chosen else ()
    return [one for one in known if identifier_key(one[1].get_secret_value()) not in typed]


def _keeps(one: Recognised, place: int) -> bool:
    words = _(IDENTIFIER_WORDS[one.kind])
    shown = f"•••• {one.value[-4:]}" if one.kind in (IdentifierKind.LAST_FOUR, IdentifierKind.CARD_ID) else one.value
    with st.container(horizontal=True, vertical_alignment="center"):
        kept = st.checkbox(words, value=True, key=f"case_keep_{place}_{one.kind}")
        st.text(shown, width="content")
    return kept


def right_fields() -> frozenset[Right]:
    st.markdown(_("**They ask for**"))
    with st.container(horizontal=True):
        st.session_state.setdefault(f"case_right_{Right.ACCESS}", True)
        ticked = {right for right in FIRST_RIGHTS if st.checkbox(_(RIGHT_WORDS[right]), key=f"case_right_{right}")}
    more = st.multiselect(
        _("Something else"), MORE_RIGHTS, key="case_rights", format_func=lambda right: _(RIGHT_WORDS[right]),
        placeholder=_("Correction, objection …"),
    )  # fmt: skip
    problem_at("rights")
    return frozenset({*ticked, *more})


def arrival_fields() -> tuple[Channel, dt.date, LateEntry | None, str, str]:
    one, two = st.columns(2)
    channel = one.selectbox(
        _("How it came"), CHANNELS, key="case_channel", format_func=lambda c: _(CHANNEL_WORDS[c])
    )  # fmt: skip
    st.session_state.setdefault("case_received", today)
    received = two.date_input(
        _("Received on"), min_value=earliest_receipt(today), max_value=today, format=date_field(), key="case_received",
        help=_("The day it reached any of your addresses: the clock starts then."),
    )  # fmt: skip
    problem_at("received_on")
    late = None
    if received is not None and (today - received).days > PROMPT_ENTRY_DAYS:
        late = st.selectbox(
            _("Why is it entered only now?"), LATE, index=None, key="case_late", placeholder=_("Choose a reason"),
            format_func=lambda reason: _(LATE_WORDS[reason]),
        )  # fmt: skip
        problem_at("late_entry")
    left, right = st.columns(2)
    reference = left.text_input(
        _("Reference"), key="case_reference", max_chars=100, help=_("Your ticket number. Optional."), autocomplete="off"
    )
    problem_at("reference")
    with right:
        language = answer_language_field(portal, user, "", key="case_language")
    return channel, received or today, late, reference or "", language


def problem_at(field: str) -> None:
    problem: InputError | None = st.session_state.get("_case_problem")
    if problem is not None and problem.field == field:
        field_problem(problem.message)


def open_case(new: NewCase) -> None:
    st.session_state.pop("_case_problem", None)
    try:
        opened = portal.case_intake.open(user, new)
    except InputError as wrong:
        st.session_state["_case_problem"] = wrong
        st.rerun()
    except PortalError as error:
        show_problem(error)
    else:
        for key in FIELDS:
            st.session_state.pop(key, None)
        forget_finder(PAGE)
        add_notice(
            _("This person's case was open already: noted there as a further message.") if opened.joined
            else _("The case is open.")
        )  # fmt: skip
        navigation.go_to_case(opened.case_id)


st.title(_("New case"))
st.caption(_("One person's request. LoyaltyDog is asked only when you press Find the customer."))
form, _aside = st.columns([3, 2], gap="large")
with form, st.container(key="enter_open_case"):
    person, finder = person_fields()
    rights = right_fields()
    channel, received, late, reference, language = arrival_fields()
    draw_before_opening(portal, user, person, rights)
    if st.button(_("Open the case"), type="primary", icon=":material/create_new_folder:", key="open_case"):
        open_case(
            NewCase(
                identifiers=identifiers(person, finder),
                rights=rights,
                channel=channel,
                received_on=received,
                late_entry=late,
                reference=reference,
                language=language,
                found=_found(person, finder),
                lookups=tuple(finder.looked),
            )
        )
