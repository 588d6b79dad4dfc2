"""Sign in: email and password (or LoyaltyDog's), then the code when the account has one. Ends at `/auth/start`.

What is half done stays in this tab's session on the server for five minutes; the browser holds nothing of it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import cast

import streamlit as st
from pydantic import SecretStr

from portal.config import load_oidc_settings
from portal.errors import PortalError, TryLater
from portal.identity import Enrolment, KnownAccount, SeveralAccounts, VendorPending
from portal.runtime import get_portal
from portal.ui.account.qr_code import draw_qr
from portal.ui.common import navigation
from portal.ui.common.language_picker import language_picker
from portal.ui.common.practice_strip import practice_strip
from portal.ui.common.words import _, plain, plural, sentence
from portal.web.gate.access import OIDC_PATH, START_PATH
from portal.web.streamlit import page_run

WHY_HERE = {
    "idle": _("You were signed out because nothing happened for a while."),
    "expired": _("You were signed out because a sign-in lasts only so long."),
    "signed_out": _("You are signed out."),
    "disabled": _("This account was switched off. Ask a manager of your merchant."),
    "role_changed": _("Your role was changed. Sign in again to go on."),
    "password_changed": _("Your password was changed. Sign in again with the new one."),
    "second_factor_changed": _("Your second factor was changed. Sign in again to go on."),
    "sign_on_forgotten": _("Your single sign-on begins anew. Sign in again to go on."),
    "ended_elsewhere": _("You signed out everywhere else from another browser."),
    "vendor_refused": _("LoyaltyDog no longer accepts this sign-in. Sign in again."),
    "sso": _("Single sign-on did not work. Try again."),
    "not_invited": _("Nobody here was invited with that sign-in. Ask a manager of your merchant."),
    "several_merchants": _(
        "Several merchants have invited you. Enter the name of the one you want to work for, then sign in again."
    ),
    "ticket": _("The sign-in took too long to finish. Sign in once more."),
}
PENDING = "sign_in.pending"
PENDING_SECONDS = 300.0


@dataclass
class Pending:
    """A first factor that was right, and what the second step needs. Never leaves the server."""

    since: float
    account: KnownAccount | None = None
    method: str = "password"
    vendor: VendorPending | None = None
    username: str = ""
    token: SecretStr | None = None
    enrolment: Enrolment | None = None
    recovery_codes: list[str] | None = None
    choices: tuple[KnownAccount, ...] = ()


def visitor(key: str) -> str:
    """What the gate knows of this browser: ``browser``, ``address`` or ``ended``; empty when it knows nothing."""
    return str(st.user.get(key) or "")


def wait_words(seconds: float) -> str:
    whole = max(1, round(seconds))
    if whole < 90:
        return plural("{n} second", "{n} seconds", whole)
    return plural("{n} minute", "{n} minutes", round(whole / 60))


def show_error(error: PortalError) -> None:
    if isinstance(error, TryLater):
        wait = _("Wait {time}, then try again.").format(time=wait_words(error.wait_seconds))
        st.error(plain(f"{sentence(error.message)} {wait}"), icon=":material/timer:")
    else:
        st.error(plain(f"{sentence(error.message)} {sentence(error.next_step)}".strip()), icon=":material/error:")


def pending() -> Pending | None:
    """The half-done sign-in of this tab, unless it is too old."""
    found = cast("Pending | None", st.session_state.get(PENDING))
    if found is not None and time.monotonic() - found.since > PENDING_SECONDS:
        start_over()
        return None
    return found


def start_over() -> None:
    st.session_state.pop(PENDING, None)


def hand_over(step: Pending, *, second_factor: bool) -> None:
    """Send the browser to fetch its cookie. Raises NotSignedIn when the browser keeps no cookies."""
    if step.account is None:
        return
    ticket = get_portal().tickets.issue_ticket(
        step.account.id,
        browser=visitor("browser"),
        vendor_token=step.token.get_secret_value() if step.token else None,
        method=step.method,
        second_factor=second_factor,
        place=navigation.requested_page(),
    )
    start_over()
    page_run.redirect_browser(f"{START_PATH}?ticket={ticket}")
    st.info(_("Signing you in…"))


def first_factor_done(step: Pending, *, second_factor: bool = False) -> None:
    """Go on to the code when one is due, else finish."""
    if step.account is None or step.account.second_factor == "none":
        hand_over(step, second_factor=second_factor)
        return
    if step.account.second_factor == "enrol":
        step.enrolment = get_portal().second_factor.new_totp(step.account)
    st.session_state[PENDING] = step
    st.rerun()


def password_form() -> None:
    with st.form("sign_in", border=False):
        email = st.text_input(_("Email"), autocomplete="username", max_chars=320)
        password = st.text_input(_("Password"), type="password", autocomplete="current-password", max_chars=200)
        asked = st.form_submit_button(_("Sign in"), type="primary", width="stretch")
    if not asked:
        return
    if not email.strip() or not password:
        st.error(_("Enter your email and your password."))
        return
    found = get_portal().password_sign_in.check_password(email, password, address=visitor("address"))
    if isinstance(found, SeveralAccounts):
        st.session_state[PENDING] = Pending(time.monotonic(), choices=found.choices)
        st.rerun()
    first_factor_done(Pending(time.monotonic(), found))


def vendor_form() -> None:
    with st.form("sign_in_vendor", border=False):
        username = st.text_input(_("LoyaltyDog user name"), autocomplete="username", max_chars=320)
        password = st.text_input(
            _("LoyaltyDog password"), type="password", autocomplete="current-password", max_chars=200
        )
        merchant = st.text_input(_("Merchant, if you work for several"), autocomplete="off", max_chars=200)
        st.caption(_("Goes to LoyaltyDog and is kept nowhere. A manager must have invited you this way."))
        asked = st.form_submit_button(_("Sign in with LoyaltyDog"), width="stretch")
    if not asked:
        return
    if not username.strip() or not password:
        st.error(_("Enter your LoyaltyDog user name and password."))
        return
    answer = get_portal().loyaltydog_sign_in.vendor_sign_in(
        username, password, address=visitor("address"), merchant=merchant
    )
    step = Pending(time.monotonic(), method="loyaltydog", username=username)
    if isinstance(answer, VendorPending):
        step.vendor = answer
        st.session_state[PENDING] = step
        st.rerun()
    step.account, step.token = answer.account, answer.token
    first_factor_done(step)


def code_form(hint: str) -> str | None:
    """The code just entered, or None."""
    with st.form("sign_in_code", border=False):
        code = st.text_input(_("6-digit code"), autocomplete="one-time-code", max_chars=40)
        st.caption(hint)
        asked = st.form_submit_button(_("Verify"), type="primary", width="stretch")
    if asked and not code.strip():
        st.error(_("Enter the code."))
    st.button(_("Start over"), on_click=start_over)
    return code if asked and code.strip() else None


def vendor_code_step(step: Pending, waiting: VendorPending) -> None:
    code = code_form(_("From the app you use for LoyaltyDog."))
    if code is None:
        return
    answer = get_portal().loyaltydog_sign_in.vendor_code(waiting, code, address=visitor("address"))
    step.account, step.token, step.vendor = answer.account, answer.token, None
    first_factor_done(step, second_factor=answer.second_factor)


def code_step(step: Pending, account: KnownAccount) -> None:
    code = code_form(_("From your authenticator app. A recovery code works too, once."))
    if code is None:
        return
    get_portal().second_factor.check_code(account.id, code, address=visitor("address"))
    hand_over(step, second_factor=True)


def enrol_step(step: Pending, account: KnownAccount, enrolment: Enrolment) -> None:
    st.text(_("Your merchant asks for a second factor. Add this to your authenticator app, then enter its code."))
    draw_qr(enrolment.uri, width=220)
    st.caption(_("Key, to type in by hand"))
    st.code(enrolment.secret, language=None)
    code = code_form(_("The code your app shows now."))
    if code is None:
        return
    step.recovery_codes = get_portal().second_factor.confirm_totp(account, enrolment, code, address=visitor("address"))
    step.enrolment = None
    st.rerun()


def recovery_step(step: Pending, codes: list[str]) -> None:
    st.success(_("Your second factor is set up."))
    st.text(_("Keep these recovery codes somewhere safe. Each works once; they are not shown again."))
    st.code("\n".join(codes), language=None)
    if st.button(_("I have kept them"), type="primary", width="stretch"):
        hand_over(step, second_factor=True)


def merchant_step(step: Pending) -> None:
    """The password is right at several merchants: which one is meant."""
    with st.form("which_merchant", border=False):
        chosen = st.radio(
            _("Which merchant do you want to work for?"),
            range(len(step.choices)),
            format_func=lambda place: plain(step.choices[place].merchant_name),
        )
        asked = st.form_submit_button(_("Continue"), type="primary", width="stretch")
    st.button(_("Start over"), on_click=start_over)
    if asked and chosen is not None:
        step.account, step.choices = step.choices[chosen], ()
        first_factor_done(step)


def single_sign_on() -> None:
    """To the provider; for a person of several merchants with the one that they name."""
    if visitor("ended") != "several_merchants":
        if st.button(_("Single sign-on"), width="stretch"):
            page_run.redirect_browser(OIDC_PATH)
        return
    with st.form("sso", border=False):
        name = st.text_input(_("Merchant"), autocomplete="off", max_chars=200, key="sso_merchant")
        asked = st.form_submit_button(_("Single sign-on"), width="stretch")
    if asked:
        chosen = get_portal().single_sign_on.merchant_named(name) if name.strip() else ""
        page_run.redirect_browser(f"{OIDC_PATH}?merchant={chosen}" if chosen else OIDC_PATH)


def second_steps(step: Pending) -> None:
    if step.choices:
        merchant_step(step)
    elif step.recovery_codes:
        recovery_step(step, step.recovery_codes)
    elif step.vendor is not None:
        vendor_code_step(step, step.vendor)
    elif step.account is not None and step.enrolment is not None:
        enrol_step(step, step.account, step.enrolment)
    elif step.account is not None:
        code_step(step, step.account)


def first_steps() -> None:
    reason = WHY_HERE.get(visitor("ended"))
    if reason:
        st.info(reason)
    if get_portal().settings.practice:
        st.caption(_("The window where you started the portal shows the practice sign-ins."))
    password_form()
    if load_oidc_settings().on:
        single_sign_on()
    with st.expander(_("Sign in with LoyaltyDog")):
        vendor_form()
    with st.expander(_("Help"), icon=":material/help:"):
        st.markdown(_("A manager of your merchant invites you, and can give you a new password or second factor."))
        st.markdown(_("Too many tries only make you wait; nobody is locked out for ever."))
        st.markdown(_("A code that is refused: check that your phone's clock is right, and wait for the next code."))


def show() -> None:
    _left, middle, _right = st.columns([1, 1.4, 1])
    if get_portal().settings.practice:
        with middle:
            practice_strip()
    with middle, st.container(border=True):
        st.title(_("Sign in"))
        step = pending()
        try:
            if step is None:
                first_steps()
            else:
                second_steps(step)
        except PortalError as error:
            show_error(error)
    with middle:
        language_picker()


show()
