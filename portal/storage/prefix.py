"""Rows whose text begins with what a person typed, by the order of an index over bytes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement


def starts_with(column: Any, prefix: str) -> list[ColumnElement[bool]]:
    """Conditions for a `BYTE_ORDER` column; `prefix` is not empty and `storable`."""
    last = ord(prefix[-1]) + 1
    if last in range(0xD800, 0xE000):
        last = 0xE000  # no character there: surrogates
    within: list[ColumnElement[bool]] = [column >= prefix]
    if last <= 0x10FFFF:
        within.append(column < prefix[:-1] + chr(last))
    return within


def storable(text: str) -> str:
    """`text` with what no database column holds (lone surrogates, PostgreSQL's zero byte) made visible."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
