"""`backup create | check | restore`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from portal.commands.command_audit import note_outside_portal
from portal.commands.current_user import opened_portal
from portal.commands.upkeep.restoring import remove_new_files_on_failure
from portal.config import load_settings
from portal.operations import backup
from portal.vault.keys import MasterKey

app = typer.Typer(no_args_is_help=True, help="Backups that cannot bring a destroyed file back.")
FileKeys = Annotated[
    Path | None,
    typer.Option(help="the files' keys, in one file kept apart from the backups and replaced each time"),
]


@app.command()
def create(folder: Annotated[Path, typer.Argument(help="a new folder")], file_keys: FileKeys = None) -> None:
    """Write rows and ciphertext into a new folder. The portal may be running; the master keyset is not included."""
    with opened_portal() as portal:
        try:
            manifest = backup.create(portal.db, portal.blobs, folder, file_keys, portal.master)
        except FileExistsError:
            raise backup.BackupTrouble("That folder exists already.", next_step="Name a new one.") from None
    print(f"{sum(manifest['rows'].values())} rows, {len(manifest['sha256']) - 1} files in {folder}")
    if file_keys is None:
        print("Without --file-keys no file of it can be opened after a restore; facts can be read.", file=sys.stderr)


@app.command()
def check(folder: Path) -> None:
    """Compare a backup with its manifest, and its seal with the keyset. Status 1 when it does not match."""
    note_outside_portal()
    keyset = load_settings().keyset_file
    master = MasterKey.open(keyset, create=False) if keyset.exists() else None
    wrong = backup.check(folder, master)
    for sentence in wrong:
        print(sentence)
    if wrong:
        raise typer.Exit(1)
    print("The backup is whole." if master else "The backup is whole by its manifest, whose seal was not looked at.")
    if master is None:
        print("The master keyset is not here, so anybody may have made this backup.", file=sys.stderr)


@app.command()
def restore(folder: Path, file_keys: FileKeys = None) -> None:
    """Fill an empty data folder (or database) from a backup; the master keyset must be in its place already.

    A backup that was changed, or is another portal's, is refused, and nothing is left behind.
    """
    settings = load_settings()
    master = MasterKey.open(settings.keyset_file, create=False)
    checked = backup.check_files(folder, file_keys, master)
    with remove_new_files_on_failure(settings), opened_portal() as portal:
        done = backup.restore(portal.db, portal.blobs, checked, portal.settings.destruction_list)
    print(f"{done.rows} rows, {done.files} files; {done.gone} exports whose file is destroyed or has no key.")
    print("The trail ends where the backup does: see `audit acknowledge`.", file=sys.stderr)
