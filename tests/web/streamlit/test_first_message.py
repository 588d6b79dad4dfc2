"""What somebody signed out is told by the socket's messages and by the front end's own addresses."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit
from google.protobuf.message import Message
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from portal.web.gate.access import FRONT_END_PATHS
from portal.web.streamlit.first_message import redact

pytestmark = pytest.mark.keeps("SEC-52")

PYTHON = re.compile(r"(?<![0-9.])3\.1[0-9]\.[0-9]+")  # any version of Python's, in any field
SYSTEMS = {platform.system().lower(), sys.platform.lower(), "linux", "darwin", "windows"} - {""}
MACHINE = {platform.node().lower(), platform.release().lower()} - {"", "localhost"}


def texts(message: Message, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a message with the way to it, in maps and lists too."""
    for field, value in message.ListFields():
        at = f"{name}.{field.name}"
        values = list(value.items()) if hasattr(value, "items") else value if field.is_repeated else [value]
        for one in values:
            for part in one if isinstance(one, tuple) else (one,):
                if isinstance(part, Message):
                    yield from texts(part, at)
                elif isinstance(part, str | bytes):
                    yield at, part if isinstance(part, str) else part.decode("latin-1")


def told(at: str, text: str) -> str:
    """Why a text tells something of the server; empty when it does not."""
    lowered = text.lower()
    if PYTHON.search(text) and "streamlit_version" not in at:
        return "a version like Python's"
    if any(re.search(rf"\b{re.escape(word)}\b", lowered) for word in SYSTEMS | MACHINE):
        return "the system or the machine"
    folders = {str(Path(sys.prefix)), str(Path.cwd()), str(Path.home()), str(Path(streamlit.__file__).parent)} - {"/"}
    if any(folder in text for folder in folders):
        return "a folder of the server"
    if re.match(r"(/[^/\s]+){2,}$|[A-Za-z]:\\", text) and not text.startswith(("/_stcore/", "/static/")):
        return "an absolute path"
    return ""


def findings(messages: list[ForwardMsg]) -> list[str]:
    return [f"{at}: {why}: {text[:80]}" for m in messages for at, text in texts(m) if (why := told(at, text))]


def run_of(page) -> list[ForwardMsg]:
    """Every message of one run."""
    sent = BackMsg()
    sent.rerun_script.query_string = ""
    page.socket.send(sent.SerializeToString())
    messages = []
    while not messages or messages[-1].WhichOneof("type") != "script_finished":
        messages.append(ForwardMsg.FromString(page.socket.recv(timeout=20)))
    return messages


@pytest.mark.parametrize("who", ["", "agent@one"])
def test_no_message_reveals_paths_system_or_python_of_the_server(server, open_page, who: str) -> None:
    with open_page(server.cookie(who) if who else "") as page:
        messages = run_of(page)
    assert messages[0].WhichOneof("type") == "new_session"
    assert not findings(messages)


def test_the_walk_finds_what_stock_streamlit_tells() -> None:
    """Without this, the test above could be blind."""
    stock = ForwardMsg()
    environment = stock.new_session.initialize.environment_info
    stock.new_session.main_script_path = "/srv/shop/portal/app.py"
    environment.python_version, environment.server_os = "3.11.7.final.0", platform.system()
    assert len(findings([stock])) == 3
    redact(stock)
    assert not findings([stock])


def test_streamlit_tells_nothing_about_the_server_that_was_not_looked_at() -> None:
    """A field that a new version adds to these parts has to be judged: is it needed, does it tell anything?"""
    start = ForwardMsg().new_session.initialize
    assert fields(start) == {
        "user_info", "environment_info", "session_status", "session_id", "is_hello",
        "recommend_skills_install", "skills_nudge_suppressed_reason",
    }  # fmt: skip
    assert fields(start.environment_info) == {"streamlit_version", "python_version", "server_os", "has_display"}
    assert fields(start.user_info) == {"installation_id", "installation_id_v3", "installation_id_v4"}
    assert fields(ForwardMsg().new_session) == {
        "initialize", "name", "main_script_path", "config", "custom_theme", "app_pages",
        "page_script_hash", "main_script_hash",
    }  # fmt: skip


def fields(message: Message) -> set[str]:
    return {field.name for field in message.DESCRIPTOR.fields}


def test_the_parts_that_the_front_end_opens_without_asking_are_there(server, open_page) -> None:
    with open_page() as page:
        new = run_of(page)[0].new_session
    assert new.HasField("initialize")
    for part in ("environment_info", "user_info", "session_status"):
        assert new.initialize.HasField(part)
    assert new.initialize.environment_info.streamlit_version == streamlit.__version__
    assert new.main_script_path == "script_for_tests.py"
    assert new.page_script_hash
    assert not list(texts(new.initialize.user_info))


@pytest.mark.parametrize("path", sorted(FRONT_END_PATHS - {"/favicon.png"}))
def test_no_open_address_of_the_front_end_tells_it_either(server, path: str) -> None:
    with server.client() as client:
        answer = client.get(path)
    for text in (answer.text, *(f"{name}: {value}" for name, value in answer.headers.items())):
        assert not told(path, text)
