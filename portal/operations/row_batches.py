"""Walks a merchant's rows of one table in batches, so that no transaction holds many of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.interfaces import ORMOption

from portal.storage.case_tables import CaseIdentifier
from portal.storage.engine import Database
from portal.storage.tables import Export, Merchant

BATCH = 200  # rows in a transaction
Row = TypeVar("Row", Export, CaseIdentifier)


def change_rows(
    db: Database,
    table: type[Row],
    merchant_id: str,
    change: Callable[[Session, Merchant, Row], int],
    *,
    where: Callable[[Merchant], Sequence[ColumnElement[bool]]] = lambda _merchant: (),
    options: Sequence[ORMOption] = (),
) -> int:
    """Call `change` for each row in the order of ids; `where` narrows them down. Returns the sum of its results."""
    changed, after = 0, ""
    while True:
        with db.write() as session:
            merchant = session.get_one(Merchant, merchant_id)
            rows = session.scalars(
                select(table)
                .where(table.merchant_id == merchant_id, table.id > after, *where(merchant))
                .order_by(table.id)
                .limit(BATCH)
                .options(*options)
            ).all()
            if not rows:
                return changed
            after = rows[-1].id
            changed += sum(change(session, merchant, row) for row in rows)
