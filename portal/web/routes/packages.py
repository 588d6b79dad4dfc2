"""A case's package: `GET /cases/{case}/packages/{package}/look/{page}`, `…/file` and `…/encrypted/{copy}`.

A page comes out of the sealed ZIP, byte for byte, with links among the package's own pages. It runs nothing and loads
nothing: its own policy says so, and the header says it again. Whatever is no page is saved, never opened by its type.
"""

from __future__ import annotations

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.errors import NotSignedIn, PortalError
from portal.log import log
from portal.package.versions.views import MemberBytes
from portal.web.gate.plain import error_page
from portal.web.gate.visit import visit_of
from portal.web.portal_shape import PortalSource
from portal.web.routes.downloads import disposition, serve

# Without `allow-same-origin` a click from page to page is another site's to the browser, and the cookie stays behind.
PAGE_POLICY = (
    "sandbox allow-same-origin allow-downloads; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def package_routes(source: PortalSource) -> list[Route]:
    """Addresses carry ids and the package's own neutral names (PKG-9). The service checks merchant, role and proof."""

    async def look(request: Request) -> Response:
        user = visit_of(request.scope).user
        if user is None:
            return error_page(NotSignedIn())
        ids = request.path_params["case_id"], request.path_params["package_id"]
        try:
            found = await anyio.to_thread.run_sync(
                lambda: source().package_files.member(user, *ids, request.path_params["page"])
            )
        except PortalError as error:
            log.info("package.refused", reference=error.reference, code=error.code, detail=error.detail)
            return error_page(error)
        return _shown(found)

    async def file(request: Request) -> Response:
        ids = request.path_params["case_id"], request.path_params["package_id"]
        return await serve(request, lambda user: source().package_files.download(user, *ids))

    async def encrypted(request: Request) -> Response:
        ids = tuple(request.path_params[name] for name in ("case_id", "package_id", "copy_id"))
        return await serve(request, lambda user: source().package_files.encrypted(user, *ids))

    return [
        Route("/cases/{case_id}/packages/{package_id}/look/{page:path}", look, methods=["GET"]),
        Route("/cases/{case_id}/packages/{package_id}/file", file, methods=["GET"]),
        Route("/cases/{case_id}/packages/{package_id}/encrypted/{copy_id}", encrypted, methods=["GET"]),
    ]


def _shown(found: MemberBytes) -> Response:
    headers = {
        "content-security-policy": PAGE_POLICY,
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
    }
    name = found.path.rpartition("/")[2]
    if not name.endswith(".html"):
        headers["content-disposition"] = disposition(name)
    return Response(found.content, media_type=found.media_type, headers=headers)
