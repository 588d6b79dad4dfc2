"""One table of a JSON file while it is read, and how it becomes a `Table`: names, link to the parent, places."""

from collections.abc import Callable
from dataclasses import dataclass, field

from portal.preview.cells import MISSING, Cell
from portal.preview.json.paths import path_text
from portal.preview.model import Table, unique_names
from portal.preview.raw import without_lone_surrogates

MAX_NAME_CHARS = 120
_ID_NAMES = ("id", "_id", "Id", "ID", "uuid", "cardNumber", "number")


@dataclass(frozen=True, eq=False)
class Head:
    """A column of rows that are lists: the index of its cells, and its name from a list beside them. Compared by
    identity: a builder makes one for each place and name."""

    number: int
    name: str

    def __str__(self) -> str:
        return self.name


Step = str | Head
Steps = tuple[Step, ...]

KEY: Steps = ()
ITEM: Steps = ("value",)
"""Columns that are no field of the row: its key, and the row itself where it is no object."""


@dataclass
class GrowingTable:
    """One table while it is read. `columns` maps a key, or a path of keys, to its position."""

    path: Steps
    name: str
    parent: "GrowingTable | None"
    below: Steps
    """The keys that lead from the parent's row to this table."""
    is_list: bool
    columns: dict[Step | Steps, int] = field(default_factory=dict)
    rows: list[list[Cell]] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    steps: list[str | int] = field(default_factory=list)
    """How each row is reached from the table: a position, a key, or "" for the only row."""

    def add(self, row: list[Cell], parent_row: int, step: str | int) -> int:
        """The number of the new row."""
        self.rows.append(row)
        self.parents.append(parent_row)
        self.steps.append(step)
        return len(self.rows) - 1

    def entry(self, row: int) -> tuple[str | int, int]:
        """(how `row` is reached, its parent's row)."""
        return self.steps[row], self.parents[row]

    def source_steps(self, row: int) -> list[str | int]:
        steps: list[str | int] = []
        table: GrowingTable | None = self
        while table is not None:
            step, parent_row = table.entry(row)
            if step != "" or table.is_list:
                steps.append(step)
            steps.extend(reversed(located(table.below)))
            row = parent_row
            table = table.parent
        return steps[::-1]


def clip(name: str) -> str:
    """A name short enough for a heading, with nothing UTF-8 could not carry."""
    name = without_lone_surrogates(name)
    return name if len(name) <= MAX_NAME_CHARS else f"{name[: MAX_NAME_CHARS - 1]}…"


def column_name(path: Step | Steps) -> str:
    return (joined(path) or "key") if isinstance(path, tuple) else str(path)


def joined(path: Steps) -> str:
    return ".".join(map(str, path))


def located(path: Step | Steps) -> list[str | int]:
    """The steps to a value in the source: of a column of lists, its position."""
    path = path if isinstance(path, tuple) else (path,)
    return [step.number if isinstance(step, Head) else step for step in path]


def finished(table: GrowingTable, named: dict[int, str]) -> Table:
    headers = [column_name(path) for path in table.columns]
    link, parent_keys = _link(table, named)
    rows: list[list[Cell]] = table.rows
    if link:
        headers.insert(0, link)
        rows = [[key, *row] for key, row in zip(parent_keys, table.rows, strict=True)]
    columns = unique_names([clip(header) for header in headers])
    key_position = 1 if link else 0
    is_map = KEY in table.columns
    return Table(
        name=named[id(table)],
        columns=columns,
        headers=tuple(headers),
        link_columns=frozenset(columns[:1]) if link else frozenset(),
        key_column=columns[key_position] if is_map else None,
        _rows=rows,
        _paths=path_maker(table, bool(link)),
    )


def path_maker(table: GrowingTable, has_link: bool) -> Callable[[int], list[str]]:
    more = ("field",) in table.columns and not table.is_list

    def paths(row: int) -> list[str]:
        steps = table.source_steps(row)
        if more:
            return [path_text(steps[:-1])] * has_link + [path_text(steps)] * 2
        found = [path_text(steps[:-1])] if has_link else []
        for path in table.columns:
            found.append(path_text([*steps, *([] if path == ITEM else located(path))]))
        return found

    return paths


def _link(table: GrowingTable, named: dict[int, str]) -> tuple[str, list[Cell]]:
    """The name and cells of the column that says which parent row each row belongs to; no name if there is but one."""
    parent = table.parent
    if parent is None or len(parent.rows) < 2:
        return "", []
    for wanted in _ID_NAMES:
        position = parent.columns.get(wanted)
        if position is None:
            continue
        ids = [row[position] if position < len(row) else MISSING for row in parent.rows]
        if all(isinstance(cell, str) and cell for cell in ids) and len(set(ids)) == len(ids):
            return f"({named[id(parent)]} {wanted})", [ids[row] for row in table.parents]
    return f"({named[id(parent)]} row)", [str(row + 1) for row in table.parents]
