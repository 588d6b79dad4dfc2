"""What `make test` runs: lint, format, types, import contracts, then every test.

`--quick` (make check) leaves the browser and the slow rooms out.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
OLDEST, NEWEST = "3.11", "3.14"  # typeshed differs between them
QUICK_ROOMS = ["tests/identity", "tests/preview", "tests/practice", "tests/exports", "tests/vault", "tests/audit"]
BROWSER_ROOM, SIDE_ROOMS = "tests/browser", ("tests/engines", "tests/replicas")  # each with a driver of its own
KILLING_ROOMS = ["tests/crash", "tests/durable"]
TWO_AT_A_TIME = ("-n", "2", "--dist", "loadscope")
IN_ORDER = "--no-loadscope-reorder"  # else files of one long test come last, and one of the two waits for the other
THREE_AT_A_TIME = ("-n", "3", "--dist", "loadscope", IN_ORDER)  # each waits for a third of its time
MOST_RUN_AGAIN = 6
FAILED_TEST = re.compile(r"^(?:FAILED|ERROR) (tests/\S+?::.+?)(?: - .*)?$", re.MULTILINE)


def run(name: str, *command: str) -> bool:
    print(f"\n== {name}", flush=True)
    started = time.monotonic()
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    outcome = "ok" if status == 0 else f"FAILED ({status})"
    print(f"== {name}: {outcome} in {time.monotonic() - started:.0f} s", flush=True)
    return status == 0


def run_together(commands: dict[str, tuple[str, ...]]) -> list[bool]:
    """Commands that need one core each and share nothing, side by side; what each prints comes whole."""
    with ThreadPoolExecutor(len(commands)) as pool:
        running = {
            name: pool.submit(subprocess.run, command, cwd=ROOT, check=False, capture_output=True, text=True)
            for name, command in commands.items()
        }
    good = []
    for name, one in running.items():
        done = one.result()
        print(
            f"\n== {name}\n{done.stdout}{done.stderr}== {name}: {'ok' if done.returncode == 0 else 'FAILED'}",
            flush=True,
        )
        good.append(done.returncode == 0)
    return good


def run_processes(name: str, *pytest: str) -> bool:
    """Tests that drive real processes and wait for them, two at a time. What fails is run once more with nothing
    beside it, for a machine that was too busy looks like a portal that is too slow; what fails alone too has failed.
    """
    print(f"\n== {name}", flush=True)
    started = time.monotonic()
    lines: list[str] = []
    with subprocess.Popen(pytest, cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    failed = FAILED_TEST.findall("".join(lines))
    if process.returncode == 0 or not 0 < len(failed) <= MOST_RUN_AGAIN:
        outcome = "ok" if process.returncode == 0 else f"FAILED ({process.returncode})"
        print(f"== {name}: {outcome} in {time.monotonic() - started:.0f} s", flush=True)
        return process.returncode == 0
    return run(f"{name}: {len(failed)} that failed, alone", sys.executable, "-m", "pytest", "-q", *failed)


def main() -> int:
    python = str(BIN / "python")
    os.environ.pop("PORTAL_DATA_DIR", None)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of processes would compile the portal anew, each
    good = [
        run("lint", str(BIN / "ruff"), "check", "."),
        run("format", str(BIN / "ruff"), "format", "--check", "--quiet", "."),
        *run_together(
            {
                f"types, Python {version}": (str(BIN / "mypy"), "--python-version", version, "--cache-dir", cache)
                for version, cache in ((OLDEST, ".mypy_cache"), (NEWEST, ".mypy_cache/newest"))
            }
        ),
        run("imports", str(BIN / "lint-imports"), "--no-cache"),
    ]
    pytest = (python, "-m", "pytest", "-q")
    if "--quick" in sys.argv:
        good.append(run("tests", *pytest, *TWO_AT_A_TIME, *QUICK_ROOMS))
    else:
        # A browser's driver keeps an event loop running in its process, which other tests may not meet.
        alone = [f"--ignore={room}" for room in (BROWSER_ROOM, *SIDE_ROOMS, *KILLING_ROOMS)]
        good.append(run("tests", *pytest, *THREE_AT_A_TIME, *alone, "tests"))
        good.append(run_processes("tests that kill processes", *pytest, *THREE_AT_A_TIME, *KILLING_ROOMS))
        run("the newest Streamlit (told, and no reason to fail)", python, "scripts/newest_streamlit.py")
        good.append(
            run_processes(f"tests in a browser: {BROWSER_ROOM}", *pytest, *TWO_AT_A_TIME, IN_ORDER, BROWSER_ROOM)
        )
        side = {f"tests in a browser: {room}": (*pytest, room) for room in SIDE_ROOMS}
        for (name, command), ok in zip(side.items(), run_together(side), strict=True):
            good.append(ok or run(f"{name}, alone", *command))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
