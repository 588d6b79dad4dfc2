"""`/healthz`: the process answers. `/readyz`: it can do its work; if not, which part is down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import anyio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from portal.errors import PortalError
from portal.web.portal_shape import Portal, PortalSource

PARTS = ("database", "files", "keys", "workers")
PAGES = "pages"


def parts_down(portal: Portal) -> list[str]:
    """Which of database, files (blob store), keys and workers cannot be used just now."""
    checks = {"database": _database, "files": _files, "keys": _keys, "workers": _workers}
    return [name for name in PARTS if not checks[name](portal)]


def _database(portal: Portal) -> bool:
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with portal.db.read() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True


def _files(portal: Portal) -> bool:
    return portal.files.store_answers()


def _keys(portal: Portal) -> bool:
    """The keyset file can be read, and what is sealed with it opens."""
    import tink

    try:
        aead = portal.master.aead
        return bool(aead.decrypt(aead.encrypt(b"ready", b"readyz"), b"readyz") == b"ready")
    except (PortalError, tink.TinkError):
        return False


def _workers(portal: Portal) -> bool:
    """Some process of this portal runs exports; it need not be this one."""
    from sqlalchemy import func, select
    from sqlalchemy.exc import SQLAlchemyError

    from portal.exports.durable import DEAD_AFTER_SECONDS
    from portal.storage.tables import Worker, utc_now

    since = utc_now() - dt.timedelta(seconds=DEAD_AFTER_SECONDS)
    try:
        with portal.db.read() as session:
            return bool(session.scalar(select(func.count()).select_from(Worker).where(Worker.seen_at > since)))
    except SQLAlchemyError:
        return False


def health_routes(source: PortalSource, warm: Callable[[], bool]) -> list[Route]:
    """Open to machines; say nothing but which part is down. `warm`: are the pages as quick as they will be?"""

    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> Response:
        down = await anyio.to_thread.run_sync(lambda: parts_down(source()))
        if not warm():
            down.append(PAGES)
        parts = {part: "down" if part in down else "ok" for part in (*PARTS, PAGES)}
        answer = {"status": "waiting" if down else "ok", "parts": parts}
        return JSONResponse(answer, status_code=503 if down else 200)

    return [Route("/healthz", healthz, methods=["GET"]), Route("/readyz", readyz, methods=["GET"])]
