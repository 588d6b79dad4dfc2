"""A whole chain against the digests its checkpoints were signed with, in as many processes as there are processors.

It holds as far as the newest checkpoint or not at all: where anything differs, `checking` walks the chain from its
beginning and names the place.
"""

from __future__ import annotations

import json
import os
import subprocess  # nosec: runs a module of our own with fixed arguments
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from sqlalchemy import func, select

from portal.audit.blocks import Job, digests
from portal.audit.checking import Verdict, count_up_to
from portal.audit.checkpoints import Checkpoint
from portal.audit.merkle import Frontier
from portal.storage.engine import Database
from portal.storage.tables import AuditEntry

WORTH_A_PROCESS = 50_000  # entries; fewer are checked sooner than a process has begun
MOST_PROCESSES = 4
CHECKPOINT_COST = 150  # entries that are digested in the time in which one checkpoint is read and its signature checked
HERE = Path(__file__).resolve().parent
# The package itself would bring in the database toolkit, whose loading takes as long as 100,000 entries.
_BOOT = """
import sys, types
for name, folder in (("portal", sys.argv[1]), ("portal.audit", sys.argv[2])):
    package = types.ModuleType(name)
    package.__path__ = [folder]
    sys.modules[name] = package
from portal.audit.blocks import main
main()
"""


@dataclass
class Certifying:
    """Blocks whose digests are computed in parallel, here and in other processes."""

    db: Database
    chain: str
    jobs: list[Job]
    others: list[subprocess.Popen[bytes]]

    @property
    def up_to(self) -> int:
        return self.jobs[-1].bounds[-1][1]

    def verdict(self, points: Sequence[Checkpoint]) -> Verdict:
        """Where the newest of `points` stands, when all blocks up to there are as they were signed; else nothing."""
        if not self.jobs:
            return Verdict()
        own = digests(self.jobs[0])
        found: dict[tuple[int, int], str] = {}
        for job, answer in zip(self.jobs, [own, *map(_answer, self.others)], strict=True):
            found |= zip(job.bounds, answer, strict=False)
        known = sorted((point for point in points if point.size <= self.up_to), key=lambda point: point.size)
        signed = {(point.block.since + 1, point.size): point.block.rows for point in known if point.block is not None}
        if not known or len(signed) != len(known):
            return Verdict()
        rest = sorted(signed.keys() - found.keys())  # two processes signed at once: blocks that overlap
        found |= zip(rest, digests(Job(self.jobs[0].database, self.chain, rest)) if rest else [], strict=False)
        if any(found.get(bound) != digest for bound, digest in signed.items()) or not _gapless(sorted(signed)):
            return Verdict()
        newest = known[-1]
        with self.db.read() as session:
            if count_up_to(session, self.chain, newest.size) != newest.size:
                return Verdict()
            times = select(AuditEntry.at).where(AuditEntry.merchant_id == self.chain)
            first_at = session.scalar(times.where(AuditEntry.seq == 1)) or ""
            last_at = session.scalar(times.where(AuditEntry.seq == newest.size)) or ""
        return Verdict(
            sound=newest.size, head=newest.head, first_at=first_at, last_at=last_at, checkpoints=len(known),
            signed=newest, frontier=Frontier.from_place(newest.size),
        )  # fmt: skip


def _gapless(bounds: Sequence[tuple[int, int]]) -> bool:
    """They reach from the first entry to the last without one left out."""
    reached = 0
    for first, last in bounds:
        if first > reached + 1:
            return False
        reached = max(reached, last)
    return True


def _answer(process: subprocess.Popen[bytes]) -> list[str]:
    out, _ = process.communicate()
    try:
        return list(json.loads(out)) if process.returncode == 0 else []
    except (ValueError, TypeError):
        return []


@contextmanager
def certifying(db: Database, chain: str, sizes: Sequence[int]) -> Iterator[Certifying]:
    """Begin with the chain, whose checkpoints lie at `sizes`. What still runs at the end is stopped."""
    jobs = _jobs(db, chain, sorted(set(sizes)))
    others = [_process(job) for job in jobs[1:]]
    try:
        yield Certifying(db, chain, jobs, others)
    finally:
        for process in others:
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


def _jobs(db: Database, chain: str, sizes: list[int]) -> list[Job]:
    place = _database(db)
    with db.read() as session:
        low = session.scalar(select(func.min(AuditEntry.seq)).where(AuditEntry.merchant_id == chain))
    bounds = [(since + 1, size) for since, size in pairwise([0, *sizes]) if size > since]
    if low != 1 or not place or not bounds:
        return []
    return [Job(place, chain, share) for share in _shares(bounds) if share]


def _shares(bounds: list[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """The first share is smaller: its process reads the checkpoints too."""
    count = max(1, min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1, MOST_PROCESSES))
    if bounds[-1][1] < WORTH_A_PROCESS:
        return [bounds]
    reading = CHECKPOINT_COST * len(bounds)
    each = (bounds[-1][1] + reading) / count
    shares: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for first, last in bounds:
        shares[min(int((last + reading) / each), count - 1)].append((first, last))
    return shares


def _database(db: Database) -> str:
    url = db.engine.url
    if db.is_sqlite:
        return "" if url.database in (None, "", ":memory:") else os.path.abspath(str(url.database))
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _process(job: Job) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-I", "-c", _BOOT, str(HERE.parent), str(HERE)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdin is not None
    process.stdin.write(json.dumps(asdict(job)).encode())  # the address may hold a password: never an argument
    process.stdin.close()
    process.stdin = None
    return process
