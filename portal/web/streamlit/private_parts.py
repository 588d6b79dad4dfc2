"""Private classes of Streamlit that are patched, and what happens when one of them is missing.

A comfort patch is logged and skipped: the pages work without it. A safety patch raises `PartMissing`, and the portal
does not start.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from portal.log import log


class PartMissing(RuntimeError):
    """This Streamlit lacks a private part that a patch needs."""


def private_class(module: str, name: str, method: str) -> Any:
    """A class of Streamlit's, looked up at run time. Raises PartMissing when it or its method is not there."""
    try:
        found = getattr(import_module(module), name)
        getattr(found, method)
    except (ImportError, AttributeError) as error:
        missing = f"Streamlit lacks {module}.{name}.{method}: install the version of requirements.txt"
        raise PartMissing(missing) from error
    return found


def apply_comfort(patch: Callable[[], None]) -> None:
    """Apply it, or log that this Streamlit lacks what it wraps."""
    try:
        patch()
    except PartMissing as error:
        log.warning("streamlit.patch_skipped", kind=patch.__name__, detail=str(error))
