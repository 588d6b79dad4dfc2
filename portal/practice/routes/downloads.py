"""How a file leaves: whole, dripping, cut off or disguised; and the second host with its presigned links.

The second host behaves as object stores do: no bearer, 400 when one is sent all the same, 403 with an XML body when the
signature is wrong or the link has expired.
"""

import asyncio
import hmac
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from portal.practice.files import MEDIA_TYPES, large_chunks, render
from portal.practice.routes.edge import Edge
from portal.practice.settings import PracticeSettings
from portal.practice.state import Export, State

DRIPS: Final = 20
SIGN_IN_PAGE: Final = "<!doctype html><html><head><title>Sign in</title></head><body>Sign in to go on.</body></html>"


class CutOffResponse(Response):
    """Promises the whole body in Content-Length, sends half of it and drops the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Return before the last part; the server then closes the connection."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})


def file_response(state: State, export: Export, *, redirect_to: str | None = None) -> Response:
    """The file of an export, sent the way its customer's situation says."""
    customer = state.world.customers[export.customer_id]
    way = state.behaviour(customer).file
    if way == "redirect" and redirect_to is not None:
        return RedirectResponse(redirect_to, 302)
    state.count("downloads", customer)
    if way == "html":
        return Response(SIGN_IN_PAGE, media_type="text/html")
    media_type = MEDIA_TYPES[export.format]
    headers = {"Content-Disposition": f'attachment; filename="{export.id}.{export.format}"'}
    if way == "large":
        return StreamingResponse(large_chunks(state, export), media_type=media_type, headers=headers)
    body = render(state, export)
    if way == "drip":
        headers["Content-Length"] = str(len(body))
        return StreamingResponse(_drip(state, body), media_type=media_type, headers=headers)
    kind = CutOffResponse if way == "cut" else Response
    return kind(body, media_type=media_type, headers=headers)


async def _drip(state: State, body: bytes) -> AsyncIterator[bytes]:
    """The body in about twenty pieces over ``settings.drip_seconds``; without the pauses when the server stops."""
    size = max(1, -(-len(body) // DRIPS))
    for start in range(0, len(body), size):
        if not state.stopping.is_set():
            await asyncio.sleep(state.settings.drip_seconds / DRIPS)
        yield body[start : start + size]


def create_download_app(settings: PracticeSettings, state: State) -> Edge:
    """The second host: ``GET /presigned/<opaque>?X-Expires=...&X-Signature=...`` and nothing else."""

    async def presigned(request: Request) -> Response:
        return _presigned(state, request)

    app = Starlette(routes=[Route("/presigned/{object_key}", presigned, methods=["GET"])])
    return Edge(app, state, limited=False)


def _presigned(state: State, request: Request) -> Response:
    state.count("presigned_requests")
    if any(name == "authorization" or name.startswith("x-eposn") for name in request.headers):
        state.count("presigned_with_credentials")
        return _xml_error(400, "InvalidArgument", "Only one auth mechanism allowed")
    object_key = request.path_params["object_key"]
    expires = request.query_params.get("X-Expires", "")
    signature = request.query_params.get("X-Signature", "")
    if not hmac.compare_digest(state.sign(object_key, expires).encode(), signature.encode()):
        return _xml_error(403, "SignatureDoesNotMatch", "The request signature does not match")
    if datetime.now(UTC).timestamp() >= int(expires):
        return _xml_error(403, "AccessDenied", "Request has expired")
    export = state.export_for_key(object_key)
    if export is None:
        return _xml_error(404, "NoSuchKey", "The specified key does not exist")
    return file_response(state, export)


def _xml_error(status: int, code: str, message: str) -> Response:
    error = f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>\n{error}', status, media_type="application/xml")
