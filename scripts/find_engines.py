"""Where Firefox and WebKit are, for the tests of saving a file in three engines. `find_programs` installs them.

Debian's packages: `firefox-esr`, driven through its own WebDriver BiDi, and
`webkit2gtk-driver` with the small browser it starts, on an Xvfb display. Elsewhere name them: PORTAL_FIREFOX and
PORTAL_WEBKIT_DRIVER. `PORTAL_ENGINES=chromium` leaves both out, by a decision somebody wrote down; nothing else does.
"""

from __future__ import annotations

import os
import shutil

PACKAGES = {"firefox": ["firefox-esr"], "webkit": ["webkit2gtk-driver", "xvfb"]}
NAMES = {"firefox": ("PORTAL_FIREFOX", "firefox-esr", "firefox"), "webkit": ("PORTAL_WEBKIT_DRIVER", "WebKitWebDriver")}


def wanted() -> list[str]:
    """The engines beside Chromium that are to be tried: both, unless PORTAL_ENGINES names fewer."""
    named = os.environ.get("PORTAL_ENGINES")
    return [name for name in NAMES if named is None or name in named.replace(",", " ").split()]


def find(engine: str) -> str | None:
    """Path of the engine's program, else None."""
    variable, *names = NAMES[engine]
    if named := os.environ.get(variable):
        return named
    return next((found for name in names if (found := shutil.which(name))), None)


def has_display() -> bool:
    """WebKit's browser draws in a window: Xvfb gives it one where there is no screen."""
    return bool(shutil.which("Xvfb"))


def missing() -> list[str]:
    """Wanted engines that cannot be started here."""
    return [name for name in wanted() if not find(name) or (name == "webkit" and not has_display())]


def advice(engines: list[str]) -> str:
    """What to tell somebody whose machine lacks them."""
    packages = " ".join(package for name in engines for package in PACKAGES[name])
    return (
        f"Not found here: {', '.join(engines)}. On Debian: apt-get install {packages}. Elsewhere name the programs "
        "with PORTAL_FIREFOX and PORTAL_WEBKIT_DRIVER, or leave them out with PORTAL_ENGINES=chromium."
    )
