"""psycopg for DBOS, loaded when it is needed: on SQLite never (8 MiB of a process that serves).

DBOS imports it wherever it runs, to look at errors of PostgreSQL with `isinstance`.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

NAMES = ("psycopg", "psycopg.errors")


class Later(ModuleType):
    """Stands for a module until something of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what the import machinery looks for
            raise AttributeError(name)
        return getattr(importlib.import_module(self.__name__), name)


@contextmanager
def psycopg_later() -> Iterator[None]:
    """What is imported in the block gets `Later` modules, whoever imports afterwards the real ones."""
    if "psycopg" in sys.modules:
        yield
        return
    made = {name: Later(name) for name in NAMES}
    made["psycopg"].errors = made["psycopg.errors"]  # type: ignore[attr-defined]
    sys.modules.update(made)
    try:
        yield
    finally:
        for name, module in made.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]
