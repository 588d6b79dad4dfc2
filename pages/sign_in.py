"""Sign in: email and password, then the code when the account has one. Ends at `/auth/start`."""

from __future__ import annotations

import streamlit as st

from portal.errors import PortalError, TryLater
from portal.identity import Identity, KnownAccount
from portal.runtime import get_portal
from portal.web import bridge
from portal.web.auth_routes import START_PATH

WHY_HERE = {
    "idle": "You were signed out because nothing happened for a while.",
    "expired": "You were signed out because a sign-in lasts only so long.",
    "signed_out": "You are signed out.",
    "disabled": "This account was switched off. Ask a manager of your merchant.",
    "role_changed": "Your role was changed. Sign in again to go on.",
    "password_changed": "Your password was changed. Sign in again with the new one.",
    "second_factor_changed": "Your second factor was changed. Sign in again to go on.",
    "vendor_refused": "LoyaltyDog no longer accepts this sign-in. Sign in again.",
    "ticket": "The sign-in took too long to finish. Sign in once more.",
}
PRACTICE_STRIP = "Practice merchant: everyone here is invented"


def visitor(key: str) -> str:
    """What the gate knows of this browser: ``browser``, ``address`` or ``ended``; empty when it knows nothing."""
    return str(st.user.get(key) or "")


def wait_words(seconds: float) -> str:
    whole = max(1, round(seconds))
    if whole < 90:
        return f"{whole} second{'' if whole == 1 else 's'}"
    return f"{round(whole / 60)} minutes"


def show_error(error: PortalError) -> None:
    if isinstance(error, TryLater):
        st.error(f"{error.message} Wait {wait_words(error.wait_seconds)}, then try again.")
    else:
        st.error(f"{error.message} {error.next_step}".strip())


def hand_over(identity: Identity, account: KnownAccount, *, method: str, second_factor: bool) -> None:
    """Send the browser to fetch its cookie. Raises NotSignedIn when the browser keeps no cookies."""
    ticket = identity.issue_ticket(account.id, browser=visitor("browser"), method=method, second_factor=second_factor)
    bridge.redirect_browser(f"{START_PATH}?ticket={ticket}")
    st.info("Signing you in…")


def password_form(identity: Identity) -> None:
    with st.form("sign_in", enter_to_submit=True):
        email = st.text_input("Email", autocomplete="username", max_chars=320)
        password = st.text_input("Password", type="password", autocomplete="current-password", max_chars=200)
        asked = st.form_submit_button("Sign in", type="primary", width="stretch")
    if not asked:
        return
    if not email.strip() or not password:
        st.error("Enter your email and your password.")
        return
    account = identity.check_password(email, password, address=visitor("address"))
    hand_over(identity, account, method="password", second_factor=False)


portal = get_portal()
if portal.settings.practice:
    st.info(PRACTICE_STRIP, icon=":material/science:")
_, middle, _ = st.columns([1, 2, 1])
with middle:
    st.title("Sign in")
    reason = WHY_HERE.get(visitor("ended"))
    if reason:
        st.warning(reason)
    if portal.settings.practice:
        st.caption("The window where you started the portal shows the practice sign-ins.")
    try:
        password_form(portal.identity)
    except PortalError as error:
        show_error(error)
