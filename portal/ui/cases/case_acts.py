"""The acts under More: each asks first, shows the letter that it needs, and says what it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

import streamlit as st

from portal.cases.clock.regimes import PauseKind
from portal.cases.facts import ClosingReason, DemandOutcome, FactKind, Right
from portal.cases.services.file import ASKED
from portal.cases.services.views import CaseView, ShownFact
from portal.cases.states import OPEN_STATES
from portal.composition import Portal
from portal.identity import Permission, User, allows
from portal.language import LANGUAGES
from portal.letters.words import LetterKind
from portal.ui.cases.case_history import fact_said
from portal.ui.cases.case_words import CLOSING_WORDS, PAUSE_WORDS, RIGHT_WORDS
from portal.ui.cases.letter_draft import (
    answer_language_field,
    draw_letter,
    draw_sending,
    more_time_fields,
    refusal_field,
)
from portal.ui.common.acting import act_and_tell, open_dialog
from portal.ui.common.danger import Danger, ask_first
from portal.ui.common.words import _, later, plain

CHOOSABLE_ENDS: Final = (ClosingReason.ELSEWHERE, ClosingReason.TAKEN_BACK, ClosingReason.NO_REQUEST)
EVERYBODY: Final = ""


class CaseAct(StrEnum):
    """What stands under More."""

    ACKNOWLEDGE = "acknowledge"
    ASK_PERSON = "ask_person"
    MORE_TIME = "more_time"
    REFUSE = "refuse"
    NOT_IDENTIFIED = "not_identified"
    LANGUAGE = "language"
    HAND_OVER = "hand_over"
    CLOSE = "close"


ACT_WORDS: Mapping[CaseAct, str] = {
    CaseAct.ACKNOWLEDGE: later("Confirm receipt"),
    CaseAct.ASK_PERSON: later("Ask the person"),
    CaseAct.MORE_TIME: later("More time"),
    CaseAct.REFUSE: later("Refuse"),
    CaseAct.NOT_IDENTIFIED: later("Not identified"),
    CaseAct.LANGUAGE: later("Language of the answer"),
    CaseAct.HAND_OVER: later("Hand over"),
    CaseAct.CLOSE: later("Close"),
}


def draw_more(portal: Portal, user: User, view: CaseView) -> None:
    """One menu; what cannot be done as the case stands is not in it."""
    offered = acts_offered(view, decides=allows(user.role, Permission.CASE_DECIDE))
    if not offered:
        return
    act = st.menu_button(
        _("More"), offered, icon=":material/more_horiz:", key="case_more", format_func=lambda act: _(ACT_WORDS[act])
    )
    if act is not None:
        letter = act in (CaseAct.ACKNOWLEDGE, CaseAct.MORE_TIME, CaseAct.REFUSE, CaseAct.NOT_IDENTIFIED)
        width = "medium" if letter else "small"
        open_dialog(_(ACT_WORDS[act]), DIALOGS[act], portal, user, view, width=width)


def acts_offered(view: CaseView, *, decides: bool) -> list[CaseAct]:
    """What can be done as the case stands, by a role that may record at all; `decides`: a manager."""
    may, is_open = view.may, view.row.state in OPEN_STATES
    offered = {
        CaseAct.ACKNOWLEDGE: is_open and FactKind.ACKNOWLEDGED in may,
        CaseAct.ASK_PERSON: FactKind.IDENTITY_ASKED in may,
        CaseAct.MORE_TIME: view.more_time,
        CaseAct.REFUSE: decides and FactKind.REFUSED in may,
        CaseAct.NOT_IDENTIFIED: decides and FactKind.NOT_IDENTIFIED in may,
        CaseAct.LANGUAGE: is_open and bool(may),
        CaseAct.HAND_OVER: FactKind.HANDED_OVER in may,
        CaseAct.CLOSE: FactKind.CLOSED in may,
    }
    return [act for act, there in offered.items() if there]


def _acknowledge(portal: Portal, user: User, view: CaseView) -> None:
    words = draw_letter(portal, user, view.row.id, LetterKind.ACKNOWLEDGEMENT)
    if words is not None and (went := draw_sending(portal, user, view.row.id, words, "acknowledge")):
        act_and_tell(
            lambda: portal.case_file.acknowledge(user, view.row.id, words.text, mail_to=went.mail_to),
            _("Recorded: receipt was confirmed."),
        )


def _more_time(portal: Portal, user: User, view: CaseView) -> None:
    clock = view.clock
    reason, until = more_time_fields(clock.target_on, clock.received_on, clock.extended_target_on)
    words = draw_letter(portal, user, view.row.id, LetterKind.MORE_TIME, reason=reason, until=until)
    if words is None or reason is None:
        return
    if went := draw_sending(portal, user, view.row.id, words, "more_time"):
        act_and_tell(
            lambda: portal.case_file.extend(user, view.row.id, reason, words.text, until=until, mail_to=went.mail_to),
            _("Recorded: more time was announced."),
        )


def _refuse(portal: Portal, user: User, view: CaseView) -> None:
    right = _about(view)
    reason = refusal_field()
    words = draw_letter(portal, user, view.row.id, LetterKind.REFUSAL, reason=reason, right=right)
    if words is None or reason is None:
        return
    if went := draw_sending(portal, user, view.row.id, words, "refuse", danger=True):
        act_and_tell(
            lambda: portal.case_file.refuse(user, view.row.id, reason, words.text, right=right, mail_to=went.mail_to),
            _("Recorded: the request was refused."),
        )


def _about(view: CaseView) -> Right | None:
    """Which demand it is about, where the person asks for several; None is all of them."""
    asked = [one.right for one in view.demands if one.outcome is DemandOutcome.OPEN]
    if len(view.demands) < 2 or view.row.state not in OPEN_STATES:
        return None
    return st.selectbox(
        _("What is it about?"), [None, *asked], key="case_about",
        format_func=lambda right: _(RIGHT_WORDS[right]) if right else _("Everything they ask for"),
    )  # fmt: skip


def _not_identified(portal: Portal, user: User, view: CaseView) -> None:
    st.caption(_("Ends the case. A proof of identity opens it again."))
    words = draw_letter(portal, user, view.row.id, LetterKind.NOT_IDENTIFIED)
    if words is not None and (went := draw_sending(portal, user, view.row.id, words, "not_identified", danger=True)):
        act_and_tell(
            lambda: portal.case_file.close_not_identified(user, view.row.id, words.text, mail_to=went.mail_to),
            _("Recorded: the person was told that they could not be identified."),
        )


def _ask_person(portal: Portal, user: User, view: CaseView) -> None:
    kinds = [kind for kind in PauseKind if ASKED[kind] not in view.waiting]
    what = st.radio(_("What were they asked for?"), kinds, key="case_pause", format_func=lambda k: _(PAUSE_WORDS[k]))
    st.caption(_("Whether the clock stands still is the law's to say: see “Why this day?” afterwards."))
    if what is not None and st.button(_("They were asked: record it"), type="primary", key="case_pause_now"):
        act_and_tell(lambda: portal.case_file.pause(user, view.row.id, what), _("Recorded: the person was asked."))


def _language(portal: Portal, user: User, view: CaseView) -> None:
    st.caption(_("Letters, the package and the words in copies are written in it. Data stay as they are."))
    chosen = answer_language_field(portal, user, view.language, key="case_language_now")
    if st.button(_("Use this language"), type="primary", key="case_language_save"):
        act_and_tell(
            lambda: portal.answer_languages.choose(user, view.row.id, chosen),
            _("The answer will be in {language}.").format(language=LANGUAGES[chosen]),
        )


def _hand_over(portal: Portal, user: User, view: CaseView) -> None:
    names = {one.account_id: one.name for one in portal.case_register.colleagues(user)}
    to = st.selectbox(
        _("To whom?"), [*names, EVERYBODY], key="case_to",
        format_func=lambda account: names.get(account) or _("Back to everybody"),
    )  # fmt: skip
    st.caption(_("The next person sees where the case stands and what is open; it shows no contents."))
    if st.button(_("Hand over now"), type="primary", key="case_hand_over_now"):
        act_and_tell(lambda: portal.case_file.hand_over(user, view.row.id, to), _("Handed over."))


def _close(portal: Portal, user: User, view: CaseView) -> None:
    right = _about(view)
    reasons = CHOOSABLE_ENDS if view.row.state in OPEN_STATES else (ClosingReason.DONE,)
    reason = st.radio(_("Reason"), reasons, key="case_closing", format_func=lambda r: _(CLOSING_WORDS[r]))
    st.caption(_("Nothing is deleted. The case can be found under Ended."))
    label = _("Close the case") if right is None else _("Record")
    if st.button(label, type="primary", key="danger_case_close_now"):
        said = _("The case is closed.") if right is None else _("Recorded.")
        act_and_tell(lambda: portal.case_file.close(user, view.row.id, reason, right=right), said)


DIALOGS: Mapping[CaseAct, Callable[[Portal, User, CaseView], None]] = {
    CaseAct.ACKNOWLEDGE: _acknowledge,
    CaseAct.ASK_PERSON: _ask_person,
    CaseAct.MORE_TIME: _more_time,
    CaseAct.REFUSE: _refuse,
    CaseAct.NOT_IDENTIFIED: _not_identified,
    CaseAct.LANGUAGE: _language,
    CaseAct.HAND_OVER: _hand_over,
    CaseAct.CLOSE: _close,
}


def mark_done(portal: Portal, user: User, view: CaseView, right: Right) -> None:
    """Asks before one demand is recorded as carried out."""
    asked = Danger(
        "case_demand_done",
        _("Was it done?"),
        (_(RIGHT_WORDS[right]),),
        _("Say so once it was carried out and the person was told."),
        _("It was done"),
    )
    ask_first(
        asked,
        lambda: act_and_tell(
            lambda: portal.case_file.close(user, view.row.id, ClosingReason.DONE, right=right), plain(_("Recorded."))
        ),
    )  # fmt: skip


def take_back(portal: Portal, user: User, view: CaseView) -> Callable[[ShownFact], None] | None:
    """Asks before a fact is taken back; None for those who record nothing."""
    if not view.may:
        return None

    def question(fact: ShownFact) -> None:
        danger = Danger(
            "case_take_back",
            _("Take this back?"),
            (fact_said(fact),),
            _("It stays in the list, and counts no longer."),
            _("Take it back"),
        )
        ask_first(
            danger,
            lambda: act_and_tell(
                lambda: portal.case_file.take_back(user, view.row.id, fact.number), plain(_("Taken back."))
            ),
        )  # fmt: skip

    return question
