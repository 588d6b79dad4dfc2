"""Where a Chromium for the browser tests is. `find_programs` installs one; `tests/browser` asks `find()`.

Order: PORTAL_CHROMIUM, one on the PATH or in the usual macOS place, one that Playwright has fetched. Playwright
itself is not asked: its driver is a program of its own, and may lack a library here.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
FETCHED = ("chrome-linux*/chrome", "chrome-mac*/*.app/Contents/MacOS/*")


def find() -> str | None:
    """Path of a Chromium that is there already, else None."""
    named = os.environ.get("PORTAL_CHROMIUM")
    if named:
        return named
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    return next((path for path in MAC if Path(path).exists()), None) or _playwrights_own()


def _playwrights_own() -> str | None:
    given = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    cache = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    folder = Path(given) if given and given != "0" else cache / "ms-playwright"
    found = sorted(path for form in FETCHED for path in folder.glob(f"chromium-*/{form}") if os.access(path, os.X_OK))
    return str(found[-1]) if found else None
