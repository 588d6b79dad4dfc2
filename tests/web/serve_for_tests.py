"""Run as a program: the real application over a small script, on the folder and port of the environment."""

from __future__ import annotations

from pathlib import Path

import uvicorn

from portal.asgi import build_app
from portal.config import load_settings
from portal.runtime import get_portal

if __name__ == "__main__":
    uvicorn.run(
        build_app(get_portal, Path(__file__).with_name("script_for_tests.py")),
        host="127.0.0.1",
        port=load_settings().port,
        server_header=False,
        proxy_headers=False,
        access_log=False,
        log_level="error",
    )
