"""A restore that fails leaves the data folder and the database as it found them."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import make_url

from portal.config import Settings
from portal.storage.engine import open_engine
from portal.storage.migrate import revision_of, take_tables_away


@contextlib.contextmanager
def remove_new_files_on_failure(settings: Settings) -> Iterator[None]:
    """Remove newly created files when the restore raises."""
    root = settings.root
    places = [*_database_files(settings), root / "files", root]
    new = [place for place in places if not place.exists()]
    without_tables = not _has_tables(settings)
    try:
        yield
    except BaseException:
        if without_tables and not _database_files(settings):
            engine = open_engine(settings.database)
            try:
                take_tables_away(engine)
            finally:
                engine.dispose()
        for place in new:
            if place == root:
                with contextlib.suppress(OSError):  # the keyset may lie in it
                    root.rmdir()
            elif place.is_dir():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)
        raise


def _database_files(settings: Settings) -> list[Path]:
    """SQLite's file and its companions; empty for other databases."""
    url = make_url(settings.database)
    if url.get_backend_name() != "sqlite" or not url.database:
        return []
    return [Path(f"{url.database}{ending}") for ending in ("", "-wal", "-shm")]


def _has_tables(settings: Settings) -> bool:
    files = _database_files(settings)
    if files and not files[0].exists():
        return False
    engine = open_engine(settings.database)
    try:
        return revision_of(engine) is not None
    finally:
        engine.dispose()
