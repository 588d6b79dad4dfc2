"""The sign-in page is drawn once for nobody when the process comes up; a failure of that keeps nobody out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from portal.config import Settings
from portal.web import rehearsal
from portal.web.rehearsal import rehearse

SETTINGS = Settings(mode="practice", port=8501)


def finished() -> bytes:
    message = ForwardMsg()
    message.script_finished = ForwardMsg.ScriptFinishedStatus.FINISHED_SUCCESSFULLY
    return message.SerializeToString()


def stage(draw: Callable[[Any, Any], Any], seen: list[Any]) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope["type"], scope["path"], dict(scope["headers"]).get(b"host")))
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            return
        assert (await receive())["type"] == "websocket.connect"
        assert (await receive())["type"] == "websocket.receive"
        await draw(receive, send)
        seen.append((await receive())["type"])

    return app


async def draws(_receive: Any, send: Any) -> None:
    await send({"type": "websocket.accept", "subprotocol": "streamlit"})
    await send({"type": "websocket.send", "bytes": finished()})


async def refuses(_receive: Any, send: Any) -> None:
    await send({"type": "websocket.close", "code": 1013})


async def is_silent(_receive: Any, _send: Any) -> None:
    return None


def test_shell_and_page_are_asked_for_at_the_portals_own_address_and_the_socket_is_closed() -> None:
    seen: list[Any] = []
    assert asyncio.run(rehearse(stage(draws, seen), SETTINGS))
    host = b"127.0.0.1:8501"
    assert seen == [("http", "/", host), ("websocket", "/_stcore/stream", host), "websocket.disconnect"]


def test_a_refusal_or_silence_is_told_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal, "PATIENCE_SECONDS", 0.2)
    assert not asyncio.run(rehearse(stage(refuses, []), SETTINGS))
    assert not asyncio.run(rehearse(stage(is_silent, []), SETTINGS))
