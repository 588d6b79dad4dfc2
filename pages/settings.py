"""Settings: the connection to LoyaltyDog, download hosts, retention, time zone, pace, clock of cases, other systems,
mails, the page for requests, letters."""

from __future__ import annotations

from zoneinfo import available_timezones

import streamlit as st

from portal.cases.recognition.risk import AMOUNTS
from portal.errors import InputError, InputErrors, PortalError
from portal.loyaltydog import TEST_KEY, LoyaltyDogError, is_test_key
from portal.merchants.connection import MerchantSettings
from portal.runtime import get_portal
from portal.ui.account.session import current_user
from portal.ui.common.problems import field_problem, show_problem
from portal.ui.common.words import _, number, plain, plural
from portal.ui.settings.answering_in_time import answering_in_time
from portal.ui.settings.front_door import front_door
from portal.ui.settings.how_long_kept import how_long_kept
from portal.ui.settings.leaving_out import leaving_out
from portal.ui.settings.letters_say import letters_say
from portal.ui.settings.mails import mails
from portal.ui.settings.other_systems import other_systems

EPOSN_TOKENS = {"merchant_token": "X-Eposn-Merchant-Token", "customer_token": "X-Eposn-Customer-Token"}
RIGHT_ADDRESS = "https://api.loyalty.dog"
portal = get_portal()
user = current_user()


def problem_at(field: str) -> None:
    problems: list[InputError] = st.session_state.get("_settings_problems", [])
    for problem in problems:
        if problem.field == field:
            field_problem(problem.message)


def wrong_at(*fields: str) -> bool:
    return any(p.field in fields for p in st.session_state.get("_settings_problems", []))


def token_field(now: MerchantSettings, name: str, label: str) -> str:
    """A token is entered, never shown; the placeholder says whether one is kept. A saved one leaves the field, since
    the form's eye would show it."""
    typed = st.text_input(
        label,
        key=f"{name}_{st.session_state.get('_settings_round', 0)}",
        type="password",
        autocomplete="off",
        placeholder=_("Saved; enter a new one to replace it") if name in now.saved else _("Not saved yet"),
        help=_("Written, never shown. Locked with the portal's key and sent to this address only."),
    )
    problem_at(name)
    return typed


def form(now: MerchantSettings) -> None:
    zones = ["", *sorted(available_timezones())]
    with st.form("settings"):
        st.header(_("Connection to LoyaltyDog"))
        st.caption(_("LoyaltyDog gives you both: the address the portal asks, and the token, its key there."))
        url = st.text_input(_("Base URL"), value=now.api_url, placeholder=RIGHT_ADDRESS, autocomplete="off")
        problem_at("api_url")
        tokens = {"api_token": token_field(now, "api_token", _("Token"))}
        forget: list[str] = []
        with st.expander(_("Other tokens"), expanded=bool(now.saved & set(EPOSN_TOKENS)) or wrong_at(*EPOSN_TOKENS)):
            st.caption(_("Only if LoyaltyDog gave you one: most merchants have none."))
            for name, label in EPOSN_TOKENS.items():
                tokens[name] = token_field(now, name, label)
                if name in now.saved and st.checkbox(_("Remove the saved one"), key=f"forget_{name}"):
                    forget.append(name)
        hosts = st.text_area(
            _("Allowed download hosts"),
            value="\n".join(now.download_hosts),
            height=90,
            help=_("One a line, besides the API's own: host or host:port. Files come from nowhere else."),
        )
        problem_at("download_hosts")
        st.header(_("Files and time"))
        left, middle, right = st.columns(3)
        days = left.number_input(_("Retention days"), 1, 30, now.retention_days, help=_("Then the file is destroyed."))
        zone = middle.selectbox(
            _("Time zone"),
            zones,
            index=zones.index(now.time_zone) if now.time_zone in zones else 0,
            format_func=lambda z: z or _("The reader's own"),
        )
        pace = right.number_input(
            _("Requests per minute"), 0, 1800, now.requests_per_minute or 0, help=_("0: LoyaltyDog's own limit.")
        )
        problem_at("retention_days")
        problem_at("time_zone")
        problem_at("requests_per_minute")
        fresh = left.number_input(
            _("Days an answer stays fresh"), 1, 30, now.fresh_days,
            help=_("What a case got from LoyaltyDog is fetched again after so many days, so that it is of one time."),
        )  # fmt: skip
        problem_at("fresh_days")
        second_person = st.checkbox(
            _("Card numbers in full need a second person"), value=now.cards_need_two,
            help=_(
                "A person who asks to see a file's card numbers, or to download them, waits until another manager "
                "allows it."
            ),
        )  # fmt: skip
        two_approve = st.checkbox(
            _("A package needs a second person"), value=now.packages_need_two,
            help=_("Another person than the one who built a package approves it."),
        )  # fmt: skip
        amount = st.selectbox(
            _("Money on cards that asks for a second proof"), AMOUNTS, index=AMOUNTS.index(now.second_proof_from),
            format_func=lambda one: _("from {n} on").format(n=number(one)),
            help=_("In the currency of the cards. With so much on them one proof of who asks is not enough."),
        )  # fmt: skip
        looks = st.checkbox(
            _("Files may be looked at before it is settled who asks"), value=now.looks_before_settled,
            help=_(
                "Off: a case shows nothing of the person's data until then. Cases from the person's own page, and "
                "those with questions about the file, show nothing either way."
            ),
        )  # fmt: skip
        if not st.form_submit_button(_("Save"), type="primary", icon=":material/save:"):
            return
    try:
        portal.connection.save_settings(
            user,
            api_url=url,
            tokens=tokens,
            forget=forget,
            download_hosts=hosts,
            retention_days=int(days),
            time_zone=zone or "",
            requests_per_minute=int(pace) or None,
            cards_need_two=second_person,
            packages_need_two=two_approve,
            looks_before_settled=looks,
            second_proof_from=amount,
            fresh_days=int(fresh),
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
        st.session_state["_settings_round"] = st.session_state.get("_settings_round", 0) + 1
        st.session_state["_settings_test_key"] = any(is_test_key(token) for token in tokens.values())
        st.rerun()


def connection_test() -> None:
    if not st.button(_("Test connection"), icon=":material/cable:"):
        return
    try:
        with st.spinner(_("Asking LoyaltyDog …")):
            report = portal.connection.test_connection(user)
    except (PortalError, LoyaltyDogError) as error:
        show_problem(error)
        return
    st.success(_("LoyaltyDog answers. The token belongs to:"), icon=":material/check_circle:")
    st.text(report.who)
    st.text(plural("{n} program in sight:", "{n} programs in sight:", len(report.programs)))
    st.text("\n".join(report.programs))


st.title(_("Settings"))
st.caption(_("How the portal reaches LoyaltyDog for your merchant, and how long files stay."))
now = portal.connection.merchant_settings(user)
if st.session_state.pop("_settings_saved", False):
    st.success(_("Saved."), icon=":material/check_circle:")
    if st.session_state.pop("_settings_test_key", False):
        st.warning(
            _(
                "The token begins with {start}. LoyaltyDog's test keys are no sandbox: they touch real customers' data."
            ).format(start=plain(TEST_KEY)),
            icon=":material/warning:",
        )
if now.from_environment:
    st.info(
        _("Set where the portal runs: {names}. An address set there stands above the one here.").format(
            names=plain(", ".join(now.from_environment))
        )
    )
form(now)
connection_test()
answering_in_time(user)
how_long_kept(user)
other_systems(user)
mails(user)
front_door(user)
leaving_out(user)
letters_say(user)
