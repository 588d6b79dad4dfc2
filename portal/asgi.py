"""The web application: the gate, our routes and Streamlit in one process.

Run it with `python -m portal serve`, `streamlit run portal/asgi.py` or
`uvicorn portal.asgi:app --no-server-header --no-proxy-headers`. The only place where HTTP meets Streamlit.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

PROJECT_ROOT = Path(__file__).resolve().parent.parent
if str(PROJECT_ROOT) not in sys.path:  # `streamlit run portal/asgi.py` puts only this folder on the path
    sys.path.insert(0, str(PROJECT_ROOT))

import streamlit as st  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402

from portal.log import log  # noqa: E402
from portal.runtime import close_portal, get_portal  # noqa: E402
from portal.web import bridge  # noqa: E402
from portal.web.auth_routes import auth_routes  # noqa: E402
from portal.web.doctor import refuse_if_unsafe  # noqa: E402
from portal.web.downloads import download_routes  # noqa: E402
from portal.web.gate import Gate  # noqa: E402
from portal.web.health import health_routes  # noqa: E402
from portal.web.language_route import language_routes  # noqa: E402
from portal.web.metrics import start_metrics  # noqa: E402
from portal.web.oidc_routes import oidc_routes  # noqa: E402
from portal.web.portal_shape import PortalSource  # noqa: E402

bridge.find_our_config()
SCRIPT = PROJECT_ROOT / "portal" / "app.py"
handed_over = threading.Event()
"""Set at the end when exports were left to another process; see `portal.runtime.Portal.stop`."""
COLLECT_SECONDS = 30.0  # Streamlit's collection after every rerun is off (measured 81 % of its time): do it here


def _warm_imports() -> None:
    """The first page would pay for these otherwise (measured 490-750 ms against 95 ms)."""
    for name in ("pandas", "pyarrow", "altair"):
        with suppress(ImportError):
            __import__(name)


async def _collect_garbage() -> None:
    while True:
        await asyncio.sleep(COLLECT_SECONDS)
        await asyncio.to_thread(gc.collect)


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Open the portal and its workers, warm up, and close in reverse. Raises UnsafeStart."""
    bridge.apply_safe_defaults()
    portal = await asyncio.to_thread(get_portal)
    refuse_if_unsafe(portal.settings)
    bridge.trust_gate_headers()
    bridge.hide_server_name()
    await asyncio.to_thread(portal.start_workers)
    metrics = start_metrics(portal.db, portal.settings.metrics_port)
    await asyncio.to_thread(_warm_imports)
    gc.collect()
    gc.freeze()
    collector = asyncio.create_task(_collect_garbage())
    try:
        yield
    finally:
        collector.cancel()
        if metrics is not None:
            await asyncio.to_thread(metrics.close)
        if not await asyncio.to_thread(portal.stop):
            handed_over.set()
        await asyncio.to_thread(close_portal)


def report_script_error(error: Exception) -> bool:
    """A page's uncaught fault: its type and a reference to the log, plain words to the page (SEC-52)."""
    reference = bridge.show_fault()
    log.error("page failed", reference=reference, error_type=type(error).__name__)
    return True


def app_options(source: PortalSource) -> dict[str, Any]:
    """What `st.App` is given besides the script: routes, the gate as outermost middleware, error report."""
    return {
        "routes": [
            *health_routes(source),
            *auth_routes(source),
            *language_routes(source),
            *oidc_routes(source),
            *download_routes(source),
        ],
        "middleware": [Middleware(Gate, source=source, ports=bridge.own_ports())],
        "on_script_error": report_script_error,
    }


def build_app(source: PortalSource, script: Path = SCRIPT) -> st.App:
    """An application over another portal or script, for tests."""
    return st.App(script, lifespan=lifespan, **app_options(source))


# A literal call: `streamlit run` finds the application by reading the syntax tree.
app = st.App(SCRIPT, lifespan=lifespan, **app_options(get_portal))
