"""Streamlit's page shell (`static/index.html`) and the hash of its one inline script, which the content policy needs.

Upstream (Streamlit 1.67): the shell has no option; its inline script would need `unsafe-inline`, which SEC-44 forbids.
Contract tests: `tests/web/streamlit/test_shell.py`, `tests/web/gate/test_cookies_and_front_end.py`.
Missing: safety, `UnknownFrontEnd` stops the start.
"""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.util import find_spec
from pathlib import Path

from portal.web.streamlit.private_parts import CHECKED_VERSION, PartMissing

INLINE_SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<body>.*?)</script>", re.S)


class UnknownFrontEnd(PartMissing):
    """Streamlit's page is not the one this portal was checked with; it will not start."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: install Streamlit {CHECKED_VERSION}, the version of requirements.txt.")


def front_end_folder() -> Path:
    """Where Streamlit's page shell and its `static/` lie; found without loading Streamlit."""
    found = find_spec("streamlit")
    if found is None or found.origin is None:
        raise UnknownFrontEnd("Streamlit is not installed")
    return Path(found.origin).parent / "static"


def index_html() -> str:
    """Streamlit's page shell."""
    return (front_end_folder() / "index.html").read_text(encoding="utf-8")


def inline_script_hash(page: str) -> str:
    """CSP source of the page's one inline script. Raises UnknownFrontEnd when there is not exactly one."""
    inline = [m["body"] for m in INLINE_SCRIPT.finditer(page) if "src=" not in m["attributes"]]
    if len(inline) != 1 or "onload=" in page or "onerror=" in page:
        raise UnknownFrontEnd(f"{len(inline)} inline scripts in Streamlit's page, expected 1")
    return "sha256-" + base64.b64encode(hashlib.sha256(inline[0].encode()).digest()).decode()
