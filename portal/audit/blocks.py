"""Digests of blocks of entries: what lies between two checkpoints, hashed in one piece.

A checkpoint is signed together with the digest of the entries since the one before (`checkpoints.Block`), after each of
them was checked. Entries that still come to that digest are the very ones that were signed; so nothing needs to be
hashed one by one. What comes to another digest is walked by `checking`, which names the place.

The form is JSON, an array of arrays of `FIELDS`: the databases write it themselves, with all escapes, and a column of
another kind or moved across its border comes out otherwise. `main` does some blocks in a process of its own, which is
why only the standard library and the database's driver are imported here.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

FIELDS = (
    "action", "actor", "at", "facts", "object_id", "origin", "prev_hash", "result", "seq", "entry_hash"
)  # fmt: skip


@dataclass(frozen=True)
class Job:
    """Blocks of `chain`, each by its first and last entry. `database` is a SQLite file or a PostgreSQL address."""

    database: str
    chain: str
    bounds: Sequence[tuple[int, int]]


def digest_of(rows: Iterable[Sequence[Any]]) -> str:
    """SHA-256 (hex) of entries given as values of `FIELDS`; `facts` is their JSON as text."""
    arrays = (json.dumps(list(row), ensure_ascii=False, separators=(",", ":")) for row in rows)
    return hashlib.sha256(f"[{','.join(arrays)}]".encode("utf-8", "surrogatepass")).hexdigest()


def digests(job: Job) -> list[str]:
    """The digest of each block; the list ends early where the database cannot write one."""
    found: list[str] = []
    if job.database.startswith("postgresql:"):
        _from_postgresql(job, found)
    else:
        _from_sqlite(job, found)
    return found


def _from_sqlite(job: Job, found: list[str]) -> None:
    wanted = (
        f"SELECT json_group_array(json_array({','.join(FIELDS)})) FROM audit_entries "  # noqa: S608  # constants
        "WHERE merchant_id = ? AND seq > ? - 1 AND seq < ? + 1"  # a row numbered between two blocks is in both
    )  # in order of seq, since that is the order of the key it walks
    with (
        suppress(sqlite3.Error),  # among them: a blob, which has no JSON
        closing(sqlite3.connect(f"file:{quote(job.database)}?mode=ro", uri=True)) as connection,
    ):
        connection.text_factory = bytes
        for first, last in job.bounds:
            (text,) = connection.execute(wanted, (job.chain, first, last)).fetchone()
            found.append(hashlib.sha256(text).hexdigest())


def _from_postgresql(job: Job, found: list[str]) -> None:
    import psycopg  # 8 MiB, which a portal on SQLite need not hold (measured)

    values = ",".join(name if name == "seq" else f"to_json({name})" for name in FIELDS)
    form = ",".join(["%%s"] * len(FIELDS))
    wanted = (
        f"SELECT '[' || string_agg(format('[{form}]',{values}), ',' ORDER BY seq) || ']' FROM audit_entries "  # noqa: S608
        "WHERE merchant_id = %s AND seq BETWEEN %s AND %s"
    )
    with suppress(psycopg.Error), psycopg.connect(job.database) as connection:
        for first, last in job.bounds:
            row = connection.execute(wanted, (job.chain, first, last)).fetchone()
            found.append(hashlib.sha256(str(row[0] if row else "").encode()).hexdigest())


def main() -> None:
    json.dump(digests(Job(**json.load(sys.stdin))), sys.stdout)
