"""What runs workflows in one process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from portal.cases.services.ledger import CaseSeal
from portal.config import Settings
from portal.delivery.following import MailsOfDeliveries
from portal.delivery.mail.durable import MailStarter, use_step
from portal.delivery.mail.ledger import MailLedger, MailSeal
from portal.delivery.mail.network.relay import relay_of
from portal.delivery.mail.sending import SendStep
from portal.exports.core.base import no_checkpoint
from portal.exports.core.ledger import SubjectSeal
from portal.exports.core.vendor import Vendor
from portal.exports.core.workflow_starter import WorkflowStarter
from portal.exports.workflow.engine import BEAT_SECONDS, DurableEngine
from portal.exports.workflow.steps import build_steps
from portal.sources.collect_step import CollectStep
from portal.sources.durable import SourceStarter
from portal.storage.engine import Database
from portal.vault import SealedFiles

WorkerKind = Literal["web", "cli", "worker"]


class Workers:
    """Runs workflows in this process once started. Services give exports to `starter`."""

    def __init__(
        self,
        db: Database,
        sealed: SealedFiles,
        seal: SubjectSeal,
        vendor: Vendor,
        settings: Settings,
        checkpoint: Callable[[str], None] = no_checkpoint,
    ) -> None:
        self.kind: WorkerKind | None = None
        self.starter = WorkflowStarter()
        self.sources = SourceStarter(db)
        self.mails = MailStarter(db)
        self.mail_ledger = MailLedger(MailSeal(vendor.sealer), MailsOfDeliveries())
        self._db = db
        self._sealed = sealed
        self._seal = seal
        self._vendor = vendor
        self._settings = settings
        self._checkpoint = checkpoint
        self._engine: DurableEngine | None = None

    def start(self, kind: WorkerKind, *, housekeeping: Callable[[], None], beat_seconds: float | None = None) -> None:
        self.kind = kind
        steps = build_steps(
            self._db,
            self._sealed,
            self._seal,
            self._vendor,
            retention_days=self._settings.retention_days,
            edge_requests=self._settings.edge_requests,
            checkpoint=self._checkpoint,
        )
        self.sources.use(
            CollectStep(
                self._db,
                self._sealed,
                CaseSeal(self._vendor.sealer),
                self._vendor,
                self._checkpoint,
                retention_days=self._settings.retention_days,
                edge_requests=self._settings.edge_requests,
            ),
        )
        use_step(SendStep(self._db, self.mail_ledger, relay_of(self._settings), self._checkpoint))
        engine = DurableEngine(
            self._db,
            steps,
            url=self._settings.workflow_database,
            kind=kind,
            housekeeping=housekeeping,
            beat_seconds=beat_seconds or BEAT_SECONDS,
        )
        engine.start()
        self.starter.use(engine)
        self.sources.started(kind)
        self.mails.started(kind)
        self._engine = engine

    def alive(self) -> bool:
        return self._engine is not None and self._engine.alive()

    def stop(self) -> bool:
        """False when workflows were handed over whose threads would hold the process up."""
        self.sources.stopped()
        self.mails.stopped()
        engine, self._engine = self._engine, None
        return engine is None or engine.stop()
