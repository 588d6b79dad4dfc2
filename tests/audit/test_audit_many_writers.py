"""Twenty writers at once keep one unbroken chain a merchant; on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from portal import audit
from portal.storage.engine import Database, open_engine
from portal.storage.tables import Base

pytestmark = pytest.mark.keeps("SEC-50")

WRITERS, EACH = 20, 10
CHAINS = ["a" * 32, "b" * 32]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "postgresql":
        url = request.getfixturevalue("new_postgres")()
    else:
        url = f"sqlite:///{tmp_path / 'audit.sqlite3'}"
    db = Database(open_engine(url))
    Base.metadata.create_all(db.engine)
    yield db
    db.close()


def test_twenty_writers_keep_one_unbroken_chain_a_merchant(database: Database) -> None:
    def write(number: int) -> None:
        for place in range(EACH):
            with database.write() as session:
                chain = CHAINS[(number + place) % 2]
                audit.record(session, chain, f"writer{number}", "export:state", attempt=place)

    with ThreadPoolExecutor(WRITERS) as pool:
        for done in [pool.submit(write, number) for number in range(WRITERS)]:
            done.result()
    with database.read() as session:
        found = [audit.verify_chain(session, chain) for chain in CHAINS]
    assert found == [(WRITERS * EACH // 2, None)] * 2
