"""A whole chain in stretches, each certified by a process of its own, and put together again here.

What has no certificate, from the first such stretch on, is left to `checking`, which walks it and names the place.
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

from portal.audit.checking import Verdict
from portal.audit.checkpoints import Checkpoint
from portal.audit.stretch import PAGE, Certificate, Job, certificate_from, certify
from portal.storage.engine import Database
from portal.storage.tables import AuditEntry

WORTH_A_PROCESS = 50_000  # entries; fewer are checked sooner than a process has begun
MOST_PROCESSES = 4
CHECKPOINT_COST = 60  # entries that are hashed in the time in which one checkpoint is read and its signature checked
HERE = Path(__file__).resolve().parent
# The package itself would bring in the database toolkit, whose loading takes as long as 100,000 entries.
_BOOT = """
import sys, types
for name, folder in (("portal", sys.argv[1]), ("portal.audit", sys.argv[2])):
    package = types.ModuleType(name)
    package.__path__ = [folder]
    sys.modules[name] = package
from portal.audit.stretch import main
main()
"""


@dataclass
class Certifying:
    """Stretches that are being certified: the first one here, the others elsewhere meanwhile."""

    db: Database
    chain: str
    jobs: list[Job]
    others: list[subprocess.Popen[bytes]]

    def verdict(self, points: Sequence[Checkpoint]) -> Verdict:
        """As far as the certificates reach; the rest is to be walked."""
        found = Verdict()
        for number, job in enumerate(self.jobs):
            certificate = self._answer(self.others[number - 1]) if number else certify(job)
            if certificate is None or not _take(found, certificate, points):
                break
        if found.sound:
            with self.db.read() as session:
                times = select(AuditEntry.at).where(AuditEntry.merchant_id == self.chain)
                found.first_at = session.scalar(times.where(AuditEntry.seq == 1)) or ""
                found.last_at = session.scalar(times.where(AuditEntry.seq == found.sound)) or ""
        return found

    def _answer(self, process: subprocess.Popen[bytes]) -> Certificate | None:
        out, _ = process.communicate()
        try:
            return certificate_from(out) if process.returncode == 0 else None
        except (ValueError, TypeError, AttributeError):
            return None


@contextmanager
def certifying(db: Database, chain: str, sizes: Sequence[int]) -> Iterator[Certifying]:
    """Begin to certify the chain, with checkpoints at `sizes`. What still runs at the end is stopped."""
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
    with db.read() as session:
        low, high = session.execute(
            select(func.min(AuditEntry.seq), func.max(AuditEntry.seq)).where(AuditEntry.merchant_id == chain)
        ).one()
    place = _database(db)
    if low != 1 or not place:
        return []
    count = max(1, min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1, MOST_PROCESSES))
    if high < WORTH_A_PROCESS:
        count = 1
    checkpoints = CHECKPOINT_COST * len(sizes)  # the first stretch is shorter: its process reads the checkpoints too
    share = (high + checkpoints) / count
    ends = [round(max(share * (number + 1) - checkpoints, 0)) // PAGE * PAGE for number in range(count - 1)]
    bounds = sorted({0, high, *(end for end in ends if 0 < end < high)})
    return [Job(place, chain, low + 1, top, sizes) for low, top in pairwise(bounds)]


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


def _take(verdict: Verdict, certificate: Certificate, points: Sequence[Checkpoint]) -> bool:
    """Go on to the end of a certified stretch, if it follows from what is there and agrees with what was signed."""
    if certificate.first != verdict.sound + 1 or certificate.prev != verdict.head:
        return False
    inside = sorted((p for p in points if certificate.first <= p.size <= certificate.last), key=lambda p: p.size)
    for point in inside:
        head, peaks = certificate.points.get(point.size, ("", []))
        tree = verdict.frontier.copy()
        tree.join(point.size, [bytes.fromhex(peak) for peak in peaks])
        if head != point.head or tree.root() != point.root:
            return False
    verdict.frontier.join(certificate.last, [bytes.fromhex(peak) for peak in certificate.peaks])
    verdict.sound, verdict.head = certificate.last, certificate.head
    verdict.checkpoints += len(inside)
    verdict.signed = inside[-1] if inside else verdict.signed
    return True
