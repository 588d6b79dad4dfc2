"""Opens the master keyset, and refuses one that is not this database's."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from tink import TinkError

from portal.storage.engine import Database
from portal.storage.migrate import revision_of
from portal.storage.tables import Merchant
from portal.vault import FieldSealer, MasterKey
from portal.vault.keys import KeyTrouble


def open_keyset(path: Path, db: Database) -> MasterKey:
    """The master key. A new one is made for an empty database only: it could open nothing that others have sealed."""
    # Checked twice: a process makes the key before the tables, so a key that appears in between belongs to them.
    if not path.exists() and revision_of(db.engine) is not None and not path.exists():
        raise KeyTrouble(
            "The master keyset is missing, and without it nothing in the database can be opened.",
            next_step="The portal's operator: put it back, or correct PORTAL_KEYSET_PATH.",
            detail=f"no keyset file {path.name}",
        )
    return MasterKey.open(path, create=True)


def check_keyset_fits(db: Database, sealer: FieldSealer) -> None:
    """Raises KeyTrouble when the keyset is another portal's: other replicas could not open what it seals."""
    with db.read() as session:
        first = session.execute(select(Merchant.id, Merchant.sealed_index_keyset).limit(1)).first()
    try:
        if first is not None:
            sealer.index_keys(first.id, first.sealed_index_keyset)
    except TinkError:
        raise KeyTrouble(
            "The master keyset is not the one this database was sealed with.",
            next_step="The portal's operator: give every machine the same keyset file (PORTAL_KEYSET_PATH).",
            detail="keyset opens no merchant",
        ) from None
