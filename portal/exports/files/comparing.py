"""Two exports of the same customer side by side: what came, went and changed. Audited as a view of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from portal.cases.services.people import PersonIndex
from portal.errors import NotFound, StateConflict
from portal.exports.core import ledger
from portal.exports.core.base import own_row
from portal.exports.core.ledger import SubjectSeal, indexes_of_row
from portal.exports.core.states import State
from portal.exports.core.views import ExportView
from portal.exports.files.opening import Files
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.storage.engine import Database
from portal.storage.tables import Export, ExportFile

if TYPE_CHECKING:
    from portal.preview import Preview
    from portal.preview.comparing import TableComparison

MOST_LISTED = 50
MOST_COMPARED_BYTES = 32 * 1024 * 1024
"""Two files are compared in memory; a larger one is not."""


@refusals_audited
@dataclass
class Comparison:
    """The files of one customer, held against each other."""

    db: Database
    refusal_audit: RefusalAudit
    seal: SubjectSeal
    index: PersonIndex
    files: Files

    def earlier_of_same_person(self, user: User, export_id: str) -> list[ExportView]:
        """Other exports of the same customer whose files are still here, newest first (found by the blind index)."""
        require(user, Permission.EXPORT_OPEN)
        with self.db.read() as session:
            row = own_row(session, user, export_id)
            found = session.scalars(
                select(Export)
                .join(Export.file)
                .where(
                    Export.merchant_id == user.merchant_id,
                    Export.subject_index.in_(indexes_of_row(session, user, self.index, row)),
                    Export.id != row.id,
                    Export.requested_at <= row.requested_at,
                    Export.state.in_((State.READY, State.EXPIRED)),
                    ExportFile.destroyed_at.is_(None),
                    ExportFile.size_bytes.is_not(None),
                )
                .order_by(Export.requested_at.desc(), Export.id.desc())
                .limit(MOST_LISTED)
            )
            views = [ledger.view_of(session, other, self.seal) for other in found]
            return [view for view in views if not view.hidden]

    def compare(
        self, user: User, export_id: str, earlier_id: str
    ) -> tuple[Preview, Preview, tuple[TableComparison, ...]]:
        """(the earlier file, this file, what differs, table by table).

        Raises NotFound when the two are not one customer's, StateConflict when a file is too large or cannot be read,
        and the errors of `open_preview`.
        """
        from portal.preview import PreviewError
        from portal.preview.comparing import compare

        require(user, Permission.EXPORT_OPEN)
        with self.db.read() as session:
            rows = [own_row(session, user, one) for one in (export_id, earlier_id)]
            if rows[1].subject_index not in indexes_of_row(session, user, self.index, rows[0]):
                raise NotFound(detail="exports of two customers")
            if max(row.file.size_bytes or 0 for row in rows) > MOST_COMPARED_BYTES:
                raise StateConflict(
                    "These files are too large to be compared here.", next_step="Download both and compare them."
                )
        try:
            later, earlier = self.files.open_preview(user, export_id), self.files.open_preview(user, earlier_id)
        except PreviewError as error:
            raise StateConflict(error.message, next_step="Download both originals.", detail=error.detail) from None
        return earlier, later, compare(earlier, later)
