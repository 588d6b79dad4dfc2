"""Who acts for the person: the authority that was seen, and the form that records it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import partial

import streamlit as st

from portal.cases.recognition.agents import AgentKind, AgentScope, AuthorityKind
from portal.cases.services.views import CaseView
from portal.composition import Portal
from portal.identity import User
from portal.recognition.agents import AgentView
from portal.ui.common.acting import act_and_tell
from portal.ui.common.words import _, day, later

KIND_WORDS: Mapping[AgentKind, str] = {
    AgentKind.LAWYER: later("Lawyer"),
    AgentKind.RELATIVE: later("Relative"),
    AgentKind.GUARDIAN: later("Parent or guardian"),
    AgentKind.PLATFORM: later("Privacy service"),
    AgentKind.POWER_OF_ATTORNEY: later("Holder of a power of attorney"),
    AgentKind.HEIR: later("Heir"),
}
AUTHORITY_WORDS: Mapping[AuthorityKind, str] = {
    AuthorityKind.SIGNED_PERMISSION: later("Signed permission"),
    AuthorityKind.POWER_OF_ATTORNEY: later("Power of attorney"),
    AuthorityKind.COURT_DECISION: later("Decision of a court"),
    AuthorityKind.FAMILY_DOCUMENT: later("Family document"),
    AuthorityKind.INHERITANCE: later("Certificate of inheritance"),
}
SCOPE_WORDS: Mapping[AgentScope, str] = {
    AgentScope.ASK: later("May ask; the answer goes to the person"),
    AgentScope.RECEIVE: later("May ask and have the answer"),
}


def draw_agent(portal: Portal, user: User, view: CaseView, agent: AgentView, *, may: bool) -> None:
    """Who acts now."""
    parts = [_(KIND_WORDS[agent.kind]), _(AUTHORITY_WORDS[agent.authority])]
    if agent.authority_on is not None:
        parts[-1] += f" ({day(agent.authority_on)})"
    parts.append(_(SCOPE_WORDS[agent.scope]))
    if agent.valid_until is not None:
        parts.append(_("until {day}").format(day=day(agent.valid_until)))
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="case_agent"):
        st.text(" · ".join(parts), width="stretch")
        st.text(_("Seen by {name}").format(name=agent.by), width="content")
        if may and st.button(_("It has ended"), key="case_agent_end", icon=":material/person_off:"):
            act_and_tell(partial(portal.case_agents.end, user, view.row.id), _("The person speaks for themselves."))


def draw_agent_form(portal: Portal, user: User, view: CaseView, *, opened: bool) -> None:
    with (
        st.expander(_("Somebody acts for them"), expanded=opened, icon=":material/supervisor_account:"),
        st.form("case_agent_form", border=False),
    ):
        kind = st.selectbox(
            _("Who acts"), list(AgentKind), index=None, key="agent_kind", placeholder=_("Choose"),
            format_func=lambda k: _(KIND_WORDS[k]),
        )  # fmt: skip
        authority = st.selectbox(
            _("What you have seen"), list(AuthorityKind), index=None, key="agent_authority", placeholder=_("Choose"),
            format_func=lambda a: _(AUTHORITY_WORDS[a]), help=_("Look at it and give it back: nothing is kept."),
        )  # fmt: skip
        on = st.date_input(_("Of which day"), value=None, max_value=view.today, key="agent_on")
        scope = st.radio(
            _("What it says"), list(AgentScope), key="agent_scope", format_func=lambda s: _(SCOPE_WORDS[s])
        )
        until = st.date_input(_("Holds until (if it says so)"), value=None, min_value=view.today, key="agent_until")
        if st.form_submit_button(_("Record the authority"), icon=":material/how_to_reg:"):
            last = until if isinstance(until, dt.date) else None
            if kind is None or authority is None or scope is None or not isinstance(on, dt.date):
                st.error(_("Say who acts, what you have seen and of which day."))
                return
            act_and_tell(
                partial(
                    portal.case_agents.record, user, view.row.id, kind, authority, scope,
                    authority_on=on, valid_until=last,
                ),
                _("The authority is recorded."),
            )  # fmt: skip
