"""The pages of a link: `/r/{token}`, and below it `files`, `file`, `not-mine`, `send-code` (DLV-12).

Nobody is signed in here, and no address of the portal is reachable from these pages. GET and HEAD only read. The token
is written to no log: lines carry the delivery's id.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qs

import anyio
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from portal.delivery.fetching import Fetched
from portal.delivery.limits import VISIT
from portal.delivery.recipient import LinkEnded, NotACode, NotOpened, WrongCode
from portal.delivery.views import CodePage, PageKind
from portal.errors import PortalError, TryLater
from portal.log import log
from portal.web.gate.cookies import CookieNames
from portal.web.gate.plain import status_of
from portal.web.gate.visit import visit_of
from portal.web.portal_shape import PortalSource, Recipient
from portal.web.recipient import words
from portal.web.recipient.pages import code_page, files_page, plain_page, thanks_page
from portal.web.recipient.style import POLICY
from portal.web.routes.downloads import disposition, stream

MOST_BODY = 4096
OPENED_AT_ONCE = 2
WAIT_SECONDS = 30.0
"""For a turn to read a package through: what stands before the portal gives up after 60 s without a byte."""
AGAIN_SECONDS = 5
"""A program comes back so soon: each try stands at the end of the queue again."""
ALWAYS = {
    "content-security-policy": POLICY,
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-robots-tag": "noindex, nofollow",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
}
STATUS: dict[PageKind, int] = {PageKind.CODE: 200, PageKind.UNKNOWN: 404, PageKind.ENDED: 410, PageKind.LOCKED: 410}
RANGE = re.compile(r"bytes=(\d{1,15})-")


@dataclass
class Turns:
    """Few threads at once work for recipients. Each more takes time from the pages of signed-in people, and brings no
    file out sooner (bench/delivery.py, 20 at once: 2 threads 212 MiB/s, as many as want 78). Made in the event loop."""

    _limiters: dict[str, anyio.CapacityLimiter] = field(default_factory=dict)

    def _of(self, name: str, most: int = OPENED_AT_ONCE) -> anyio.CapacityLimiter:
        if name not in self._limiters:
            self._limiters[name] = anyio.CapacityLimiter(most)
        return self._limiters[name]

    @property
    def reading(self) -> anyio.CapacityLimiter:
        """One page at a time, in a few milliseconds: of 1,000 at once two at a time slow a person's click 2.6 times."""
        return self._of("reading", 1)

    @property
    def verifying(self) -> anyio.CapacityLimiter:
        return self._of("verifying")

    @property
    def sending(self) -> anyio.CapacityLimiter:
        return self._of("sending")

    async def verified(self, fetch: Callable[[], Fetched]) -> Fetched | None:
        """None: no turn came in time, and nothing was begun."""
        borrower = object()
        with anyio.move_on_after(WAIT_SECONDS) as waiting:
            await self.verifying.acquire_on_behalf_of(borrower)
        if waiting.cancelled_caught:
            return None
        try:
            return await anyio.to_thread.run_sync(fetch)
        finally:
            self.verifying.release_on_behalf_of(borrower)


@dataclass(frozen=True)
class Asked:
    """One request: the token of its address, who asks, and the cookie of a page that was opened."""

    request: Request
    recipient: Recipient
    names: CookieNames
    turns: Turns

    @property
    def token(self) -> str:
        return str(self.request.path_params["token"])

    @property
    def address(self) -> str:
        return visit_of(self.request.scope).address

    @property
    def cookie(self) -> str:
        return visit_of(self.request.scope).recipient

    async def page(self) -> CodePage:
        return await anyio.to_thread.run_sync(self.recipient.page, self.token, limiter=self.turns.reading)

    async def plain_or_code(self, status: int = 200, *, problem: str = "", good: str = "") -> Response:
        """The page as the link stands now."""
        found = await self.page()
        if found.kind is not PageKind.CODE:
            return _page(plain_page(found, visit_of(self.request.scope).language), STATUS[found.kind])
        return _page(code_page(found, self.token, problem=problem, good=good), status)


Answer = Callable[[Asked], Awaitable[Response]]


def recipient_routes(source: PortalSource) -> list[Route]:
    """The gate limits the rate, and lets a form pass that our own page sent."""
    turns = Turns()

    def route(path: str, methods: dict[str, Answer]) -> Route:
        async def answer(request: Request) -> Response:
            portal = source()
            asked = Asked(request, portal.recipient, CookieNames.of(portal.settings), turns)
            try:
                return await methods["GET" if request.method == "HEAD" else request.method](asked)
            except PortalError as error:
                return await _refused(asked, error)

        return Route(path, answer, methods=list(methods))

    return [
        route("/r/{token}", {"GET": _show, "POST": _try_code}),
        route("/r/{token}/files", {"GET": _files}),
        route("/r/{token}/file", {"POST": _file}),
        route("/r/{token}/not-mine", {"POST": _not_mine}),
        route("/r/{token}/send-code", {"POST": _send_code}),
    ]


