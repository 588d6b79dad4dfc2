"""Find LibreOffice and Gnumeric, with which the tests open the files that people open, or install them.

Debian's packages, as root or by sudo without a question; elsewhere it says what to install. `tests/derived` looks for
the two programs by the same names.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

MAC_OFFICE = "/Applications/LibreOffice.app/Contents/MacOS/soffice"
PACKAGES = {"LibreOffice": "libreoffice-calc-nogui", "Gnumeric": "gnumeric"}


def libreoffice() -> str | None:
    """Path of LibreOffice's `soffice`, else None."""
    return shutil.which("soffice") or shutil.which("libreoffice") or (MAC_OFFICE if Path(MAC_OFFICE).exists() else None)


def gnumeric() -> str | None:
    """Path of Gnumeric's `ssconvert`, else None."""
    return shutil.which("ssconvert")


def missing() -> list[str]:
    found = {"LibreOffice": libreoffice(), "Gnumeric": gnumeric()}
    return [name for name, path in found.items() if path is None]


def _install(names: list[str]) -> None:
    if not shutil.which("apt-get"):
        return
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    packages = [PACKAGES[name] for name in names]
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
    ):
        if subprocess.run([*sudo, *command], stdout=subprocess.DEVNULL, check=False).returncode:
            return


if __name__ == "__main__":
    if names := missing():
        print(f"Installing {' and '.join(names)} for the tests of derived files (once) ...")
        _install(names)
    if names := missing():
        sys.exit(
            f"Not found: {', '.join(names)}. The tests open derived files with them. "
            f"Install: {' '.join(PACKAGES[name] for name in names)} (Debian), or LibreOffice and Gnumeric by hand."
        )
    print(f"LibreOffice: {libreoffice()}, Gnumeric: {gnumeric()}")
