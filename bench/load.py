"""Many people at once: N real Streamlit sessions over WebSockets against the portal and, in the same run, against
plain Streamlit apps under `streamlit run` with stock settings (an empty page; the same widgets drawn from constants).

    python bench/load.py one            median rerun of Past exports and Preview, turn about with the same widgets
    python bench/load.py flat           100 sessions without a pause: reruns a second
    python bench/load.py idle           500 signed-in sessions that only stay: memory a session
    python bench/load.py think          200 sessions with 5 s between clicks for 10 minutes: errors, dropped sockets
    python bench/load.py churn          tabs opened and closed for an hour: does memory stay level? (`make soak`)

Sessions sign in by the form and the cookie; `--sign-ins` browsers share out N tabs. Fragments refresh by themselves in
`idle` and `think`, as they do in a browser, and stand still in `one` and `flat`, on both sides.
Each mode prints a table for people and one line of JSON, last.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from bench.servers import Server, plain, portal  # noqa: E402
from bench.signing_in import sign_in  # noqa: E402
from bench.wire import Dropped, Tab, TabError  # noqa: E402

MIB = 1024 * 1024
OPEN_AT_ONCE = 10
PORTAL_PAGES = ("past_exports", "preview")
Step = Callable[[Tab], Awaitable[float]]


@dataclass
class Tally:
    """What happened: seconds by screen, errors by kind."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: Counter[str] = field(default_factory=Counter)
    dropped: int = 0

    @property
    def reruns(self) -> int:
        return sum(len(times) for times in self.seconds.values())

    async def step(self, screen: str, act: Awaitable[float]) -> bool:
        """Whether the step went well; its time and its trouble are written down."""
        try:
            self.seconds[screen].append(await act)
        except Dropped as error:
            self.dropped += 1
            self.errors[str(error)] += 1
            return False
        except (TabError, OSError) as error:
            self.errors[f"{screen}: {error}"] += 1
            return False
        return True

    def table(self, title: str) -> None:
        print(f"\n{title:<34}{'reruns':>8}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}")
        for screen, times in sorted(self.seconds.items()):
            if times:
                print(
                    f"{screen:<34}{len(times):>8}" + "".join(f"{quantile(times, q) * 1000:>9.0f}" for q in (50, 95, 99))
                )
        for what, count in self.errors.most_common(10):
            print(f"  {count} x {what}")


def quantile(times: list[float], percent: int) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, round(percent / 100 * (len(ordered) - 1)))] if ordered else 0.0


def say(figures: dict[str, Any]) -> None:
    """The one line a program reads."""
    print(json.dumps({k: round(v, 4) if isinstance(v, float) else v for k, v in figures.items()}), flush=True)


async def cookies_of(server: Server, count: int) -> list[str]:
    found = []
    for number in range(count):
        found.append(await sign_in(server.origin, number))
    return found


async def opened(server: Server, count: int, *, sign_ins: int = 20, live: bool = False) -> list[Tab]:
    """`count` tabs with their first page drawn, a few at a time. Raises TabError."""
    cookies = await cookies_of(server, min(sign_ins, count)) if server.export else [""]
    gate = asyncio.Semaphore(OPEN_AT_ONCE)
    tabs = [Tab(server.origin, cookie=cookies[n % len(cookies)], live=live) for n in range(count)]

    async def one(tab: Tab) -> None:
        async with gate:
            await tab.open()

    await asyncio.gather(*(one(tab) for tab in tabs))
    if server.export and not all(tab.pages for tab in tabs):
        raise TabError("a signed-in tab shows the sign-in page")
    return tabs


async def closed(tabs: list[Tab]) -> None:
    await asyncio.gather(*(tab.close() for tab in tabs), return_exceptions=True)


def page_key(server: Server, tab: Tab, page: str) -> tuple[str, str]:
    """A page's name in this application and the address it is opened with."""
    if page in tab.pages:
        return page, f"export={server.export}" if page == "preview" and server.export else ""
    return next(name for name in tab.pages if name.replace(" ", "_").lower() == page), ""


