"""`/healthz`: the process answers. `/readyz`: it can reach its database too."""

from __future__ import annotations

import anyio
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from portal.web.portal_shape import PortalSource


def health_routes(source: PortalSource) -> list[Route]:
    """Open to machines; say nothing but ok or not."""

    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    def database_answers() -> bool:
        try:
            with source().db.read() as db:
                db.execute(text("SELECT 1"))
        except SQLAlchemyError:
            return False
        return True

    async def readyz(request: Request) -> Response:
        ready = await anyio.to_thread.run_sync(database_answers)
        return JSONResponse({"status": "ok" if ready else "waiting"}, status_code=200 if ready else 503)

    return [Route("/healthz", healthz, methods=["GET"]), Route("/readyz", readyz, methods=["GET"])]
