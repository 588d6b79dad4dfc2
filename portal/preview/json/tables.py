"""A tree of JSON values as related tables of text.

- An object outside any list becomes a table of one row, named by its path (`customer`); so does an object inside an
  object that holds nothing but objects and lists. Objects below that flatten into dotted columns (`address.city`).
- Values directly in the root object become the table `file`; a root list, or one value a line, the table `rows`.
- A list becomes a table named by its path (`giftCards.transactions`), a row an item; a link column names the parent: by
  its id where that is unique, else by its row number. Items that are no objects go into the column `value`.
- Rows that are lists, with their names in a list beside them, become one table (`portal.preview.json.heads`).
- An object whose keys are data (ids, emails, numbers, numbered names such as `card_0`, or very many) becomes a table
  with the column `key`.
- Limits: MAX_COLUMNS columns a table (the rest stands in the table "… more fields", a field a row), MAX_TABLES tables
  and MAX_DEPTH levels (anything deeper is one cell, as written). Each is warned about; nothing is left out.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from portal.preview.cells import MISSING, NULL, Bare, Cell
from portal.preview.json.growing import (
    ITEM,
    KEY,
    GrowingTable,
    Head,
    Step,
    Steps,
    clip,
    column_name,
    finished,
    joined,
    located,
)
from portal.preview.json.heads import are_names, names_of_rows
from portal.preview.json.paths import path_text
from portal.preview.json.reader import Tree
from portal.preview.model import Table, WarningLog, unique_names

MAX_COLUMNS = 500
MAX_TABLES = 200
MAX_DEPTH = 16
MANY_KEYS = 200
"""An object with more keys than this is a table of keys, not a row."""


_TRUE, _FALSE = Bare("true"), Bare("false")
_NO_ITEMS, _NO_KEYS = Bare("[]"), Bare("{}")
KEY_IS_DATA = re.compile(
    r"[0-9a-fA-F]{24}|[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}|[^@\s]+@[^@\s]+|[+]?[0-9][0-9 ._:-]*"
)


def tables_from_tree(tree: Tree, log: WarningLog) -> tuple[Table, ...]:
    """The tables of `tree`, parents before children."""
    builder = Builder(log)
    if tree.is_lines:
        builder.list_table((), "rows", None, (), tree.values, 0, 0)
    elif tree.values:
        builder.root(tree.values[0])
    grown, named = builder.named()
    return tuple(finished(table, named) for table in grown)


class Builder:
    def __init__(self, log: WarningLog) -> None:
        self._log = log
        self.tables: dict[tuple[str, Steps], GrowingTable] = {}
        self._heads: dict[tuple[int, str], Head] = {}

    def named(self) -> tuple[list[GrowingTable], dict[int, str]]:
        """The tables that have columns, and the name of each by its identity."""
        grown = [table for table in self.tables.values() if table.columns]
        names = unique_names([clip(table.name) for table in grown])
        named = {id(table): table.name for table in self.tables.values()}
        named.update((id(table), name) for table, name in zip(grown, names, strict=True))
        return grown, named

    def _new(self, table: GrowingTable) -> GrowingTable:
        """Every table passes here when it is made."""
        return table

    def root(self, value: Any) -> None:
        if isinstance(value, list) and value:
            self.list_table((), "rows", None, (), value, 0, 0)
        elif isinstance(value, dict) and value:
            if keys_are_data(value):
                self.list_table((), "rows", None, (), value, 0, 0)
            else:
                self.spread(value, (), 0)
        elif value != [] and value != {}:
            self.only_row((), "file")[0].columns[ITEM] = 0
            self.tables["", ()].rows[0].append(self._cell(value))

    def only_row(self, path: Steps, name: str) -> tuple[GrowingTable, list[Cell]]:
        table = self.tables.get(("", path))
        if table is None:
            table = self.tables["", path] = self._new(GrowingTable(path, name, None, path, is_list=False))
            table.add([], 0, "")
        return table, table.rows[0]

    def spread(self, found: dict[str, Any], path: Steps, depth: int) -> None:
        """An object outside any list whose own objects are tables: the root, or a wrapper."""
        if len(self.tables) + len(found) > MAX_TABLES:
            table, row = self.only_row(path, joined(path) or "file")
            self.fill(table, row, 0, found, (), depth)
            return
        plain = {k: v for k, v in found.items() if not (isinstance(v, dict) and v)}
        if any(not isinstance(v, list) or not v for v in plain.values()):
            table, row = self.only_row(path, joined(path) or "file")
            self.fill(table, row, 0, {k: v for k, v in plain.items() if not isinstance(v, list) or not v}, (), depth)
        for key, value in found.items():
            below = (*path, key)
            if isinstance(value, list) and value:
                if not are_names(found, key):
                    names = names_of_rows(found, key)[1]
                    self.list_table(below, joined(below), None, below, value, 0, depth + 1, names=names)
            elif isinstance(value, dict) and value:
                self.object_table(value, below, depth + 1)

    def object_table(self, found: dict[str, Any], path: Steps, depth: int) -> None:
        if keys_are_data(found):
            self.list_table(path, joined(path), None, path, found, 0, depth)
        elif depth < MAX_DEPTH and all(isinstance(v, dict | list) and v for v in found.values()):
            self.spread(found, path, depth)
        else:
            table, row = self.only_row(path, joined(path))
            self.fill(table, row, 0, found, (), depth)

    def list_table(
        self,
        path: Steps,
        name: str,
        parent: GrowingTable | None,
        below: Steps,
        items: "list[Any] | dict[str, Any]",
        parent_row: int,
        depth: int,
        first: int = 0,
        names: Sequence[str] = (),
    ) -> GrowingTable:
        """Rows for `items`: the items of a list, `first` the position of the first, or the values of an object whose
        keys are data. `names`: of the columns, where the items are lists that are rows."""
        kind = "{" if isinstance(items, dict) else "["
        table = self.tables.get((kind, path))
        if table is None:
            table = self.tables[kind, path] = self._new(GrowingTable(path, name, parent, below, is_list=True))
            if kind == "{":
                table.columns[KEY] = 0
            table.columns.update((head, number) for number, head in enumerate(self._columns_of(names, len(names))))
        pairs = items.items() if isinstance(items, dict) else enumerate(items, first)
        for step, item in pairs:
            row: list[Cell] = [step] if isinstance(step, str) else []
            number = table.add(row, parent_row, step)
            if type(item) is dict and item:
                self.fill(table, row, number, item, (), depth)
            elif names and type(item) is list and item:
                heads = self._columns_of(names, len(item))
                self.fill(table, row, number, dict(zip(heads, item, strict=True)), (), depth)
            elif type(item) is list and item and self._has_room(depth, (*path, "[]")):
                self.list_table((*path, "[]"), f"{name}[]", table, (), item, number, depth + 1)
            else:
                self._put(table, row, number, ITEM, self._cell(item))
        return table

    def _columns_of(self, names: Sequence[str], width: int) -> list[Head]:
        """The columns of a row that is a list of `width` values."""
        wanted = [(at, names[at] if at < len(names) else f"column {at + 1}") for at in range(width)]
        return [self._heads.get(each) or self._heads.setdefault(each, Head(*each)) for each in wanted]

    def fill(
        self,
        table: GrowingTable,
        row: list[Cell],
        number: int,
        found: Mapping[str, Any] | Mapping[Head, Any],
        prefix: Steps,
        depth: int,
    ) -> None:
        """Put the fields of `found` into `row`; lists and objects of data become tables of their own."""
        columns = table.columns
        for key, value in found.items():
            kind = type(value)
            if kind is str or kind is Bare:
                cell: Cell = value
            elif value is None:
                cell = NULL
            elif kind is bool:
                cell = _TRUE if value else _FALSE
            elif not value:
                cell = _NO_ITEMS if kind is list else _NO_KEYS
            elif not self._has_room(depth + len(prefix), (*table.path, *prefix, key)):
                cell = self._cell(value)
            elif kind is dict and not keys_are_data(value):
                self.fill(table, row, number, value, (*prefix, key), depth)
                continue
            elif not are_names(found, key):
                below = (*prefix, key)
                name = joined((table.name, *below)) if table.path or not table.is_list else joined(below)
                inner, names = (*table.path, *below), names_of_rows(found, key)[1]
                self.list_table(inner, name, table, below, value, number, depth + len(prefix) + 1, names=names)
                continue
            else:
                continue
            path: Step | Steps = (*prefix, key) if prefix else key
            position = columns.get(path)
            if position is not None and position == len(row):
                row.append(cell)
            else:
                self._put(table, row, number, path, cell)

    def _put(self, table: GrowingTable, row: list[Cell], number: int, path: Step | Steps, cell: Cell) -> None:
        position = table.columns.get(path)
        if position is None:
            if len(table.columns) >= MAX_COLUMNS:
                self._overflow(table, number, path, cell)
                return
            position = table.columns[path] = len(table.columns)
        row.extend([MISSING] * (position + 1 - len(row)))
        row[position] = cell

    def _overflow(self, table: GrowingTable, number: int, path: Step | Steps, cell: Cell) -> None:
        key = ("more", table.path)
        if key not in self.tables:
            self._log.add(
                "columns", table.name, f"More than {MAX_COLUMNS} columns: the others stand in a table of their own."
            )
            name = f"{table.name} (more fields)"
            self.tables[key] = self._new(
                GrowingTable(table.path, name, table, (), is_list=False, columns={("field",): 0, ("value",): 1})
            )
        more = self.tables[key]
        more.add([column_name(path), cell], number, path if isinstance(path, str) else path_text(located(path)))

    def _has_room(self, depth: int, path: Steps) -> bool:
        if depth < MAX_DEPTH and (len(self.tables) < MAX_TABLES or ("[", path) in self.tables):
            return True
        if depth >= MAX_DEPTH:
            self._log.add(
                "depth", "file", f"Data lies deeper than {MAX_DEPTH} levels; it stands as written in one cell."
            )
        else:
            self._log.add(
                "tables", "file", f"More than {MAX_TABLES} tables; what lies beyond stands in cells as written."
            )
        return False

    @staticmethod
    def _cell(value: Any) -> Cell:
        if value is None:
            return NULL
        if isinstance(value, bool):
            return _TRUE if value else _FALSE
        if isinstance(value, str):
            return value
        return Bare(as_written(value)) if value else _NO_ITEMS if isinstance(value, list) else _NO_KEYS


_COUNTED_KEY = re.compile(r"(\D{2,}?)[_. -]?\d+")


def keys_are_counted(found: dict[str, Any]) -> bool:
    """`card_0`, `card_1` ...: several objects under one name that is counted on."""
    stem = ""
    for key, value in found.items():
        match = _COUNTED_KEY.fullmatch(key) if key[-1:].isdigit() and isinstance(value, dict) and value else None
        if match is None or (stem and match[1] != stem):
            return False
        stem = match[1]
    return len(found) > 1


def keys_are_data(found: dict[str, Any]) -> bool:
    if len(found) > MANY_KEYS:
        return True
    return all(KEY_IS_DATA.fullmatch(key) is not None for key in found) or keys_are_counted(found)


def as_written(value: Any) -> str:
    """Compact JSON of a tree, numbers digit for digit, without recursion."""
    parts: list[str] = []
    todo: list[Any] = [(value,)]
    while todo:
        item = todo.pop()
        if type(item) is tuple:
            item = item[0]
            if type(item) is dict or type(item) is list:
                opening, closing = ("{", "}") if type(item) is dict else ("[", "]")
                parts.append(opening)
                todo.append(closing)
                members = list(item.items()) if type(item) is dict else [(None, member) for member in item]
                for index in range(len(members) - 1, -1, -1):
                    key, member = members[index]
                    todo.append((member,))
                    lead = "," if index else ""
                    todo.append(lead if key is None else f"{lead}{json.dumps(key, ensure_ascii=False)}:")
            elif type(item) is Bare:
                parts.append(item)
            else:
                parts.append(json.dumps(item, ensure_ascii=False))
        else:
            parts.append(item)
    return "".join(parts)
