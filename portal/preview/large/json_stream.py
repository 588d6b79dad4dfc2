"""JSON of any length, read piece by piece: a value that ends within WINDOW characters is read whole, as in a small
file; a longer one is taken apart, its members or items one after another, with what stands around them kept open.

Where that cannot give the tables of `portal.preview.json.tables`: whether the keys of a long object are data is decided
by its first members, rows are linked to their parent's row by its number, and a list names the columns of long rows
only where it stands before them.
"""

import re
from collections.abc import Callable, Iterator, Sequence, Sized
from typing import Any

from portal.preview.cells import NULL, Cell
from portal.preview.json.growing import KEY, GrowingTable, Steps, joined
from portal.preview.json.heads import WaitingNames, may_be_rows
from portal.preview.json.paths import path_text
from portal.preview.json.tables import MANY_KEYS, Builder, keys_are_counted, keys_are_data
from portal.preview.large.json_pages import Pages, SpillingTable, table_so_far
from portal.preview.large.json_text import TOO_LONG, WINDOW, JsonText, Place, StoppedError
from portal.preview.large.side_file import SideFile
from portal.preview.model import Table, WarningLog

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
        if not self._begin() or (self._text[self._at] == "/" and not self._skip_comments(())):
            return
        value = self._value(())
        if value is TOO_LONG:
            self.kind = "object" if self._text[self._at] == "{" else "list"
            if self._text[self._at] == "{":
                yield from self._long_object((), (), 0)
            else:
                yield from self._list((), "rows", None, (), 0, 0, ())
            self._blank = self._after_value
            if self._skip():
                self._stop((), "More stands after the end of the value, which cannot be read.")
            return
        self.kind = "object" if isinstance(value, dict) else "list" if isinstance(value, list) else "value"
        self._blank = self._after_value
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
        names: Sequence[str] = (),
    ) -> Iterator[None]:
        """The items of a list too long to be read whole. `names`: of the columns, where the items are lists that are
        rows; an item that is too long itself has a table of its own even then."""
        self._at += 1
        number, batch, first = 0, list[Any](), True

        def take(items: list[Any], before: int) -> None:
            self._builder.list_table(path, name, parent, below, items, parent_row, depth, before, names)

        take([], 0)
        try:
            while True:
                mark = self._mark((*place, number))
                if mark == "]" and first:
                    break
                value = self._value((*place, number))
                if value is TOO_LONG:
                    take(batch, number - len(batch))
                    batch = []
                    yield from self._long_item(path, name, parent, below, parent_row, number, depth, (*place, number))
                else:
                    batch.append(value)
                number, first = number + 1, False
                if self._is_full(batch):
                    take(batch, number - len(batch))
                    batch = []
                    self._spill()
                    yield
                if not self._has_next("]", (*place, number)):
                    break
        finally:
            take(batch, number - len(batch))
        self._at += 1

    def _has_next(self, closing: str, place: Place) -> bool:
        """After a member: True past a comma, False at the closing bracket (or a comma before it, with a warning)."""
        mark = self._mark(place)
        if mark == closing:
            return False
        if mark != ",":
            self._stop(place, "Expected a comma or a closing bracket here, so the rest cannot be read as JSON.")
        self._at += 1
        while self._mark(place) == ",":
            self._log.add("comma twice", path_text(list(place)), "Two commas stand here with nothing between them.")
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
            key = self._key(place)
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
            if not self._has_next("}", place):
                self._at += 1
                return

    def _row(
        self,
        table: GrowingTable,
        row: list[Cell],
        number: int,
        prefix: Steps,
        depth: int,
        place: Place,
        members: Iterator[tuple[str, Any]] | None = None,
        waiting: WaitingNames | None = None,
    ) -> Iterator[None]:
        """The members of a long object that is a row, or part of one. `members`: those that are still to be read, when
        not all; `waiting`: the lists of names among the others."""
        waiting = waiting or WaitingNames()
        try:
            for key, value in members if members is not None else self._members(place):
                if value is not TOO_LONG:
                    if found := waiting.sift({key: value}):
                        self._builder.fill(table, row, number, found, prefix, depth)
                        self._spill()
                    continue
                below = (*prefix, key)
                inner = (*table.path, *below)
                name = joined((table.name, *below)) if table.path or not table.is_list else joined(below)
                level = depth + len(prefix) + 1
                if self._text[self._at] == "[":
                    names = self._names_of(waiting, key)
                    yield from self._list(inner, name, table, below, number, level, (*place, key), names)
                elif self._first_key_is_data():
                    yield from self._map(inner, name, table, below, number, level, (*place, key), [])
                else:
                    yield from self._row(table, row, number, below, depth, (*place, key))
        finally:
            self._builder.fill(table, row, number, waiting.unused(), prefix, depth)

    def _names_of(self, waiting: WaitingNames, key: str) -> Sequence[str]:
        """The names of the columns of the long list that begins here, under `key`."""
        return waiting.for_long_rows(key, self._first_item()) if waiting.any and may_be_rows(key) else ()

    def _first_key_is_data(self) -> bool:
        found = re.compile(r'\{\s*"([^"\\]{0,300})"').match(self._text, self._at)
        if found is None:
            return False
        opens = re.compile(r"\s*:\s*\{").match(self._text, found.end()) is not None
        counted = opens and found[1][-1:].isdigit()
        two = {found[1]: {"": NULL}, f"{found[1]}1": {"": NULL}}
        return keys_are_data({found[1]: NULL}) or (counted and keys_are_counted(two))

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
        name = joined(path)
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
        opens = {"": NULL} if self._text[self._at : self._at + 1] == "{" else NULL
        first = dict(read) | ({pending[0]: opens} if pending else {})
        if keys_are_data(first):
            chained = _chain(pending, rest)
            yield from self._map(path, name or "rows", None, path, 0, depth, place, read, chained)
            return
        waiting = WaitingNames()
        if path and not all(isinstance(value, dict | list) and value for _, value in read):
            table, row = self._builder.only_row(path, name)
            self._builder.fill(table, row, 0, waiting.sift(dict(read)), (), depth)
            yield
            yield from self._row(table, row, 0, (), depth, place, _chain(pending, rest), waiting)
            return
        self._builder.spread(waiting.sift(dict(read)), path, depth)
        yield
        try:
            for key, value in _chain(pending, rest):
                below = (*path, key)
                if value is not TOO_LONG:
                    self._builder.spread(waiting.sift({key: value}), path, depth)
                elif self._text[self._at] == "[":
                    names = self._names_of(waiting, key)
                    yield from self._list(below, joined(below), None, below, 0, depth + 1, (*place, key), names)
                else:
                    yield from self._long_object(below, (*place, key), depth + 1)
        finally:
            self._builder.spread(waiting.unused(), path, depth)


def _chain(first: tuple[str, Any] | None, rest: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    if first is not None:
        yield first
    yield from rest