async def _show(asked: Asked) -> Response:
    return await asked.plain_or_code()


async def _try_code(asked: Asked) -> Response:
    code = await _code_of(asked.request)
    agent = asked.request.headers.get("user-agent", "")
    opened = await anyio.to_thread.run_sync(
        partial(asked.recipient.try_code, asked.token, code, address=asked.address, agent=agent)
    )
    answer = RedirectResponse(f"/r/{asked.token}/files", status_code=303, headers=ALWAYS)
    age = int(VISIT.total_seconds())
    answer.headers.append("set-cookie", asked.names.set(asked.names.recipient, opened.cookie, max_age=age))
    return answer


async def _files(asked: Asked) -> Response:
    try:
        found = await anyio.to_thread.run_sync(asked.recipient.files, asked.token, asked.cookie)
    except NotOpened:
        return RedirectResponse(f"/r/{asked.token}", status_code=303, headers=ALWAYS)
    return _page(files_page(found, asked.token))


async def _file(asked: Asked) -> Response:
    start, of = _start_of(asked.request)
    fetched = await asked.turns.verified(
        partial(asked.recipient.fetch, asked.token, asked.cookie, start, of=of, address=asked.address)
    )
    if fetched is not None:
        return _sent(fetched, asked.turns.sending)
    found = await anyio.to_thread.run_sync(asked.recipient.files, asked.token, asked.cookie)
    answer = _page(files_page(found, asked.token, problem=words.CROWDED), 503)
    answer.headers["retry-after"] = str(AGAIN_SECONDS)
    return answer


async def _not_mine(asked: Asked) -> Response:
    await anyio.to_thread.run_sync(partial(asked.recipient.not_mine, asked.token, asked.cookie, address=asked.address))
    answer = _page(thanks_page(await asked.page()))
    answer.headers.append("set-cookie", asked.names.clear(asked.names.recipient))
    return answer


async def _send_code(asked: Asked) -> Response:
    await anyio.to_thread.run_sync(partial(asked.recipient.send_code, asked.token, address=asked.address))
    return await asked.plain_or_code(good=words.CODE_SENT)


async def _refused(asked: Asked, error: PortalError) -> Response:
    """The page as it stands, with what was wrong above it."""
    delivery = error.detail if re.fullmatch("[0-9a-f]{32}", error.detail) else ""
    log.info("recipient.refused", reference=error.reference, code=error.code, delivery=delivery)
    match error:
        case NotACode():
            return await asked.plain_or_code(400, problem=words.NOT_WHOLE)
        case WrongCode():
            return await asked.plain_or_code(403, problem=words.WRONG)
        case NotOpened():
            return await asked.plain_or_code(403, problem=words.ENTER_FIRST)
        case LinkEnded():
            return await asked.plain_or_code()
        case TryLater() if asked.request.url.path.endswith("/file"):
            answer = await _files_again(asked, error, words.BUSY)
        case TryLater():
            answer = await asked.plain_or_code(429, problem=words.TOO_MANY)
        case _:
            return await _files_again(asked, error, words.BROKEN)
    answer.headers["retry-after"] = str(max(1, round(error.wait_seconds)))
    return answer


async def _files_again(asked: Asked, error: PortalError, problem: str) -> Response:
    try:
        found = await anyio.to_thread.run_sync(asked.recipient.files, asked.token, asked.cookie)
    except PortalError:
        return await asked.plain_or_code(status_of(error), problem=words.TOO_MANY)
    return _page(files_page(found, asked.token, problem=problem, reference=error.reference), status_of(error))


def _page(html: str, status: int = 200) -> Response:
    return HTMLResponse(html, status_code=status, headers=ALWAYS)


async def _code_of(request: Request) -> str:
    """The field `code` of a small form; nothing for any other body."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BODY:
            return ""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return ""
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=8)
    except ValueError:
        return ""
    return fields.get("code", [""])[0]


def _start_of(request: Request) -> tuple[int, str]:
    """From which byte a broken download goes on, and of which file: its SHA-256 is the entity tag."""
    found = RANGE.fullmatch(request.headers.get("range", ""))
    return (int(found[1]), request.headers.get("if-range", "").strip('"')) if found else (0, "")


def _sent(fetched: Fetched, limiter: anyio.CapacityLimiter) -> Response:
    size, start = fetched.size_bytes, fetched.start
    headers: dict[str, Any] = ALWAYS | {
        "content-security-policy": "sandbox; default-src 'none'",
        "content-disposition": disposition(fetched.file_name),
        "content-encoding": "identity",  # keeps Streamlit's gzip away from a stream
        "content-length": str(size - start),
        "accept-ranges": "bytes",
        "etag": f'"{fetched.sha256}"',
    }
    if start:
        headers["content-range"] = f"bytes {start}-{size - 1}/{size}"
    return StreamingResponse(
        stream(fetched.chunks, limiter),
        status_code=206 if start else 200,
        headers=headers,
        media_type="application/zip",
    )
