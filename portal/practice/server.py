"""The practice merchant's three listeners in one process.

``create_app`` is the API host, ``create_download_app`` the second host with presigned links, the third one a mail
server whose mailbox is a page of the API host. ``serve`` runs them until SIGINT or SIGTERM. They share one ``State``.
"""

import asyncio
import contextlib
import json
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.types import ASGIApp

from portal.practice.routes import audit as audit_routes
from portal.practice.routes import cards as card_routes
from portal.practice.routes import consent as consent_routes
from portal.practice.routes import gdpr as gdpr_routes
from portal.practice.routes import hooks
from portal.practice.routes import loyalty as loyalty_routes
from portal.practice.routes import mails as mail_routes
from portal.practice.routes import token as token_routes
from portal.practice.routes.downloads import create_download_app
from portal.practice.routes.edge import Edge
from portal.practice.settings import PracticeSettings
from portal.practice.state import State

__all__ = ["PortTakenError", "create_app", "create_download_app", "serve"]


class PortTakenError(Exception):
    """A listener could not be opened because something else holds its port."""

    def __init__(self, port: int, reason: str = "is taken by another program") -> None:
        self.message = f"Port {port} {reason}. Choose another one with --port."
        self.detail = f"bind failed on loopback port {port}"
        super().__init__(self.message)


def create_app(settings: PracticeSettings, state: State | None = None) -> FastAPI:
    """The API host. Its state is ``app.state.practice``; pass one to share it with the second host."""
    shared = state or State.fresh(settings)
    app = FastAPI(title="Practice merchant", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state.practice = shared
    api = (token_routes, card_routes, gdpr_routes, consent_routes, loyalty_routes, audit_routes)
    for module in (*api, hooks, mail_routes):
        app.include_router(module.router)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_middleware(Edge, state=shared)
    return app


async def _validation_error(request: Request, error: Exception) -> Response:
    """FastAPI's 422 body. Its own handler fails with 500 on a lone surrogate, NaN or very deep nesting in ``input``."""
    assert isinstance(error, RequestValidationError)
    try:
        body = json.dumps({"detail": error.errors()}, allow_nan=False, default=_as_text)
    except (ValueError, RecursionError):
        bare = [{key: found[key] for key in ("loc", "msg", "type")} for found in error.errors()]
        body = json.dumps({"detail": bare})
    return Response(body, 422, media_type="application/json")


def _as_text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


class _Listener(uvicorn.Server):
    """A uvicorn server that leaves signals to ``serve``; uvicorn would end the process by the signal, not with 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def serve(settings: PracticeSettings, ready: Callable[[PracticeSettings], None] = lambda settings: None) -> None:
    """Run the listeners until SIGINT, SIGTERM or SIGHUP; `ready` is called when they answer. Port 0 takes a free port.

    Raises PortTakenError.
    """
    with contextlib.ExitStack() as stack:
        api_socket = stack.enter_context(bound_socket(settings.host, settings.port))
        download_socket = stack.enter_context(bound_socket(settings.host, settings.download_port))
        mail_socket = stack.enter_context(bound_socket(settings.host, settings.mail_port))
        sockets = Sockets(api_socket, download_socket, mail_socket)
        settings = settings.model_copy(update=sockets.ports())
        asyncio.run(_serve(settings, sockets, ready))


@dataclass(frozen=True)
class Sockets:
    """What the listeners are bound to."""

    api: socket.socket
    downloads: socket.socket
    mail: socket.socket

    def ports(self) -> dict[str, int]:
        """As the settings name them."""
        bound = {"port": self.api, "download_port": self.downloads, "mail_port": self.mail}
        return {name: one.getsockname()[1] for name, one in bound.items()}


def bound_socket(host: str, port: int) -> socket.socket:
    """A socket bound but not yet listening; raises PortTakenError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only for sockets that name TCP; without it every POST took 44 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        if isinstance(error, PermissionError):
            raise PortTakenError(port, "is one of those below 1024, which need root's rights") from error
        raise PortTakenError(port) from error
    return listener


async def _serve(
    settings: PracticeSettings,
    sockets: Sockets,
    ready: Callable[[PracticeSettings], None],
) -> None:
    state = State.fresh(settings)
    logging.getLogger("uvicorn.error").addFilter(_not_a_cut_off)
    api, downloads = _listener(create_app(settings, state)), _listener(create_download_app(settings, state))

    def stop() -> None:
        state.stopping.set()
        api.should_exit = downloads.should_exit = True

    loop = asyncio.get_running_loop()
    ends = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    for wanted in ends if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN else ends - {signal.SIGHUP}:
        loop.add_signal_handler(wanted, stop)
    mail_server = await loop.create_server(state.mailbox.protocol, sock=sockets.mail)
    running = asyncio.gather(api.serve(sockets=[sockets.api]), downloads.serve(sockets=[sockets.downloads]))
    while not (api.started and downloads.started) and not running.done():
        await asyncio.sleep(0.01)
    print(f"practice merchant ready on {settings.api_base}", file=sys.stderr, flush=True)
    ready(settings)
    await running
    mail_server.close()


def _listener(app: ASGIApp) -> _Listener:
    config = uvicorn.Config(
        app, access_log=False, log_level="warning", lifespan="off", timeout_graceful_shutdown=2, ws="none", http="h11"
    )
    return _Listener(config)


def _not_a_cut_off(record: logging.LogRecord) -> bool:
    """Drop uvicorn's complaint about the response that is cut off on purpose."""
    return "without completing response" not in record.getMessage()