# One session, turn about


async def one(portal_server: Server, plain_server: Server, runs: int) -> dict[str, Any]:
    """Median rerun of both pages against the same widgets, the two asked in turn."""
    (ours,), (theirs,) = await opened(portal_server, 1), await opened(plain_server, 1)
    figures: dict[str, Any] = {}
    print(f"{'screen':<16}{'portal ms':>11}{'same widgets ms':>17}{'ratio':>8}   elements that differ")
    for page in PORTAL_PAGES:
        for server, tab in ((portal_server, ours), (plain_server, theirs)):
            await tab.go(*page_key(server, tab, page))
        times: list[list[float]] = [[], []]
        for _ in range(runs + 5):
            for side, tab in enumerate((ours, theirs)):
                times[side].append(await tab.run())
        left, right = (statistics.median(side[5:]) * 1000 for side in times)
        more, fewer = ours.elements() - theirs.elements(), theirs.elements() - ours.elements()
        differ = " ".join([*(f"+{n} {k}" for k, n in more.items()), *(f"-{n} {k}" for k, n in fewer.items())]) or "none"
        print(f"{page:<16}{left:>11.1f}{right:>17.1f}{left / right:>8.2f}   {differ}")
        figures |= {f"{page}_ms": left, f"{page}_reference_ms": right, f"{page}_ratio": left / right,
                    f"{page}_differ": sum(more.values()) + sum(fewer.values())}  # fmt: skip
    await closed([ours, theirs])
    return figures


# Flat out


@dataclass
class Rate:
    """Reruns a second, and what of the serving process's processor time each took (seconds)."""

    a_second: float
    processor_seconds: float
    tally: Tally


async def flat_out(server: Server, count: int, seconds: float) -> Rate:
    """`count` sessions that click again as soon as the page is drawn."""
    tabs = await opened(server, count)
    tally = Tally()
    for number, tab in enumerate(tabs):
        if tab.pages:
            await tally.step("opening", tab.go(*page_key(server, tab, PORTAL_PAGES[number % 2])))
    start = tally.reruns
    end = time.perf_counter() + seconds

    async def drive(number: int, tab: Tab) -> None:
        screen = PORTAL_PAGES[number % 2] if tab.pages else "page"
        while time.perf_counter() < end:
            if not await tally.step(screen, tab.run()):
                return

    began, spent = time.perf_counter(), server.cpu_seconds()
    await asyncio.gather(*(drive(n, tab) for n, tab in enumerate(tabs)))
    done = max(1, tally.reruns - start)
    rate = Rate(done / (time.perf_counter() - began), (server.cpu_seconds() - spent) / done, tally)
    await closed(tabs)
    return rate


# A day's work


async def work(server: Server, tab: Tab, tally: Tally, think: float, end: float, chance: random.Random) -> None:
    """A person at the portal: lists, looks, pages, filters, now and then asks for an export."""

    async def pause() -> bool:
        await asyncio.sleep(think * chance.uniform(0.5, 1.5))
        return time.perf_counter() < end

    await asyncio.sleep(chance.uniform(0, think))
    while time.perf_counter() < end:
        for screen, act in day(server, tab, chance):
            if not await tally.step(screen, act()) and tally.dropped:
                return
            if not await pause():
                return


