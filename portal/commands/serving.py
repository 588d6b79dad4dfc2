"""`demo`, `serve`: processes that serve the portal.

Imports at its top only what listening needs, so that `/healthz` is answered within a second.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import NoReturn

import uvicorn

from portal.config import PROJECT_ROOT, Settings, load_settings, practice_mail_port, practice_port
from portal.errors import PortalError
from portal.log import configure_logging
from portal.practice.process import practice_merchant, wait_for
from portal.web.gate.connections import guard
from portal.web.gate.starting import Application, Starting

GRACE_SECONDS = 8  # open answers may end; then exports get `DurableEngine.stop`'s 15 s, the rest is handed over


class PortTaken(PortalError):
    code = "port_taken"


def _check_port(host: str, port: int, variable: str, *, host_variable: str = "PORTAL_HOST") -> None:
    """Raise PortTaken in plain words before anything is started."""
    other = f"choose another: {variable}={port + 10}."
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
        return
    except PermissionError:
        message = f"Port {port} is one of those below 1024, which need root's rights."
        step = f"Choose a higher one, such as {variable}=8501, and put a proxy in front of it (docs/operations.md)."
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            message, step = f"Port {port} is taken by another program.", f"Stop it, or {other}"
        else:
            message = "The portal cannot listen there: it is no address of this machine."
            step = f"Correct {host_variable}: 127.0.0.1 for this machine alone, 0.0.0.0 for all its addresses."
    raise PortTaken(message, next_step=step, detail=f"port {port}")


def run_demo() -> int:
    """The practice merchant as a process of its own, the portal in this one; ends both on Ctrl-C or SIGTERM."""
    _stop_on_signals()
    os.environ["PORTAL_MODE"] = "practice"
    settings = load_settings()
    port = practice_port(settings)
    _check_port(settings.host, settings.port, "PORTAL_PORT")
    for taken in range(port, practice_mail_port(port) + 1):
        _check_port("127.0.0.1", taken, "PRACTICE_PORT")
    os.environ["PORTAL_DATA_DIR"] = str(settings.root)
    with practice_merchant(port):
        status = _serve(settings, loaded=lambda: wait_for(port))
    return _ended(status)


def run_serve() -> int:
    """The portal for real merchants. Refuses to start with anything unsafe (SEC-46, SEC-47)."""
    from portal.commands.upkeep.doctoring import run_doctor  # loads the API client: `demo` does without

    _stop_on_signals()
    settings = load_settings()
    os.environ["PORTAL_DATA_DIR"] = str(settings.root)
    status = run_doctor(quiet=True)
    if status:
        return status
    _check_port(settings.host, settings.port, "PORTAL_PORT")
    return _ended(_serve(settings, ready=lambda: print(f"Privacy portal ready: {settings.origin}", flush=True)))


def _stop_on_signals() -> None:
    """Handle SIGTERM as Ctrl-C. uvicorn re-raises a caught signal after its stop; the default handler would end this
    process at once, with the signal as status and before the demo has stopped its practice merchant."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    stop_on_hangup()


def stop_on_hangup() -> None:
    """Treat a closed terminal (SIGHUP) as SIGTERM, unless SIGHUP is ignored (nohup)."""
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))


def _ended(status: int) -> int:
    """The status, unless exports were handed over."""
    from portal.web.operations.services import services  # loaded by now

    if services.handed_over.is_set():
        leave(status)
    return status


def leave(status: int) -> NoReturn:
    """Exit at once: running exports were handed over, and their threads would delay a normal exit."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _no_op() -> None:
    return None


def _serve(settings: Settings, *, loaded: Callable[[], None] = _no_op, ready: Callable[[], None] = _no_op) -> int:
    """Run the ASGI app under uvicorn in this process until SIGINT or SIGTERM.

    `loaded` is called when the app is imported, `ready` when everything is open. Raises what kept it from starting.
    """
    configure_logging()
    os.chdir(PROJECT_ROOT)  # Streamlit reads .streamlit/config.toml from the working folder

    def load() -> Application:
        # Two seconds of imports, while the port is open and /healthz is answered.
        from portal.asgi import app
        from portal.commands.command_audit import note_master_keys
        from portal.runtime import get_portal

        note_master_keys(get_portal())
        loaded()
        return app

    def give_up() -> None:
        server.should_exit = True

    starting = Starting(load, ready, give_up)
    config = uvicorn.Config(
        starting,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,  # addresses carry ids (SEC-30)
        server_header=False,
        proxy_headers=False,  # the gate believes X-Forwarded-For from PORTAL_TRUSTED_PROXIES alone
        timeout_graceful_shutdown=GRACE_SECONDS,
        loop="asyncio",
        ws_max_size=64 * 1024 * 1024,
        ws_per_message_deflate=False,  # as in Streamlit's own server: costs a third of the loop's time
    )
    guard(config)
    server = uvicorn.Server(config)
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn re-raises the signal after an orderly stop
        server.run()
    if starting.failure is not None:
        raise starting.failure
    return 0 if server.started else 1
