"""How long a preview takes beside pandas on the same bytes in the same run: 100 KB and 10 MB, CSV and JSON.

Run: .venv/bin/python bench/preview.py
"read" is bytes to tables of text; "read + page" adds what a page shows, the first 50 rows of each table as a frame;
"inspect" and "others" are the two looks for other people. The ratio is read + page over pandas (which changes the
data).
"""

import io
import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pandas

from portal.preview import AskedPerson, Preview, find_others, inspect, read

ASKED = AskedPerson(email="anna@example.com")
PAGE_ROWS = 50


def rows(size: int) -> list[dict[str, object]]:
    """Flat transaction rows that come to about `size` bytes of JSON."""
    r = random.Random(size)
    made: list[dict[str, object]] = []
    written = 0
    while written < size:
        made.append(
            {
                "customerId": "5eed00000000000000000001",
                "customerEmail": "anna@example.com",
                "cardNumber": f"6035{r.randrange(10**12):012d}",
                "transactionType": r.choice(("PURCHASE", "REDEMPTION", "RELOAD")),
                "amount": f"{r.randrange(10000) / 100:.2f}",
                "balanceAfter": r.randrange(10000) / 100,
                "description": r.choice((None, "Coffee and cake", "Reload")),
                "processedAt": "2026-03-04T05:06:07Z",
                "cashierId": f"{r.randrange(60)}",
                "customMessage": "Happy birthday",
            }
        )
        written += 300
    return made


def best(run: Callable[[], object], times: int) -> float:
    """Milliseconds of the quickest of `times` runs."""
    quickest = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        run()
        quickest = min(quickest, time.perf_counter() - start)
    return quickest * 1000


def page(data: bytes, format: str) -> Preview:
    """What opening a preview does."""
    preview = read(data, format)  # type: ignore[arg-type]
    for table in preview.tables:
        table.frame(0, PAGE_ROWS)
    return preview


def main() -> None:
    print("milliseconds, the best of several runs")
    print(f"{'':12} {'MB':>5} {'read':>9} {'+ page':>9} {'pandas':>9} {'ratio':>6} {'inspect':>9} {'others':>9}")
    for name, size, times in (("100 KB", 100_000, 30), ("10 MB", 10_000_000, 3)):
        made = rows(size)
        text = json.dumps(made)
        frame = pandas.DataFrame(made)
        for format, data in (("json", text.encode()), ("csv", frame.to_csv(index=False).encode())):
            reader = pandas.read_json if format == "json" else pandas.read_csv
            preview = page(data, format)
            alone = best(lambda data=data, format=format: read(data, format), times)  # type: ignore[misc]
            whole = best(lambda data=data, format=format: page(data, format), times)  # type: ignore[misc]
            theirs = best(lambda data=data, reader=reader: reader(io.BytesIO(data)), times)  # type: ignore[misc]
            looked = best(lambda preview=preview: inspect(preview, ASKED), max(1, times // 3))  # type: ignore[misc]
            marked = best(lambda preview=preview: find_others(preview, ASKED), max(1, times // 3))  # type: ignore[misc]
            print(
                f"{name:7} {format:4} {len(data) / 1e6:5.1f} {alone:9.1f} {whole:9.1f} {theirs:9.1f} "
                f"{whole / theirs:6.2f} {looked:9.1f} {marked:9.1f}"
            )


if __name__ == "__main__":
    main()
