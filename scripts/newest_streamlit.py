"""Do the contract tests hold with the newest Streamlit that the package index has? Prints what differs, never fails.

The portal pins Streamlit and leans on private parts of it (`portal/web/streamlit`): this says early which of them the
next version moves. The newest Streamlit is installed alone into a virtual environment of its own; everything else comes
from the one this runs in. Ends within `MOST_SECONDS`.

    python scripts/newest_streamlit.py
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONTRACT_TESTS = "tests/web/streamlit"
MOST_SECONDS = 170
INSTALL_SECONDS = 60
TOLD_LINES = 40


def install_newest(folder: Path) -> Path | None:
    """The Python of a new virtual environment with the newest Streamlit; None when the index gave none."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "--quiet"]
    wanted = ["install", "--no-deps", "--timeout", "10", "--retries", "1", "streamlit"]
    try:
        subprocess.run([*pip, *wanted], check=True, capture_output=True, timeout=INSTALL_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return None
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "beside.pth").write_text(sysconfig.get_path("purelib") + "\n")  # looked at after its own packages
    return python


def version_in(python: Path) -> str:
    ask = "from importlib.metadata import version; print(version('streamlit'))"
    return subprocess.run([str(python), "-c", ask], check=True, capture_output=True, text=True).stdout.strip()


def contract_tests(python: Path, seconds: float) -> str:
    """What pytest printed last, or that there was no time for all of it."""
    command = [str(python), "-m", "pytest", "-q", "--no-header", "--tb=line", "-rfE", CONTRACT_TESTS]
    try:
        ran = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return "There was no time for all contract tests."
    return "\n".join(ran.stdout.splitlines()[-TOLD_LINES:])


def main() -> int:
    end, pinned = time.monotonic() + MOST_SECONDS, version("streamlit")
    with tempfile.TemporaryDirectory(prefix="newest-streamlit-") as folder:
        python = install_newest(Path(folder))
        if python is None:
            print("Skipped: the package index cannot be reached, or has no Streamlit for this Python.")
            return 0
        newest = version_in(python)
        if newest == pinned:
            print(f"The newest Streamlit is the pinned one, {pinned}.")
            return 0
        print(f"Contract tests with Streamlit {newest} (pinned: {pinned}):", flush=True)
        print(contract_tests(python, end - time.monotonic()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
