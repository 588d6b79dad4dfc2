"""The part of Settings that says how the time for an answer is counted: law, calendar, own limit, own days off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

import streamlit as st

from portal.cases.clock.calendar_codes import calendar_code, fitting_codes
from portal.cases.clock.regimes import Regime
from portal.cases.services.clock_settings import HOUSE_LIMIT_DAYS, POST_DAYS, OwnDay, ShownClockSettings
from portal.cases.services.merchant_rules import DayKind
from portal.errors import InputErrors, PortalError
from portal.identity import User
from portal.runtime import get_portal
from portal.ui.common.problems import field_problem, show_problem
from portal.ui.common.times import reader_zone
from portal.ui.common.words import _, country, date_field, day, later, plural
from portal.ui.settings.region_names import REGION_NAMES

LAW_WORDS: Mapping[Regime, str] = {
    Regime.EU: later("European Union and EEA (GDPR)"),
    Regime.UK: later("United Kingdom (UK GDPR)"),
    Regime.CH: later("Switzerland (FADP)"),
    Regime.CALIFORNIA: later("California (CCPA)"),
    Regime.FORTY_FIVE_DAYS: later("Another state of the US with 45 days"),
    Regime.BRAZIL: later("Brazil (LGPD)"),
    Regime.CANADA: later("Canada (PIPEDA)"),
    Regime.QUEBEC: later("Québec (Law 25)"),
}
KIND_WORDS: Mapping[DayKind, str] = {
    DayKind.ADDED: later("{day}: added by {name} on {when}"),
    DayKind.STRUCK: later("{day}: holiday struck by {name} on {when}"),
}
CHANGED = "_clock_changed"
"""In the session's state after a change: how many open cases have other days now."""
WEEKENDS = ""


def answering_in_time(user: User) -> None:
    now = get_portal().clock_settings.show(user)
    st.header(_("Answering in time"))
    st.caption(_("New cases are counted by these rules. A change dates open cases anew; ended ones stay as they are."))
    changed = st.session_state.pop(CHANGED, None)
    if changed is not None:
        said = plural("{n} open case has other days now.", "{n} open cases have other days now.", changed)
        st.success(_("Saved.") + " " + said, icon=":material/check_circle:")
    _rules(user, now)
    _own_days(user, now)


def calendar_words(code: str) -> str:
    """``Germany · Bayern`` for ``DE-BY``."""
    if code == WEEKENDS:
        return _("Saturdays and Sundays alone")
    found = calendar_code(code)
    name = country(found.country)
    return f"{name} · {REGION_NAMES[found.country][found.region]}" if found.region else name


def _rules(user: User, now: ShownClockSettings) -> None:
    laws = list(Regime)
    known = now.profile if now.profile in set(Regime) else None  # others are set on the command line
    law = st.selectbox(
        _("Law"),
        laws,
        index=laws.index(Regime(known)) if known else None,
        format_func=lambda one: _(LAW_WORDS[one]),
        key="clock_law",
    )
    if law is None:
        return
    calendars = [WEEKENDS, *sorted(fitting_codes(law), key=calendar_words)]
    calendar = st.selectbox(
        _("Public holidays"),
        calendars,
        index=calendars.index(now.calendar) if now.calendar in calendars else 0,
        format_func=calendar_words,
        key=f"clock_calendar_{law}",
        help=_("They move the last lawful day only. Who answers by the target is in time whatever the list says."),
    )
    one, two = st.columns(2)
    limit = one.number_input(
        _("Limit of your own in days"),
        0,
        HOUSE_LIMIT_DAYS[-1],
        now.house_limit_days or 0,
        help=_("0: none. It can only make the target earlier."),
        key="clock_limit",
    )
    post = two.number_input(
        _("Days for the post"),
        0,
        POST_DAYS[-1],
        now.post_days,
        help=_("An answer by post is due so many days earlier."),
        key="clock_post",
    )
    if st.button(_("Save the rules"), icon=":material/save:", key="clock_save"):
        _change(
            lambda: get_portal().clock_settings.save(
                user,
                profile=law.value,
                calendar=calendar or WEEKENDS,
                house_limit_days=int(limit) or None,
                post_days=int(post),
            )
        )


def _own_days(user: User, now: ShownClockSettings) -> None:
    settings = get_portal().clock_settings
    with st.expander(_("Days off of your own"), expanded=bool(now.days)):
        st.caption(_("Add a day on which nobody works, or strike a holiday on which you do."))
        chosen = st.date_input(_("Day"), value=None, format=date_field(), key="clock_day")
        with st.container(horizontal=True):
            add = st.button(_("Add as a day off"), icon=":material/add:", key="clock_add")
            strike = st.button(_("Strike the holiday"), icon=":material/remove:", key="clock_strike")
        if add:
            _keep_day(user, chosen, settings.add_day, _("Choose the day on which nobody works."))
        if strike:
            _keep_day(user, chosen, settings.strike_day, _("Choose the holiday on which you do work."))
        if not now.days:
            return
        own = {one.day: one for one in now.days}
        for one in now.days:
            st.text(_said(one, user))
        back = st.selectbox(_("In the list"), list(own), format_func=day, key="clock_back")
        if st.button(_("As in the calendar again"), icon=":material/undo:", key="clock_withdraw"):
            _change(lambda: settings.withdraw_day(user, back))


def _keep_day(user: User, chosen: dt.date | None, keep: Callable[[User, dt.date], int], none_chosen: str) -> None:
    if chosen is None:
        field_problem(none_chosen)
    else:
        _change(lambda: keep(user, chosen))


def _said(one: OwnDay, user: User) -> str:
    when = one.at.astimezone(reader_zone(user.time_zone)).date()
    return _(KIND_WORDS[one.kind]).format(day=day(one.day), name=one.by, when=day(when))


def _change(act: Callable[[], int]) -> None:
    """Make a change and draw the page anew, or say why it was not made."""
    try:
        changed = act()
    except InputErrors as wrong:
        for problem in wrong.problems:
            field_problem(problem.message)
    except PortalError as error:
        show_problem(error)
    else:
        st.session_state[CHANGED] = changed
        st.rerun()
