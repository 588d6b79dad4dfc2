"""A process on SQLite never loads PostgreSQL's driver; whoever needs it gets the real one."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
import portal.exports.durable
import dbos._sys_db, dbos._utils
assert "psycopg" not in sys.modules, "loaded without need"
assert not isinstance(ValueError(), dbos._utils.psycopg.OperationalError)
import psycopg
assert dbos._utils.psycopg.OperationalError is psycopg.OperationalError
assert dbos._sys_db.pg_errors.LockNotAvailable is psycopg.errors.LockNotAvailable
import portal.exports.psycopg_later as later
with later.psycopg_later():
    import psycopg as again
assert again is psycopg
"""


def test_dbos_is_there_without_psycopg_until_something_asks_for_it() -> None:
    subprocess.run([sys.executable, "-c", CODE], check=True, timeout=60)
