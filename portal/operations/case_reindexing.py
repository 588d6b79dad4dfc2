"""Reindexes cases when index keys, or the form of what is indexed, change (see `reindexing`)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from portal.cases.services.ledger import CaseSeal
from portal.errors import SealBroken
from portal.log import log
from portal.operations.row_batches import change_rows
from portal.storage.case_tables import Case, CaseIdentifier
from portal.storage.engine import Database
from portal.storage.tables import Merchant
from portal.vault import FieldSealer
from portal.vault.fields import INDEX_BYTES


def case_indexes(session: Session) -> Iterator[tuple[str, str, int]]:
    """Merchant, key id within an index (the part after the pseudonym), and how many rows of cases have it. Without
    those whose value is destroyed: their index ends with its key."""
    there = or_(CaseIdentifier.sealed_value.is_not(None), CaseIdentifier.export_id.is_not(None))
    first = and_(CaseIdentifier.case_id == Case.id, CaseIdentifier.number == 1)
    for merchant, column, rows in (
        (Case.merchant_id, Case.subject_index, select(Case).join(CaseIdentifier, first)),
        (CaseIdentifier.merchant_id, CaseIdentifier.value_index, select(CaseIdentifier)),
    ):
        found = func.substr(column, 2 * INDEX_BYTES + 2)
        counted = rows.where(there).with_only_columns(merchant, found, func.count()).group_by(merchant, found)
        yield from session.execute(counted).tuples()


def reindex_cases(db: Database, sealer: FieldSealer, merchant_id: str) -> int:
    """Write the indexes of a merchant's cases under the key in use. Returns how many rows changed.

    A case is indexed by its first identifier. One whose value does not open is left out; `keys check` reports it. So is
    one whose value is destroyed: a search finds it until its key is dropped.
    """
    seal = CaseSeal(sealer)

    def reindex(session: Session, merchant: Merchant, row: CaseIdentifier) -> int:
        try:
            value = seal.value(session, row)
        except SealBroken:
            log.error("cases.not_reindexed", case=row.case_id, merchant=merchant_id)
            return 0
        if not value:
            return 0
        index = sealer.index(value, merchant_id=merchant_id, wrapped_keyset=merchant.sealed_index_keyset)
        return _write(session, row, index)

    return change_rows(db, CaseIdentifier, merchant_id, reindex)


def _write(session: Session, row: CaseIdentifier, index: str) -> int:
    changed = 0
    if row.value_index != index:
        row.value_index = index
        changed += 1
    case = session.get_one(Case, row.case_id)
    if row.number == 1 and case.subject_index != index:
        case.subject_index = index
        changed += 1
    return changed
