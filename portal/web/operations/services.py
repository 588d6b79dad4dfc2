"""Opens and closes the services behind the pages: the portal, its workers and its metrics."""

from __future__ import annotations

import threading

from portal.runtime import close_portal, get_portal
from portal.web.operations.metrics import MetricsServer, start_metrics


class Services:
    """Opened once and closed once, outside the event loop.

    `handed_over` is set at the end when exports were left to another process; see `portal.composition.Portal.stop`.
    """

    def __init__(self) -> None:
        self.handed_over = threading.Event()
        self._metrics: MetricsServer | None = None

    def open(self) -> None:
        """Raises what `build_portal` raises."""
        portal = get_portal()
        portal.start_workers()
        self._metrics = start_metrics(portal.db, portal.settings.metrics_port)

    def close(self) -> None:
        if self._metrics is not None:
            self._metrics.close()
        if not close_portal():
            self.handed_over.set()


services = Services()
"""One per process."""
