"""JSON of any length, read piece by piece: a value that ends within WINDOW characters is read whole, as in a small
file; a longer one is taken apart, its members or items one after another, with what stands around them kept open.

Where that cannot give the tables of `portal.preview.json_tables`: whether the keys of a long object are data is decided
by its first members, and rows are linked to their parent's row by its number.
"""

import re
from collections.abc import Callable, Iterator, Sized
from typing import Any

from portal.preview.json_growing import KEY, GrowingTable, Steps
from portal.preview.json_pages import Pages, SpillingTable, table_so_far
from portal.preview.json_scan import path_text
from portal.preview.json_tables import MANY_KEYS, Builder, keys_are_data
from portal.preview.json_text import TOO_LONG, WINDOW, JsonText, Place, StoppedError
from portal.preview.model import NULL, Cell, Table, WarningLog
from portal.preview.side_file import SideFile

BATCH = 200
MOST_CELLS_HELD = 40_000
_SPILL_CHARS = 256 * 1024


class StreamBuilder(Builder):
    """Builds tables whose rows go to the side file."""

    def __init__(self, log: WarningLog, side: SideFile) -> None:
        super().__init__(log)
        self._pages = Pages(side)

    def _new(self, table: GrowingTable) -> GrowingTable:
        return SpillingTable(
            table.path, table.name, table.parent, table.below, table.is_list, table.columns, pages=self._pages
        )

    def spill(self, *, all_of_it: bool) -> None:
        tables = [table for table in self.tables.values() if isinstance(table, SpillingTable)]
        all_of_it = all_of_it or sum(len(table.rows) * len(table.columns) for table in tables) > MOST_CELLS_HELD
        for table in tables:
            if all_of_it or len(table.rows) >= 2 * BATCH:
                table.spill(all_of_it=all_of_it)


