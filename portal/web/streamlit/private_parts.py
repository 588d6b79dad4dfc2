"""Looks up the private parts of Streamlit, and says what happens when one of them is missing.

Comfort: it is logged and skipped, and the pages work without it. Safety: `PartMissing` names the part and the version
that has it, and the portal does not start (`portal.asgi`).
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from portal.log import log

CHECKED_VERSION = "1.67.0"
"""The Streamlit that has all the parts; requirements.txt pins it."""


class PartMissing(RuntimeError):
    """This Streamlit lacks a private part that a safety measure needs."""


def private_part(module: str, name: str, attribute: str = "") -> Any:
    """A class or function of Streamlit's, looked up at run time. Raises PartMissing when it, or its attribute, is not
    there."""
    try:
        found = getattr(import_module(module), name)
        if attribute:
            getattr(found, attribute)
    except (ImportError, AttributeError) as error:
        raise missing(".".join(filter(None, (module, name, attribute)))) from error
    return found


def missing(part: str) -> PartMissing:
    return PartMissing(f"Streamlit lacks {part}: install Streamlit {CHECKED_VERSION}, the version of requirements.txt.")


def apply_comfort(patch: Callable[[], None]) -> None:
    """Apply it, or log that this Streamlit lacks what it wraps."""
    try:
        patch()
    except PartMissing as error:
        log_skipped(patch.__name__, error)


def log_skipped(kind: str, error: PartMissing) -> None:
    log.warning("streamlit.patch_skipped", kind=kind, detail=str(error))
