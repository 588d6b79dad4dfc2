"""One tab of a browser, without the browser: Streamlit's own messages over a real WebSocket.

`Tab` keeps what a front end keeps (elements by place, widget values by id, cached messages, fragment timers) and says
how long the server took from a click to the end of the rerun. It works against any Streamlit 1.67 server.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

RUN_SECONDS = 120.0
FULL = ForwardMsg.ScriptFinishedStatus.FINISHED_SUCCESSFULLY
FRAGMENT = ForwardMsg.ScriptFinishedStatus.FINISHED_FRAGMENT_RUN_SUCCESSFULLY
AGAIN = ForwardMsg.ScriptFinishedStatus.FINISHED_EARLY_FOR_RERUN
VALUES = {bool: "bool_value", int: "int_value", float: "double_value", str: "string_value"}


class TabError(Exception):
    """The server did not do what a person expects; says what in one line."""


class Dropped(TabError):
    """The socket was closed by the other side."""


@dataclass(frozen=True)
class Drawn:
    """One element or block on the screen."""

    kind: str
    id: str
    label: str
    fragment: str
    form: str
    message: Any
    round: int
    """In which run of the page, counted from the first, it was drawn last."""


@dataclass
class Tab:
    """Raises TabError when a run fails, Dropped when the socket goes."""

    origin: str
    cookie: str = ""
    forwarded: str = ""
    live: bool = False
    """Whether fragments refresh by themselves, as they do in a browser."""
    screen: dict[tuple[int, ...], Drawn] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    page: str = ""
    query: str = ""
    redirect: str = ""
    bytes_in: int = 0
    messages_in: int = 0
    runs: Counter[str] = field(default_factory=Counter)
    _cache: dict[str, ForwardMsg] = field(default_factory=dict)
    _timers: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _socket: ClientConnection | None = None
    _reader: asyncio.Task[None] | None = None
    _ended: asyncio.Queue[int | Exception] = field(default_factory=asyncio.Queue)
    _fragments_now: tuple[str, ...] = ()
    _round: int = 0

    # The socket

    async def open(self, *, query: str = "", page: str = "") -> float:
        """Connect and draw the first page; seconds from the handshake to the end of the first run."""
        started = time.perf_counter()
        await self.connect()
        self.query, self.page = query, page
        await self.run()
        return time.perf_counter() - started

    async def connect(self) -> None:
        """The socket alone, with nothing drawn."""
        headers = {"Origin": self.origin}
        if self.cookie:
            headers["Cookie"] = self.cookie
        if self.forwarded:
            headers["X-Forwarded-For"] = self.forwarded
        self._socket = await connect(
            self.origin.replace("http", "ws", 1) + "/_stcore/stream",
            additional_headers=headers,
            subprotocols=["streamlit", "PLACEHOLDER_AUTH_TOKEN"],  # type: ignore[list-item]
            max_size=None,
            open_timeout=60,
            ping_interval=None,
            close_timeout=2,
        )
        self._reader = asyncio.create_task(self._read())

    async def close(self) -> None:
        self.quiet()
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)

    def quiet(self) -> None:
        """Stop the fragments' timers."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    async def _read(self) -> None:
        assert self._socket is not None
        try:
            async for data in self._socket:
                if isinstance(data, bytes):
                    self.bytes_in += len(data)
                    self.messages_in += 1
                    self._take(ForwardMsg.FromString(data))
        except websockets.ConnectionClosed:
            pass
        except asyncio.CancelledError:
            return
        except Exception as error:  # whatever it is, the one who waits for the run must hear of it
            self._ended.put_nowait(error)
            return
        code = self._socket.close_code
        self._ended.put_nowait(Dropped(f"socket closed with {code}"))

    # What comes in

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            kept = self._cache.get(message.ref_hash)
            if kept is None:
                self._ended.put_nowait(TabError("a message was sent by a hash nobody knows"))
                return
            real = ForwardMsg()
            real.CopyFrom(kept)
            real.metadata.CopyFrom(message.metadata)
            message, kind = real, real.WhichOneof("type")
        elif message.metadata.cacheable and message.hash:
            self._cache[message.hash] = message
        if kind == "delta":
            self._draw(message)
        elif kind == "new_session":
            self._begin(tuple(message.metadata.run.fragment_ids), message.new_session.page_script_hash)
        elif kind == "navigation":
            self.pages = {
                page.url_pathname or page.page_name: page.page_script_hash for page in message.navigation.app_pages
            }
            self.page = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "auth_redirect":
            self.redirect = message.auth_redirect.url
        elif kind == "auto_rerun" and self.live:
            self._start_timer(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "script_finished":
            self.runs[ForwardMsg.ScriptFinishedStatus.Name(message.script_finished)] += 1
            if message.script_finished in (FULL, FRAGMENT):
                self._clear_stale()
            if message.script_finished != AGAIN:
                self._ended.put_nowait(message.script_finished)

    def _begin(self, fragments: tuple[str, ...], page: str) -> None:
        """What was drawn stays until the run has ended, as in a browser; another page's goes at once."""
        self._round += 1
        self._fragments_now = fragments
        if page != self.page:
            self.screen.clear()
        if not fragments:
            self.quiet()
            self.page = page

    def _clear_stale(self) -> None:
        """Forget what the run that has ended did not draw again: of the page, or of its fragments."""
        self.screen = {
            place: drawn
            for place, drawn in self.screen.items()
            if drawn.round == self._round or (self._fragments_now and drawn.fragment not in self._fragments_now)
        }

    def _draw(self, message: ForwardMsg) -> None:
        place, delta = tuple(message.metadata.delta_path), message.delta
        kind = delta.WhichOneof("type")
        if kind == "add_block":
            block = delta.add_block
            what = block.WhichOneof("type") or "block"
            part = getattr(block, what, None)
            self.screen[place] = Drawn(
                what, getattr(part, "id", "") or block.id, getattr(part, "label", ""), delta.fragment_id,
                "", part, self._round,
            )  # fmt: skip
        elif kind == "new_element":
            element = delta.new_element
            what = element.WhichOneof("type") or "empty"
            part = getattr(element, what, None)
            self.screen[place] = Drawn(
                what, getattr(part, "id", ""), getattr(part, "label", ""), delta.fragment_id,
                getattr(part, "form_id", ""), part, self._round,
            )  # fmt: skip

    def _start_timer(self, fragment: str, interval: float) -> None:
        if fragment not in self._timers:
            self._timers[fragment] = asyncio.create_task(self._refresh(fragment, interval))

    async def _refresh(self, fragment: str, interval: float) -> None:
        while True:
            await asyncio.sleep(interval)
            await self._send(fragment=fragment, auto=True)

    # What goes out

    async def _send(self, *, press: str = "", fragment: str = "", auto: bool = False, page: str = "") -> None:
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash = self.query, page or self.page
        state.fragment_id, state.is_auto_rerun = fragment, auto
        state.cached_message_hashes.extend(self._cache)
        state.context_info.timezone, state.context_info.locale = "UTC", "en-GB"
        state.context_info.url, state.context_info.color_scheme = self.origin + "/", "light"
        for name, value in self.values.items():
            widget = state.widget_states.widgets.add()
            widget.id = name
            if isinstance(value, list):
                widget.string_array_value.data.extend(value)
            else:
                setattr(widget, VALUES[type(value)], value)
        if press:
            widget = state.widget_states.widgets.add()
            widget.id, widget.trigger_value = press, True
        assert self._socket is not None
        try:
            await self._socket.send(message.SerializeToString())
        except websockets.ConnectionClosed as closed:
            raise Dropped(f"socket closed with {closed.rcvd.code if closed.rcvd else 'nothing'}") from None

    async def run(self, *, press: str = "", fragment: str = "", page: str = "", whole: bool = True) -> float:
        """One rerun; seconds until it has ended. `whole` waits for a run of a whole page, `page` for that page's."""
        while not self._ended.empty():
            last = self._ended.get_nowait()
            if isinstance(last, Exception):
                raise last
        started, came = time.perf_counter(), Counter(self.runs)
        await self._send(press=press, fragment=fragment, page=page)
        while True:
            try:
                status = await asyncio.wait_for(self._ended.get(), RUN_SECONDS)
            except TimeoutError:
                raise TabError(self._silence(self.runs - came, press)) from None
            if isinstance(status, Exception):
                raise status
            if (status == FULL and page in ("", self.page)) or (status == FRAGMENT and not whole):
                break
            if status not in (FULL, FRAGMENT):
                raise TabError(f"run ended as {ForwardMsg.ScriptFinishedStatus.Name(status)}")
        if status == FULL:  # a front end forgets the values of what is no longer on the screen
            here = {drawn.id for drawn in self.screen.values()}
            self.values = {name: value for name, value in self.values.items() if name in here}
        wrong = [d for d in self.screen.values() if d.kind == "exception"]
        if wrong:
            raise TabError("the page shows an exception")
        return time.perf_counter() - started

    def _silence(self, runs: Counter[str], press: str) -> str:
        """What is known of a question without an answer: runs that ended meanwhile, what was pressed as it is now."""
        now = [d.message for d in self.screen.values() if press and d.id == press]
        state = ["disabled" if getattr(part, "disabled", False) else "enabled" for part in now]
        here = [name for name, page in self.pages.items() if page == self.page]
        seen = f"meanwhile {dict(runs)}, pressed {state or 'nothing there'}, on the screen {here}"
        return f"no answer within {RUN_SECONDS:.0f} s, {seen}"

    # What a person does

    def find(self, kind: str, label: str = "", place: int = 0) -> Drawn:
        """The element of a kind (as in Streamlit's Element message) and label. Raises TabError."""
        found = [d for d in self.screen.values() if d.kind == kind and (not label or d.label == label)]
        if len(found) <= place:
            raise TabError(f"no {kind} {label!r} on the screen")
        return found[place]

    def has(self, kind: str, label: str = "") -> bool:
        return any(d.kind == kind and (not label or d.label == label) for d in self.screen.values())

    async def press(self, label: str) -> float:
        button = self.find("button", label)
        if button.message.disabled:
            raise TabError(f"{label!r} cannot be pressed")
        return await self.run(press=button.id, fragment=button.fragment)

    async def enter(self, label: str, value: Any, kind: str = "text_input") -> float:
        """Change a field and let the page run."""
        found = self.find(kind, label)
        self.values[found.id] = value
        return await self.run(fragment=found.fragment)

    def fill(self, label: str, value: Any, kind: str = "text_input") -> None:
        """Change a field of a form: nothing is sent until its button."""
        self.values[self.find(kind, label).id] = value

    async def go(self, page: str, query: str = "") -> float:
        """To another page by its script's name, as a click in the navigation does."""
        if page not in self.pages:
            raise TabError(f"no page {page!r}; there are {sorted(self.pages)}")
        self.quiet()
        self.query = query
        return await self.run(page=self.pages[page])

    def elements(self) -> Counter[str]:
        """How many of each kind are on the screen."""
        return Counter(d.kind for d in self.screen.values())
