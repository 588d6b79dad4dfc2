"""The gate's verdict reaches the page's script in trusted headers, which Streamlit hands to `st.user`.

Upstream: Streamlit (1.67) has its own sign-in only; `server.trustedUserHeaders` is its hook for a proxy in front.
Set here and never in config.toml, so that a Streamlit started without the gate believes no header (SEC-32).
Contract test: `tests/web/gate/test_cookies_and_front_end.py`. Missing: safety, `PartMissing` stops the start.
"""

from __future__ import annotations

from streamlit import config

from portal.web.streamlit.private_parts import missing

OPTION = "server.trustedUserHeaders"
ACCOUNT_HEADER = "x-portal-account"
SESSION_HEADER = "x-portal-session"
BROWSER_HEADER = "x-portal-browser"
ENDED_HEADER = "x-portal-ended"
ADDRESS_HEADER = "x-portal-address"
LANGUAGE_HEADER = "x-portal-language"
SOCKET_HEADER = "x-portal-socket"  # not in `st.user`: it changes with each connection, the session does not
TRUSTED_HEADERS = {
    ACCOUNT_HEADER: "account_id",
    SESSION_HEADER: "session_hash",
    BROWSER_HEADER: "browser",
    ENDED_HEADER: "ended",
    ADDRESS_HEADER: "address",
    LANGUAGE_HEADER: "language",
}


def trust_gate_headers() -> None:
    """Hand the gate's headers to `st.user`. Called only by the application that has the gate. Raises PartMissing."""
    if OPTION not in config.get_config_options():  # Streamlit only logs when an unknown option is set
        raise missing(f"the option {OPTION}")
    config.set_option(OPTION, dict(TRUSTED_HEADERS), where_defined="portal")
