"""Runs the command line on a data folder of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from portal.storage.tables import Account, AuditEntry, Merchant
from tests.command_line import Ran, run_command


@pytest.fixture(scope="session")
def cli() -> Callable[..., Ran]:
    """Run `python -m portal` with arguments; keywords `data`, `typed` (standard input) and PORTAL_ settings."""

    def run(*arguments: object, data: Path, typed: str = "", **settings: object) -> Ran:
        variables = {f"PORTAL_{name.upper()}": str(value) for name, value in settings.items()}
        return run_command(*arguments, data=data, typed=typed, variables=variables)

    return run


@pytest.fixture(scope="session")
def seeded(new_desk: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Data folders to copy: ``two`` merchants connected to the practice merchant, and ``one`` without a connection."""
    made = {"two": tmp_path_factory.mktemp("two"), "one": tmp_path_factory.mktemp("one")}
    with new_desk(made["two"], workers=False):
        pass
    with new_desk(made["one"], workers=False) as desk:
        stranger, keep = desk.user("maya", "two").merchant_id, desk.user().merchant_id
        with desk.portal.db.write() as session:
            session.execute(delete(Account).where(Account.merchant_id == stranger))
            session.execute(delete(Merchant).where(Merchant.id == stranger))
            session.execute(delete(AuditEntry).where(AuditEntry.merchant_id == stranger))
            merchant = session.get_one(Merchant, keep)
            merchant.practice, merchant.api_url, merchant.sealed_api_token = False, "", None
            merchant.download_hosts = []
    return made


@pytest.fixture
def data(seeded: dict[str, Path], tmp_path: Path) -> Path:
    """A data folder with both practice merchants."""
    return Path(shutil.copytree(seeded["two"], tmp_path / "data"))


@pytest.fixture
def bare(seeded: dict[str, Path], tmp_path: Path) -> Path:
    """A data folder with one merchant that has neither address nor token."""
    return Path(shutil.copytree(seeded["one"], tmp_path / "bare"))
