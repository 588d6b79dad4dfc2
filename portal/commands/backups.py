"""`backup create | check | restore`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from portal.commands.acting import opened_portal
from portal.commands.noting import note_outside_portal

app = typer.Typer(no_args_is_help=True, help="Backups that cannot bring a destroyed file back.")
FileKeys = Annotated[
    Path | None,
    typer.Option(help="the files' keys, in one file kept apart from the backups and replaced each time"),
]


@app.command()
def create(folder: Annotated[Path, typer.Argument(help="a new folder")], file_keys: FileKeys = None) -> None:
    """Write rows and ciphertext into a new folder. The portal may run meanwhile; the master keyset is not in it."""
    from portal.exports import backup

    with opened_portal() as portal:
        try:
            manifest = backup.create(portal.db, portal.blobs, folder, file_keys)
        except FileExistsError:
            raise backup.BackupTrouble("That folder exists already.", next_step="Name a new one.") from None
    print(f"{sum(manifest['rows'].values())} rows, {len(manifest['sha256']) - 1} files in {folder}")
    if file_keys is None:
        print("Without --file-keys no file of it can be opened after a restore; facts can be read.", file=sys.stderr)


@app.command()
def check(folder: Path) -> None:
    """Compare a backup with its manifest. Status 1 when it does not match."""
    from portal.exports import backup

    note_outside_portal()
    wrong = backup.check(folder)
    for sentence in wrong:
        print(sentence)
    if wrong:
        raise typer.Exit(1)
    print("The backup is whole.")


@app.command()
def restore(folder: Path, file_keys: FileKeys = None) -> None:
    """Fill an empty data folder (or database) from a backup; the master keyset must be in its place already."""
    from portal.exports import backup

    with opened_portal() as portal:
        done = backup.restore(portal.db, portal.blobs, folder, file_keys, portal.settings.destruction_list)
    print(f"{done.rows} rows, {done.files} files; {done.gone} exports whose file is destroyed or has no key.")
