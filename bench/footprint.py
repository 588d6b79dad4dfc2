"""What the portal weighs: memory of the served portal against a bare Streamlit app, what of it is heaviest, and how
many distributions `requirements.txt` installs.

    python bench/footprint.py

Both sides are asked twice: before anybody came, and idle after one person looked at a table (the stock app draws one of
ten rows). The limit, 1.6 times, is held to the second: pandas and pyarrow are in memory on both sides then. Limit for
distributions: 110.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from bench.load import MIB, say  # noqa: E402
from bench.servers import Server, environment, plain, portal  # noqa: E402
from bench.signing_in import sign_in  # noqa: E402
from bench.wire import Tab  # noqa: E402

SETTLE_SECONDS = 4.0
HEAVIEST = 12
WEIGHED = "portal.asgi portal.commands.serving portal.practice_start portal.exports.workflow.steps".split()

WEIGH = """
import importlib, importlib._bootstrap as b, json, sys, time, collections
import psutil
me, own, seconds, stack = psutil.Process(), collections.Counter(), collections.Counter(), []
load = b._load_unlocked
def weighed(spec):
    top, before, began = spec.name.split(".")[0], me.memory_info().rss, time.perf_counter()
    stack.append([0, 0.0])
    try:
        return load(spec)
    finally:
        grown, taken, (inner, inside) = me.memory_info().rss - before, time.perf_counter() - began, stack.pop()
        own[top] += grown - inner
        seconds[top] += taken - inside
        if stack:
            stack[-1][0] += grown
            stack[-1][1] += taken
b._load_unlocked = weighed
for name in sys.argv[1:]:
    importlib.import_module(name)
from portal.asgi import PAGES_IMPORT
for name in PAGES_IMPORT:
    importlib.import_module(name)
print(json.dumps({"own": own, "seconds": seconds}))
"""


def heaviest() -> list[tuple[str, float, float]]:
    """Top-level modules by what importing them adds (MiB, seconds), each without what it imports in turn."""
    answer = subprocess.run(
        [sys.executable, "-c", WEIGH, *WEIGHED], cwd=ROOT, env=environment(), check=True, capture_output=True, text=True
    ).stdout.splitlines()[-1]
    found = json.loads(answer)
    order = sorted(found["own"], key=lambda name: -found["own"][name])
    return [(name, found["own"][name] / MIB, found["seconds"][name]) for name in order[:HEAVIEST]]


def distributions() -> tuple[int, int]:
    """How many `requirements.txt` names for any platform, and how many of those are installed here."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    names = [line.partition("==")[0].strip() for line in lines if "==" in line and not line.startswith((" ", "#"))]
    return len(names), sum(1 for name in names if _installed(name))


def _installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


async def look(server: Server) -> None:
    """One person looks at a table and goes."""
    tab = Tab(server.origin, cookie=await sign_in(server.origin) if server.export else "")
    await tab.open()
    if server.export:
        await tab.go("past_exports")
    await tab.close()


def weigh(server: Server) -> tuple[float, float]:
    """MiB before anybody came, and idle after one looked at a table."""
    time.sleep(SETTLE_SECONDS)
    before = server.memory() / MIB
    asyncio.run(look(server))
    time.sleep(SETTLE_SECONDS)
    return before, server.memory() / MIB


def main() -> None:
    with plain("table") as server:
        bare = weigh(server)
    with portal() as server:
        ours = weigh(server)
    named, installed = distributions()
    print(f"{'memory, MiB':<36}{'portal':>9}{'bare':>9}{'ratio':>8}")
    for words, left, right in zip(("before anybody came", "idle, after one table"), ours, bare, strict=True):
        print(f"{words:<36}{left:>9.0f}{right:>9.0f}{left / right:>8.2f}")
    print(f"distributions: {installed} installed here, {named} named for all platforms (at most 110)")
    print(f"\n{'heaviest, each without what it imports':<42}{'MiB':>7}{'ms':>7}")
    for name, size, seconds in heaviest():
        print(f"{name:<42}{size:>7.1f}{seconds * 1000:>7.0f}")
    say({
        "bench": "footprint", "portal_mib": ours[1], "bare_mib": bare[1], "idle_ratio": ours[1] / bare[1],
        "untouched_portal_mib": ours[0], "untouched_bare_mib": bare[0], "untouched_ratio": ours[0] / bare[0],
        "distributions": named, "distributions_here": installed,
    })  # fmt: skip


if __name__ == "__main__":
    main()
