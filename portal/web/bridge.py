"""Where the web room leans on Streamlit's semi-private parts (each has a contract test).

- `server.trustedUserHeaders` hands the gate's verdict to `st.user`; set here and never in config.toml,
  so that a Streamlit started without the gate believes no header (SEC-32).
- `ForwardMsg.auth_redirect` (what `st.login` sends) moves the browser to one of our routes.
- `static/index.html` holds one inline script, whose hash the content policy needs (SEC-44); `shell` makes it ours.
- The registry of components v2 serves our one script as a file (an inline one would be a `blob:`), and no other's.
- `BackMsg` tells an act of a person from a timed refresh, `ThreadState` which fragment is being drawn.

How its runs begin and end is leant on in `portal.web.runs`.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from portal.config import PROJECT_ROOT
from portal.language import ENGLISH, catalogue_of
from portal.web.brand import data_address

ACCOUNT_HEADER = "x-portal-account"
SESSION_HEADER = "x-portal-session"
BROWSER_HEADER = "x-portal-browser"
ENDED_HEADER = "x-portal-ended"
ADDRESS_HEADER = "x-portal-address"
LANGUAGE_HEADER = "x-portal-language"
SOCKET_HEADER = "x-portal-socket"  # not in `st.user`: it changes with each connection, and a page resumes over the next
TRUSTED_HEADERS = {
    ACCOUNT_HEADER: "account_id",
    SESSION_HEADER: "session_hash",
    BROWSER_HEADER: "browser",
    ENDED_HEADER: "ended",
    ADDRESS_HEADER: "address",
    LANGUAGE_HEADER: "language",
}
SAFE_OPTIONS: dict[str, object] = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "minimal",
    "client.disableDataExport": True,
    "runner.magicEnabled": False,
    "runner.postScriptGC": False,
    "server.enableStaticServing": False,
    "server.enableAgentApi": False,
    "server.scriptHealthCheckEnabled": False,
    "server.enableCORS": True,
    "server.enableXsrfProtection": True,
    "server.fileWatcherType": "none",
    "server.maxUploadSize": 1,
    "server.baseUrlPath": "",  # the gate compares whole paths
    "server.unsafeMetricsUserAttributes": [],
    "global.developmentMode": False,
}
FOR_SPEED = frozenset({"runner.postScriptGC"})
UNSET = "<default>"  # what Streamlit calls an option nobody set
LANGUAGE_KEY = "_language"
"""Where a page's session keeps the language it is drawn in; `portal.ui.words` settles it."""
DESKTOP_NOTE, DESKTOP_NOTE_FILE = "portal.desktop_note", "desktop_note.js"
OUR_SCRIPTS = PROJECT_ROOT / "portal" / "ui" / "scripts"
INLINE_SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<body>.*?)</script>", re.S)


class UnknownFrontEnd(RuntimeError):
    """Streamlit's page is not the one this portal was checked with; it will not start."""


def trust_gate_headers() -> None:
    """Let `st.user` carry what the gate found out. Called only by the application that has the gate."""
    from streamlit import config

    config.set_option("server.trustedUserHeaders", dict(TRUSTED_HEADERS), where_defined="portal")


def find_our_config() -> None:
    """Let Streamlit find `.streamlit/config.toml` of this project from any working folder.

    Only the first look counts, for Streamlit keeps what it read; so this comes before any option is asked.
    """
    from streamlit import config

    if config._main_script_path is None:
        config._main_script_path = str(PROJECT_ROOT / "streamlit-anchor")


def option(key: str) -> tuple[object, bool]:
    """An option's value in force, and whether somebody other than the portal set it."""
    from streamlit import config

    return config.get_option(key), config.get_where_defined(key) not in {UNSET, "portal"}


def apply_safe_defaults() -> None:
    """Give safe values to options nobody set, e.g. when config.toml was not found from this folder.

    What somebody did set stays, for `doctor` to judge.
    """
    from streamlit import config

    for key, value in SAFE_OPTIONS.items():
        if config.get_where_defined(key) == UNSET:
            config.set_option(key, value, where_defined="portal")


