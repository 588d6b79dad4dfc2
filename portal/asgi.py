"""The web application: the gate, our routes, Streamlit and the services behind them in one process.

Run it with `python -m portal serve`, `streamlit run portal/asgi.py` or
`uvicorn portal.asgi:app --no-server-header --no-proxy-headers`. The only place where HTTP meets Streamlit.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import importlib
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

PROJECT_ROOT = Path(__file__).resolve().parent.parent
if str(PROJECT_ROOT) not in sys.path:  # `streamlit run portal/asgi.py` puts only this folder on the path
    sys.path.insert(0, str(PROJECT_ROOT))

import streamlit as st  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402

from portal.config import Settings, WrongSettings, load_settings  # noqa: E402
from portal.log import log  # noqa: E402
from portal.practice_start import practice_data  # noqa: E402
from portal.runtime import get_portal  # noqa: E402
from portal.web.front_door.routes import front_door_routes  # noqa: E402
from portal.web.gate import connections, foreign_logs  # noqa: E402
from portal.web.gate.middleware import Gate  # noqa: E402
from portal.web.operations.doctor import UnsafeStart, refuse_if_unsafe  # noqa: E402
from portal.web.operations.health import health_routes  # noqa: E402
from portal.web.operations.services import services  # noqa: E402
from portal.web.portal_shape import PortalSource  # noqa: E402
from portal.web.routes.attached_files import attached_file_routes  # noqa: E402
from portal.web.routes.calendars import calendar_routes  # noqa: E402
from portal.web.routes.downloads import download_routes  # noqa: E402
from portal.web.routes.language import language_routes  # noqa: E402
from portal.web.routes.packages import package_routes  # noqa: E402
from portal.web.routes.recipient import recipient_routes  # noqa: E402
from portal.web.routes.sign_in import auth_routes  # noqa: E402
from portal.web.routes.single_sign_on import oidc_routes  # noqa: E402
from portal.web.routes.static_files import CompressedStatic  # noqa: E402
from portal.web.streamlit import (  # noqa: E402
    client_messages,
    components,
    first_message,
    gate_headers,
    options,
    page_run,
    runs,
    servers,
    shell,
)
from portal.web.streamlit.private_parts import PartMissing, apply_comfort  # noqa: E402


def _end_process(message: str) -> NoReturn:
    """Not by an exception, for which the server would print a traceback. Nothing is open yet."""
    print(f"The portal does not start like this. {message}", file=sys.stderr, flush=True)
    os._exit(1)


def _require(*safety_measures: Callable[[], object]) -> None:
    """Call each; end the process with a sentence when this Streamlit lacks a private part that one of them needs."""
    for measure in safety_measures:
        try:
            measure()
        except PartMissing as error:
            _end_process(str(error))


_require(options.load_project_config, components.disable_package_components)
SCRIPT = PROJECT_ROOT / "portal" / "app.py"
PORTS = options.streamlit_run_ports()  # read at import: later Streamlit gives its default under any server
COLLECT_SECONDS = 30.0  # Streamlit's collection after every rerun is off (measured 81 % of its time): do it here
PAGES_IMPORT = """
    pyarrow.pandas_compat PIL.Image email_validator
    streamlit.material_icon_names streamlit.emojis streamlit.web.skills
    portal.ui.account.signed_in portal.ui.account.step_up portal.ui.common.problems portal.ui.common.charts
    portal.ui.history.export_table portal.ui.preview.file_tables portal.ui.preview.file_facts
    portal.ui.preview.comparison portal.ui.preview.outcome portal.ui.preview.progress
""".split()
"""What the first pages import, directly or through Streamlit (found by `sys.modules` after them)."""


def import_pages() -> None:
    """Import ahead of the first page, which would pay for it (measured 490-750 ms against 95 ms)."""
    quiet = logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context")
    quiet.setLevel(logging.ERROR)  # it warns of fragments and dialogs that are read outside a page's run
    for name in PAGES_IMPORT:
        with suppress(ImportError):
            importlib.import_module(name)
    quiet.setLevel(logging.WARNING)
    foreign_logs.throttle_library_logs()  # the loggers of what was imported


def _clean_up() -> None:
    """Collect garbage, then hand freed memory back to the system, where the C library can (glibc)."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


async def _collect_garbage() -> None:
    while True:
        await asyncio.sleep(COLLECT_SECONDS)
        await asyncio.to_thread(_clean_up)


def _settings_that_are_safe() -> Settings:
    """Ends the process with the doctor's sentence when they are not."""
    try:
        settings = load_settings()
        refuse_if_unsafe(settings)
    except (UnsafeStart, WrongSettings) as trouble:
        _end_process(trouble.message)
    return settings


def _prepare_streamlit() -> None:
    """Ends the process when a safety measure lacks its private part; a comfort patch is then skipped."""
    _require(
        gate_headers.trust_gate_headers,
        components.register_components,
        client_messages.message_type,
        page_run.redirect_message_type,
        page_run.run_finder,
        shell.script_hash,
        first_message.redact_server_facts,
    )
    for patch in (
        runs.queue_runs,
        runs.deliver_messages_before_next_run,
        runs.run_page_for_gone_fragments,
        runs.drop_fragments_of_left_pages,
        runs.stay_on_opened_page,
    ):
        apply_comfort(patch)


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Set Streamlit up, open the services behind the pages, close in reverse."""
    options.apply_safe_defaults()
    settings = _settings_that_are_safe()
    _prepare_streamlit()
    for server in servers.running_servers():
        servers.hide_server_name(server)
        connections.guard(server)
    practice = ExitStack()
    try:
        await asyncio.to_thread(_open, settings, practice)
        collector = asyncio.create_task(_collect_garbage())
        yield
        collector.cancel()
    finally:
        await asyncio.to_thread(services.close)
        await asyncio.to_thread(practice.close)


def _open(settings: Settings, practice: ExitStack) -> None:
    services.open()
    if settings.practice:
        origin = f"http://127.0.0.1:{PORTS[0]}" if PORTS and not settings.public_url else settings.origin
        practice.enter_context(practice_data(get_portal(), origin))
    import_pages()
    _clean_up()


def report_script_error(error: Exception) -> bool:
    """A page's uncaught fault: its type and a reference to the log, plain words to the page (SEC-52)."""
    reference = page_run.show_error_reference()
    log.error("page.failed", reference=reference, error_type=type(error).__name__)
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
            *attached_file_routes(source),
            *package_routes(source),
            *calendar_routes(source),
            *recipient_routes(source),
            *front_door_routes(source),
        ],
        "middleware": [
            Middleware(Gate, source=source, ports=PORTS),
            Middleware(CompressedStatic),
        ],
        "on_script_error": report_script_error,
    }


def build_app(source: PortalSource, script: Path = SCRIPT) -> st.App:
    """An application over another portal or script, for tests."""
    return st.App(script, lifespan=lifespan, **app_options(source))


# A literal call: `streamlit run` finds the application by reading the syntax tree.
app = st.App(SCRIPT, lifespan=lifespan, **app_options(get_portal))
