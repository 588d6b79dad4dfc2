"""Which file a user may open now: role, proof, state, and that it is there."""

from __future__ import annotations

from sqlalchemy.orm import Session

from portal.cases.recognition.hiding import check_shown
from portal.config import Settings
from portal.errors import NotPermitted, StateConflict
from portal.exports.core.base import own_row
from portal.exports.core.states import State
from portal.identity import Permission, User, allows, require, require_fresh_proof
from portal.storage.tables import Export, FileKey
from portal.vault.files import FilePlace


def openable(session: Session, user: User, export_id: str, settings: Settings) -> tuple[Export, FilePlace, bytes]:
    """Row, place and wrapped key of a file this user may open now.

    Raises NotFound, NotPermitted, StepUpNeeded, StateConflict.
    """
    row = own_row(session, user, export_id)
    require(user, Permission.EXPORT_OPEN)
    require_fresh_proof(user, settings)
    check_shown(session, row.case_id)
    if State(row.state) is State.ATTENTION:
        if not allows(user.role, Permission.EXPORT_RELEASE):
            raise NotPermitted(
                "A check of this file failed, so only a manager may open it.", next_step="Ask a manager to decide."
            )
    elif State(row.state) not in (State.READY, State.EXPIRED):
        raise StateConflict("There is no file to open.", next_step="See the export's state.", detail=row.state)
    key = session.get(FileKey, (row.id, row.file.blob_name))
    if key is None or row.file.destroyed_at is not None:
        raise StateConflict("The file has been destroyed or was never fetched.", next_step="Ask again for it.")
    return row, FilePlace(row.merchant_id, row.id, row.file.blob_name), key.sealed_keyset


def check_released(row: Export) -> None:
    """Raises StateConflict for a file about which a manager has to decide."""
    if State(row.state) is State.ATTENTION:
        raise StateConflict(
            "A check of this file failed, so it cannot leave the portal yet.",
            next_step="A manager can release it on its preview.",
        )


def file_stem(row: Export) -> str:
    """What the names of the files made of an export begin with."""
    return f"export-{row.requested_at:%Y-%m-%d}-{row.id[:8]}"
