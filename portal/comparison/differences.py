"""What two sets of fingerprints say: by table, the rows that were added, changed and gone. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from portal.comparison.fingerprints import UNREADABLE, WHOLE_FILE, FilePrints, Origin, TablePrints

Compared = tuple[bytes, str, str, str, str]
"""The secret that fingerprints were taken under, and what else two files must have in common."""


@dataclass(frozen=True)
class TableDifference:
    """`changed` is None where no column names the rows: a row that changed is then one gone and one added. `counted`:
    the rows were too many and are only counted: `added` and `gone` are then how many more or fewer."""

    origin: Origin
    name: str
    earlier_rows: int
    later_rows: int
    added: int
    changed: int | None
    gone: int
    counted: bool = False

    @property
    def differs(self) -> bool:
        return bool(self.added or self.changed or self.gone)


def difference(origin: Origin, earlier: TablePrints, later: TablePrints) -> TableDifference:
    """Two versions of a table; both taken under one secret."""
    sizes = (origin, later.name, earlier.rows, later.rows)
    if earlier.prints is None or later.prints is None:
        more = later.rows - earlier.rows
        return TableDifference(*sizes, max(0, more), None, max(0, -more), counted=True)
    if earlier.id_column == later.id_column or not earlier.rows or not later.rows:
        if earlier.id_column or later.id_column:
            return TableDifference(*sizes, *_by_id(earlier.by_id(), later.by_id()))
        if not earlier.rows or not later.rows:
            return TableDifference(*sizes, later.rows, 0, earlier.rows)
    before, after = Counter(earlier.by_row()), Counter(later.by_row())
    if earlier.rows == later.rows == 1:
        return TableDifference(*sizes, 0, int(before != after), 0)
    return TableDifference(*sizes, (after - before).total(), None, (before - after).total())


def _by_id(before: Mapping[bytes, bytes], after: Mapping[bytes, bytes]) -> tuple[int, int, int]:
    both = before.keys() & after.keys()
    return len(after) - len(both), sum(before[one] != after[one] for one in both), len(before) - len(both)


def differences(earlier: Sequence[FilePrints], later: Sequence[FilePrints]) -> tuple[TableDifference, ...] | None:
    """Of all files of two cases, each newest first; what was not asked in both is left out. None when nothing was."""
    before, after = _together(earlier), _together(later)
    found: list[TableDifference] = []
    shared = [group for group in after if group in before]
    for group in shared:
        origin, theirs = after[group]
        ours = before[group][1]
        if WHOLE_FILE in ours or WHOLE_FILE in theirs:
            found.append(difference(origin, _counted(ours), _counted(theirs)))
            continue
        for name in [*theirs, *(name for name in ours if name not in theirs)]:
            none = TablePrints(name, 0)
            found.append(difference(origin, ours.get(name, none), theirs.get(name, none)))
    return tuple(found) if shared else None


def _together(files: Sequence[FilePrints]) -> dict[Compared, tuple[Origin, dict[str, TablePrints]]]:
    """The tables of a case's files by what they are compared by."""
    newest: dict[tuple[Compared, str], FilePrints] = {}
    for one in files:
        if one.origin.family == UNREADABLE:
            continue
        newest.setdefault(((one.secret, *one.origin.compared_by), one.origin.part), one)
    groups: dict[Compared, list[FilePrints]] = {}
    for (compared_by, _part), one in newest.items():
        groups.setdefault(compared_by, []).append(one)
    return {group: (members[0].origin, _tables(members)) for group, members in groups.items()}


def _counted(tables: Mapping[str, TablePrints]) -> TablePrints:
    return TablePrints(WHOLE_FILE, sum(table.rows for table in tables.values()), prints=None)


def _tables(files: Sequence[FilePrints]) -> dict[str, TablePrints]:
    named: dict[str, list[TablePrints]] = {}
    for one in files:
        for table in one.tables:
            named.setdefault(table.name, []).append(table)
    return {name: merged(tables) for name, tables in named.items()}


def merged(tables: Sequence[TablePrints]) -> TablePrints:
    """One table of those that several files have, newest first: the same card may be found by email and by ID, and a
    row that both have counts once."""
    first = tables[0]
    if len(tables) == 1:
        return first
    if any(table.prints is None for table in tables):
        return TablePrints(first.name, max(table.rows for table in tables), prints=None)
    filled = [table for table in tables if table.rows]
    if filled and filled[0].id_column and len({table.id_column for table in filled}) == 1:
        rows: dict[bytes, bytes] = {}
        for table in filled:
            rows = table.by_id() | rows
        return TablePrints(first.name, len(rows), filled[0].id_column, b"".join(a + b for a, b in sorted(rows.items())))
    return _merged_by_row(first.name, filled)


def _merged_by_row(name: str, tables: Iterable[TablePrints]) -> TablePrints:
    rows: Counter[bytes] = Counter()
    for table in tables:
        rows |= Counter(table.by_row())
    prints = sorted(rows.elements())
    return TablePrints(name, len(prints), "", b"".join(prints))
