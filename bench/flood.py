"""A signed-out client that floods the portal, beside a signed-in person who works: how much slower is the person's
click, how long does `/healthz` take, and does the memory come back?

    python bench/flood.py [--kind messages] [--seconds 18] [--rest 32]

Kinds: `messages` (tiny ones of no meaning), `reruns` (each asks for a run of the sign-in page), `pings` (frames that
never reach the application), `malformed` (each on a socket of its own, since the first ends it), `half_open` (HTTP
requests whose headers never end). Everything is sent to a portal started here, on loopback, from a process of its own,
1,200 a second; a socket that the portal closes is opened again. The reference is the same portal before and after the
flood. `core_share` is what the portal used of one core during the flood, the person's clicks included.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import httpx  # noqa: E402

from bench.flooding import KINDS  # noqa: E402
from bench.servers import Server, environment, portal, wait_until_warm  # noqa: E402
from bench.signing_in import sign_in  # noqa: E402
from bench.wire import Tab  # noqa: E402

PAUSE_SECONDS = 0.3
REST_SECONDS = 32.0  # the portal hands freed memory back to the system every 30 s


class Flood:
    """The flood as a child process; `told()` waits for its end and gives what it counted."""

    def __init__(self, origin: str, kind: str, seconds: float) -> None:
        command = [sys.executable, str(ROOT / "bench" / "flooding.py"), origin, kind, str(seconds)]
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE)

    @property
    def goes_on(self) -> bool:
        return self._process.poll() is None

    def told(self) -> dict[str, int]:
        said, _ = self._process.communicate(timeout=60)
        found: dict[str, int] = json.loads(said.splitlines()[-1])
        return found


@dataclass
class Times:
    """Seconds: of clicks, and of `/healthz`."""

    clicks: list[float] = field(default_factory=list)
    health: list[float] = field(default_factory=list)

    @property
    def click(self) -> float:
        return statistics.median(self.clicks)

    @property
    def silence(self) -> float:
        return max(self.health)


async def at_work(server: Server, tab: Tab, times: Times) -> None:
    """One click and one look at `/healthz`."""
    times.clicks.append(await tab.go("past_exports" if len(times.clicks) % 2 else "new_export"))
    async with httpx.AsyncClient(timeout=60) as http:
        begun = time.perf_counter()
        (await http.get(server.origin + "/healthz")).raise_for_status()
        times.health.append(time.perf_counter() - begun)
    await asyncio.sleep(PAUSE_SECONDS)


async def measure(server: Server, kind: str, seconds: float, quiet_rounds: int, rest: float) -> dict[str, Any]:
    """The figures of one kind, as ratios to the same portal just before."""
    tab = Tab(server.origin, cookie=await sign_in(server.origin), live=True)
    await tab.open()
    before, under = Times(), Times()
    for _ in range(quiet_rounds + 4):
        await at_work(server, tab, before)
    del before.clicks[:4]  # the first of each page are no reference
    memory, log = server.memory(), os.path.getsize(server.log)
    begun, used = time.perf_counter(), server.cpu_seconds()
    attack = Flood(server.origin, kind, seconds)
    while attack.goes_on:
        await at_work(server, tab, under)
    share = (server.cpu_seconds() - used) / (time.perf_counter() - begun)
    told, peak = attack.told(), server.memory()
    await asyncio.sleep(rest)
    after = server.memory()
    for _ in range(quiet_rounds):
        await at_work(server, tab, before)
    await tab.close()
    return {
        "click_ratio": round(under.click / before.click, 2),
        "clicks": len(under.clicks),
        "core_share": round(share, 2),
        "health_ms": round(1000 * under.silence),
        "memory_ratio": round(after / memory, 3),
        "memory_peak_ratio": round(peak / memory, 3),
        "log_bytes": os.path.getsize(server.log) - log,
        "flood": told,
    }


def run(kinds: list[str], seconds: float, quiet_rounds: int, rest: float) -> dict[str, Any]:
    figures: dict[str, Any] = {"bench": "flood"}
    with portal(60, STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL="1") as server:
        wait_until_warm(server)
        for kind in kinds:
            found = asyncio.run(measure(server, kind, seconds, quiet_rounds, rest))
            print(f"{kind:10} {json.dumps(found)}", flush=True)
            figures |= {f"{kind}_{name}": value for name, value in found.items() if not isinstance(value, dict)}
    for name in ("click_ratio", "memory_ratio", "core_share", "health_ms", "log_bytes"):
        figures[f"worst_{name}"] = max(figures[f"{kind}_{name}"] for kind in kinds)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--seconds", type=float, default=18.0)
    parser.add_argument("--rounds", type=int, default=12, help="clicks before the flood")
    parser.add_argument("--rest", type=float, default=REST_SECONDS, help="seconds from the flood's end to the memory")
    given = parser.parse_args()
    kinds = given.kind or list(KINDS)
    print(json.dumps(run(kinds, given.seconds, given.rounds, given.rest)))


if __name__ == "__main__":
    main()
