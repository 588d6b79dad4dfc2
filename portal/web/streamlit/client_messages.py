"""What a message from the browser asks for, read before Streamlit sees it.

Upstream (Streamlit 1.67): the session cannot tell a timed refresh from a click, and some kinds of message act on the
whole server. `BackMsg`, the private type of these messages, says which is which.
Contract tests: `tests/web/gate/test_cookies_and_front_end.py`, `tests/web/gate/test_anonymous_limits.py`.
Missing: safety, `PartMissing` stops the start.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from portal.web.streamlit.private_parts import private_part


class ClientMessage(NamedTuple):
    """A person's act, a timer's tick (with the fragment's name), or neither. `run`: it asks for a run of the script.
    `allowed`: of a kind that our pages send."""

    act: bool = False
    tick: str = ""
    run: bool = False
    allowed: bool = True


ALLOWED_KINDS = frozenset({"rerun_script", "stop_script", "app_heartbeat"})
"""The kinds that are handed on to Streamlit. Our pages send no others; those clear every session's cache
(`clear_cache`), write files on the server (`install_skills`), upload, or disclose facts about the server."""


@functools.cache
def message_type() -> Any:
    """The type of the browser's messages. Raises PartMissing."""
    return private_part("streamlit.proto.BackMsg_pb2", "BackMsg", "FromString")


def parse_client_message(message: bytes) -> ClientMessage | None:
    """Parse a message; only a person's act may renew the session. None: not a message of Streamlit's."""
    try:
        parsed = message_type().FromString(message)
    except DecodeError:
        return None
    kind = parsed.WhichOneof("type")
    if kind != "rerun_script":
        return ClientMessage(allowed=kind in ALLOWED_KINDS)
    run = parsed.rerun_script
    return ClientMessage(tick=run.fragment_id, run=True) if run.is_auto_rerun else ClientMessage(act=True, run=True)
