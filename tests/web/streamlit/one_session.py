"""One session of Streamlit's runtime as a browser sees it, without the wire."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import Runtime, RuntimeConfig
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.session_manager import SessionClient

PATIENCE = 20.0
FULL = ForwardMsg.ScriptFinishedStatus.FINISHED_SUCCESSFULLY
EARLY = ForwardMsg.ScriptFinishedStatus.FINISHED_EARLY_FOR_RERUN
PART = ForwardMsg.ScriptFinishedStatus.FINISHED_FRAGMENT_RUN_SUCCESSFULLY
Act = Callable[["Session"], Awaitable[None]]


class Session(SessionClient):
    """What was told: `texts`, the `ends` of runs, the titles of the pages that `began`."""

    def __init__(self, runtime: Runtime) -> None:
        self.texts: list[str] = []
        self.ends: list[int] = []
        self.began: list[str] = []
        self.pages: dict[str, str] = {}
        self.page = self.part = self.button = self.field = ""
        self.runtime = runtime
        self.name = runtime.connect_session(self, {})

    @property
    def runner(self) -> Any:
        info: Any = self.runtime._session_mgr.get_session_info(self.name)
        return info.session._scriptrunner

    def write_forward_msg(self, msg: ForwardMsg) -> None:
        kind = msg.WhichOneof("type")
        if kind == "script_finished":
            self.ends.append(msg.script_finished)
        elif kind == "new_session":
            page = msg.new_session.page_script_hash
            self.began += [title for title, known in self.pages.items() if known == page]
        elif kind == "navigation":
            self.pages = {page.page_name: page.page_script_hash for page in msg.navigation.app_pages}
            self.page = msg.navigation.page_script_hash
        self.part = msg.auto_rerun.fragment_id or self.part
        element = msg.delta.new_element
        self.button = element.button.id or self.button
        self.field = element.text_input.id or self.field
        if element.text.body:
            self.texts.append(element.text.body)

    async def until(self, *ends: int) -> None:
        """Wait for so many ends, and that nothing goes on. Fails with what came instead."""
        await self.ended(len(ends))
        assert self.ends == list(ends)

    async def ended(self, count: int) -> None:
        """Wait for so many ends, and that nothing goes on: a run's thread may live a while after it told its end."""
        limit, quiet = time.monotonic() + PATIENCE, 0
        while time.monotonic() < limit and len(self.ends) < count:
            await asyncio.sleep(0.01)
        while time.monotonic() < limit and quiet < 10:
            quiet = quiet + 1 if self.runner is None else 0
            await asyncio.sleep(0.01)
        assert self.runner is None

    def ask(self, *, page: str = "", part: str = "", press: bool = False, typed: str = "") -> None:
        """For the whole page, or for a part of it: by its timer, or by a click on its button; with what was typed."""
        message = BackMsg()
        state = message.rerun_script
        state.page_script_hash, state.fragment_id = page or self.page, part
        state.is_auto_rerun = bool(part) and not press
        if press:
            state.widget_states.widgets.add(id=self.button, trigger_value=True)
        if typed:
            state.widget_states.widgets.add(id=self.field, string_value=typed)
        self.runtime.handle_backmsg(self.name, message)

    def let_it_end_untold(self) -> None:
        """Hold the event loop until the run's thread has ended: what it told is still to be heard."""
        runner = self.runner
        runner._script_thread.join(PATIENCE)
        assert not runner._script_thread.is_alive()
        assert self.runner is runner


def act_on(script: Path, act: Act) -> None:
    """Draws the page once for a browser, then lets it act. No other Runtime may stand."""

    async def run() -> None:
        runtime = Runtime(
            RuntimeConfig(str(script), MemoryMediaFileStorage("/media"), MemoryUploadedFileManager("/up"))
        )
        await runtime.start()
        session = Session(runtime)
        session.ask()
        await session.until(FULL)
        for told in (session.texts, session.ends, session.began):
            told.clear()
        await act(session)
        runtime.stop()
        await runtime.stopped

    asyncio.run(run())
