"""Files leave only here: `GET /exports/{id}/file` and `GET /exports/list.csv` (SEC-23).

The service checks merchant, role, fresh proof and seal and writes the audit entry; this route checks
the session (through the gate) and where the request came from, and streams.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from urllib.parse import quote

import anyio
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from portal.errors import NotFound, NotSignedIn, PortalError
from portal.exports.core.download import DocumentKind, FileKind
from portal.exports.history.filters import from_address
from portal.identity import User
from portal.log import log
from portal.trail.evidence import about_from_address
from portal.web.gate.plain import error_page, page
from portal.web.gate.visit import visit_of
from portal.web.portal_shape import Download, PortalSource

OWN_SITES = frozenset({"same-origin", "none"})  # none: typed or from the browser's download list


def disposition(file_name: str) -> str:
    """RFC 6266 `attachment` with a plain ASCII name and, where that lost something, the UTF-8 one (SEC-24)."""
    one_line = "".join(c for c in file_name if c.isprintable() and c not in '/\\:"').strip(". ") or "export"
    plain = one_line.encode("ascii", "ignore").decode().strip(". ") or "export"
    if plain == one_line:
        return f'attachment; filename="{plain}"'
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(one_line, safe='')}"


async def stream(chunks: Iterator[bytes], limiter: anyio.CapacityLimiter | None = None) -> AsyncIterator[bytes]:
    """Read from the service in a thread, so that a long file does not block the event loop; with a `limiter`, in as
    many threads as it lets.

    A fault after the first byte truncates the response, and the browser reports a failed download: an incomplete file
    never looks like a whole one (SEC-25).
    """
    iterator = iter(chunks)
    try:
        while True:
            chunk = await anyio.to_thread.run_sync(next, iterator, None, limiter=limiter)
            if chunk is None:
                return
            yield chunk
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(close)


def _answer(download: Download) -> Response:
    headers = {
        "content-disposition": disposition(download.file_name),
        "content-encoding": "identity",  # keeps Streamlit's gzip away from a stream
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
        "content-security-policy": "sandbox; default-src 'none'",
    }
    if download.size is not None:
        headers["content-length"] = str(download.size)
    return StreamingResponse(stream(download.chunks), media_type=download.media_type, headers=headers)


async def serve(request: Request, ask: Callable[[User], Download]) -> Response:
    """Give a signed-in person what `ask` gives them, to be saved."""
    if request.method != "GET":  # Starlette adds HEAD, which would be audited as a download
        return page(405, "This address only gives files.")
    user = visit_of(request.scope).user
    if user is None:
        return error_page(NotSignedIn())
    if request.headers.get("sec-fetch-site", "none") not in OWN_SITES:
        return page(403, "This request came from another site.", "Open the file from the portal.")
    try:
        download = await anyio.to_thread.run_sync(ask, user)
    except PortalError as error:
        log.info("download.refused", reference=error.reference, code=error.code, detail=error.detail)
        return error_page(error)
    return _answer(download)


def document_kind(request: Request) -> DocumentKind | None:
    """The kind of document that the address asks for; None when there is no such kind."""
    try:
        return DocumentKind(request.query_params.get("kind", DocumentKind.HTML))
    except ValueError:
        return None


def download_routes(source: PortalSource) -> list[Route]:
    """All routes; fixed paths first, since `list.csv` is no export's id. Addresses carry ids, codes and dates only."""

    async def register(request: Request) -> Response:
        if not request.query_params:
            return await serve(request, lambda user: source().register.register_csv(user))
        wanted = from_address(request.query_params)
        return await serve(request, lambda user: source().register.register_csv(user, wanted))

    async def register_workbook(request: Request) -> Response:
        wanted = from_address(request.query_params)
        return await serve(request, lambda user: source().register.register_xlsx(user, wanted))

    async def expiries(request: Request) -> Response:
        return await serve(request, lambda user: source().register.expiries_ics(user))

    async def evidence(request: Request) -> Response:
        kind = document_kind(request)
        if kind is None:
            return error_page(NotFound(detail="kind"))
        about = about_from_address(request.query_params)
        return await serve(request, lambda user: source().evidence.document(user, about, kind))

    async def trail(request: Request) -> Response:
        return await serve(request, lambda user: source().trail.export_trail(user))

    async def about_person(request: Request) -> Response:
        kind, export_id = document_kind(request), request.query_params.get("export", "")
        if kind is None or not export_id:
            return error_page(NotFound(detail="kind or export"))
        return await serve(request, lambda user: source().person_records.about_person(user, export_id, kind=kind))

    async def file(request: Request) -> Response:
        export_id = request.path_params["export_id"]
        try:
            kind = FileKind(request.query_params.get("kind", FileKind.ORIGINAL))
        except ValueError:
            return error_page(NotFound(detail="kind"))
        return await serve(request, lambda user: source().files.open_file(user, export_id, kind))

    async def left_out(request: Request) -> Response:
        export_id, kind = request.path_params["export_id"], document_kind(request)
        if kind is None:
            return error_page(NotFound(detail="kind"))
        return await serve(request, lambda user: source().left_out_lists.document(user, export_id, kind))

    return [
        Route("/exports/list.csv", register, methods=["GET"]),
        Route("/exports/list.xlsx", register_workbook, methods=["GET"]),
        Route("/exports/expiries.ics", expiries, methods=["GET"]),
        Route("/audit/evidence", evidence, methods=["GET"]),
        Route("/audit/trail.jsonl", trail, methods=["GET"]),
        Route("/audit/about-person", about_person, methods=["GET"]),
        Route("/exports/{export_id}/file", file, methods=["GET"]),
        Route("/exports/{export_id}/left-out", left_out, methods=["GET"]),
    ]
