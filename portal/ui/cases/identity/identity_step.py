"""The step Identity: how the person was recognised. Method and kinds of facts, never a value or document (LAW-5)."""

from __future__ import annotations

import streamlit as st

from portal.cases.facts import FactKind, IdentityMethod, IdentityResult, NotNeeded
from portal.cases.recognition.methods import BY_HAND
from portal.cases.recognition.standing import Missing
from portal.cases.services.views import CaseView
from portal.cases.states import OPEN_STATES, CaseState
from portal.composition import Portal
from portal.identity import User
from portal.recognition.knowledge.service import Asking
from portal.ui.cases.case_words import METHOD_WORDS, NOT_NEEDED_WORDS, RESULT_WORDS
from portal.ui.cases.identity.agent import draw_agent, draw_agent_form
from portal.ui.cases.identity.mail_code import draw_mail_code, why_none
from portal.ui.cases.identity.questions import draw_questions, may_ask
from portal.ui.common.acting import act_and_tell
from portal.ui.common.words import _, day, plain, sentence


def draw_identity(portal: Portal, user: User, view: CaseView, *, leads: bool, again: bool) -> None:
    """`again`: a link is locked, and its new code needs another proof (DLV-5). Else a case that ended asks only where
    it ended because nobody could tell who they are."""
    ended = view.row.state not in OPEN_STATES and view.row.state is not CaseState.CLOSED_NOT_IDENTIFIED
    agent = portal.case_agents.of_case(user, view.row.id)
    done = not again and (view.recognition.settled or ended)
    if done and agent is None:
        return
    st.header(_("Identity"))
    may = FactKind.IDENTITY in view.may
    if agent is not None:
        draw_agent(portal, user, view, agent, may=may)
    if done:
        return
    _draw_missing(view)
    if may:
        _draw_ways(portal, user, view, leads=leads)
        if agent is None or agent.over:
            lacks = any(lack.code is Missing.AUTHORITY for lack in view.recognition.missing)
            draw_agent_form(portal, user, view, opened=lacks)


def _draw_missing(view: CaseView) -> None:
    """What holds so far, and what is asked for beside it."""
    known = view.recognition
    if known.failed:
        st.caption(_("The last look did not settle it."))
        if _not_them(view):
            words = _("What was fetched is destroyed within a day. Tell them in a letter by {day}, under More.")
            st.caption(plain(words.format(day=day(view.clock.target_on))))
    if known.proved:
        with st.container(horizontal=True, vertical_alignment="center"):
            for method in known.proved:
                st.badge(_(METHOD_WORDS[method]), icon=":material/check:", color="green")
    elif _mailbox_proved(view):
        st.caption(
            _("They proved the mailbox that they wrote from. Collect: it settles once a record of LoyaltyDog holds it.")
        )
    else:
        st.caption(_("Say how you know that it is really them. No documents."))
    for lack in known.missing if known.proved else [one for one in known.missing if one.code is not Missing.PROOF]:
        st.caption(plain(f"{sentence(lack.words)} {sentence(lack.next_step)}"))


def _mailbox_proved(view: CaseView) -> bool:
    """By a code typed on the merchant's page for requests."""
    looks = [fact for fact in view.facts if fact.holds and fact.kind is FactKind.IDENTITY]
    return any(fact.codes.get("method") == IdentityMethod.ADDRESS_CODE for fact in looks)


def _not_them(view: CaseView) -> bool:
    looks = [fact for fact in view.facts if fact.holds and fact.kind is FactKind.IDENTITY]
    return bool(looks) and looks[-1].codes.get("result") == IdentityResult.FAILED


def _draw_ways(portal: Portal, user: User, view: CaseView, *, leads: bool) -> None:
    code = portal.identity_codes.state(user, view.row.id)
    portal.case_questions.prepare(user, view.row.id)
    asking = portal.case_questions.state(user, view.row.id)
    mailed = code.addresses and IdentityMethod.EMAIL_CODE not in view.recognition.proved
    asked = [IdentityMethod.QUESTIONS] if may_ask(asking) else []
    ways = [*([IdentityMethod.EMAIL_CODE] if mailed else []), *asked, *BY_HAND]
    open_already = asking.standing is Asking.OPEN
    first = ways.index(IdentityMethod.QUESTIONS) if open_already else (0 if mailed else None)
    method = st.selectbox(
        _("How was the person recognised?"), ways, index=first, key="case_method",
        format_func=lambda m: _(METHOD_WORDS[m]), placeholder=_("Choose a way"),
    )  # fmt: skip
    if why := why_none(code):
        st.caption(plain(why))
    if method is IdentityMethod.EMAIL_CODE:
        draw_mail_code(portal, user, view.row.id, code, leads=leads)
        return
    if method is IdentityMethod.QUESTIONS:
        draw_questions(portal, user, view.row.id, asking, leads=leads)
        return
    if method is None:
        _record_button(leads=leads, ready=False)
        return
    because: NotNeeded | None = None
    result: IdentityResult | None = IdentityResult.PROVED
    if method is IdentityMethod.NOT_NEEDED:
        because = st.selectbox(
            _("Because"), list(NotNeeded), key="case_because", format_func=lambda b: _(NOT_NEEDED_WORDS[b])
        )
    else:
        result = st.radio(
            _("Result"), list(IdentityResult), key="case_result", horizontal=True,
            format_func=lambda r: _(RESULT_WORDS[r]),
        )  # fmt: skip
    if result is not None and _record_button(leads=leads, ready=True):
        act_and_tell(
            lambda: portal.case_file.record_identity(user, view.row.id, method, result, because=because),
            _("Recorded how the person was recognised."),
        )  # fmt: skip


def _record_button(*, leads: bool, ready: bool) -> bool:
    return st.button(
        _("Record identity"), key="case_record_identity", type="primary" if leads else "secondary", disabled=not ready,
        icon=":material/how_to_reg:",
    )  # fmt: skip
