"""Streamlit's page shell (`static/index.html`) and the hash of its one inline script, which the content policy needs.

Streamlit 1.67 has no option for the shell; SEC-44 wants a policy without `unsafe-inline`. Contract tests:
`tests/web/streamlit/test_shell.py`, `tests/web/gate/test_cookies_and_front_end.py`. Missing: safety, `UnknownFrontEnd`
stops the start.
"""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.util import find_spec
from pathlib import Path

INLINE_SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<body>.*?)</script>", re.S)


class UnknownFrontEnd(RuntimeError):
    """Streamlit's page is not the one this portal was checked with; it will not start."""


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
