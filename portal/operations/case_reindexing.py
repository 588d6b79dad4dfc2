"""The blind indexes of cases, when keys or the form of what is indexed change (see `reindexing`)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.cases.services.ledger import CaseSeal
from portal.errors import SealBroken
from portal.log import log
from portal.storage.case_tables import Case, CaseIdentifier
from portal.storage.engine import Database
from portal.storage.tables import Merchant
from portal.vault import FieldSealer
from portal.vault.fields import INDEX_BYTES

BATCH = 200  # rows in a transaction


def case_indexes(session: Session) -> Iterator[tuple[str, str, int]]:
    """Merchant, what stands after the pseudonym of an index, and how many rows of cases have it."""
    for merchant, column in (
        (Case.merchant_id, Case.subject_index),
        (CaseIdentifier.merchant_id, CaseIdentifier.value_index),
    ):
        found = func.substr(column, 2 * INDEX_BYTES + 2)
        yield from session.execute(select(merchant, found, func.count()).group_by(merchant, found)).tuples()


def reindex_cases(db: Database, sealer: FieldSealer, merchant_id: str) -> int:
    """Write the indexes of a merchant's cases anew under the key in use. Gives how many rows changed.

    A case is indexed by its first identifier. One whose value does not open is left out, as `keys check` tells.
    """
    changed, after = 0, ""
    seal = CaseSeal(sealer)
    while True:
        with db.write() as session:
            merchant = session.get_one(Merchant, merchant_id)
            rows = session.scalars(
                select(CaseIdentifier)
                .where(CaseIdentifier.merchant_id == merchant_id, CaseIdentifier.id > after)
                .order_by(CaseIdentifier.id)
                .limit(BATCH)
            ).all()
            if not rows:
                return changed
            after = rows[-1].id
            for row in rows:
                try:
                    value = seal.value(session, row)
                except SealBroken:
                    log.error("cases.not_reindexed", case=row.case_id, merchant=merchant_id)
                    continue
                index = sealer.index(value, merchant_id=merchant_id, wrapped_keyset=merchant.sealed_index_keyset)
                changed += _write(session, row, index)


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
