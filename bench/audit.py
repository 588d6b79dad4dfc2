"""The audit trail: entries appended a second, and checking a million of them against hashing their bytes.

    python bench/audit.py [--entries 1000000] [--appends 2000]

Appending is named against SQLite's own commit of one row of the same size in the same file system (both wait for the
disk), by one process with 1, 8 and 32 threads that act at once and share commits; checking against SHA-256 over
each entry's canonical bytes in memory, one by one with hashlib in one process.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import insert
from sqlalchemy.orm import Session

from portal import audit
from portal.audit.chain import DOMAIN, GENESIS
from portal.audit.checking import bytes_of, pages_of
from portal.audit.evidence import chain_lines
from portal.config import Settings
from portal.storage.engine import Database, open_engine
from portal.storage.migrate import bring_up_to_date
from portal.storage.tables import AuditEntry
from portal.vault import MasterKey

CHAIN, BATCH = "c" * 32, 10_000
CALLERS = (1, 8, 32)
ROOT = Path(__file__).resolve().parents[1]
TOOL = ROOT / "tools" / "verify_audit.py"


def appended_by(db: Database, callers: int, count: int) -> float:
    """Entries a second when so many threads of one process each append one after the other, every one acknowledged
    only when it is on the disk."""

    def act(session: Session) -> None:
        audit.record(session, "a" * 32, "b" * 32, "export:view", object_id="c" * 32, origin="192.0.2.1")

    def work(_caller: int) -> None:
        for _ in range(count // callers):
            db.group_commit(act)

    with ThreadPoolExecutor(callers) as pool:
        started = time.perf_counter()
        for done in [pool.submit(work, caller) for caller in range(callers)]:
            done.result()
        return (count // callers) * callers / (time.perf_counter() - started)


def appended_at_once(db: Database, count: int) -> float:
    """Entries a second inside one transaction: what the work itself costs, without the disk."""
    started = time.perf_counter()
    with db.write() as session:
        for number in range(count):
            audit.record(
                session, "a" * 32, "b" * 32, "export:state", object_id="c" * 32, origin="worker", attempt=number
            )
    return count / (time.perf_counter() - started)


def bare_commits(folder: Path, count: int) -> float:
    """Seconds for as many bare commits of a row as long."""
    connection = sqlite3.connect(folder / "bare.sqlite3", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, body TEXT)")
    body = "x" * 450
    started = time.perf_counter()
    for _ in range(count):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO t (body) VALUES (?)", (body,))
        connection.execute("COMMIT")
    seconds = time.perf_counter() - started
    connection.close()
    return seconds


def fill(db: Database, count: int) -> None:
    """A sound chain of `count` entries, written in bulk."""
    prev = GENESIS
    with db.write() as session:
        for start in range(0, count, BATCH):
            rows = []
            for seq in range(start + 1, min(count, start + BATCH) + 1):
                row = ("export:state", "b" * 32, f"2026-03-01T{seq % 24:02}:00:00.{seq % 1_000_000:06}+00:00",
                       f'{{"attempt":{seq},"from":"sent","to":"accepted"}}', CHAIN, f"{seq:032x}", "worker", prev, "ok",
                       seq, "")  # fmt: skip
                prev = hashlib.sha256(DOMAIN + bytes_of(row)).hexdigest()
                rows.append(
                    {"action": row[0], "actor": row[1], "at": row[2], "merchant_id": CHAIN, "object_id": row[5],
                     "facts": {"attempt": seq, "from": "sent", "to": "accepted"}, "origin": row[6],
                     "prev_hash": row[7], "result": row[8], "seq": seq, "entry_hash": prev}
                )  # fmt: skip
            session.execute(insert(AuditEntry.__table__), rows)  # type: ignore[arg-type]


def hashed(bodies: list[bytes]) -> float:
    sha256 = hashlib.sha256
    started = time.perf_counter()
    for body in bodies:
        sha256(body).digest()
    return time.perf_counter() - started


def checked(keeper: audit.Keeper, entries: int) -> None:
    verdict = keeper.verify(CHAIN)
    assert verdict.holds and verdict.sound == entries and verdict.signed is not None


def run(folder: Path, *command: str) -> None:
    """A whole command, its start included, against this data folder."""
    environment = {**os.environ, "PORTAL_DATA_DIR": str(folder), "PORTAL_MODE": "practice"}
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL, cwd=ROOT, env=environment)


def best(act: Callable[[], None]) -> float:
    times = []
    for _ in range(3):
        started = time.perf_counter()
        act()
        times.append(time.perf_counter() - started)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--appends", type=int, default=2_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        options = Settings(data_dir=folder)
        db = Database(open_engine(options.database))
        bring_up_to_date(db.engine)
        MasterKey.open(options.keyset_file, create=True)
        appended_by(db, 1, 50)
        print(f"bare SQLite commits          {given.appends / bare_commits(folder, given.appends):10,.0f} a second"
              "   (synchronous=FULL, one row each, one after the other)")  # fmt: skip
        for callers in CALLERS:
            count = given.appends if callers == 1 else 2 * given.appends
            rate = appended_by(db, callers, count)
            words = f"append, {callers} at a time"
            print(f"{words:<29}{rate:10,.0f} a second   (at least 1,000; each acknowledged when on the disk)")
        print(f"append, one transaction      {appended_at_once(db, given.appends):10,.0f} a second")
        fill(db, given.entries)
        keeper = audit.open_keeper(db, options)
        started = time.perf_counter()
        keeper.sign(CHAIN, now=True)
        print(f"signing all checkpoints      {time.perf_counter() - started:10.2f} s")
        with db.read() as session:
            bodies = [DOMAIN + bytes_of(row) for page in pages_of(session, CHAIN) for row in page]
            trail = folder / "trail.jsonl"
            with trail.open("wb") as file:
                file.writelines(chain_lines(session, CHAIN))
        reference = min(hashed(bodies) for _ in range(3))
        size = sum(map(len, bodies))
        del bodies
        checkpoints = str(folder / "checkpoints")
        print(f"{given.entries:,} entries, {size:,} bytes, {os.cpu_count()} processors")
        print(f"hash the bytes               {reference:10.2f} s   "
              "(reference: hashlib.sha256 of each entry's canonical bytes, in memory, one process)")  # fmt: skip
        for words, seconds in (
            ("the portal's check", best(lambda: checked(keeper, given.entries))),
            ("python -m portal audit verify", best(lambda: run(folder, "-m", "portal", "audit", "verify"))),
            ("stand-alone verifier", best(lambda: run(folder, str(TOOL), str(trail), "--checkpoints", checkpoints))),
        ):
            print(f"{words:<29}{seconds:10.2f} s   {seconds / reference:.2f} x (at most 2; all checkpoints included)")
        db.close()


if __name__ == "__main__":
    os.environ.pop("PORTAL_DATA_DIR", None)
    main()
