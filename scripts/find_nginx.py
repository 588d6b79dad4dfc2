"""Find nginx, behind which the tests put several replicas, or install it.

Order: PORTAL_NGINX, one on the PATH or in the usual places, Debian's package (as root or by sudo without a question);
on macOS it only names Homebrew's. Prints the path; `tests/replicas` asks `find()`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PLACES = ("/usr/sbin/nginx", "/usr/local/sbin/nginx", "/opt/homebrew/bin/nginx")  # sbin is on no plain user's PATH
PACKAGES = ("nginx-light", "nginx")  # Debian 13 has the second only


def find() -> str | None:
    """Path of an nginx that is there already, else None."""
    named = os.environ.get("PORTAL_NGINX")
    if named:
        return named
    return shutil.which("nginx") or next((path for path in PLACES if Path(path).exists()), None)


def _install() -> None:
    if not shutil.which("apt-get"):
        return
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if subprocess.run([*sudo, "apt-get", "update", "-qq"], stdout=subprocess.DEVNULL, check=False).returncode:
        return
    for package in PACKAGES:
        # The tests start their own nginx on loopback; the package's service would take port 80 of the machine.
        install = ["env", "RUNLEVEL=1", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-qq"]
        install += ["--no-install-recommends", package]
        done = subprocess.run([*sudo, *install], stdout=subprocess.DEVNULL, check=False).returncode == 0
        if done and find():
            return


if __name__ == "__main__":
    if not find():
        print("Installing nginx for the tests of several replicas (once) ...")
        _install()
    path = find()
    if not path:
        sys.exit("No nginx found. Install one (macOS: brew install nginx) and name it: PORTAL_NGINX=/path/to/nginx")
    print(f"nginx: {path}")
