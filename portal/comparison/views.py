"""What pages and commands get to see of earlier cases and of what changed since: counts, days and hashes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from portal.cases.states import CaseState
from portal.comparison.differences import TableDifference


class Change(StrEnum):
    """What a line says of the rows of all tables together, in this order."""

    TRANSACTIONS = "transactions"
    """New rows of tables of transactions."""
    ADDED = "added"
    """Other new rows."""
    CHANGED = "changed"
    GONE = "gone"


@dataclass(frozen=True)
class SentCopy:
    """What was given to the person: which form of the file, its SHA-256, and the day."""

    copy: str
    sha256: str
    on: dt.date


@dataclass(frozen=True)
class EarlierCase:
    """An ended case of the same person. `name` is what people call it; `closed_as` a code of its last fact."""

    id: str
    name: str
    reference: str
    received_on: dt.date
    state: CaseState
    closed_as: str
    answered_on: dt.date | None
    sent: tuple[SentCopy, ...]


@dataclass(frozen=True)
class Since:
    """The person's earlier cases of the last twelve months that asked for the same, the newest first.

    `tables` compares this case's newest files with those of `compared_with`, an earlier one; None while there is
    nothing to compare.
    """

    earlier: tuple[EarlierCase, ...] = ()
    compared_with: EarlierCase | None = None
    tables: tuple[TableDifference, ...] | None = None

    @property
    def count(self) -> int:
        return len(self.earlier)

    @property
    def last_answered_on(self) -> dt.date | None:
        return max((one.answered_on for one in self.earlier if one.answered_on is not None), default=None)

    @property
    def changes(self) -> Mapping[Change, int]:
        """Those that there are. A row that has no id of its own and changed counts as gone and as new."""
        found = dict.fromkeys(Change, 0)
        for table in self.tables or ():
            found[Change.TRANSACTIONS if is_of_transactions(table) else Change.ADDED] += table.added
            found[Change.CHANGED] += table.changed or 0
            found[Change.GONE] += table.gone
        return {change: count for change, count in found.items() if count}


def is_of_transactions(table: TableDifference) -> bool:
    return table.name.rpartition(".")[2].casefold().startswith("transaction")
