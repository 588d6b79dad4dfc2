"""Reindexes cases when index keys, or the form of what is indexed, change (see `reindexing`)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select
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
    """Merchant, key id within an index (the part after the pseudonym), and how many rows of cases have it."""
    for merchant, column in (
        (Case.merchant_id, Case.subject_index),
        (CaseIdentifier.merchant_id, CaseIdentifier.value_index),
    ):
        found = func.substr(column, 2 * INDEX_BYTES + 2)
        yield from session.execute(select(merchant, found, func.count()).group_by(merchant, found)).tuples()


def reindex_cases(db: Database, sealer: FieldSealer, merchant_id: str) -> int:
    """Write the indexes of a merchant's cases under the key in use. Returns how many rows changed.

    A case is indexed by its first identifier. One whose value does not open is left out; `keys check` reports it.
    """
    seal = CaseSeal(sealer)

    def reindex(session: Session, merchant: Merchant, row: CaseIdentifier) -> int:
        try:
            value = seal.value(session, row)
        except SealBroken:
            log.error("cases.not_reindexed", case=row.case_id, merchant=merchant_id)
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
