"""Write a migration from what the tables say and a scratch database lacks: `python scripts/new_migration.py WORDS`."""

import sys
import tempfile
from pathlib import Path

from alembic import command

from portal.storage.engine import open_engine
from portal.storage.migrate import bring_up_to_date, config_of

with tempfile.TemporaryDirectory() as folder:
    engine = open_engine(f"sqlite:///{Path(folder) / 'scratch.sqlite3'}")
    bring_up_to_date(engine)
    with engine.begin() as connection:
        command.revision(config_of(connection), " ".join(sys.argv[1:]), autogenerate=True)
