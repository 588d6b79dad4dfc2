"""The registry of Streamlit's components v2 serves our scripts as files, and no installed package's.

Upstream (Streamlit 1.67): a component given as text is loaded from a `blob:` address, which the content policy refuses;
and every start scans the metadata of all installed packages for components.
Contract tests: `tests/web/streamlit/test_our_scripts_alone.py`, `tests/web/gate/test_gate_over_http.py`.
Missing: safety, `PartMissing` stops the start.
"""

from __future__ import annotations

from importlib import import_module

from portal.config import PROJECT_ROOT
from portal.web.streamlit.private_parts import private_part

SCANNER = "streamlit.components.v2.manifest_scanner"
MANAGER = "streamlit.components.v2.get_bidi_component_manager"

DESKTOP_NOTE, DESKTOP_NOTE_FILE = "portal.desktop_note", "desktop_note.js"
FILE_LINK, FILE_LINK_FILE = "portal.file_link", "file_link.js"
ATTACH_FILE, ATTACH_FILE_FILE = "portal.attach_file", "attach_file.js"
SCRIPTS = {DESKTOP_NOTE: DESKTOP_NOTE_FILE, FILE_LINK: FILE_LINK_FILE, ATTACH_FILE: ATTACH_FILE_FILE}
"""Components of ours and the one file of each."""
OUR_SCRIPTS = PROJECT_ROOT / "portal" / "ui" / "scripts"


def disable_package_components() -> None:
    """Replace the scan for components of installed packages by one that finds none; ours are registered by name.

    The scan also reads the metadata of every installed package at each start (measured: 0.2 of 0.3 s).
    Raises PartMissing.
    """
    private_part(SCANNER, "scan_component_manifests")
    scanner = import_module(SCANNER)
    scanner.scan_component_manifests = lambda max_workers=None: []  # type: ignore[attr-defined]


def register_components() -> None:
    """Let Streamlit serve our scripts under `/_stcore/bidi-components/`, as if they came with an installed package.

    Called at the start of each process, because a browser may ask another replica than the one that drew its page, and
    again by each component, for tests that draw a page without a start. Idempotent. Raises PartMissing.
    """
    manager = private_part(MANAGER, "get_bidi_component_manager")()
    if manager.get_component_asset_root(DESKTOP_NOTE) is None:
        config, manifest = private_part(SCANNER, "ComponentConfig"), private_part(SCANNER, "ComponentManifest")
        names = [config(component.partition(".")[2], OUR_SCRIPTS.name) for component in SCRIPTS]
        manager.register_from_manifest(manifest(DESKTOP_NOTE.partition(".")[0], "1", names), OUR_SCRIPTS.parent)
