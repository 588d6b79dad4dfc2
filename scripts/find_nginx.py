"""Where nginx is, behind which the tests put several replicas: `tests/replicas` asks `find()`.

`find_programs` installs it. Order: PORTAL_NGINX, one on the PATH or in the usual places.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

PLACES = ("/usr/sbin/nginx", "/usr/local/sbin/nginx", "/opt/homebrew/bin/nginx")  # sbin is on no plain user's PATH


def find() -> str | None:
    """Path of an nginx that is there already, else None."""
    named = os.environ.get("PORTAL_NGINX")
    if named:
        return named
    return shutil.which("nginx") or next((path for path in PLACES if Path(path).exists()), None)
