"""Run every benchmark, each against its reference, and write the table of bench/README.md.

    python scripts/bench.py [--only load,footprint] [--full]

Sizes are chosen so that all of them take under 15 minutes on two cores; `--full` takes the sizes of the wishes (a good
hour). A benchmark that fails is told of and the others go on; the figures of those not run stay as they were.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TABLE, KEPT = ROOT / "bench" / "README.md", ROOT / "bench" / "latest.json"
LIMIT_SECONDS, FULL_LIMIT_SECONDS = 240.0, 3_600.0
ALL_SECONDS = 14 * 60.0  # what is not begun by then stays as it was
LEAST_SECONDS = 20.0
BEGIN, END = "<!-- table: written by make bench -->", "<!-- end of table -->"


@dataclass(frozen=True)
class Figure:
    """One figure of a benchmark: a key of its JSON line, or a pattern of its last match in the words it prints."""

    name: str
    where: str
    limit: float | None = None
    least: bool = False
    """The limit is a lower one."""

    def read(self, words: str, line: dict[str, Any]) -> float | None:
        if re.fullmatch(r"\w+", self.where):
            value = line.get(self.where)
            return float(value) if isinstance(value, int | float) else None
        found = re.findall(self.where, words)
        return max(float(one.replace(",", "")) for one in found) if found else None

    def holds(self, value: float) -> bool | None:
        if self.limit is None:
            return None
        return value >= self.limit if self.least else value <= self.limit

    @property
    def wanted(self) -> str:
        return "" if self.limit is None else f"at {'least' if self.least else 'most'} {self.limit:g}"


@dataclass(frozen=True)
class Bench:
    """A benchmark: its file, what it is asked in `make bench`, what in full, and what it is held against."""

    name: str
    command: str
    full: str
    reference: str
    figures: tuple[Figure, ...]


SAME = "the same widgets from constants, `streamlit run`, stock settings"
BENCHES = (
    Bench("load: one session", "load.py one --runs 60", "load.py one --runs 300", SAME, (
        Figure("rerun of Past exports, 50 rows, times the reference", "past_exports_ratio", 1.5),
        Figure("rerun of Preview, 50 rows of 12 columns, times the reference", "preview_ratio", 1.5),
        Figure("elements that differ from the reference", "preview_differ", 0),
    )),
    Bench("load: flat out", "load.py flat --seconds 15", "load.py flat --seconds 120", SAME, (
        Figure("reruns a second at 100 sessions", "portal"),
        Figure("times the reference's reruns a second", "times_stock", 6, least=True),
        Figure("errors", "portal_errors", 0),
    )),
    Bench("load: idle sessions", "load.py idle --sessions 300", "load.py idle --sessions 500", "nobody there", (
        Figure("MiB a signed-in idle session", "mib_a_session", 0.6),
        Figure("errors", "errors", 0),
        Figure("share of a core for what refreshes by itself", "cpu_share"),
    )),
    Bench("load: 200 at work", "load.py think --seconds 60", "load.py think --seconds 600", "nothing lost", (
        Figure("errors", "errors", 0),
        Figure("dropped sockets", "dropped", 0),
        Figure("median rerun, ms", "p50_ms"),
        Figure("95th percentile, ms", "p95_ms"),
    )),
    Bench("load: churn", "load.py churn --seconds 40", "load.py churn --seconds 3600", "its own first quarter", (
        Figure("tabs opened and closed", "cycles"),
        Figure("memory at the end, times the first quarter's", "growth", 1.1),
        Figure("errors", "errors", 0),
    )),
    Bench("flood", "flood.py --seconds 6 --rest 3 --rounds 8", "flood.py", "the same portal before and after", (
        Figure("a signed-in person's click during the worst flood, times the reference", "worst_click_ratio", 2),
        Figure("memory after the worst flood, times the reference", "worst_memory_ratio", 1.2),
        Figure("share of a core the portal uses then, with the person's clicks", "worst_core_share"),
        Figure("slowest answer of `/healthz`, ms", "worst_health_ms"),
        Figure("bytes the worst flood had logged", "worst_log_bytes", 10_000),
    )),
    Bench("footprint", "footprint.py", "footprint.py", "a bare Streamlit app that drew one table", (
        Figure("idle memory, times the reference", "idle_ratio", 1.6),
        Figure("idle memory, MiB", "portal_mib"),
        Figure("before anybody came, times an empty app", "untouched_ratio"),
        Figure("distributions at run time", "distributions", 110),
    )),
    Bench("cold start", "cold_start.py --starts 7", "cold_start.py --starts 11", "an empty page, `streamlit run`", (
        Figure("start to the sign-in page, seconds", "ready_s", 3),
        Figure("the same, times the reference's start", "ready_ratio"),
        Figure("start to `/healthz`, seconds", "port_s"),
        Figure("first page, times a warm one", "first_page_ratio", 1.3),
        Figure("first Past exports, times a warm one", "past_exports_ratio", 1.3),
    )),
    Bench("browser", "browser.py --rounds 3", "browser.py --rounds 15", SAME, (
        Figure("sign-in page can be typed into, ms", "sign_in_ms"),
        Figure("click to drawn rows, Past exports, times the reference", "past_exports_ratio", 1.5),
        Figure("click to drawn rows, Preview, times the reference", "preview_ratio", 1.5),
        Figure("worst layout shift of a page opened by the navigation", "worst_shift_inside", 0.05),
        Figure("worst layout shift of a page opened by its address", "worst_shift", 0.05),
        Figure("the same of the reference", "reference_shift"),
        Figure("titles lost in reruns", "flashes", 0),
        Figure("first load, KiB", "first_load_kib"),
        Figure("static files sent uncompressed", "uncompressed", 0),
        Figure("a timed refresh, KiB", "refresh_kib"),
    )),
    Bench("export overhead", "export_overhead.py --runs 15", "export_overhead.py", "httpx and pandas alone", (
        Figure("submit to ready, times the reference", r"ratio +([\d.]+)", 3),
    )),
    Bench("complete answer", "complete_answer.py --runs 10 --kills 5", "complete_answer.py --runs 30",
          "the same twelve requests by bare httpx, at the same rate", (
        Figure("twelve sources at the edge's rate, times the vendor's own time", "edge_ratio", 1.3),
        Figure("the same at a merchant's 600 a minute", "merchant_ratio", 1.3),
        Figure("time on a core, ms", "edge_cpu_ms"),
        Figure("sources lost when the worker is killed", "lost", 0),
        Figure("POSTs repeated then", "repeated", 0),
    )),
    Bench("delivery: flat out", "delivery.py --bytes 100000000 --rounds 1 --pages 100", "delivery.py --pages 100",
          "nginx sending a plain file", (
        Figure("20 recipients at once, MiB a second", "portal_mib_s"),
        Figure("the same, times the reference's rate", "rate_ratio", 0.5, least=True),
    )),
    Bench("delivery", "delivery.py --bytes 100000000 --rounds 1 --line 119", "delivery.py --line 119",
          "nginx sending a plain file, both over a line of 1 Gbit/s", (
        Figure("20 recipients at once, times the reference's rate", "rate_ratio", 0.5, least=True),
        Figure("memory above idle, MiB", "memory_above_idle_mib", 150),
        Figure("a signed-in person's click then, times a quiet one", "click_ratio", 1.5),
        Figure("1,000 pages at once: errors", "pages_failed", 0),
        Figure("a signed-in person's click then, times a quiet one", "pages_click_ratio", 1.5),
    )),
    Bench("front door", "front_door.py --junk 2500 --seconds 15 --people 3", "front_door.py",
          "a signed-in person's clicks before the flood", (
        Figure("people who asked in the flood and had no case", "people_lost", 0),
        Figure("a signed-in person's click in the flood, times a quiet one", "click_ratio", 1.5),
        Figure("cases made by junk", "junk_cases", 0),
    )),
    Bench("fetch", "fetch_throughput.py --bytes 268435456 --pairs 5", "fetch_throughput.py", "curl to a plain file", (
        Figure("guarded fetch into a sealed file, times the reference's rate", r"ratio +([\d.]+)", 0.5, least=True),
        Figure("peak memory above idle, MiB", r"above idle +([\d.]+)", 100),
    )),
    Bench("preview", "preview.py", "preview.py csv:100KB csv:10MB csv:1GB json:100KB json:10MB json:300MB",
          "pandas reading all of the file", ()),
    Bench("history", "history.py --rows 100000 --only sqlite --runs 30", "history.py", "the same with 1,000 rows", (
        Figure("worst question, times the reference", r"worst ratio of a question: ([\d.]+)", 1.5),
    )),
    Bench("cases", "cases.py --cases 100000 --only sqlite --runs 30", "cases.py", "the same with 1,000 cases", (
        Figure("worst question, times the reference", "worst_ratio", 1.5),
        Figure("twelve months in figures, ms", "months_ms"),
        Figure("the same, times a bare pass over their rows", "months_ratio"),
        Figure("memory at most, filling included, MiB", "peak_mib", 400),
    )),
    Bench("audit", "audit.py --entries 1000000 --appends 100", "audit.py", "hashing the bytes, hashlib", (
        Figure("the portal's check of a whole trail, times the reference", r"the portal's check .* ([\d.]+) x", 2),
        Figure("the stand-alone verifier, its start included", r"stand-alone verifier .* ([\d.]+) x", 2),
        Figure("`audit verify`, a second for its start included", r"audit verify .* ([\d.]+) x"),
        Figure("entries appended a second by one caller", r"append, 1 at a time +([\d,]+)", 1000, least=True),
    )),
    Bench("clock of a case", "cases_clock.py", "cases_clock.py --cases 1000000",
          "relativedelta and holidays, the first period only", (
        Figure("clocks a second on one core, all vectors", "a_second", 20_000, least=True),
        Figure("the EU's with all dates and steps, times the reference's rate", "times_naive"),
    )),
    Bench("bulk", "bulk_rate.py --exports 100 --only sqlite", "bulk_rate.py", "one worker", (
        Figure("three workers, times one", r"are ([\d.]+) times one"),
    )),
    Bench("reading", "reading.py", "reading.py", "csv with its Sniffer, clevercsv, DuckDB on the same files", (
        Figure("records read right, generated files, F1", r"ours +[\d.]+ +([\d.]+)", 0.98, least=True),
    )),
    Bench("package", "package.py 20", "package.py 100", "json.loads of the largest file and a ZIP of it", (
        Figure("the ordinary customer, seconds", "ordinary_s", 0.5),
        Figure("900 transactions, seconds", "many_s", 1.5),
        Figure("a large file, times the reference", "large_times", 4),
        Figure("memory, MiB", "large_mib", 300),
    )),
    Bench("third party", "third_party.py", "third_party.py", "labelled held-out files", (
        Figure("share of the people who are found", r"by person .* recall ([\d.]+)", 0.97, least=True),
        Figure("share of the groups that are somebody", r"by person .* precision ([\d.]+)", 0.95, least=True),
    )),
    Bench("leaving out", "redaction.py 30 3000", "redaction.py", "json.loads of the same file", (
        Figure("finding and exchanging the places, times the reference", r"([\d.]+) times the reference", 3),
        Figure("Python objects at most, MB", r"memory: (\d+) MB of Python objects"),
    )),
    Bench("deciding", "review.py 15", "review.py 40", "a plain rerun of the same page", (
        Figure("the page after one decision, times the reference", "undecided_ratio", 1.2),
        Figure("the same, time on a core", "undecided_on_a_core_ratio"),
        Figure("the same, the copy made and read again with it", "copy_made_ratio"),
    )),
    Bench("whose records", "people.py", "people.py", "1,000 invented people, held out", (
        Figure("share of the people's own records found", r"own records found: ([\d.]+)", 0.97, least=True),
        Figure("strangers' records in same or linked", r"strangers' records in same or linked: (\d+)", 0),
    )),
)  # fmt: skip


def ran(bench: Bench, full: bool, limit: float) -> dict[str, Any]:
    """Its figures; `trouble` when it failed or took too long. What it prints is shown as well."""
    asked = bench.full if full else bench.command
    print(f"\n== {bench.name}: bench/{asked}", flush=True)
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "bench/" + asked.split()[0], *asked.split()[1:]], cwd=ROOT, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    trouble = ""
    try:
        words, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGTERM)  # its servers go with it
        try:
            words, _ = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            words, _ = process.communicate()
        trouble = "took too long"
    print(words, flush=True)
    if process.returncode and not trouble:
        trouble = f"ended with {process.returncode}"
    return {
        "command": asked, "trouble": trouble, "seconds": round(time.perf_counter() - began),
        "figures": figures(bench, words), "machine": machine(), "date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d"),
    }  # fmt: skip


def figures(bench: Bench, words: str) -> dict[str, float]:
    line: dict[str, Any] = {}
    for text in words.splitlines():
        if text.startswith("{"):
            try:
                line = json.loads(text)
            except ValueError:
                continue
    found: dict[str, float] = {}
    for figure in bench.figures:
        try:
            value = figure.read(words, line)
        except ValueError:
            continue
        if value is not None:
            found[figure.name] = value
    return found


def machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def table(kept: dict[str, Any]) -> str:
    """Every benchmark, its command, its reference, each figure with its limit and whether it holds."""
    lines = ["| benchmark | command | reference | figure | limit | latest | holds |", "|---|---|---|---|---|---|---|"]
    for bench in BENCHES:
        last = kept.get(bench.name, {})
        head = f"| {bench.name} | `bench/{last.get('command', bench.command)}` | {bench.reference} |"
        if last.get("trouble"):
            lines.append(f"{head} (it {last['trouble']}) | | | false |")
        for figure in bench.figures:
            value = last.get("figures", {}).get(figure.name)
            shown = "not measured" if value is None else f"{value:,.3g}" if abs(value) < 100 else f"{value:,.0f}"
            holds = "" if value is None or figure.limit is None else str(figure.holds(value)).lower()
            lines.append(f"{head} {figure.name} | {figure.wanted} | {shown} | {holds} |")
            head = "| | | |"
        if not bench.figures and not last.get("trouble"):
            verdict = "true" if last else ""
            lines.append(f"{head} its own targets | met | {'met' if last else 'not measured'} | {verdict} |")
    days = sorted({f"{last['machine']}, {last['date']}" for last in kept.values()})
    return "\n".join([*lines, "", "Measured on: " + ("; ".join(days) or "nothing yet") + "."])


def write(kept: dict[str, Any]) -> None:
    KEPT.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    page = TABLE.read_text(encoding="utf-8")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    TABLE.write_text(f"{before}{BEGIN}\n{table(kept)}\n{END}{after}", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="names or beginnings of names, by comma")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--table", action="store_true", help="write the table from the figures kept, run nothing")
    given = parser.parse_args()
    kept: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    asked = [name for name in given.only.split(",") if name]
    wanted: Callable[[Bench], bool] = lambda b: not asked or any(b.name.startswith(a) for a in asked)  # noqa: E731
    failed = []
    began = time.monotonic()
    for bench in [] if given.table else filter(wanted, BENCHES):
        left = ALL_SECONDS - (time.monotonic() - began)
        if not given.full and left < LEAST_SECONDS:
            failed.append(f"{bench.name} was not begun, {ALL_SECONDS / 60:.0f} minutes are over")
            continue
        kept[bench.name] = ran(bench, given.full, 2 * FULL_LIMIT_SECONDS if given.full else min(LIMIT_SECONDS, left))
        if kept[bench.name]["trouble"]:
            failed.append(f"{bench.name} {kept[bench.name]['trouble']}")
        write(kept)
    write(kept)
    print(table(kept))
    print(f"It took {(time.monotonic() - began) / 60:.1f} minutes.", file=sys.stderr)
    for words in failed:
        print(f"NOT measured: {words}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
