"""No installed package brings scripts of its own to our pages (contract with Streamlit's registry of components)."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import Any

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.components.v2.component_manager import BidiComponentManager

from portal.web.streamlit import components

pytestmark = pytest.mark.keeps("SEC-23")
METADATA = "Metadata-Version: 2.1\nName: stranger\nVersion: 1\nRequires-Dist: streamlit\n"
MANIFEST = """[project]
name = "stranger"
version = "1"
[[tool.streamlit.component.components]]
name = "script"
asset_dir = "assets"
"""


class Stranger(importlib.metadata.Distribution):
    """An installed package that offers a component."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "stranger" / "assets").mkdir(parents=True)
        (folder / "stranger" / "pyproject.toml").write_text(MANIFEST)
        (folder / "stranger" / "__init__.py").touch()

    def read_text(self, filename: str) -> str | None:
        return METADATA if filename in {"METADATA", "PKG-INFO"} else None

    def locate_file(self, path: Any) -> Any:
        return self.folder / path

    @property
    def files(self) -> Any:
        return [importlib.metadata.PackagePath("stranger/pyproject.toml")]


def registered(monkeypatch: pytest.MonkeyPatch, folder: Path) -> list[str]:
    """The components Streamlit finds at its start."""
    stranger = Stranger(folder)
    monkeypatch.setattr(importlib.metadata, "distributions", lambda **_more: [stranger])
    monkeypatch.syspath_prepend(str(folder))
    manager = BidiComponentManager()
    manager.discover_and_register_components(start_file_watching=False)
    return [name for name in ("stranger.script",) if manager.get_component_asset_root(name) is not None]


def test_a_component_of_an_installed_package_is_not_served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    honest = importlib.reload(manifest_scanner).scan_component_manifests
    assert registered(monkeypatch, tmp_path / "before") == ["stranger.script"]  # as Streamlit does by itself
    monkeypatch.setattr(manifest_scanner, "scan_component_manifests", honest)
    components.disable_package_components()
    assert registered(monkeypatch, tmp_path / "after") == []
