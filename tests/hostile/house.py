"""A whole portal whose LoyaltyDog is the hostile vendor: names and authority of the tests' own, checks all on."""

import datetime as dt
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from portal.composition import Portal, build_portal
from portal.config import Settings
from portal.exports import ExportView, parse_request
from portal.exports.core.ledger import set_columns
from portal.exports.core.vendor import Vendor
from portal.exports.workflow.steps import ExportSteps, build_steps
from portal.identity import User
from portal.storage.tables import Export
from tests.hostile.plays import EMAIL, TOKEN

NAMES = {"localhost": ["127.0.0.1"], "files.example.net": ["93.184.216.34", "127.0.0.1"]}


@dataclass(frozen=True)
class House:
    """The portal, one of its people, the vendor, and how the one comes to trust the other's certificate."""

    portal: Portal
    user: User
    stage: Any
    trusting: ssl.SSLContext

    def vendor(self, **changes: Any) -> Vendor:
        settings = self.portal.settings.model_copy(update=changes)
        return Vendor(settings, self.portal.sealer, resolver=lambda host, port: NAMES[host], ssl_context=self.trusting)

    def steps(self, **changes: Any) -> ExportSteps:
        """The steps, without the engine around them and without the edge's rate limit."""
        portal = self.portal
        vendor = self.vendor(**changes)
        return build_steps(portal.db, portal.sealed, portal.history.seal, vendor, retention_days=7, edge_requests=0)

    def ask(self, format: str = "json") -> str:
        return self.portal.submissions.submit(self.user, parse_request(email=EMAIL, format=format), force=True)

    def view(self, export_id: str) -> ExportView:
        return self.portal.history.get(self.user, export_id)

    def change(self, export_id: str, **values: Any) -> None:
        with self.portal.db.write() as session:
            set_columns(session.get_one(Export, export_id), values)


@contextmanager
def open_house(folder: Path, stage: Any, trusting: ssl.SSLContext, **options: Any) -> Iterator[House]:
    portal = build_portal(
        Settings(
            data_dir=folder,
            api_url=stage.base_url,
            api_token=SecretStr(TOKEN),
            download_hosts=("files.example.net",),
            allow_loopback_http=True,
            answer_seconds=20,
            deadline_seconds=20,
            max_file_bytes=1_000_000,
            min_bytes_per_second=1000,
            **options,
        )
    )
    merchant = portal.accounts.create_merchant("Shop")
    portal.accounts.add_account(
        merchant_id=merchant, email="maya@example.org", name="Maya", role="manager",
        password="violet-tractor-pond-91", actor="system", origin="cli",
    )  # fmt: skip
    try:
        yield House(portal, portal.accounts.user_for_account("maya@example.org", origin="cli"), stage, trusting)
    finally:
        portal.stop()


def later(**span: float) -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(**span)
