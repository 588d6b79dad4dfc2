"""Time to the first page and peak memory of a preview beside pandas on the same bytes in the same run.

Run: .venv/bin/python bench/preview.py [csv:100KB csv:10MB csv:1GB json:100KB json:10MB json:300MB]
Without sizes: the first two of each format. 1 GB is 2**30 bytes and needs that much disk in the folder for temporary
files, and pandas about 4 GB of memory; 300 MB of JSON needs about as much.

"first page": bytes on disk to a frame of 50 rows of each table that is known by then, the best of several runs.
"all": until every row is counted. "pandas": read_csv or read_json of the same file, which changes the data.
"peak": how far the process grew above its idle size, each measured in a process of its own (Linux).
Targets (issue 6): first page at most 2x pandas for 100 KB, 0.2x for 10 MB, 0.02x for 1 GB; 150 MiB above idle.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pandas

from portal.preview import LARGE_BYTES, AskedPerson, Preview, find_others, inspect, read
from portal.preview.large.reading import Reading

ASKED = AskedPerson(email="anna@example.com")
PAGE_ROWS = 50
SIZES = {"KB": 1000, "MB": 1000**2, "GB": 1024**3}
USUAL = ("csv:100KB", "csv:10MB", "json:100KB", "json:10MB")
WANTED = {"csv:100KB": 2.0, "csv:10MB": 0.2, "csv:1GB": 0.02, "json:100KB": 2.0, "json:10MB": 0.2}
BLOCK_ROWS = 20_000
PIECE = 1024 * 1024


def rows(count: int) -> list[dict[str, object]]:
    """Flat transaction rows."""
    r = random.Random(count)
    return [
        {
            "customerId": "5eed00000000000000000001",
            "customerEmail": "anna@example.com",
            "cardNumber": f"6035{r.randrange(10**12):012d}",
            "transactionType": r.choice(("PURCHASE", "REDEMPTION", "RELOAD")),
            "amount": f"{r.randrange(10000) / 100:.2f}",
            "balanceAfter": r.randrange(10000) / 100,
            "description": r.choice((None, "Coffee and cake", "Reload, again")),
            "processedAt": "2026-03-04T05:06:07Z",
            "cashierId": f"{r.randrange(60)}",
            "customMessage": "Happy birthday",
        }
        for _ in range(count)
    ]


def write(path: Path, format: str, size: int) -> None:
    """A file of at least `size` bytes, and hardly more."""
    made = rows(min(BLOCK_ROWS, size // 100))
    if format == "csv":
        head, tail, between = (",".join(made[0]) + "\n").encode(), b"", b""
        lines = pandas.DataFrame(made).to_csv(index=False, header=False).encode().splitlines(keepends=True)
    else:
        head, tail, between = b"[", b"]", b","
        lines = [json.dumps(row).encode() for row in made]
    with path.open("wb") as file:
        written = file.write(head)
        while written < size:
            for number, line in enumerate(lines):
                written += file.write((between if written > len(head) or number else b"") + line)
                if written >= size:
                    break
        file.write(tail)


def pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def opened(path: Path, format: str) -> "Preview | Reading":
    """What opening a preview does: a small file whole, a large one as far as its first page."""
    if path.stat().st_size < LARGE_BYTES:
        preview = read(path.read_bytes(), format)  # type: ignore[arg-type]
        shown: Preview | Reading = preview
    else:
        reading = Reading(pieces(path), format, path.stat().st_size)  # type: ignore[arg-type]
        shown, preview = reading, reading.first()
    for table in preview.tables:
        table.frame(0, PAGE_ROWS)
    return shown


def best(run: Callable[[], object], times: int) -> float:
    """Milliseconds of the quickest of `times` runs."""
    quickest = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        run()
        quickest = min(quickest, time.perf_counter() - start)
    return quickest * 1000


def whole(path: Path, format: str) -> Preview:
    shown = opened(path, format)
    return shown if isinstance(shown, Preview) else shown.whole()


def by_pandas(path: Path, format: str) -> object:
    return pandas.read_csv(path) if format == "csv" else pandas.read_json(path)


JOBS: dict[str, Callable[[Path, str], object]] = {
    "first": opened,
    "all": whole,
    "pandas": by_pandas,
    "inspect": lambda path, format: inspect(whole(path, format), ASKED),
    "others": lambda path, format: len(find_others(whole(path, format), ASKED)),
}


def grown() -> float:
    """MiB at the highest so far (VmHWM)."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    return int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def measured(job: str, path: Path, format: str, times: int) -> tuple[float, float]:
    """(milliseconds, MiB above idle) of one job in a process of its own; nan when it fails, as pandas may."""
    command = [sys.executable, __file__, "--one", job, str(path), format, str(times)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        return float("nan"), float("nan")
    took, peak = run.stdout.split()
    return float(took), float(peak)


def one(job: str, path: str, format: str, times: str) -> None:
    by_pandas(_tiny(Path(path).parent, format), format)  # what any first call imports is no part of the file's cost
    whole(_tiny(Path(path).parent, format), format)
    idle = grown()
    JOBS[job](Path(path), format)
    peak = grown() - idle
    print(best(lambda: JOBS[job](Path(path), format), int(times)), peak)


def _tiny(folder: Path, format: str) -> Path:
    path = folder / f"tiny.{format}"
    if not path.exists():
        write(path, format, 2000)
    return path


def main(wanted: list[str]) -> int:
    print("milliseconds, and MiB above idle")
    print(f"{'':11} {'MB':>7} {'first page':>15} {'all':>17} {'pandas':>17} {'ratio':>7} {'wanted':>7}")
    met = True
    for name in wanted or USUAL:
        format, _, size = name.partition(":")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"file.{format}"
            write(path, format, int(size[:-2]) * SIZES[size[-2:]])
            bytes_ = os.path.getsize(path)
            times = 40 if bytes_ < 10**6 else 20 if bytes_ < 10**8 else 1
            first, first_peak = measured("first", path, format, times)
            all_, all_peak = measured("all", path, format, 1 if bytes_ > 10**6 else times)
            theirs, their_peak = measured("pandas", path, format, times)
            ratio, limit = first / theirs, WANTED.get(name)
            met = met and not (limit and ratio > limit) and not all_peak > 150
            print(
                f"{name:11} {bytes_ / 1e6:7.1f} {first:9.1f} {first_peak:5.0f} {all_:11.1f} {all_peak:5.0f} "
                f"{theirs:11.1f} {their_peak:5.0f} {ratio:7.3f} {limit or '':>7}",
                flush=True,
            )
    print("targets met" if met else "targets missed")
    return 0 if met else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(*sys.argv[2:])
    else:
        sys.exit(main(sys.argv[1:]))
