"""`keys new | rotate | check`: the master keyset, while the portal runs or not."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from portal import audit
from portal.commands.current_user import opened_portal
from portal.composition import Portal
from portal.config import load_settings
from portal.operations import reindexing
from portal.operations.reindexing import rows_under_lost_keys
from portal.vault.keys import MasterKey
from portal.vault.rotation import count_unopenable, reseal, unfinished, uses

app = typer.Typer(no_args_is_help=True, help="The master keyset: add a key, bring everything under it, look.")


@app.command()
def new() -> None:
    """Make the keyset file, or add a key to it that is not used yet (to be copied to other machines first)."""
    path = load_settings().keyset_file
    if not path.exists():
        made = MasterKey.open(path, create=True)  # its entry is written by the first start that has a trail
        print(f"Made {path} with key {made.primary_id:08x}.")
        print("Back it up apart from the data: without it nothing here can be opened.", file=sys.stderr)
        return
    with opened_portal() as portal:
        key_id = portal.master.add_key()
        _audit(portal, "key:create", key_id)
        print(f"Added key {key_id:08x}, not used yet. `keys rotate` begins to use it.")


@app.command()
def rotate(
    drop_old: Annotated[
        bool,
        typer.Option(help="then destroy older keys that nothing here uses; backups from before cannot be opened"),
    ] = False,
) -> None:
    """Seal under the newest key from now on and reseal all older values; rotates the keys of the blind indexes too.

    Exports may run at the same time, and searches find everything. If interrupted, run it again.
    """
    with opened_portal() as portal:
        master, db, sealer = portal.master, portal.db, portal.sealer
        newest = master.key_ids()[-1]
        in_use = newest == master.primary_id
        if in_use and (unfinished(db, master) or reindexing.unfinished(db, sealer)):
            print("Finishing a change of keys that was cut off.", file=sys.stderr)
        else:
            if in_use:
                newest = master.add_key()
                _audit(portal, "key:create", newest)
            reindexing.add_index_keys(db, sealer)  # searches use it from here on, rows are written under it later
            master.make_primary(newest)
            _audit(portal, "key:rotate", newest)
        count = reseal(db, master, sealer)
        count += reseal(db, master, sealer)  # what a transaction begun before the change has written
        rows = reindexing.use_newest_index_keys(db, sealer)
        print(f"Key {newest:08x} is in use; {count} values brought under it, {rows} rows found by new index keys.")
        if drop_old:
            dropped = reindexing.drop_index_keys(db, sealer)
            used = uses(db)
            old = {key_id for key_id in master.key_ids() if key_id != newest and not used[key_id]}
            master.drop(old)
            with db.write() as session:
                audit.record(
                    session, audit.PORTAL_CHAIN, "system", "key:destroy",
                    origin="cli", keys=len(old), index_keys=dropped,
                )  # fmt: skip
            print(f"Destroyed {len(old)} older keys and {dropped} of the indexes." + _still_used(portal))


def _still_used(portal: Portal) -> str:
    left = len(portal.master.key_ids()) - 1
    return f" {left} are still in use; run it again in a minute." if left else ""


@app.command()
def check() -> None:
    """Say which keys there are, how much lies under each, and whether a sample opens. Status 1 when not all is well."""
    with opened_portal() as portal:
        used, known = uses(portal.db), portal.master.key_ids()
        for key_id in known:
            role = "in use" if key_id == portal.master.primary_id else "older"
            print(f"{key_id:08x}  {role:<7} {used[key_id]} values")
        lost = {key_id: count for key_id, count in used.items() if key_id not in known}
        for unknown, count in lost.items():
            print(f"{unknown or 0:08x}  MISSING {count} values cannot be opened", file=sys.stderr)
        broken = count_unopenable(portal.db, portal.sealer, portal.master)
        for name, count in broken.items():
            print(f"{name}: {count} values do not open", file=sys.stderr)
        unfound = 0 if lost or broken else rows_under_lost_keys(portal.db, portal.sealer)
        if unfound:
            print(f"exports: {unfound} rows that no search finds, for their index key is gone", file=sys.stderr)
        if lost or broken or unfound:
            raise typer.Exit(1)


def _audit(portal: Portal, action: str, key_id: int) -> None:
    with portal.db.write() as session:
        audit.record(session, audit.PORTAL_CHAIN, "system", action, origin="cli", key=f"{key_id:08x}")
