"""The portal of the browser tests, and each of three engines in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import LAUNCH, demo, free_port, load_script, start_demo
from tests.engines import drivers

__all__ = ["demo", "start_demo"]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Where the engine saves files."""
    folder = tmp_path / "saved"
    folder.mkdir()
    return folder


@pytest.fixture(params=["chromium", "firefox", "webkit"])
def engine(request: pytest.FixtureRequest, saved: Path, tmp_path: Path) -> Iterator[drivers.Engine]:
    engines = load_script("find_engines")
    name, home = request.param, tmp_path / "home"
    home.mkdir()
    if name == "chromium":
        program = load_script("find_browser").find()
        assert program is not None, "No Chromium here: run scripts/find_browser.py, or set PORTAL_CHROMIUM."
        with drivers.chromium(program, saved, LAUNCH) as driver:
            yield driver
        return
    if name not in engines.wanted():
        pytest.skip(f"PORTAL_ENGINES leaves {name} out")
    assert name not in engines.missing(), engines.advice([name])
    start = drivers.firefox if name == "firefox" else drivers.webkit
    with start(str(engines.find(name)), saved, home, free_port()) as driver:
        yield driver
