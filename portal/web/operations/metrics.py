"""`/metrics` for Prometheus, on a port of its own that listens on loopback only. No personal labels, no merchants.

Numbers of exports are read from the database at each request, so that all processes of one portal give the same; times
are of this process only.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from threading import Thread
from wsgiref.simple_server import WSGIServer

from prometheus_client import start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from portal.exports.core.states import NEEDS_PERSON, RUNNING, State
from portal.exports.workflow.metrics import REGISTRY
from portal.exports.workflow.takeover import DEAD_AFTER_SECONDS
from portal.log import log
from portal.storage.engine import Database
from portal.storage.tables import Export, ExportFile, Worker, utc_now

LOOPBACK = "127.0.0.1"


class ExportNumbers(Collector):
    """Counts and ages of exports, read in one transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("portal_database_up", "1 when the database answers")
        try:
            families = self._families()
        except SQLAlchemyError:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield from families

    def _families(self) -> list[Metric]:
        now = utc_now()
        with self._db.read() as session:
            states = {
                State(state): (count, oldest)
                for state, count, oldest in session.execute(
                    select(Export.state, func.count(), func.min(Export.requested_at)).group_by(Export.state)
                )
            }
            overdue = session.scalar(
                select(func.count())
                .select_from(ExportFile)
                .where(
                    ExportFile.destroy_after <= now,
                    ExportFile.destroyed_at.is_(None),
                    ExportFile.size_bytes.is_not(None),
                )
            )
            alive = session.scalar(
                select(func.count())
                .select_from(Worker)
                .where(Worker.seen_at > now - dt.timedelta(seconds=DEAD_AFTER_SECONDS))
            )

        def count_of(*wanted: State) -> int:
            return sum(states[state][0] for state in wanted if state in states)

        def age_of(wanted: frozenset[State]) -> float:
            oldest = min((states[state][1] for state in wanted if state in states), default=now)
            return max((now - oldest).total_seconds(), 0.0)

        by_state = GaugeMetricFamily("portal_exports", "Exports by where they stand", labels=["state"])
        for state in State:
            by_state.add_metric([state.value], count_of(state))
        ages = GaugeMetricFamily("portal_oldest_seconds", "Age of the oldest export", labels=["kind"])
        ages.add_metric(["running"], age_of(RUNNING))
        ages.add_metric(["needs_person"], age_of(NEEDS_PERSON))
        return [
            by_state,
            ages,
            GaugeMetricFamily(
                "portal_queue_depth", "Exports not sent yet", value=count_of(State.REQUESTED, State.WAITING)
            ),
            GaugeMetricFamily("portal_files_overdue", "Files past their retention, not destroyed yet", value=overdue),
            GaugeMetricFamily("portal_workers", "Processes that run exports", value=alive),
        ]


class MetricsServer:
    """Serves until closed."""

    def __init__(self, db: Database, port: int) -> None:
        self._numbers = ExportNumbers(db)
        REGISTRY.register(self._numbers)
        server: tuple[WSGIServer, Thread] = start_http_server(port, addr=LOOPBACK, registry=REGISTRY)
        self._server, self._thread = server
        self.port = int(self._server.server_port)

    def close(self) -> None:
        REGISTRY.unregister(self._numbers)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def start_metrics(db: Database, port: int) -> MetricsServer | None:
    """Serve `/metrics` on loopback when a port is set. A taken port is logged, and the portal works without it."""
    if not port:
        return None
    try:
        return MetricsServer(db, port)
    except OSError as error:
        log.error("metrics.not_served", port=port, error_type=type(error).__name__)
        return None