def day(server: Server, tab: Tab, chance: random.Random) -> Iterator[tuple[str, Callable[[], Awaitable[float]]]]:
    """Screen by screen, what is clicked next."""
    yield "past exports: open", lambda: tab.go("past_exports")
    yield "past exports: page", lambda: tab.press("Next")
    yield "past exports: search", lambda: tab.enter("Search", f"T-{chance.randrange(200):05}")
    yield "past exports: clear", lambda: tab.enter("Search", "")
    yield "past exports: filter", lambda: tab.enter("Format", "CSV", "selectbox")
    yield "past exports: filter off", lambda: tab.enter("Format", "Any format", "selectbox")
    yield "preview: open", lambda: tab.go("preview", f"export={server.export}")
    yield "preview: page", lambda: tab.enter("", 2, "pagination")
    yield "preview: search", lambda: tab.enter("Search all tables", "used up")
    yield "today: open", lambda: tab.go("Today")
    if chance.random() < 0.2:
        yield "new export: open", lambda: tab.go("new_export")
        yield "new export: type", lambda: tab.enter("Customer email", f"load{chance.randrange(10**9)}@example.com")
        yield "new export: submit", lambda: tab.press("Request export")


async def thinking(server: Server, count: int, think: float, seconds: float) -> Tally:
    tabs = await opened(server, count, live=True)
    tally = Tally()
    end = time.perf_counter() + seconds
    await asyncio.gather(
        *(work(server, tab, tally, think, end, random.Random(number)) for number, tab in enumerate(tabs))
    )
    await closed(tabs)
    return tally


# Memory


async def idle(server: Server, count: int, settle: float) -> dict[str, Any]:
    """Bytes a session once `count` signed-in tabs have drawn Past exports and stay."""
    first = await opened(server, 5, live=True)
    for tab in first:
        await tab.go("past_exports")
    await asyncio.sleep(settle)
    before = server.memory()
    tabs = await opened(server, count, live=True)
    for tab in tabs:
        await tab.go("past_exports")
    await asyncio.sleep(settle)
    each = (server.memory() - before) / count
    refreshed = Tally()
    cpu, began = server.cpu_seconds(), time.perf_counter()
    await asyncio.sleep(settle)
    busy = (server.cpu_seconds() - cpu) / (time.perf_counter() - began)
    for tab in tabs:
        await refreshed.step("past_exports", tab.run())
    await closed(first + tabs)
    return {"mib_a_session": each / MIB, "errors": refreshed.errors.total(), "cpu_share": busy}


