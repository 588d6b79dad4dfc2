"""`worker`: a process that runs exports and serves no pages."""

from __future__ import annotations

import signal
import sys
import threading

from portal.commands.command_audit import note_master_keys
from portal.commands.serving import leave, stop_on_hangup
from portal.config import load_settings
from portal.log import configure_logging
from portal.runtime import close_portal, get_portal
from portal.setting_forms import refuse_wrong_forms
from portal.web.operations.metrics import start_metrics


def run_worker() -> int:
    """Run exports until a stop signal; then finish or hand over running ones, within 30 s."""
    configure_logging()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop_on_hangup()
    refuse_wrong_forms(load_settings())
    portal = get_portal()
    note_master_keys(portal)
    portal.start_workers("worker")
    metrics = start_metrics(portal.db, portal.settings.metrics_port)
    print("Worker ready.", file=sys.stderr, flush=True)
    stop.wait()
    if metrics is not None:
        metrics.close()
    if not close_portal():
        leave(0)
    return 0
