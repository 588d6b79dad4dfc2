"""How long until the portal is there: `python -m portal demo` (what `make run` does) until its sign-in page is served,
beside `streamlit run` of an empty page to its first `/_stcore/health`, turn about; and the first page of a fresh
process against the same page of a warm one.

    python bench/cold_start.py [--starts 7]

Until it is there, `/healthz` answers and people see that it starts. Limits: the sign-in page within 3 s; the first
page, and the first Past exports opened by the sidebar, at most 1.3 times a warm one. The ratio of starts is printed and
is no limit. A start with an empty data folder also makes keys, tables and people.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from bench.load import say  # noqa: E402
from bench.servers import Server, plain, portal, wait_until_warm  # noqa: E402
from bench.signing_in import sign_in  # noqa: E402
from bench.wire import Tab  # noqa: E402

WARM_PAGES = 9
PAUSE_SECONDS = 0.25
Pair = tuple[float, float]


async def page_seconds(server: Server, cookie: str = "", *, pause: float = 0.0) -> float:
    """The page shell over HTTP and the first run over the socket."""
    await asyncio.sleep(pause)
    started = time.perf_counter()
    await asyncio.to_thread(lambda: urllib.request.urlopen(server.origin + "/", timeout=60).read())
    tab = Tab(server.origin, cookie=cookie)
    await tab.open()
    taken = time.perf_counter() - started
    await tab.close()
    return taken


async def some_pages(server: Server) -> float:
    """Seconds of the middle one of a few, each by itself as the first one was: a processor kept busy is quicker."""
    return statistics.median([await page_seconds(server, pause=PAUSE_SECONDS) for _ in range(WARM_PAGES)])


async def members_pages(server: Server) -> Pair:
    """The same for Past exports, the first page with a table."""
    tab = Tab(server.origin, cookie=await sign_in(server.origin))
    await tab.open()
    first, warm = await tab.go("past_exports"), []
    for _ in range(WARM_PAGES):
        await tab.go("help")
        await asyncio.sleep(PAUSE_SECONDS)
        warm.append(await tab.go("past_exports"))
    await tab.close()
    return first, statistics.median(warm)


@dataclass
class Starts:
    """Seconds, one entry a start; pairs are a first page and a warm one."""

    port: list[float] = field(default_factory=list)
    ready: list[float] = field(default_factory=list)
    drawn: list[float] = field(default_factory=list)
    first_page: list[Pair] = field(default_factory=list)
    past_exports: list[Pair] = field(default_factory=list)

    def watch(self, server: Server) -> None:
        """One start of the portal, from the open port to a warm page."""
        self.port.append(server.ready_seconds)
        self.ready.append(wait_until_warm(server))
        first = asyncio.run(page_seconds(server))
        self.drawn.append(self.ready[-1] + first)
        self.first_page.append((first, asyncio.run(some_pages(server))))
        self.past_exports.append(asyncio.run(members_pages(server)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=7)
    given = parser.parse_args()
    bare, ours, empty = Starts(), Starts(), Starts()
    with tempfile.TemporaryDirectory(prefix="bench-cold-") as folder:
        with portal(folder=Path(folder)):
            pass  # tables, keys and people are there from now on
        for _ in range(given.starts):
            with plain("empty") as server:
                bare.ready.append(server.ready_seconds)
                bare.drawn.append(server.ready_seconds + asyncio.run(page_seconds(server)))
            with portal(0, folder=Path(folder), until="/healthz") as server:
                ours.watch(server)
            with portal(0, until="/healthz") as server:
                empty.watch(server)
    tell(bare, ours, empty)


def tell(bare: Starts, ours: Starts, empty: Starts) -> None:
    """Print both tables, then the figures as JSON."""
    start, page = statistics.median(bare.ready), statistics.median(bare.drawn)
    print(f"{'from the start to':<34}{'seconds':>9}{'ratio':>8}   (bare: {start:.2f} s, its page {page:.2f} s)")
    rows = {
        "the port is open": (ours.port, start),
        "the sign-in page (at most 3 s)": (ours.ready, start),
        "  with an empty folder": (empty.ready, start),
        "its first page drawn": (ours.drawn, page),
    }
    for name, (times, reference) in rows.items():
        middle = statistics.median(times)
        print(f"{name:<34}{middle:>9.2f}{middle / reference:>8.2f}")
    print(f"{'first page':<34}{'first ms':>9}{'warm ms':>9}{'ratio':>8}   (at most 1.3)")
    ratios = {}
    for name, pairs in {"sign-in": ours.first_page + empty.first_page, "Past exports": ours.past_exports}.items():
        first, warm = (statistics.median(side) for side in zip(*pairs, strict=True))
        ratios[name] = statistics.median(f / w for f, w in pairs)
        print(f"{name:<34}{first * 1000:>9.0f}{warm * 1000:>9.0f}{ratios[name]:>8.2f}")
    ready, drawn = statistics.median(ours.ready), statistics.median(ours.drawn)
    say({
        "bench": "cold_start", "ready_s": ready, "ready_ratio": ready / start, "bare_s": start,
        "empty_folder_s": statistics.median(empty.ready), "port_s": statistics.median(ours.port),
        "drawn_s": drawn, "bare_drawn_s": page, "drawn_ratio": drawn / page,
        "first_page_ratio": ratios["sign-in"], "past_exports_ratio": ratios["Past exports"],
    })  # fmt: skip


if __name__ == "__main__":
    main()
