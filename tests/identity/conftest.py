"""A real identity service on SQLite in a temporary folder, with two merchants and three roles each."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from portal.config import Settings
from portal.identity import Role, User
from portal.identity.factors.passwords import hash_password
from portal.storage.engine import Database, open_engine
from portal.storage.tables import Account, AuditEntry, Base, utc_now
from portal.vault import FieldSealer, MasterKey
from tests.identity.services import Services, services_on

PASSWORD = "violet-tractor-pond-91"


@pytest.fixture(scope="session")
def password_hash() -> str:
    return hash_password(PASSWORD)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, mode="production")


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """SQLite; `PORTAL_TEST_DATABASE_URL` (an empty PostgreSQL database) runs the same tests there."""
    db = Database(open_engine(os.environ.get("PORTAL_TEST_DATABASE_URL") or settings.database))
    Base.metadata.drop_all(db.engine)
    Base.metadata.create_all(db.engine)
    yield db
    db.close()


@pytest.fixture
def identity(database: Database, settings: Settings) -> Services:
    sealer = FieldSealer(MasterKey.open(settings.keyset_file, create=True))
    return services_on(database, sealer, settings)


@dataclass
class People:
    """Two merchants with an agent, a manager, a second manager and an auditor each, one password for all."""

    identity: Services
    merchants: dict[str, str]
    ids: dict[str, str]
    password: str = PASSWORD

    def email(self, who: str, shop: str = "one") -> str:
        return f"{who}@{shop}.example"

    def user(self, who: str, shop: str = "one", *, fresh: bool = True) -> User:
        found = self.identity.accounts.user_for_account(self.email(who, shop), origin="198.51.100.7")
        return dataclasses.replace(found, proof_at=utc_now() if fresh else None)


@pytest.fixture
def people(identity: Services, database: Database, password_hash: str) -> People:
    merchants = {shop: identity.accounts.create_merchant(f"Shop {shop}") for shop in ("one", "two")}
    ids: dict[str, str] = {}
    with database.write() as db:
        for shop, merchant_id in merchants.items():
            for who in ("agent", "manager", "deputy", "auditor"):
                role = Role.MANAGER if who == "deputy" else Role(who)
                account = Account(
                    merchant_id=merchant_id,
                    email=f"{who}@{shop}.example",
                    name=f"{who.title()} {shop}",
                    role=role.value,
                    password_hash=password_hash,
                )
                db.add(account)
                ids[f"{who}@{shop}"] = account.id
    return People(identity, merchants, ids)


@pytest.fixture
def trail(database: Database) -> Callable[[str], list[AuditEntry]]:
    """Entries of one action, oldest first, over all chains."""

    def read(action: str) -> list[AuditEntry]:
        with database.read() as db:
            rows = db.scalars(
                select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.at, AuditEntry.seq)
            )
            return list(rows)

    return read
