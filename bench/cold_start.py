"""How long until the portal is there: `python -m portal demo` (what `make run` does) to its first `/healthz`, against
`streamlit run` of an empty page to its first `/_stcore/health`, turn about; and the first page of a fresh process
against the same page once the process is warm.

    python bench/cold_start.py [--starts 7]

Limits: ready at most 1.5 times the bare start; the first page at most 1.3 times a warm one. A start with an empty data
folder also makes keys, tables and people; it is shown beside. "First page" is the first that a fresh process draws for
anybody once its `/readyz` says that it is warm; "at once" is asked for at the first `/healthz`: it waits for the load.

The portal answers before all of it is loaded (`portal/web/early_door.py`): who asks for a page then waits for it. So
the time from the start to the first page drawn stands beside, on both sides: nothing is hidden by an early answer.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from bench.load import say  # noqa: E402
from bench.servers import Server, plain, portal, wait_until_warm  # noqa: E402
from bench.signing_in import sign_in  # noqa: E402
from bench.wire import Tab  # noqa: E402

WARM_PAGES = 9


async def page_seconds(server: Server, cookie: str = "") -> float:
    """The page shell over HTTP and the first run over the socket."""
    started = time.perf_counter()
    await asyncio.to_thread(lambda: urllib.request.urlopen(server.origin + "/", timeout=60).read())
    tab = Tab(server.origin, cookie=cookie)
    await tab.open()
    taken = time.perf_counter() - started
    await tab.close()
    return taken


async def pages(server: Server) -> tuple[float, float]:
    """Seconds of the first page and of a warm one (the sign-in page)."""
    first = await page_seconds(server)
    return first, statistics.median([await page_seconds(server) for _ in range(WARM_PAGES)])


async def members_pages(server: Server) -> tuple[float, float]:
    """The same for Past exports, the first page with a table."""
    cookie = await sign_in(server.origin)
    tab = Tab(server.origin, cookie=cookie)
    await tab.open()
    first = await tab.go("past_exports")
    warm = statistics.median([await tab.run() for _ in range(WARM_PAGES)])
    await tab.close()
    return first, warm


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=7)
    given = parser.parse_args()
    ready: dict[str, list[float]] = {"portal": [], "portal, empty folder": [], "bare": []}
    drawn: dict[str, list[float]] = {"portal": [], "bare": []}
    firsts: dict[str, list[tuple[float, float]]] = {"at once": [], "once warm": [], "Past exports": []}
    warm_after = []
    with tempfile.TemporaryDirectory(prefix="bench-cold-") as folder:
        with portal(folder=Path(folder)):
            pass  # tables, keys and people are there from now on
        for _ in range(given.starts):
            with plain("empty") as server:
                ready["bare"].append(server.ready_seconds)
                drawn["bare"].append(server.ready_seconds + asyncio.run(page_seconds(server)))
            with portal(0, folder=Path(folder)) as server:
                ready["portal"].append(server.ready_seconds)
                firsts["at once"].append(asyncio.run(pages(server)))
                drawn["portal"].append(server.ready_seconds + firsts["at once"][-1][0])
                wait_until_warm(server)
                firsts["Past exports"].append(asyncio.run(members_pages(server)))
            with portal(0) as server:
                ready["portal, empty folder"].append(server.ready_seconds)
                warm_after.append(wait_until_warm(server))
                firsts["once warm"].append(asyncio.run(pages(server)))
    middle = {name: statistics.median(times) for name, times in ready.items()}
    print(f"{'start':<24}{'seconds':>9}{'ratio':>8}   (at most 1.5)")
    for name, seconds in middle.items():
        print(f"{name:<24}{seconds:>9.2f}{seconds / middle['bare']:>8.2f}")
    shown = {name: statistics.median(times) for name, times in drawn.items()}
    print(f"start to the first page drawn: {shown['portal']:.2f} s, bare {shown['bare']:.2f} s "
          f"({shown['portal'] / shown['bare']:.2f} times)")  # fmt: skip
    print(f"start to warm (/readyz, empty folder): {statistics.median(warm_after):.2f} s")
    print(f"{'first page':<24}{'first ms':>9}{'warm ms':>9}{'ratio':>8}   (at most 1.3)")
    ratios = {}
    for name, pairs in firsts.items():
        first, warm = (statistics.median(side) for side in zip(*pairs, strict=True))
        ratios[name] = statistics.median(f / w for f, w in pairs)
        print(f"{name:<24}{first * 1000:>9.0f}{warm * 1000:>9.0f}{ratios[name]:>8.2f}")
    say({
        "bench": "cold_start", "ready_s": middle["portal"], "empty_folder_s": middle["portal, empty folder"],
        "bare_s": middle["bare"], "ready_ratio": middle["portal"] / middle["bare"],
        "first_page_ratio": ratios["once warm"], "warm_s": statistics.median(warm_after),
        "first_page_at_once_ratio": ratios["at once"],
        "past_exports_ratio": ratios["Past exports"], "drawn_s": shown["portal"], "bare_drawn_s": shown["bare"],
        "drawn_ratio": shown["portal"] / shown["bare"],
    })  # fmt: skip


if __name__ == "__main__":
    main()
