"""Settings of the uvicorn that runs this process, which Streamlit keeps to itself.

Upstream: `streamlit run` (1.67, uvicorn 0.54) takes no option for uvicorn's `--no-server-header`, and uvicorn adds
the header after the application's own. Contract test: `tests/web/gate/test_gate_over_http.py`. Missing: without a
`uvicorn.Config` among the live objects nothing is set; a renamed class stops the start.
"""

from __future__ import annotations

import gc

import uvicorn


def running_servers() -> list[uvicorn.Config]:
    """The settings of the uvicorn that runs this process, found among the live objects."""
    return [found for found in gc.get_objects() if isinstance(found, uvicorn.Config)]


def hide_server_name(config: uvicorn.Config) -> None:
    """Send no `Server` header; the same as uvicorn's `--no-server-header`."""
    config.server_header = False
    if config.loaded:
        config.encoded_headers = [(k, v) for k, v in config.encoded_headers if k != b"server"]
