"""A private part that is missing: a comfort patch is skipped, a safety measure refuses in one sentence."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests
from structlog.testing import capture_logs

from portal.web.streamlit import (
    client_messages,
    components,
    first_message,
    front_end,
    gate_headers,
    options,
    page_run,
    runs,
    shell,
)
from portal.web.streamlit.private_parts import CHECKED_VERSION, PartMissing, apply_comfort

ROOT = Path(__file__).resolve().parents[3]
SAFETY: list[tuple[str, Callable[[], object]]] = [
    ("streamlit.config:_main_script_path", options.load_project_config),
    ("streamlit.config:_server_mode", options.load_project_config),
    ("streamlit.components.v2.manifest_scanner:scan_component_manifests", components.disable_package_components),
    ("streamlit.components.v2.get_bidi_component_manager:get_bidi_component_manager", components.register_components),
    ("streamlit.proto.BackMsg_pb2:BackMsg", client_messages.message_type),
    ("streamlit.proto.ForwardMsg_pb2:ForwardMsg", page_run.redirect_message_type),
    ("streamlit.runtime.scriptrunner:get_script_run_ctx", page_run.run_finder),
    ("streamlit.runtime.app_session:AppSession", first_message.redact_server_facts),
]


@pytest.fixture(autouse=True)
def looked_up_anew() -> Iterator[None]:
    found = (
        client_messages.message_type,
        page_run.redirect_message_type,
        page_run.run_finder,
        page_run._thread_state,
    )
    for cached in found:
        cached.cache_clear()
    yield
    for cached in found:
        cached.cache_clear()


@pytest.mark.parametrize(
    ("owner", "method", "patch"),
    [
        (ScriptRunner, "_run_script", runs.queue_runs),
        (ScriptRequests, "_request_rerun_locked", runs.drop_fragments_of_left_pages),
        (ScriptRunner, "_run_script", runs.run_page_for_gone_fragments),
        (AppSession, "request_rerun", runs.run_page_for_gone_fragments),
        (AppSession, "request_rerun", runs.stay_on_opened_page),
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


def test_without_thread_state_fragments_have_no_name_and_one_line_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("streamlit.runtime.scriptrunner_utils.script_run_context.ThreadState")
    with capture_logs() as lines:
        assert [page_run.current_fragment() for _ in range(3)] == ["", "", ""]
    assert [(line["event"], line["kind"]) for line in lines] == [("streamlit.patch_skipped", "current_fragment")]


@pytest.mark.parametrize(("part", "measure"), SAFETY, ids=[part for part, _ in SAFETY])
def test_a_safety_measure_without_its_part_refuses_by_name_and_version(
    part: str, measure: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    module, _, name = part.partition(":")
    monkeypatch.delattr(import_module(module), name)
    with pytest.raises(PartMissing) as refused:
        measure()
    sentence = str(refused.value)
    assert name in sentence
    assert CHECKED_VERSION in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize("measure", [client_messages.message_type, page_run.redirect_message_type, page_run.run_finder])
def test_the_pinned_streamlit_has_the_part(measure: Callable[[], object]) -> None:
    assert measure() is not None


def test_redacting_server_facts_refuses_without_its_method(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(AppSession, "_create_new_session_message")
    with pytest.raises(PartMissing, match="_create_new_session_message"):
        first_message.redact_server_facts()


def test_an_unknown_option_for_trusted_headers_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit itself only logs that it does not know an option."""
    monkeypatch.setattr(gate_headers, "OPTION", "server.noSuchOption")
    with pytest.raises(PartMissing, match=r"server\.noSuchOption"):
        gate_headers.trust_gate_headers()


def test_a_page_shell_of_another_shape_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "index_html", lambda: front_end.index_html().replace(shell.TITLE_MARK, ""))
    with pytest.raises(PartMissing, match=CHECKED_VERSION):
        shell.script_hash()


STARTS = {
    "while the application is imported": (
        "import streamlit.components.v2.manifest_scanner as module; del module.scan_component_manifests\n"
        "import portal.asgi",
        "scan_component_manifests",
    ),
    "while it is started": (
        "import streamlit.proto.BackMsg_pb2 as module; del module.BackMsg\n"
        "import portal.asgi; portal.asgi._prepare_streamlit()",
        "BackMsg",
    ),
}


@pytest.mark.parametrize("moment", STARTS)
def test_a_missing_safety_part_ends_the_start_with_one_line(moment: str, tmp_path: Path) -> None:
    code, part = STARTS[moment]
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={"PORTAL_MODE": "practice", "PORTAL_DATA_DIR": str(tmp_path)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == 1
    (line,) = ran.stderr.strip().splitlines()
    assert line.startswith("The portal does not start like this.")
    assert part in line
    assert CHECKED_VERSION in line
