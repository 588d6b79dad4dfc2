"""What `make test` runs: lint, format, types, import contracts, then every test.

`--quick` (make check) leaves the browser and the slow rooms out.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
QUICK_ROOMS = ["tests/identity", "tests/preview", "tests/practice", "tests/exports", "tests/vault", "tests/audit"]
BROWSER_ROOMS = ["tests/browser", "tests/replicas"]  # one driver a process: each room has its own
KILLING_ROOMS = ["tests/crash", "tests/durable"]


def run(name: str, *command: str) -> bool:
    print(f"\n== {name}", flush=True)
    started = time.monotonic()
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    outcome = "ok" if status == 0 else f"FAILED ({status})"
    print(f"== {name}: {outcome} in {time.monotonic() - started:.0f} s", flush=True)
    return status == 0


def main() -> int:
    python = str(BIN / "python")
    os.environ.pop("PORTAL_DATA_DIR", None)
    good = [
        run("lint", str(BIN / "ruff"), "check", "."),
        run("format", str(BIN / "ruff"), "format", "--check", "--quiet", "."),
        run("types", str(BIN / "mypy")),
        run("imports", str(BIN / "lint-imports"), "--no-cache"),
    ]
    pytest = (python, "-m", "pytest", "-q")
    if "--quick" in sys.argv:
        good.append(run("tests", *pytest, "-n", "2", "--dist", "loadscope", *QUICK_ROOMS))
    else:
        # A browser's driver keeps an event loop running in its process, which other tests may not meet; and tests
        # that kill processes count on seconds, so they run alone.
        alone = [f"--ignore={room}" for room in (*BROWSER_ROOMS, *KILLING_ROOMS)]
        good.append(run("tests", *pytest, "-n", "2", "--dist", "loadscope", *alone, "tests"))
        good.append(run("tests that kill processes", *pytest, *KILLING_ROOMS))
        good += [run(f"tests in a browser: {room}", *pytest, room) for room in BROWSER_ROOMS]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
