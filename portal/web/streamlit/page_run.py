"""What a page's script asks of the run it is in: a redirect, its socket, its fragment, an error notice.

Upstream (Streamlit 1.67): only `st.login` can send the browser to another address, by `ForwardMsg.auth_redirect`; the
name of the fragment being drawn is in `ThreadState` alone. Contract tests:
`tests/web/gate/test_cookies_and_front_end.py`, `tests/web/streamlit/test_refresh_throttle.py`. Missing: safety, the
import fails and the portal does not start.
"""

from __future__ import annotations

import secrets

import streamlit as st
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState

from portal.language import ENGLISH, catalogue_of
from portal.web.streamlit.gate_headers import SOCKET_HEADER

LANGUAGE_KEY = "_language"
"""Session-state key of the language a page is drawn in; set by `portal.ui.common.words`."""


def show_error_reference() -> str:
    """Draw a plain error notice in the current page. Returns the reference it shows."""
    reference = secrets.token_hex(4)
    words = catalogue_of(str(st.session_state.get(LANGUAGE_KEY) or ENGLISH))
    sentence = "Something went wrong on our side. Try again. If it happens again, tell the reference below."
    st.error(words.sentence(sentence))
    st.code(reference, language=None)
    return reference


def redirect_browser(url: str) -> None:
    """Send the browser that shows the running script to `url`, one of our own paths."""
    if not url.startswith("/") or url.startswith("//"):
        raise ValueError("only own paths")
    context = get_script_run_ctx()
    if context is not None:
        message = ForwardMsg()
        message.auth_redirect.url = url
        context.enqueue(message)


def current_socket() -> str:
    """The gate's name for the WebSocket the running script draws to; empty without the gate."""
    return str(st.context.headers.get(SOCKET_HEADER) or "")


def current_fragment() -> str:
    """Streamlit's name for the fragment that is being drawn; empty outside of one."""
    try:
        return ThreadState.get().fragment_id or ""
    except RuntimeError:  # no run at all
        return ""
