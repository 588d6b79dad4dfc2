"""The web application: the gate, our routes and Streamlit in one process. The services behind it are loaded after it.

Run it with `python -m portal serve`, `streamlit run portal/asgi.py` or
`uvicorn portal.asgi:app --no-server-header --no-proxy-headers`. The only place where HTTP meets Streamlit.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import logging
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

PROJECT_ROOT = Path(__file__).resolve().parent.parent
if str(PROJECT_ROOT) not in sys.path:  # `streamlit run portal/asgi.py` puts only this folder on the path
    sys.path.insert(0, str(PROJECT_ROOT))

import streamlit as st  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402

from portal.config import Settings  # noqa: E402
from portal.log import log  # noqa: E402
from portal.runtime import get_portal, get_settings  # noqa: E402
from portal.static_files import PackedStatic  # noqa: E402
from portal.web import bridge, runs  # noqa: E402
from portal.web.auth_routes import auth_routes  # noqa: E402
from portal.web.doctor import refuse_if_unsafe  # noqa: E402
from portal.web.downloads import download_routes  # noqa: E402
from portal.web.gate import Gate  # noqa: E402
from portal.web.health import health_routes  # noqa: E402
from portal.web.language_route import language_routes  # noqa: E402
from portal.web.loading import sharing  # noqa: E402
from portal.web.oidc_routes import oidc_routes  # noqa: E402
from portal.web.portal_shape import PortalSource  # noqa: E402
from portal.web.rehearsal import rehearse  # noqa: E402
from portal.web.services import services  # noqa: E402
from portal.web.turns import turns  # noqa: E402

bridge.find_our_config()
bridge.no_foreign_components()
SCRIPT = PROJECT_ROOT / "portal" / "app.py"
warmed = threading.Event()
"""Set when the first of each page is drawn as quickly as any later one; `/readyz` waits for it."""
COLLECT_SECONDS = 30.0  # Streamlit's collection after every rerun is off (measured 81 % of its time): do it here


WARM = """
    pandas pyarrow pyarrow.pandas_compat PIL.Image email_validator
    streamlit.material_icon_names streamlit.emojis streamlit.web.skills
    portal.preview portal.exports.bulk portal.ui.session portal.ui.step_up portal.ui.problems
    portal.ui.charts portal.ui.export_table portal.ui.file_tables portal.ui.file_facts
    portal.ui.comparison portal.ui.outcome portal.ui.progress
""".split()
"""What the first pages import (by `sys.modules` after them); pages and Streamlit import it when needed."""


def warm_up() -> None:
    """Import what the first pages would pay for (measured 490-750 ms against 95 ms), while the server is up already;
    then leave all of it out of every later collection."""
    try:
        _import_pages()
        gc.collect()
        gc.freeze()
        _give_back()
    finally:
        warmed.set()


def _import_pages() -> None:
    quiet = logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context")
    quiet.setLevel(logging.ERROR)  # it warns of fragments and dialogs that are read outside a page's run
    with sharing():
        for name in WARM:
            with suppress(ImportError):
                __import__(name)
    quiet.setLevel(logging.WARNING)


async def _rehearse(app: st.App, settings: Settings) -> None:
    """The sign-in page: it is what people come for."""
    try:
        await rehearse(app, settings)
    except Exception as error:
        log.warning("rehearsal failed", error_type=type(error).__name__)


def _give_back() -> None:
    """Hand freed memory back to the system, where the C library can (glibc)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _clean_up() -> None:
    gc.collect()
    _give_back()


async def _collect_garbage() -> None:
    while True:
        await asyncio.sleep(COLLECT_SECONDS)
        await asyncio.to_thread(_clean_up)


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Draw the sign-in page, open what is behind it (unless the server will), close in reverse. Raises UnsafeStart."""
    bridge.apply_safe_defaults()
    settings = get_settings()
    refuse_if_unsafe(settings)
    bridge.trust_gate_headers()
    bridge.offer_scripts()
    runs.take_turns(turns)
    runs.hear_runs_out()
    runs.leave_pages_behind()
    await _rehearse(app, settings)
    warming = None
    if not services.later:
        bridge.hide_server_name()
        await asyncio.to_thread(services.open)
        warming = asyncio.create_task(asyncio.to_thread(warm_up))
    collector = asyncio.create_task(_collect_garbage())
    try:
        yield
    finally:
        collector.cancel()
        if warming is not None:
            await warming
        await asyncio.to_thread(services.close)


def report_script_error(error: Exception) -> bool:
    """A page's uncaught fault: its type and a reference to the log, plain words to the page (SEC-52)."""
    reference = bridge.show_fault()
    log.error("page failed", reference=reference, error_type=type(error).__name__)
    return True


def app_options(source: PortalSource, settings: Callable[[], Settings] = get_settings) -> dict[str, Any]:
    """What `st.App` is given besides the script: routes, the gate as outermost middleware, error report."""
    return {
        "routes": [
            *health_routes(source, warmed.is_set),
            *auth_routes(source),
            *language_routes(source),
            *oidc_routes(source),
            *download_routes(source),
        ],
        "middleware": [
            Middleware(Gate, source=source, ports=bridge.own_ports(), settings=settings),
            Middleware(PackedStatic),
        ],
        "on_script_error": report_script_error,
    }


def build_app(source: PortalSource, script: Path = SCRIPT) -> st.App:
    """An application over another portal or script, for tests."""
    return st.App(script, lifespan=lifespan, **app_options(source))


# A literal call: `streamlit run` finds the application by reading the syntax tree.
app = st.App(SCRIPT, lifespan=lifespan, **app_options(get_portal))
