"""`doctor`: is this configuration safe to serve?"""

from __future__ import annotations

import sys

from portal.commands.command_audit import note_outside_portal
from portal.config import load_settings
from portal.web.operations.doctor import run_checks
from portal.web.operations.doctor_links import link_checks


def run_doctor(*, quiet: bool = False) -> int:
    """Print what is unsafe and how to mend it; 0 when nothing is. `quiet`: at a start, which sends no mail."""
    settings = load_settings()
    if not quiet:
        note_outside_portal()
    checks = run_checks(settings)
    if not quiet:
        checks += link_checks(settings)
    for check in checks:
        told = not check.ok or check.warns
        if told or not quiet:
            words = f"{check.sentence} {check.fix}" if told else check.sentence
            mark = "NOT" if not check.ok else "!  " if check.warns else "ok "
            print(f"{mark} {check.name}: {words}", file=sys.stderr if quiet else sys.stdout)
    return 0 if all(check.ok for check in checks) else 1
