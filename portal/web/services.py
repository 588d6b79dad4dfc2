"""The services behind the pages: the portal, its workers and its figures, for as long as this process serves."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from portal.runtime import close_portal, get_portal, opening

if TYPE_CHECKING:
    from portal.web.metrics import MetricsServer


class Services:
    """Opened once and closed once, outside the event loop.

    `later`: whoever serves opens them himself, when the sign-in page is there already. `handed_over` is set at the end
    when exports were left to another process; see `portal.composition.Portal.stop`.
    """

    def __init__(self) -> None:
        self.later = False
        self.handed_over = threading.Event()
        self._metrics: MetricsServer | None = None

    def open(self) -> None:
        """Whoever asks for the portal meanwhile waits. Raises what `build_portal` raises."""
        with opening():
            portal = get_portal()
            from portal.web.metrics import start_metrics

            portal.start_workers()
            self._metrics = start_metrics(portal.db, portal.settings.metrics_port)

    def close(self) -> None:
        if self._metrics is not None:
            self._metrics.close()
        if not close_portal():
            self.handed_over.set()


services = Services()
"""The process's own."""