class JsonStream(JsonText):
    """`run` reads to the end, giving way after every batch; `tables` at any time between."""

    def __init__(self, side: SideFile, log: WarningLog, pull: Callable[[], str]) -> None:
        """`pull` gives the next piece of text, an empty one at the end."""
        super().__init__(log, pull)
        self._builder = StreamBuilder(log, side)
        self._batched = self._spilled = 0
        self.complete = False

    def tables(self) -> tuple[Table, ...]:
        grown, named = self._builder.named()
        return tuple(table_so_far(table, named) for table in grown if isinstance(table, SpillingTable))

    def _spill(self) -> None:
        much = self._done - self._spilled >= _SPILL_CHARS
        if much:
            self._spilled = self._done
        self._builder.spill(all_of_it=much)

    def _is_full(self, batch: Sized) -> bool:
        """Enough values, or long enough ones, to be made rows."""
        if len(batch) < BATCH and self._done - self._batched < WINDOW:
            return False
        self._batched = self._done
        return True

    def run(self) -> Iterator[None]:
        try:
            yield from self._documents()
            self.complete = bool(self.kind) and not self._damaged
        except StoppedError:
            self.complete = False
        self._spill()

    def _documents(self) -> Iterator[None]:
        if not self._skip():
            return
        value = self._value(())
        if value is TOO_LONG:
            self.kind = "object" if self._text[self._at] == "{" else "list"
            if self._text[self._at] == "{":
                yield from self._long_object((), (), 0)
            else:
                yield from self._list((), "rows", None, (), 0, 0, ())
            if self._skip():
                self._stop((), "More stands after the end of the value, which cannot be read.")
            return
        self.kind = "object" if isinstance(value, dict) else "list" if isinstance(value, list) else "value"
        if not self._skip():
            self._builder.root(value)
            return
        self.kind = "lines"
        yield from self._lines(value)

    def _lines(self, value: Any) -> Iterator[None]:
        """One value a line: each is a row."""
        number, batch = 1, [value]
        while self._skip():
            value = self._value((number,), line=True)
            if value is TOO_LONG:
                self._builder.list_table((), "rows", None, (), batch, 0, 0, number - len(batch))
                batch = []
                yield from self._long_item((), "rows", None, (), 0, number, 0, (number,))
            else:
                batch.append(value)
            number += 1
            if self._is_full(batch):
                self._builder.list_table((), "rows", None, (), batch, 0, 0, number - len(batch))
                self._spill()
                batch = []
                yield
        self._builder.list_table((), "rows", None, (), batch, 0, 0, number - len(batch))

    # Long values -------------------------------------------------------------------------------

    def _list(
        self,
        path: Steps,
        name: str,
        parent: GrowingTable | None,
        below: Steps,
        parent_row: int,
        depth: int,
        place: Place,
    ) -> Iterator[None]:
        """The items of a list too long to be read whole."""
        self._at += 1
        number, batch, first = 0, list[Any](), True
        self._builder.list_table(path, name, parent, below, [], parent_row, depth)
        try:
            while True:
                mark = self._mark((*place, number))
                if mark == "]" and first:
                    break
                value = self._value((*place, number))
                if value is TOO_LONG:
                    self._builder.list_table(path, name, parent, below, batch, parent_row, depth, number - len(batch))
                    batch = []
                    yield from self._long_item(path, name, parent, below, parent_row, number, depth, (*place, number))
                else:
                    batch.append(value)
                number, first = number + 1, False
                if self._is_full(batch):
                    self._builder.list_table(path, name, parent, below, batch, parent_row, depth, number - len(batch))
                    batch = []
                    self._spill()
                    yield
                if not self._goes_on("]", (*place, number)):
                    break
        finally:
            self._builder.list_table(path, name, parent, below, batch, parent_row, depth, number - len(batch))
        self._at += 1

    def _goes_on(self, closing: str, place: Place) -> bool:
        """After a member: True past a comma, False at the closing bracket (or a comma before it, with a warning)."""
        mark = self._mark(place)
        if mark == closing:
            return False
        if mark != ",":
            self._stop(place, "Expected a comma or a closing bracket here, so the rest cannot be read as JSON.")
        self._at += 1
        if self._mark(place) == closing:
            self._log.add("comma", path_text(list(place)), "A comma stands before the closing bracket.")
            return False
        return True

    def _long_item(
        self,
        path: Steps,
        name: str,
        parent: GrowingTable | None,
        below: Steps,
        parent_row: int,
        number: int,
        depth: int,
        place: Place,
    ) -> Iterator[None]:
        """An item of a list that is itself too long: its row stays open until it ends."""
        table = self._builder.list_table(path, name, parent, below, [], parent_row, depth)
        row: list[Cell] = []
        step = table.add(row, parent_row, place[-1] if place else number)
        assert isinstance(table, SpillingTable)
        table.held = step
        try:
            if self._text[self._at] == "[":
                yield from self._list((*path, "[]"), f"{name}[]", table, (), step, depth + 1, place)
            else:
                yield from self._row(table, row, step, (), depth, place)
        finally:
            table.held = None

    def _members(self, place: Place) -> Iterator[tuple[str, Any]]:
        """(key, value) of the object that begins here; a value may be TOO_LONG, and must be read before going on."""
        self._at += 1
        seen: set[str] = set()
        repeats: dict[str, int] = {}
        if self._mark(place) == "}":
            self._at += 1
            return
        while True:
            if self._mark(place) != '"':
                self._stop(place, "Expected a key in quotes here, so the rest cannot be read as JSON.")
            key = self._value(place)
            if not isinstance(key, str):
                self._stop(place, "Expected a key in quotes here, so the rest cannot be read as JSON.")
            if key in seen:
                number = repeats.get(key, 2)
                while f"{key} ({number})" in seen:
                    number += 1
                repeats[key] = number + 1
                self._log.add(
                    "repeated key",
                    path_text([*place, key]),
                    f"The same key stands here more than once; this one is shown with ({number}).",
                )
                key = f"{key} ({number})"
            if len(seen) < 100_000:
                seen.add(key)
            if self._mark(place) != ":":
                self._stop((*place, key), "Expected a colon here, so the rest cannot be read as JSON.")
            self._at += 1
            self._mark((*place, key))
            yield key, self._value((*place, key))
            if not self._goes_on("}", place):
                self._at += 1
                return

    def _row(
        self, table: GrowingTable, row: list[Cell], number: int, prefix: Steps, depth: int, place: Place
    ) -> Iterator[None]:
        """The members of a long object that is a row, or part of one."""
        for key, value in self._members(place):
            if value is not TOO_LONG:
                self._builder.fill(table, row, number, {key: value}, prefix, depth)
                self._spill()
                continue
            below = (*prefix, key)
            inner = (*table.path, *below)
            name = ".".join((table.name, *below)) if table.path or not table.is_list else ".".join(below)
            level = depth + len(prefix) + 1
            if self._text[self._at] == "[":
                yield from self._list(inner, name, table, below, number, level, (*place, key))
            elif self._first_key_is_data():
                yield from self._map(inner, name, table, below, number, level, (*place, key), [])
            else:
                yield from self._row(table, row, number, below, depth, (*place, key))

    def _first_key_is_data(self) -> bool:
        found = re.compile(r'\{\s*"([^"\\]{0,300})"').match(self._text, self._at)
        return found is not None and keys_are_data({found[1]: NULL})

    def _map(
        self,
        path: Steps,
        name: str,
        parent: GrowingTable | None,
        below: Steps,
        parent_row: int,
        depth: int,
        place: Place,
        read: list[tuple[str, Any]],
        rest: Iterator[tuple[str, Any]] | None = None,
    ) -> Iterator[None]:
        """A long object whose keys are data: a row a key. `read`: members that were read to find that out."""
        batch = dict(read)
        self._builder.list_table(path, name, parent, below, {}, parent_row, depth)
        for key, value in rest if rest is not None else self._members(place):
            if value is not TOO_LONG:
                batch[key] = value
                if not self._is_full(batch):
                    continue
            self._builder.list_table(path, name, parent, below, batch, parent_row, depth)
            self._spill()
            batch = {}
            yield
            if value is TOO_LONG:
                table = self._builder.list_table(path, name, parent, below, {}, parent_row, depth)
                row: list[Cell] = [key]
                assert isinstance(table, SpillingTable) and KEY in table.columns
                table.held = number = table.add(row, parent_row, key)
                if self._text[self._at] == "[":
                    yield from self._list((*path, "[]"), f"{name}[]", table, (), number, depth + 1, (*place, key))
                else:
                    yield from self._row(table, row, number, (), depth, (*place, key))
                table.held = None
        self._builder.list_table(path, name, parent, below, batch, parent_row, depth)

    def _long_object(self, path: Steps, place: Place, depth: int) -> Iterator[None]:
        """A long object outside any list: the root, or a wrapper in it."""
        name = ".".join(path)
        rest = self._members(place)
        read: list[tuple[str, Any]] = []
        pending: tuple[str, Any] | None = None
        for key, value in rest:
            if value is TOO_LONG:
                pending = (key, value)
                break
            read.append((key, value))
            if len(read) > MANY_KEYS:
                break
        if keys_are_data(dict([*read, *([pending] if pending else [])])):
            chained = _chain(pending, rest)
            yield from self._map(path, name or "rows", None, path, 0, depth, place, read, chained)
            return
        wrapper = not path or all(isinstance(value, dict | list) and value for _, value in read)
        if wrapper:
            self._builder.spread(dict(read), path, depth)
            yield
            for key, value in _chain(pending, rest):
                below = (*path, key)
                if value is not TOO_LONG:
                    self._builder.spread({key: value}, path, depth)
                elif self._text[self._at] == "[":
                    yield from self._list(below, ".".join(below), None, below, 0, depth + 1, (*place, key))
                else:
                    yield from self._long_object(below, (*place, key), depth + 1)
            return
        table, row = self._builder.only_row(path, name)
        self._builder.fill(table, row, 0, dict(read), (), depth)
        yield
        for key, value in _chain(pending, rest):
            if value is not TOO_LONG:
                self._builder.fill(table, row, 0, {key: value}, (), depth)
            elif self._text[self._at] == "[":
                inner = (*path, key)
                yield from self._list(inner, f"{name}.{key}", table, (key,), 0, depth + 1, (*place, key))
            else:
                yield from self._row(table, row, 0, (key,), depth, (*place, key))


def _chain(first: tuple[str, Any] | None, rest: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    if first is not None:
        yield first
    yield from rest
