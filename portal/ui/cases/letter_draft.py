"""The letter that an act on a case needs: its draft on the screen, the fields that its words depend on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import streamlit as st

from portal.cases.facts import ExtensionReason, RefusalReason
from portal.cases.letters import LETTER_MAX
from portal.cases.services.letter_post import MailTo
from portal.composition import Portal
from portal.errors import PortalError
from portal.identity import User
from portal.language import LANGUAGES
from portal.letters.drafts import Letter
from portal.letters.nothing_held import NothingLetter
from portal.letters.words import LetterKind, letter_language
from portal.ui.cases.case_words import EXTENSION_WORDS, REFUSAL_WORDS
from portal.ui.common.file_link import text_link
from portal.ui.common.problems import show_problem
from portal.ui.common.words import _, date_field, language, plain


@dataclass(frozen=True)
class Words:
    """A letter as it stands on the screen."""

    text: str
    language: str


@dataclass(frozen=True)
class Went:
    """How a letter goes out: by mail, or another way that is only recorded."""

    mail_to: MailTo | None


def answer_language_field(portal: Portal, user: User, now: str, *, key: str) -> str:
    """In which language the person is answered: at first the case's own, else that of the merchant's letters."""
    first = letter_language(now, portal.letter_profiles.in_force(user).language)
    if key not in st.session_state:
        st.session_state[key] = first
    chosen = st.selectbox(
        _("Language of the answer"), list(LANGUAGES), key=key, format_func=LANGUAGES.__getitem__
    )  # fmt: skip
    return chosen or first


def draw_letter(portal: Portal, user: User, case_id: str, kind: LetterKind, **given: Any) -> Words | None:
    """The letter as it is drafted; the words can be changed, and are copied from here. None with a problem shown."""
    try:
        letter = portal.case_letters.draft(user, case_id, kind, language=language(), **given)
    except PortalError as error:
        show_problem(error)
        return None
    return Words(draw_words(letter, str(kind)), letter.language)


def draw_nothing_letter(portal: Portal, user: User, case_id: str) -> str | None:
    """The letter that nothing is held, likewise."""
    try:
        letter = portal.nothing_held.draft(user, case_id, language=language())
    except PortalError as error:
        show_problem(error)
        return None
    return draw_words(letter, "nothing_held")


def draw_words(letter: Letter | NothingLetter, key: str) -> str:
    """A draft that can be changed, copied and saved. Gives the words as they stand."""
    text: str = letter.text
    if st.toggle(_("Change the words"), key=f"case_letter_edit_{key}"):
        text = st.text_area(
            _("Letter"), value=letter.text, height=320, max_chars=LETTER_MAX, key=f"case_letter_{letter.sha256[:16]}"
        )  # fmt: skip
    else:
        st.code(text, language=None, wrap_lines=True)
    text_link(
        _("Save the letter"), text, file_name=letter.file_name, media="text/plain", icon="save", key=f"letter-{key}"
    )
    st.caption(_("You can also copy it into your own mail or print it."))
    return text


def more_time_fields(
    target_on: dt.date, received_on: dt.date, latest: dt.date | None
) -> tuple[ExtensionReason | None, dt.date | None]:
    """Why more time is needed and up to which day. Without a latest day, twice the first period is proposed."""
    reason = st.selectbox(
        _("Reason"), list(ExtensionReason), key="case_extension", format_func=lambda r: _(EXTENSION_WORDS[r])
    )
    until = st.date_input(
        _("New last day"), value=latest or target_on + (target_on - received_on), max_value=latest,
        min_value=target_on + dt.timedelta(days=1), format=date_field(), key="case_until",
    )  # fmt: skip
    st.caption(_("More time can be told once, with its reason, before the first period ends."))
    return reason, until


def refusal_field() -> RefusalReason | None:
    return st.selectbox(_("Reason"), list(RefusalReason), key="case_refusal", format_func=lambda r: _(REFUSAL_WORDS[r]))


def draw_sending(
    portal: Portal, user: User, case_id: str, words: Words, key: str, *, danger: bool = False
) -> Went | None:
    """By mail to an address of the case where there is one, or recorded as sent another way; None until one is
    pressed."""
    addresses = {one.identifier_id: one.masked for one in portal.case_mails.addresses(user, case_id)}
    if not addresses:
        return Went(None) if it_was_sent(key, danger=danger) else None
    to = next(iter(addresses))
    if len(addresses) > 1:
        to = st.selectbox(_("Send it to"), list(addresses), key=f"case_{key}_to", format_func=addresses.__getitem__)
    name = f"danger_case_{key}_mail" if danger else f"case_{key}_mail"
    label = plain(_("Send by mail to {address}").format(address=addresses[to]))
    with st.container(horizontal=True):
        if st.button(label, type="primary", key=name, icon=":material/outgoing_mail:"):
            return Went(MailTo(to, words.language))
        if st.button(_("It was sent another way: record it"), key=f"case_{key}_now"):
            return Went(None)
    return None


def it_was_sent(key: str, *, danger: bool = False) -> bool:
    name = f"danger_case_{key}_now" if danger else f"case_{key}_now"
    return st.button(_("It was sent: record it"), type="primary", key=name, icon=":material/outgoing_mail:")
