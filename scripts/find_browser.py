"""Find a Chromium for the browser tests, or install one.

Order: PORTAL_CHROMIUM, one on the PATH or in the usual macOS place, Debian's package (as root or by
sudo without a question), playwright's own download. Prints the path; `tests/browser` asks `find()`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


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
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _install() -> None:
    if shutil.which("apt-get"):
        sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
            if subprocess.run([*sudo, *command], stdout=subprocess.DEVNULL, check=False).returncode:
                break
        if find():
            return
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


if __name__ == "__main__":
    if not find():
        print("Installing a Chromium for the browser tests (once) ...")
        _install()
    path = find()
    if not path:
        sys.exit("No Chromium found. Install one and name it: PORTAL_CHROMIUM=/path/to/chromium make test")
    print(f"Chromium: {path}")
