"""Files attached to a case come in and go out here: `PUT /cases/{case}/systems/{system}/files`,
`PUT /cases/{case}/files/{file}/replacement` and `GET /cases/{case}/files/{file}`.

What comes in is sealed as it arrives: nothing of it is kept whole in memory, and nothing is on disk in clear, which
Streamlit's own uploads (a temporary file above 1 MB) would not keep. The gate has checked the session and, of a PUT,
that it comes from the portal's own page.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Iterator
from urllib.parse import unquote

import anyio
import anyio.from_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from portal.errors import InputError, NotSignedIn, PortalError
from portal.exports.files.card_codes import CardReason
from portal.identity import User
from portal.language import catalogue_of, current_language
from portal.log import log
from portal.systems.answering import MAX_FILE_BYTES, TOO_LARGE
from portal.vault.files import CHUNK_BYTES
from portal.web.gate.plain import status_of
from portal.web.gate.visit import visit_of
from portal.web.portal_shape import PortalSource
from portal.web.routes.downloads import serve

NAME_HEADER = "x-file-name"
"""The name travels percent-encoded in a header: it may name a person, and addresses are written to logs."""
NAME_MAX = 4_000
AT_ONCE = 4  # each holds a thread, of its own and not of those that answer pages
STILL_SECONDS = 60.0
MOST_SECONDS = 900.0
TOO_SLOW = "The file did not arrive in time."


def attached_file_routes(source: PortalSource) -> list[Route]:
    """Addresses carry ids only. The service checks merchant, role and case."""
    slots = _Slots()

    async def receive(request: Request) -> Response:
        user = visit_of(request.scope).user
        if user is None:
            return _said(NotSignedIn())
        if (_length(request) or 0) > MAX_FILE_BYTES:
            return _said(InputError(TOO_LARGE, field="file"))
        name = unquote(request.headers.get(NAME_HEADER, "")[:NAME_MAX], errors="replace")
        case_id, arriving = request.path_params["case_id"], _Arriving(request)
        system_id, file_id = request.path_params.get("system_id"), request.path_params.get("file_id")

        def attach(who: User) -> None:
            if system_id is not None:
                source().case_systems.attach(who, case_id, system_id, name, arriving.chunks())
            elif file_id is not None:
                source().case_systems.replace(who, case_id, file_id, name, arriving.chunks())

        try:
            await anyio.to_thread.run_sync(attach, user, limiter=slots.limiter)
        except PortalError as error:
            log.info("attach.refused", reference=error.reference, code=error.code, detail=error.detail)
            return _said(error)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        return Response(status_code=204)

    async def file(request: Request) -> Response:
        case_id, file_id = request.path_params["case_id"], request.path_params["file_id"]
        said = request.query_params.get("reason", "")
        reason = CardReason(said) if said in set(CardReason) else None
        return await serve(request, lambda user: source().system_files.download(user, case_id, file_id, reason))

    return [
        Route("/cases/{case_id}/systems/{system_id}/files", receive, methods=["PUT"]),
        Route("/cases/{case_id}/files/{file_id}/replacement", receive, methods=["PUT"]),
        Route("/cases/{case_id}/files/{file_id}", file, methods=["GET"]),
    ]


class _Slots:
    """The limiter belongs to the running event loop, so it is made at the first request."""

    _limiter: anyio.CapacityLimiter | None = None

    @property
    def limiter(self) -> anyio.CapacityLimiter:
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(AT_ONCE)
        return self._limiter


class _Arriving:
    """A request's body, handed to a thread in pieces of `CHUNK_BYTES`. A body that stands still, or takes too long,
    gives its thread free."""

    def __init__(self, request: Request) -> None:
        self._stream: AsyncIterator[bytes] = request.stream()
        self._ends_at = math.inf

    def chunks(self) -> Iterator[bytes]:
        self._ends_at = anyio.from_thread.run(self._deadline)
        while piece := anyio.from_thread.run(self._piece):
            yield piece

    async def _deadline(self) -> float:
        return anyio.current_time() + MOST_SECONDS

    async def _piece(self) -> bytes:
        held = bytearray()
        try:
            with anyio.fail_after(min(STILL_SECONDS, max(0.0, self._ends_at - anyio.current_time()))):
                while len(held) < CHUNK_BYTES and (part := await self._next()) is not None:
                    held += part
        except TimeoutError:
            raise InputError(TOO_SLOW, field="file") from None
        return bytes(held)

    async def _next(self) -> bytes | None:
        return await anext(self._stream, None)


def _length(request: Request) -> int | None:
    try:
        return int(request.headers.get("content-length", ""))
    except ValueError:
        return None


def _said(error: PortalError) -> Response:
    """What went wrong in the reader's language, for the page's own script to show."""
    words = catalogue_of(current_language.get())
    text = f"{words.sentence(error.message)} {words.sentence(error.next_step)}".strip()
    return PlainTextResponse(text, status_code=status_of(error))
