"""The process's one portal."""

from __future__ import annotations

import threading

from portal.composition import Portal, build_portal
from portal.config import load_settings

_lock = threading.RLock()
_portal: Portal | None = None


def get_portal() -> Portal:
    """The process's portal, built from the environment on first use. Raises what `build_portal` raises."""
    global _portal
    with _lock:
        if _portal is None:
            _portal = build_portal(load_settings())
        return _portal


def set_portal(portal: Portal | None) -> None:
    """Put a portal in place (tests, the command line)."""
    global _portal
    with _lock:
        _portal = portal


def close_portal() -> bool:
    """Close the process's portal. False when workflows were handed over (see `Portal.stop`)."""
    global _portal
    with _lock:
        clean = _portal is None or _portal.stop()
        _portal = None
        return clean
