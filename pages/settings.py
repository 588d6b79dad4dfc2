"""Settings: the connection to LoyaltyDog, allowed download hosts, retention, time zone, pace."""

from __future__ import annotations

from zoneinfo import available_timezones

import streamlit as st

from portal.errors import InputError, InputErrors, PortalError
from portal.exports.connecting import MerchantSettings
from portal.loyaltydog import LoyaltyDogError
from portal.runtime import get_portal
from portal.ui.problems import field_problem, show_problem
from portal.ui.session import the_user
from portal.ui.words import _, plural

RIGHT_ADDRESS = "https://api.loyalty.dog"
portal = get_portal()
user = the_user()


def problem_at(field: str) -> None:
    problems: list[InputError] = st.session_state.get("_settings_problems", [])
    for problem in problems:
        if problem.field == field:
            field_problem(problem.message)


def form(now: MerchantSettings) -> None:
    zones = ["", *sorted(available_timezones())]
    with st.form("settings"):
        st.subheader(_("Connection to LoyaltyDog"))
        url = st.text_input(_("Base URL"), value=now.api_url, placeholder=RIGHT_ADDRESS, autocomplete="off")
        problem_at("api_url")
        token = st.text_input(
            _("Token"),
            type="password",
            autocomplete="off",
            placeholder=_("Saved; enter a new one to replace it") if now.token_saved else _("Not saved yet"),
            help=_("Written, never shown. Sealed with the portal's key and sent to this address only."),
        )
        problem_at("token")
        hosts = st.text_area(
            _("Allowed download hosts"),
            value="\n".join(now.download_hosts),
            height=90,
            help=_("One a line, besides the API's own: host or host:port. Files come from nowhere else."),
        )
        problem_at("download_hosts")
        st.subheader(_("Files and time"))
        one, two, three = st.columns(3)
        days = one.number_input(_("Retention days"), 1, 30, now.retention_days, help=_("Then the file is destroyed."))
        zone = two.selectbox(
            _("Time zone"),
            zones,
            index=zones.index(now.time_zone) if now.time_zone in zones else 0,
            format_func=lambda z: z or _("The reader's own"),
        )
        pace = three.number_input(
            _("Requests per minute"), 0, 1800, now.requests_per_minute or 0, help=_("0: LoyaltyDog's own limit.")
        )
        problem_at("retention_days")
        problem_at("time_zone")
        problem_at("requests_per_minute")
        if not st.form_submit_button(_("Save"), type="primary", icon=":material/save:"):
            return
    try:
        portal.exports.save_settings(
            user,
            api_url=url,
            token=token,
            download_hosts=hosts,
            retention_days=int(days),
            time_zone=zone or "",
            requests_per_minute=int(pace) or None,
        )
    except InputErrors as wrong:
        st.session_state["_settings_problems"] = wrong.problems
        st.rerun()
    except PortalError as error:
        show_problem(error)
    else:
        st.session_state.pop("_settings_problems", None)
        st.session_state.pop("_programs", None)
        st.session_state["_settings_saved"] = True
        st.rerun()


def connection_test() -> None:
    if not st.button(_("Test connection"), icon=":material/cable:"):
        return
    try:
        with st.spinner(_("Asking LoyaltyDog …")):
            report = portal.exports.test_connection(user)
    except (PortalError, LoyaltyDogError) as error:
        show_problem(error)
        return
    st.success(_("LoyaltyDog answers. The token belongs to:"), icon=":material/check_circle:")
    st.text(report.who)
    st.text(plural("{n} program in sight:", "{n} programs in sight:", len(report.programs)))
    st.text("\n".join(report.programs))


st.title(_("Settings"))
st.caption(_("How the portal reaches LoyaltyDog for your merchant, and how long files stay."))
now = portal.exports.merchant_settings(user)
if st.session_state.pop("_settings_saved", False):
    st.success(_("Saved."), icon=":material/check_circle:")
if now.from_environment:
    st.info(
        _("Set where the portal runs: {names}. An address set there stands above the one here.").format(
            names=", ".join(f"`{name}`" for name in now.from_environment)
        )
    )
form(now)
connection_test()
