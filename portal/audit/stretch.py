"""Certifying a stretch of a chain quickly: the database writes each entry's bytes, here they are only hashed.

A certificate says that every entry of the stretch is sound and follows from the one before, given the hash that the
stretch claims to follow from. There is none when anything at all is not as it should be: then `checking` walks the
stretch entry by entry and names the place. `python this_file` does one stretch in a process of its own, which is why
only the standard library, the database's driver and `merkle` are imported here.

The database forms the bytes without escaping. So an entry with a quote, a backslash or a control character outside its
facts gets no certificate: either its bytes differ from what was hashed, or the quotes are more than the form has.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from portal.audit.merkle import Frontier

DOMAIN = b"\x00portal-audit-v1\x00"
PAGE = 1_024  # a full subtree of the Merkle tree; larger pages leave the processor's cache and are slower
_FIELDS = ("action", "actor", "at", "facts", "merchant_id", "object_id", "origin", "prev_hash", "result")
_NAMES = ("action", "actor", "at", "facts", "merchant", "object", "origin", "prev", "result")
_FORM = "{" + ",".join(f'"{name}":' + ("%s" if name == "facts" else '"%s"') for name in _NAMES) + ',"seq":%d}'
_QUOTES = _FORM.count('"')


@dataclass(frozen=True)
class Job:
    """Which stretch: entries `first` to `last` of `chain`. `database` is a SQLite file or a PostgreSQL address; `sizes`
    are the lengths, rising, at which checkpoints were signed."""

    database: str
    chain: str
    first: int
    last: int
    sizes: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Certificate:
    """`prev` and `head` are the hashes before the first and of the last entry; `peaks` the subtrees' roots of the whole
    stretch; `points` head and peaks at each wanted size. All in hex."""

    first: int
    last: int
    prev: str
    head: str
    peaks: list[str]
    points: dict[int, tuple[str, list[str]]]


@dataclass(frozen=True)
class Page:
    """Entries as they are hashed, and four of their columns, each run together."""

    bodies: Sequence[bytes]
    facts: bytes
    links: bytes
    hashes: bytes
    numbers: Sequence[int]


def certify(job: Job) -> Certificate | None:
    """The certificate of a stretch; None when it has to be walked entry by entry."""
    frontier = Frontier.from_place(job.first - 1)
    sizes = [size for size in job.sizes if job.first <= size <= job.last]
    points: dict[int, tuple[str, list[str]]] = {}
    prev = head = b""
    number = job.first
    for page in _pages(job):
        digests = _sound(page, number, head)
        if digests is None:
            return None
        prev = prev or page.links[:64]
        done = 0
        while sizes and sizes[0] < number + len(digests):
            size = sizes.pop(0)
            frontier.extend(digests[done : size - number + 1])
            done = size - number + 1
            points[size] = digests[done - 1].hex(), [peak.hex() for peak in frontier.peaks]
        frontier.extend(digests[done:])
        number += len(digests)
        head = page.hashes[-64:]
    if number != job.last + 1:
        return None
    return Certificate(
        job.first, job.last, prev.decode(), head.decode(), [peak.hex() for peak in frontier.peaks], points
    )


def _sound(page: Page, first: int, head: bytes) -> list[bytes] | None:
    """The hashes of a page in which nothing is wrong; it follows from `head`, when that is known."""
    sha256 = hashlib.sha256
    digests = [sha256(DOMAIN + body).digest() for body in page.bodies]
    count = len(digests)
    whole = b"".join(page.bodies)
    sound = (
        b"".join(digests).hex().encode() == page.hashes
        and page.links == (head or page.links[:64]) + page.hashes[:-64]
        and list(page.numbers) == list(range(first, first + count))
        and whole.count(b'"') - page.facts.count(b'"') == _QUOTES * count
        and whole.count(b"\\") == page.facts.count(b"\\")
    )
    return digests if sound else None


# The two databases ----------------------------------------------------------------------------------


def _pages(job: Job) -> Iterator[Page]:
    return _postgresql(job) if job.database.startswith("postgresql:") else _sqlite(job)


def _sqlite(job: Job) -> Iterator[Page]:
    values = ",".join((*_FIELDS, "seq"))
    # Text is less than any blob: an entry with a column of another kind is left out, and then missed.
    text_only = " AND ".join(f"{name} < x''" for name in _FIELDS)
    wanted = (
        f"SELECT printf('{_FORM}',{values}), facts, prev_hash, entry_hash, seq FROM audit_entries "  # noqa: S608  # constants
        f"WHERE merchant_id = ? AND seq BETWEEN ? AND ? AND {text_only} ORDER BY seq"
    )
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(f"file:{quote(job.database)}?mode=ro", uri=True)) as connection,
    ):
        connection.text_factory = bytes
        for start, end in _bounds(job):
            rows = connection.execute(wanted, (job.chain, start, end)).fetchall()
            if not rows:
                return
            bodies, facts, links, hashes, numbers = zip(*rows, strict=True)
            yield Page(bodies, b"".join(facts), b"".join(links), b"".join(hashes), numbers)


def _postgresql(job: Job) -> Iterator[Page]:
    import psycopg

    form = _FORM.replace("%d", "%s").replace("%", "%%")
    values = ",".join((*_FIELDS, "seq"))
    wanted = (
        f"SELECT string_agg(format('{form}',{values}), chr(10) ORDER BY seq), string_agg(facts, '' ORDER BY seq), "  # noqa: S608
        "string_agg(prev_hash, '' ORDER BY seq), string_agg(entry_hash, '' ORDER BY seq), "
        "string_agg(seq::text, ',' ORDER BY seq) FROM audit_entries WHERE merchant_id = %s AND seq BETWEEN %s AND %s"
    )
    with suppress(psycopg.Error), psycopg.connect(job.database) as connection:
        for start, end in _bounds(job):
            found = connection.execute(wanted, (job.chain, start, end)).fetchone()
            if found is None or found[0] is None:
                return
            bodies, facts, links, hashes, numbers = (str(value).encode() for value in found)
            yield Page(bodies.split(b"\n"), facts, links, hashes, [int(n) for n in numbers.split(b",")])


def _bounds(job: Job) -> Iterator[tuple[int, int]]:
    """First and last number of each page; pages end where full subtrees do."""
    start = job.first
    while start <= job.last:
        end = min(job.last, (start - 1) // PAGE * PAGE + PAGE)
        yield start, end
        start = end + 1


# As a process of its own ----------------------------------------------------------------------------


def main() -> None:
    certificate = certify(Job(**json.load(sys.stdin)))
    json.dump(None if certificate is None else vars(certificate), sys.stdout)


def certificate_from(text: bytes) -> Certificate | None:
    """What a process of its own answered. Raises ValueError, TypeError when that is nothing one can read."""
    found: dict[str, Any] | None = json.loads(text)
    if found is None:
        return None
    points = {int(size): (head, peaks) for size, (head, peaks) in found.pop("points").items()}
    return Certificate(**found, points=points)