def hide_server_name() -> None:
    """No `Server` header, whoever started uvicorn: under `streamlit run` nobody can tell it `--no-server-header`.

    uvicorn adds the header after the application's own (0.54), so its settings are found among the live objects, once.
    """
    import gc

    import uvicorn

    for config in [found for found in gc.get_objects() if isinstance(found, uvicorn.Config)]:
        config.server_header = False
        if config.loaded:
            config.encoded_headers = [(k, v) for k, v in config.encoded_headers if k != b"server"]


def own_ports() -> tuple[int, ...]:
    """The port `streamlit run` listens on; under any other server the settings know the port."""
    from streamlit import config

    if config._server_mode is None:
        return ()
    return (int(config.get_option("server.port")),)


def no_foreign_components() -> None:
    """No installed package may bring scripts of its own to our pages; ours are offered by name (`offer_scripts`).

    Streamlit would look through the metadata of everything that is installed, at every start (measured: 0.2 of 0.3 s).
    """
    from streamlit.components.v2 import manifest_scanner

    manifest_scanner.scan_component_manifests = lambda max_workers=None: []


def show_fault() -> str:
    """Draw a plain notice in the running script's page; gives the reference it shows."""
    import streamlit as st

    reference = secrets.token_hex(4)
    words = catalogue_of(str(st.session_state.get(LANGUAGE_KEY) or ENGLISH))
    sentence = "Something went wrong on our side. Try again. If it happens again, tell the reference below."
    st.error(words.sentence(sentence))
    st.code(reference, language=None)
    return reference


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


def redirect_browser(url: str) -> None:
    """Send the browser that shows the running script to `url`, one of our own paths."""
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    if not url.startswith("/") or url.startswith("//"):
        raise ValueError("only own paths")
    context = get_script_run_ctx()
    if context is not None:
        message = ForwardMsg()
        message.auth_redirect.url = url
        context.enqueue(message)


def draw_logo(svg: str) -> None:
    """`st.logo(svg, size="large")`, without the two libraries for pictures (45 ms of a start) it imports for any."""
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    if context is not None:
        message = ForwardMsg()
        message.logo.image = data_address(svg)
        message.logo.image_type = message.logo.IMAGE
        message.logo.size = "large"
        context.enqueue(message)


def this_socket() -> str:
    """The gate's name for the WebSocket the running script draws to; empty without the gate."""
    import streamlit as st

    return str(st.context.headers.get(SOCKET_HEADER) or "")


def offer_scripts() -> None:
    """Let Streamlit serve our scripts under `/_stcore/bidi-components/`, as if they came with an installed package.

    At the start of each process, for a browser may ask another replica than the one that drew its page; and where a
    page is drawn without one (tests). A second call changes nothing.
    """
    from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
    from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest

    manager = get_bidi_component_manager()
    if manager.get_component_asset_root(DESKTOP_NOTE) is None:
        package, _dot, name = DESKTOP_NOTE.partition(".")
        ours = ComponentManifest(package, "1", [ComponentConfig(name, OUR_SCRIPTS.name)])
        manager.register_from_manifest(ours, OUR_SCRIPTS.parent)


def this_fragment() -> str:
    """Streamlit's name for the fragment that is being drawn; empty outside of one."""
    from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState

    try:
        return ThreadState.get().fragment_id or ""
    except RuntimeError:  # no run at all
        return ""


class Said(NamedTuple):
    """What a client message is: a person's act, a timer's tick (with the fragment's name), or neither."""

    act: bool = False
    tick: str = ""


def said_by(message: bytes) -> Said:
    """A person's act keeps a session alive; a fragment's timer must not."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    from streamlit.proto.BackMsg_pb2 import BackMsg

    try:
        parsed = BackMsg.FromString(message)
    except DecodeError:
        return Said()
    if parsed.WhichOneof("type") != "rerun_script":
        return Said()
    run = parsed.rerun_script
    return Said(tick=run.fragment_id) if run.is_auto_rerun else Said(act=True)
