"""What a page's script asks of the run it is in: a redirect, its socket, its fragment, an error notice.

Upstream (Streamlit 1.67): only `st.login` can send the browser to another address, by `ForwardMsg.auth_redirect`; the
run's context and the name of the fragment being drawn (`ThreadState`) have no public function.
Contract tests: `tests/web/gate/test_cookies_and_front_end.py`, `tests/web/streamlit/test_refresh_throttle.py`.
Missing: `ForwardMsg` or the context are safety, since without them nobody can be signed in or out; `PartMissing` stops
the start. `ThreadState` is comfort: it is logged, no fragment has a name, and every tick of a timer is drawn.
"""

from __future__ import annotations

import functools
import secrets
from typing import Any

import streamlit as st

from portal.language import ENGLISH, catalogue_of
from portal.web.streamlit.gate_headers import SOCKET_HEADER
from portal.web.streamlit.private_parts import PartMissing, log_skipped, private_part

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


@functools.cache
def redirect_message_type() -> Any:
    """The type of messages to the browser. Raises PartMissing when none can redirect."""
    return private_part("streamlit.proto.ForwardMsg_pb2", "ForwardMsg", "AUTH_REDIRECT_FIELD_NUMBER")


@functools.cache
def run_finder() -> Any:
    """Streamlit's function that gives the current run. Raises PartMissing."""
    return private_part("streamlit.runtime.scriptrunner", "get_script_run_ctx")


def current_run() -> Any | None:
    """The context of the run that draws the page; None outside of one. The same object throughout a run."""
    return run_finder()(suppress_warning=True)


def redirect_browser(url: str) -> None:
    """Send the browser that shows the running script to `url`, one of our own paths."""
    if not url.startswith("/") or url.startswith("//"):
        raise ValueError("only own paths")
    context = current_run()
    if context is not None:
        message = redirect_message_type()()
        message.auth_redirect.url = url
        context.enqueue(message)


def current_socket() -> str:
    """The gate's name for the WebSocket the running script draws to; empty without the gate."""
    return str(st.context.headers.get(SOCKET_HEADER) or "")


@functools.cache
def _thread_state() -> Any | None:
    """Where Streamlit keeps what a script's thread is drawing; None, logged once, when it has no such part."""
    try:
        return private_part("streamlit.runtime.scriptrunner_utils.script_run_context", "ThreadState", "get")
    except PartMissing as error:
        log_skipped("current_fragment", error)
        return None


def current_fragment() -> str:
    """Streamlit's name for the fragment that is being drawn; empty outside of one."""
    state = _thread_state()
    try:
        return (state.get().fragment_id or "") if state is not None else ""
    except RuntimeError:  # no run at all
        return ""
