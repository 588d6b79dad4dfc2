"""`/healthz`: the process responds. `/readyz`: it can work; if not, which part is down."""

from __future__ import annotations

import datetime as dt

import anyio
import tink
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from portal.errors import PortalError
from portal.exports.workflow.takeover import DEAD_AFTER_SECONDS
from portal.storage.tables import Worker, utc_now
from portal.web.portal_shape import Portal, PortalSource

PARTS = ("database", "files", "keys", "workers")


def parts_down(portal: Portal) -> list[str]:
    """Which of database, files (blob store), keys and workers cannot be used now."""
    checks = {"database": _database, "files": _files, "keys": _keys, "workers": _workers}
    return [name for name in PARTS if not checks[name](portal)]


def _database(portal: Portal) -> bool:
    try:
        with portal.db.read() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True


def _files(portal: Portal) -> bool:
    return portal.sealed.store_is_reachable()


def _keys(portal: Portal) -> bool:
    """The keyset file is readable and decrypts what it encrypted."""
    try:
        aead = portal.master.aead
        return bool(aead.decrypt(aead.encrypt(b"ready", b"readyz"), b"readyz") == b"ready")
    except (PortalError, tink.TinkError):
        return False


def _workers(portal: Portal) -> bool:
    """Some process of this portal, not necessarily this one, runs exports."""
    since = utc_now() - dt.timedelta(seconds=DEAD_AFTER_SECONDS)
    try:
        with portal.db.read() as session:
            return bool(session.scalar(select(func.count()).select_from(Worker).where(Worker.seen_at > since)))
    except SQLAlchemyError:
        return False


def health_routes(source: PortalSource) -> list[Route]:
    """Open to monitoring; they reveal only which part is down."""

    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> Response:
        down = await anyio.to_thread.run_sync(lambda: parts_down(source()))
        parts = {part: "down" if part in down else "ok" for part in PARTS}
        answer = {"status": "waiting" if down else "ok", "parts": parts}
        return JSONResponse(answer, status_code=503 if down else 200)

    return [Route("/healthz", healthz, methods=["GET"]), Route("/readyz", readyz, methods=["GET"])]