async def churn(server: Server, seconds: float, at_once: int) -> dict[str, Any]:
    """Tabs opened, used a little and closed, over and over. Growth is told from the second quarter to the last."""
    cookies = await cookies_of(server, 4)
    tally, marks = Tally(), [server.memory()]
    began = time.perf_counter()

    async def people(number: int) -> None:
        chance = random.Random(number)
        while time.perf_counter() - began < seconds:
            tab = Tab(server.origin, cookie=chance.choice(cookies))
            fine = await tally.step("open", tab.open())
            fine = fine and await tally.step("past exports", tab.go("past_exports"))
            if fine and chance.random() < 0.3:
                await tally.step("preview", tab.go("preview", f"export={server.export}"))
            await tab.close()

    async def watch() -> None:
        while time.perf_counter() - began < seconds:
            await asyncio.sleep(max(1.0, seconds / 40))
            marks.append(server.memory())

    await asyncio.gather(watch(), *(people(n) for n in range(at_once)))
    quarter = max(1, len(marks) // 4)
    early = statistics.median(marks[quarter : 2 * quarter] or marks[-1:])
    late = statistics.median(marks[-quarter:])
    tally.table("churn")
    cycles = len(tally.seconds["open"])
    return {
        "cycles": cycles, "errors": tally.errors.total(), "dropped": tally.dropped, "start_mib": marks[0] / MIB,
        "early_mib": early / MIB, "late_mib": late / MIB, "growth": late / early,
    }  # fmt: skip


# The command line


@contextmanager
def told(server: Server) -> Iterator[Server]:
    """Show the end of a server's log when the run breaks off."""
    try:
        yield server
    except (TabError, OSError) as error:
        raise SystemExit(f"{server.name}: {error}\n{server.log.read_text(errors='replace')[-1500:]}") from error


def run_one(given: argparse.Namespace) -> dict[str, Any]:
    with plain("same_widgets") as reference, portal() as server, told(server):
        return asyncio.run(one(server, reference, given.runs))


def run_flat(given: argparse.Namespace) -> dict[str, Any]:
    figures: dict[str, Any] = {"sessions": given.sessions}

    def measured(server: Server, name: str) -> None:
        rate = asyncio.run(flat_out(server, given.sessions, given.seconds))
        rate.tally.table(f"{name}, {given.sessions} sessions flat out")
        figures[name], figures[f"{name}_cpu_ms"] = rate.a_second, rate.processor_seconds * 1000
        figures[f"{name}_errors"] = rate.tally.errors.total()
        figures[f"{name}_mib"] = server.memory() / MIB

    with portal() as server, told(server):
        measured(server, "portal")
    for script in ("same_widgets", "empty"):
        with plain(script) as reference, told(reference):
            measured(reference, script)
    figures["times_stock"] = figures["portal"] / figures["same_widgets"]
    print(
        f"\nreruns a second: portal {figures['portal']:.1f}, stock same widgets {figures['same_widgets']:.1f} "
        f"({figures['times_stock']:.1f} times), stock empty page {figures['empty']:.1f}"
    )
    return figures


def run_idle(given: argparse.Namespace) -> dict[str, Any]:
    with portal() as server, told(server):
        figures = asyncio.run(idle(server, given.sessions, given.seconds))
    print(f"{given.sessions} idle sessions: {figures['mib_a_session']:.3f} MiB each, "
          f"{figures['cpu_share']:.0%} of a core for what refreshes by itself")  # fmt: skip
    return figures | {"sessions": given.sessions}


def run_think(given: argparse.Namespace) -> dict[str, Any]:
    with portal() as server, told(server):
        cpu = server.cpu_seconds()
        tally = asyncio.run(thinking(server, given.sessions, given.think, given.seconds))
        tally.table(f"{given.sessions} sessions, {given.think:.0f} s between clicks, {given.seconds:.0f} s")
        busy = (server.cpu_seconds() - cpu) / given.seconds
        times = [t for found in tally.seconds.values() for t in found]
        return {
            "sessions": given.sessions, "seconds": given.seconds, "reruns": tally.reruns,
            "errors": tally.errors.total(), "dropped": tally.dropped, "cpu_share": busy, "p50_ms":
            quantile(times, 50) * 1000, "p95_ms": quantile(times, 95) * 1000, "p99_ms": quantile(times, 99) * 1000,
        }  # fmt: skip


def run_churn(given: argparse.Namespace) -> dict[str, Any]:
    with portal() as server, told(server):
        figures = asyncio.run(churn(server, given.seconds, min(given.sessions, 8)))
    print(f"{figures['cycles']} tabs opened and closed: {figures['start_mib']:.0f} MiB at the start, "
          f"{figures['early_mib']:.0f} after the first quarter, {figures['late_mib']:.0f} at the end "
          f"({figures['growth']:.2f} times)")  # fmt: skip
    return figures


MODES = {
    "one": (run_one, {"sessions": 1, "seconds": 0.0}),
    "flat": (run_flat, {"sessions": 100, "seconds": 60.0}),
    "idle": (run_idle, {"sessions": 500, "seconds": 10.0}),
    "think": (run_think, {"sessions": 200, "seconds": 600.0}),
    "churn": (run_churn, {"sessions": 8, "seconds": 3600.0}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=[*MODES])
    parser.add_argument("--sessions", type=int, help="how many at once")
    parser.add_argument("--seconds", type=float, help="how long")
    parser.add_argument("--think", type=float, default=5.0, help="seconds between clicks")
    parser.add_argument("--runs", type=int, default=100, help="reruns a side in `one`")
    given = parser.parse_args()
    run, usual = MODES[given.mode]
    for name, value in usual.items():
        if getattr(given, name) is None:
            setattr(given, name, value)
    say({"bench": f"load {given.mode}", **run(given)})


if __name__ == "__main__":
    main()
