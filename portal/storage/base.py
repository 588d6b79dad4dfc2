"""What every table is made of: the base class, the kinds of columns, ids and the time."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, Dialect, LargeBinary, String, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass


def new_id() -> str:
    """128 random bits as 32 hex characters: unguessable, so it may stand in an address."""
    return secrets.token_hex(16)


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class UTCDateTime(TypeDecorator[dt.datetime]):
    """Aware UTC in, aware UTC out; SQLite forgets the offset, so it is put back here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive time in a database column")
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class CanonicalJSON(TypeDecorator[dict[str, Any]]):
    """An object kept as the very JSON text that was hashed: sorted keys, no spaces, UTF-8 (SEC-50)."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: dict[str, Any] | None, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> dict[str, Any] | None:
        return None if value is None else json.loads(value)


# Compared byte by byte on every database, so that "starts with" is a range of an index.
BYTE_ORDER = String(300).with_variant(String(300, collation="C"), "postgresql")


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        dt.datetime: UTCDateTime,
        dict[str, Any]: JSON,
        list[Any]: JSON,
        bytes: LargeBinary,
    }
