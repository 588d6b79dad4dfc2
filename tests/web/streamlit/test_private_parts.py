"""A private part that is missing: a comfort patch is skipped, a safety patch refuses."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests
from structlog.testing import capture_logs

from portal.web.streamlit import first_message, runs
from portal.web.streamlit.private_parts import PartMissing, apply_comfort


@pytest.mark.parametrize(
    ("owner", "method", "patch"),
    [
        (ScriptRunner, "_run_script", runs.queue_runs),
        (ScriptRequests, "_request_rerun_locked", runs.drop_fragments_of_left_pages),
        (AppSession, "_create_scriptrunner", runs.deliver_messages_before_next_run),
    ],
)
def test_a_comfort_patch_without_its_method_is_logged_and_skipped(
    owner: type, method: str, patch: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(owner, method)
    with capture_logs() as lines:
        apply_comfort(patch)
    assert [(line["event"], line["kind"]) for line in lines] == [("streamlit.patch_skipped", patch.__name__)]
    assert method in lines[0]["detail"]


def test_the_safety_patch_refuses_without_its_method(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(AppSession, "_create_new_session_message")
    with pytest.raises(PartMissing, match="_create_new_session_message"):
        first_message.redact_server_facts()
