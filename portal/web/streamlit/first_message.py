"""Removes facts about the server from Streamlit's first message of a run (`NewSession`).

Upstream (Streamlit 1.67): everyone who opens a socket gets the script's absolute path, Python's version, the operating
system, whether the server has a screen, and ids derived from the machine's own. The front end needs only a path that is
the same from run to run (it hashes it, to know whether the screen is still the same app's) and that the parts exist;
the rest feeds usage statistics, which are off.
Contract test: `tests/web/streamlit/test_first_message.py` walks the whole message. Missing: safety, `PartMissing` stops
the start.
"""

from __future__ import annotations

import functools
from pathlib import PurePath
from typing import Any

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from portal.web.streamlit.private_parts import private_part


def redact_server_facts() -> None:
    """Wrap the one method that makes the message. Idempotent."""
    app_session = private_part("streamlit.runtime.app_session", "AppSession", "_create_new_session_message")
    create = app_session._create_new_session_message
    if getattr(create, "redacted", False):
        return

    @functools.wraps(create)
    def create_redacted(session: Any, *args: Any, **kwargs: Any) -> ForwardMsg:
        message: ForwardMsg = create(session, *args, **kwargs)
        redact(message)
        return message

    create_redacted.redacted = True  # type: ignore[attr-defined]
    app_session._create_new_session_message = create_redacted


def redact(message: ForwardMsg) -> None:
    """Clear the fields; keep their parent messages, which the front end reads without a check."""
    new = message.new_session
    new.main_script_path = PurePath(new.main_script_path).name
    start = new.initialize
    start.environment_info.ClearField("python_version")
    start.environment_info.ClearField("server_os")
    start.environment_info.ClearField("has_display")
    start.user_info.Clear()
    start.user_info.SetInParent()
    start.ClearField("recommend_skills_install")
    start.ClearField("skills_nudge_suppressed_reason")
