"""A first look round on the practice merchant: a panel on Today that goes when it is closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import streamlit as st

from portal.identity import Permission, User, allows
from portal.practice.invented.situations import SITUATIONS
from portal.ui.common import navigation
from portal.ui.common.words import _, later, number, plain
from portal.ui.form.try_these import fill_form

CLOSED, SEEN = "_tour_closed", "_tour_seen"
ADA = next(situation for situation in SITUATIONS if situation.key == "ordinary")


@dataclass(frozen=True)
class Step:
    """One thing to try; done when its page was seen. Words in English, drawn through `_`."""

    page: str
    title: str
    words: str
    needs: Permission


STEPS: Final = (
    Step("asked", later("Ask"), later("Ask for ada@example.com, an invented customer."), Permission.EXPORT_CREATE),
    Step("preview", later("Look"), later("See the file before anybody sends it."), Permission.EXPORT_OPEN),
    Step("past_exports", later("Find it again"), later("Each export stays in the list."), Permission.EXPORT_LIST),
    Step("audit_trail", later("Read the trail"), later("Who did what, and when."), Permission.AUDIT_READ),
)


def note(page: str) -> None:
    """Remember, for this session, which pages were seen; a preview counts with an export only."""
    if st.session_state.get(CLOSED):
        return
    seen: set[str] = st.session_state.setdefault(SEEN, set())
    if page == "preview":
        if navigation.chosen_export() is not None:
            seen |= {"asked", "preview"}
    else:
        seen.add(page)


def draw_tour(user: User) -> None:
    """The panel, for the practice merchant only, until it is closed."""
    if not user.practice or st.session_state.get(CLOSED):
        return
    steps = [step for step in STEPS if allows(user.role, step.needs)]
    seen: set[str] = st.session_state.get(SEEN, set())
    with st.container(border=True, key="tour"):
        left, right = st.columns([3, 1], vertical_alignment="center")
        left.markdown(_("**New here?** Try it once from end to end. Nothing can break: everyone is invented."))
        right.button(_("Close the tour"), key="close_tour", on_click=_close, type="tertiary", icon=":material/close:")
        widths = [1.7 if step.page == "asked" else 1 for step in steps]  # its button is the widest in every language
        for place, (column, step) in enumerate(zip(st.columns(widths), steps, strict=True), start=1):
            with column:
                _draw(place, step, done=step.page in seen)


def _close() -> None:
    st.session_state[CLOSED] = True


def _draw(place: int, step: Step, *, done: bool) -> None:
    title = f"**{number(place)}. {_(step.title)}**"
    st.markdown(f":green[:material/check_circle:] {title} · " + _("done") if done else title)
    st.caption(plain(_(step.words)))
    if step.page == "asked":
        if st.button(_("Fill the form for Ada"), key="tour_ask", icon=":material/edit:"):
            fill_form(ADA)
            st.switch_page(navigation.NEW_EXPORT)
    elif step.page == "past_exports":
        st.page_link(navigation.PAST_EXPORTS, label=_("Past exports"), icon=":material/history:")
    elif step.page == "audit_trail":
        st.page_link(navigation.AUDIT_TRAIL, label=_("Audit trail"), icon=":material/policy:")
