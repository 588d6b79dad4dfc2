"""A file's tables, checked against its bytes: every value stands in one cell, or the file is shown as one long list.

The readers of the preview read what vendors write, also what is not quite JSON; where their tables do not hold as many
values as the bytes, the values are listed by path instead, and where that fails too there is no package (PKG-3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from portal.package.failures import NotReadable, NotTheSameBytes
from portal.package.leaves import LeafCount, is_list, leaves_of_list
from portal.package.parts import Media, PackageFile
from portal.preview import LARGE_BYTES, MISSING, NULL, Bare, Cell, Preview, PreviewError, Reading, Table, read
from portal.preview.json.paths import path_text
from portal.preview.json.reader import read_tree
from portal.preview.model import Format, WarningLog

MORE_FIELDS = " (more fields)"
"""The reader's table of fields beyond its widest row: its column `field` names, and is no value."""
WHERE, VALUE = "where", "value"
ALL_VALUES = "all values"
DEEPEST = 500
"""Levels of a file that is listed value by value: each value carries its whole path."""
FORMATS: Mapping[Media, Format | None] = {Media.JSON: "json", Media.CSV: "csv", Media.OTHER: None}
"""What the preview reads a file as; None: no tables are made of it."""


@dataclass(frozen=True)
class ReadTable:
    """`added`: positions of columns that say where a row belongs, and are no values of the file."""

    table: Table = field(repr=False)
    added: frozenset[int]

    @property
    def positions(self) -> list[int]:
        return [at for at in range(len(self.table.columns)) if at not in self.added]


@dataclass(frozen=True)
class ReadFile:
    """`leaves`: values the bytes hold. `listed`: shown as one long list, for its tables would not hold every value."""

    file: PackageFile
    size: int
    leaves: int
    tables: tuple[ReadTable, ...] = ()
    listed: bool = False

    @property
    def rows(self) -> int:
        return sum(each.table.row_count for each in self.tables)


def read_file(file: PackageFile, folder: Path | None = None) -> ReadFile:
    """Raises NotTheSameBytes, NotReadable. `folder`: where large files keep their sealed, nameless pages."""
    size, commas = _checked(file)
    format = FORMATS[file.media]
    if format is None:
        return ReadFile(file, size, 0)
    preview = _preview(file, format, size, folder)
    tables = tuple(_with_roles(table) for table in preview.tables)
    if file.media is Media.CSV:
        return ReadFile(file, size, sum(values_in(each) for each in tables), tables)
    documents = preview.tables[0].row_count if preview.record_kind == "lines" and preview.tables else 1
    if preview.encoding.lower().startswith(("utf-16", "utf-32")):
        commas = _commas(_recoded(file, preview.encoding))
    leaves = commas + documents
    if not preview.complete:
        raise NotReadable(detail=f"kind {file.kind}: JSON is cut off")
    if sum(values_in(each) for each in tables) == leaves:
        return ReadFile(file, size, leaves, tables)
    listed = _with_roles(_listed(file))
    if values_in(listed) != leaves:
        raise NotReadable(detail=f"kind {file.kind}: {values_in(listed)} values of {leaves}")
    return ReadFile(file, size, leaves, (listed,), listed=True)


def values_in(read_table: ReadTable) -> int:
    """Values of the file in the table's cells."""
    found, positions = 0, read_table.positions
    for rows in batches(read_table.table):
        columns = list(zip(*rows, strict=True))
        for column in (columns[at] for at in positions):
            found += len(column) - column.count(MISSING)
            found += sum(leaves_of_list(str(cell)) - 1 for cell in column if is_list(cell))
    return found


def batches(table: Table, at_once: int = 500) -> Iterator[list[list[Cell]]]:
    for start in range(0, table.row_count, at_once):
        yield table.rows(start, min(start + at_once, table.row_count))


def _checked(file: PackageFile) -> tuple[int, int]:
    """Size and commas of the bytes. Raises NotTheSameBytes."""
    digest, size, count = sha256(), 0, LeafCount()
    for piece in file.data():
        digest.update(piece)
        size += len(piece)
        if file.media is Media.JSON:
            count.feed(piece)
    changed = file.redacted or file.portable
    if digest.hexdigest() != file.sha256 or (not changed and file.sha256 != file.source_sha256):
        raise NotTheSameBytes(detail=f"kind {file.kind}")
    return size, count.commas


def _preview(file: PackageFile, format: Format, size: int, folder: Path | None) -> Preview:
    try:
        if size < LARGE_BYTES:
            return read(b"".join(file.data()), format, folder, file.charset)
        return Reading(file.data(), format, size, folder, file.charset).whole()
    except PreviewError as error:
        raise NotReadable(detail=f"kind {file.kind}: {error}") from error


def _with_roles(table: Table) -> ReadTable:
    added = {at for at, name in enumerate(table.columns) if name in table.link_columns or name == table.key_column}
    if table.name.endswith(MORE_FIELDS) and table.columns[-2:] == ("field", "value"):
        added.add(len(table.columns) - 2)
    if table.columns == (WHERE, VALUE) and table.name == ALL_VALUES:
        added.add(0)
    return ReadTable(table, frozenset(added))


def _recoded(file: PackageFile, encoding: str) -> bytes:
    return b"".join(file.data()).decode(encoding, "replace").encode("utf-8", "replace")


def _commas(data: bytes) -> int:
    count = LeafCount()
    count.feed(data)
    return count.commas


def _listed(file: PackageFile) -> Table:
    """Every value with its path, as one table."""
    data = b"".join(file.data())
    text = data.decode("utf-8-sig", "surrogateescape")
    tree = read_tree(text, WarningLog())
    rows: list[Sequence[Cell]] = []
    many = len(tree.values) > 1
    for number, value in enumerate(tree.values):
        rows += [[path_text([number, *path] if many else path), cell] for path, cell in _walk(value)]
    return replace(Table(ALL_VALUES, (WHERE, VALUE)), headers=(WHERE, VALUE), _rows=rows)


def _walk(value: object) -> Iterator[tuple[list[str | int], Cell]]:
    """Every leaf in the file's order, without recursion."""
    todo: list[tuple[list[str | int], object]] = [([], value)]
    while todo:
        path, item = todo.pop()
        if len(path) > DEEPEST:
            raise NotReadable(detail=f"deeper than {DEEPEST}")
        if isinstance(item, dict) and item:
            todo += [([*path, key], below) for key, below in reversed(item.items())]
        elif isinstance(item, list) and item:
            todo += [([*path, at], item[at]) for at in range(len(item) - 1, -1, -1)]
        else:
            yield path, _cell(item)


def _cell(item: object) -> Cell:
    if item is None:
        return NULL
    if isinstance(item, bool):
        return Bare("true" if item else "false")
    if isinstance(item, str):
        return item
    return Bare("[]" if isinstance(item, list) else "{}")
