"""Customers asked for in this shift: masked on the screen, kept in this session's memory only, gone with it."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from pydantic import SecretStr

from portal.cases.services.people import masked_subject
from portal.exports import ExportRequest
from portal.ui.common.words import _, plain

RECENT = "_recent_customers"
MOST = 5


@dataclass(frozen=True)
class Recent:
    """`kind` is ``email`` or ``customer_id``."""

    kind: str
    subject: SecretStr


def remember(request: ExportRequest) -> None:
    """The newest first, each once."""
    one = Recent("email" if request.email else "customer_id", SecretStr(request.subject))
    kept: list[Recent] = st.session_state.get(RECENT, [])
    st.session_state[RECENT] = [one, *(other for other in kept if other != one)][:MOST]


def recent_customers() -> None:
    """A row of names; one click fills the customer's field."""
    kept: list[Recent] = st.session_state.get(RECENT, [])
    if not kept:
        return
    st.caption(_("Recent customers, until you sign out"))
    with st.container(horizontal=True, gap="small", key="recent"):
        for place, one in enumerate(kept):
            masked = plain(masked_subject(one.kind, one.subject.get_secret_value()))
            st.button(masked, key=f"recent-{place}", on_click=_fill, args=(one,), icon=":material/person:")


def _fill(one: Recent) -> None:
    by_email = one.kind == "email"
    st.session_state["find_by"] = "Email" if by_email else "Customer ID"
    st.session_state["customer_email" if by_email else "customer_id"] = one.subject.get_secret_value()
    st.session_state.pop("_problems", None)
