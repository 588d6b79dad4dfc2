"""Find the programs that the tests drive, or install them from Debian's packages: all in one go, and said before.

    python3 scripts/find_programs.py browser engines archiver nginx spreadsheets

Where each is looked for: `find_browser`, `find_engines`, `find_nginx`, `find_spreadsheets` (environment, PATH, usual
places). What is missing is installed as root, or by a sudo that asks nothing; else one sentence names the packages.
Nothing that is installed starts by itself, now or at boot. Needs nothing but Python: the test requirements come later.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import find_browser
import find_engines
import find_nginx
import find_spreadsheets

NO_SERVICES = "#!/bin/sh\nexit 101\n"  # policy-rc.d: what Debian's packages ask before they start a service
POLICY = Path("/usr/sbin/policy-rc.d")
LOCK_WAIT_S = 300  # another apt-get at work: Debian's own updates run at boot


@dataclass(frozen=True)
class Program:
    """`find` gives its place or None; `package` is Debian's, `elsewhere` says what to do where there is no apt-get."""

    name: str
    find: Callable[[], str | None]
    package: str
    elsewhere: str


def libatomic() -> str | None:
    """A library of Playwright's driver that Debian's smallest installations lack."""
    if sys.platform != "linux":
        return "not needed here"
    try:
        ctypes.CDLL("libatomic.so.1")
    except OSError:
        return None
    return "libatomic.so.1"


def engine(name: str) -> str | None:
    """Firefox's or WebKit's program; one that PORTAL_ENGINES leaves out is not looked for."""
    return find_engines.find(name) if name in find_engines.wanted() else "left out by PORTAL_ENGINES"


def display() -> str | None:
    """Xvfb, which gives WebKit's browser a window where there is no screen."""
    return shutil.which("Xvfb") if "webkit" in find_engines.wanted() else "left out by PORTAL_ENGINES"


def seven_zip() -> str | None:
    """Opens the encrypted copy of an answer as its reader would."""
    return shutil.which("7zz") or shutil.which("7z")


PROGRAMS: dict[str, tuple[Program, ...]] = {
    "browser": (
        Program("libatomic", libatomic, "libatomic1", "the library libatomic.so.1"),
        Program("Chromium", find_browser.find, "chromium", "a Chromium, named by PORTAL_CHROMIUM"),
    ),
    "engines": (
        Program("Firefox", lambda: engine("firefox"), "firefox-esr", "Firefox, named by PORTAL_FIREFOX"),
        Program(
            "WebKit's driver",
            lambda: engine("webkit"),
            "webkit2gtk-driver",
            "WebKit's driver, named by PORTAL_WEBKIT_DRIVER (or leave it out: PORTAL_ENGINES=firefox)",
        ),
        Program("Xvfb", display, "xvfb", "Xvfb"),
    ),
    "archiver": (Program("7-Zip", seven_zip, "7zip", "7-Zip's command line program, 7zz"),),
    "nginx": (Program("nginx", find_nginx.find, "nginx", "nginx, by Homebrew or named by PORTAL_NGINX"),),
    "spreadsheets": (
        Program("LibreOffice", find_spreadsheets.libreoffice, "libreoffice-calc-nogui", "LibreOffice"),
        Program("Gnumeric", find_spreadsheets.gnumeric, "gnumeric", "Gnumeric, by Homebrew"),
    ),
}


def missing(needs: Sequence[str]) -> list[Program]:
    return [program for need in needs for program in PROGRAMS[need] if program.find() is None]


def main(needs: Sequence[str]) -> int:
    lacking = missing(needs)
    if lacking and shutil.which("apt-get"):
        _install([program.package for program in lacking])
        lacking = missing(needs)
    if lacking:
        print(_one_sentence(lacking), file=sys.stderr)
        return 1
    for need in needs:
        for program in PROGRAMS[need]:
            print(f"{program.name}: {program.find()}")
    return 0


def _one_sentence(lacking: Sequence[Program]) -> str:
    if shutil.which("apt-get"):
        packages = " ".join(program.package for program in lacking)
        return (
            f"The tests need Debian packages that could not be installed from here; as root: apt-get install {packages}"
        )
    return f"The tests need what is not on this machine: {'; '.join(program.elsewhere for program in lacking)}."


def _install(packages: list[str]) -> None:
    """As root or by a sudo that asks nothing; else nothing is tried."""
    sudo = _as_root()
    if sudo is None:
        return
    print(f"Installing Debian's packages for the tests (once): {' '.join(packages)}", flush=True)
    subprocess.run([*sudo, "apt-get", "update", "-qq"], stdout=subprocess.DEVNULL, check=False)
    with _no_services(sudo):
        if not _apt_get(sudo, packages):
            for package in packages:  # one that this system has not keeps the others away
                _apt_get(sudo, [package])
    if "nginx" in packages and find_nginx.find() is not None:
        _not_at_boot(sudo, "nginx")


def _apt_get(sudo: list[str], packages: list[str]) -> bool:
    command = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", f"DPkg::Lock::Timeout={LOCK_WAIT_S}"]
    options = ["install", "-y", "-qq", "--no-install-recommends"]
    done = subprocess.run([*sudo, *command, *options, *packages], capture_output=True, text=True, check=False)
    if done.returncode:
        print(*done.stderr.strip().splitlines()[-3:], sep="\n", file=sys.stderr)
    return done.returncode == 0


def _as_root() -> list[str] | None:
    if os.geteuid() == 0:
        return []
    if (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return ["sudo", "-n"]
    return None


@contextmanager
def _no_services(sudo: list[str]) -> Iterator[None]:
    """A package's service would take port 80 of the machine: none is started while this lasts."""
    ours = not POLICY.exists()
    if ours:
        subprocess.run([*sudo, "tee", str(POLICY)], input=NO_SERVICES, text=True, capture_output=True, check=False)
        subprocess.run([*sudo, "chmod", "755", str(POLICY)], check=False)
    try:
        yield
    finally:
        if ours:
            subprocess.run([*sudo, "rm", "-f", str(POLICY)], check=False)


def _not_at_boot(sudo: list[str], service: str) -> None:
    """Undo what the package did for the next boot: the tests start a server of their own, on loopback."""
    for command in (
        ["systemctl", "disable", f"{service}.service"],
        ["deb-systemd-helper", "disable", f"{service}.service"],  # where there is no systemctl
        ["update-rc.d", service, "disable"],
    ):
        if shutil.which(command[0]):
            subprocess.run([*sudo, *command], capture_output=True, check=False)
    print(f"{service} was installed and is not started, neither now nor at boot.", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(PROGRAMS)))
