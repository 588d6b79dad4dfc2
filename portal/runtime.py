"""The process's one portal. Imports nothing heavy: the sign-in page is drawn before the portal is open."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from portal.config import Settings, load_settings

if TYPE_CHECKING:
    from portal.composition import Portal

_lock = threading.RLock()
_portal: Portal | None = None


@contextmanager
def opening() -> Iterator[None]:
    """Whoever asks for the portal meanwhile waits, until all that is done here is done. Not for the event loop."""
    with _lock:
        yield


def get_portal() -> Portal:
    """The process's portal, built from the environment on first use; waits while it is being opened."""
    global _portal
    with _lock:
        if _portal is None:
            from portal.composition import build_portal

            _portal = build_portal(load_settings())
        return _portal


def get_settings() -> Settings:
    """The portal's settings, which need no open portal."""
    return _portal.settings if _portal is not None else load_settings()


def set_portal(portal: Portal | None) -> None:
    """Put a portal in place (tests, the command line)."""
    global _portal
    with _lock:
        _portal = portal


def close_portal() -> bool:
    """Close the process's portal. False when walks were handed over (see `Portal.stop`)."""
    global _portal
    with _lock:
        clean = _portal is None or _portal.stop()
        _portal = None
        return clean
