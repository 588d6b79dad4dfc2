"""Tables for spreadsheet programs, made from what the package's JSON holds: a CSV each, and one workbook (PKG-6).

Cells that a program might run get an apostrophe (SEC-20), and the manifest says which. What a table cannot say: null
and missing are both empty in the CSV; in the workbook null is a grey blank cell.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from portal.exports.files.spreadsheet import safe_cell
from portal.exports.files.workbook import MAX_ROWS, workbook
from portal.package.failures import DoesNotReconcile
from portal.package.reading import ReadFile, batches
from portal.preview import Cell, Table

ESCAPED_LISTED = 10_000
ABOUT = "Made from the files in the folder data; every cell is text."
Look = Callable[[Sequence[Sequence[Cell]]], None]


@dataclass(frozen=True)
class EscapedCell:
    """Rows count from 1, the header being the first; columns from 1."""

    file: str
    row: int
    column: int


@dataclass
class EscapedCells:
    """The first ESCAPED_LISTED of them, and how many there are."""

    listed: list[EscapedCell] = field(default_factory=list)
    count: int = 0

    def add(self, file: str, row: int, column: int) -> None:
        self.count += 1
        if len(self.listed) < ESCAPED_LISTED:
            self.listed.append(EscapedCell(file, row, column))


@dataclass
class Records:
    """Counts the records of a CSV that passes by, from its text alone: line ends outside quotes."""

    count: int = 0
    _inside: bool = False

    def feed(self, text: str) -> None:
        parts = text.split('"')
        self.count += sum(part.count("\r\n") for part in (parts[1::2] if self._inside else parts[::2]))
        self._inside ^= len(parts) % 2 == 0


def csv_pieces(name: str, table: Table, escaped: EscapedCells, look: Look) -> Iterator[bytes]:
    """The table's CSV; `look` is shown every row once. Raises DoesNotReconcile when not every row is in it."""
    records = Records()

    def written(rows: Sequence[Sequence[Cell]], first: int) -> bytes:
        out = io.StringIO()
        writer = csv.writer(out, quoting=csv.QUOTE_ALL)
        for number, row in enumerate(rows, first):
            cells = [cell if isinstance(cell, str) else "" for cell in row]
            for at, cell in enumerate(cells):
                if cell and not cell[0].isalnum():
                    cells[at] = safe_cell(cell)
                    if cells[at] is not cell:
                        escaped.add(name, number, at + 1)
            writer.writerow(cells)
        records.feed(out.getvalue())
        return out.getvalue().encode("utf-8", "backslashreplace")

    yield b"\xef\xbb\xbf"
    yield written([table.columns], 1)
    done = 2
    for rows in batches(table):
        look(rows)
        yield written(rows, done)
        done += len(rows)
    if records.count != table.row_count + 1:
        raise DoesNotReconcile(detail=f"{records.count - 1} rows of {table.row_count} in {name}")


def workbook_of(files: Sequence[ReadFile]) -> bytes:
    """One workbook of all tables, compressed. Raises DoesNotReconcile when not every row is in it."""
    tables = [
        replace(each.table, name=f"{file.file.name} {each.table.name}"[:60]) for file in files for each in file.tables
    ]
    made = b"".join(workbook(tables, ABOUT))
    wanted = sum(table.row_count + max(1, -(-table.row_count // (MAX_ROWS - 1))) for table in tables)
    found = _rows_of(made)
    if tables and found != wanted:
        raise DoesNotReconcile(detail=f"{found} rows of {wanted} in the workbook")
    return made


def _rows_of(made: bytes) -> int:
    """Rows in all sheets, read from the finished workbook."""
    found, mark = 0, b"<row "
    with zipfile.ZipFile(io.BytesIO(made)) as book:
        for name in book.namelist():
            if not name.startswith("xl/worksheets/"):
                continue
            held = b""
            with book.open(name) as sheet:
                while piece := sheet.read(1 << 20):
                    found += (held + piece).count(mark)
                    held = piece[-(len(mark) - 1) :]
    return found
