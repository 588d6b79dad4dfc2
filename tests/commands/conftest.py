"""Runs the command line as people do: as a process, with a data folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from portal.storage.tables import Account, AuditEntry, Merchant

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture(scope="session")
def cli() -> Callable[..., Ran]:
    """Run `python -m portal` with arguments; keywords `data`, `typed` (standard input) and PORTAL_ settings."""

    def run(*arguments: object, data: Path, typed: str = "", **settings: object) -> Ran:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "PRACTICE_"))}
        environment |= {"PORTAL_DATA_DIR": str(data), "NO_COLOR": "1", "COLUMNS": "200"}
        environment |= {f"PORTAL_{name.upper()}": str(value) for name, value in settings.items()}
        done = subprocess.run(
            [sys.executable, "-m", "portal", *map(str, arguments)],
            cwd=ROOT,
            env=environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)

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
