"""Kill a working process at random moments, again and again, and count what came of it.

    .venv/bin/python tests/crash/kills.py --kills 300      (make crash KILLS=300)

Each cycle starts a process that takes over what the last one left and asks for new exports all the
time, and ends it by SIGKILL a random moment after its start. At the end one process finishes all
that is left, sweeps, and every export is looked at. Exit status 1 when anything was lost, doubled or leaked.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

from house import House
from shop import CANARY, CountingShop, readable_remains

from portal.exports.core.states import RUNNING

LOOK_EVERY = 25  # kills between looks at the disk while the mess lies about


@dataclass
class Toll:
    """What came of a run. `lost`: acknowledged to the asker and gone or never ended; `doubled`: more than one POST."""

    kills: int = 0
    exports: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.leaked or self.broken)

    def __str__(self) -> str:
        ends = ", ".join(f"{name} {count}" for name, count in sorted(self.outcomes.items()))
        return (
            f"kills {self.kills}  exports {self.exports}  lost {len(self.lost)}  doubled {len(self.doubled)}  "
            f"leaked {len(self.leaked)}  audit faults {len(self.broken)}\n"
            f"ends: {ends}\n{self.seconds:.0f} s, {self.seconds / max(self.kills, 1):.2f} s a kill"
        )


def _listen(process: subprocess.Popen[str], asked: dict[str, str], up: threading.Event) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        word, *rest = line.split() or [""]
        if word == "up":
            up.set()
        elif word == "asked" and len(rest) == 2:  # a line cut by the kill acknowledges nothing
            asked[rest[0]] = rest[1]


def _cycle(house: House, number: int, rng: random.Random, asked: dict[str, str], longest: float) -> None:
    process = house.process(keep_asking=f"{CANARY}.{number}", pause=0.05)
    up = threading.Event()
    listener = threading.Thread(target=_listen, args=(process, asked, up), daemon=True)
    listener.start()
    if rng.random() < 0.9:
        up.wait(30)
        time.sleep(rng.uniform(0, longest))
    else:
        time.sleep(rng.uniform(0, 1.0))  # while it starts
    process.send_signal(signal.SIGKILL)
    process.wait()
    listener.join(5)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()


def run(kills: int, folder: Path, *, seed: int = 1, longest: float = 1.2, progress: bool = False) -> Toll:
    """Do it in `folder` and give the toll."""
    started = time.monotonic()
    rng = random.Random(seed)
    shop = CountingShop()
    house = House(folder)
    house.furnish(shop.port)
    asked: dict[str, str] = {}
    toll = Toll()
    try:
        for number in range(1, kills + 1):
            _cycle(house, number, rng, asked, longest)
            toll.kills += 1
            if number % LOOK_EVERY == 0 or number == kills:
                toll.leaked += readable_remains(house.folder)
                if progress:
                    print(f"{number} kills, {len(asked)} exports, {time.monotonic() - started:.0f} s", flush=True)
        if house.run(sweep=True, timeout=600):
            toll.lost.append("the last process did not come to an end")
        states = house.states()
        toll.exports = len(states)
        toll.outcomes = house.outcomes()
        toll.lost += [i for i in asked if i not in states]
        toll.lost += [i for i, state in states.items() if state in RUNNING]
        toll.doubled = [email for email, count in shop.posts.items() if count > 1]
        toll.leaked += readable_remains(house.folder) + house.strays() + house.unsound_files()
        toll.broken = house.broken_chains() + house.moves_without_entry()
    finally:
        house.close()
        shop.close()
    toll.seconds = time.monotonic() - started
    return toll


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="crash-"))
    toll = run(options.kills, folder, seed=options.seed, progress=True)
    print(toll)
    if toll.clean:
        shutil.rmtree(folder)
        return 0
    for name in ("lost", "doubled", "leaked", "broken"):
        for what in getattr(toll, name)[:20]:
            print(f"{name}: {what}")
    print(f"kept: {folder}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
