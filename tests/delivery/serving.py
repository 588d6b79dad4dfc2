"""The gate, the pages of links and those for requests on a loopback port, without Streamlit."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware

from portal.web.front_door.routes import front_door_routes
from portal.web.gate.middleware import Gate
from portal.web.routes.recipient import recipient_routes


@contextlib.contextmanager
def served(portal: Any) -> Iterator[str]:
    """Gives the origin."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    app = Starlette(
        routes=[*recipient_routes(lambda: portal), *front_door_routes(lambda: portal)],
        middleware=[Middleware(Gate, source=lambda: portal, ports=(port,))],
    )
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", server_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
