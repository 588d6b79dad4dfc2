"""`database upgrade | check`: bring the tables to this version, on purpose and after a backup."""

from __future__ import annotations

import typer

from portal.commands.command_audit import note_outside_portal
from portal.config import load_settings
from portal.storage.engine import open_engine
from portal.storage.migrate import bring_up_to_date, newest_revision, revision_of

app = typer.Typer(no_args_is_help=True, help="The database's tables and this version of the portal.")


@app.command()
def upgrade() -> None:
    """Run the missing migrations. Make a backup first; stop the portal's other processes."""
    engine = open_engine(load_settings().database)
    before = revision_of(engine)
    bring_up_to_date(engine)
    print(f"Tables at revision {revision_of(engine)} (before: {before or 'none'}).")
    engine.dispose()
    note_outside_portal()


@app.command()
def check() -> None:
    """Say at which revision the tables are. Status 1 when this version wants another."""
    engine = open_engine(load_settings().database)
    note_outside_portal()
    here, wanted = revision_of(engine), newest_revision()
    engine.dispose()
    print(f"Tables at revision {here or 'none'}, this version wants {wanted}.")
    if here != wanted:
        raise typer.Exit(1)
