"""A copy read again after it was made: does it say what it was made from, and nothing that was left out?

The file with places left out is read as a preview and compared with the original's, cell by cell but for these places.
Spreadsheet and workbook are compared with the tables they were made from.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import zip_longest

from portal.exports.core.download import FileKind
from portal.exports.files.derived import csv_of, xlsx_of
from portal.exports.files.spreadsheet import safe_cell
from portal.exports.files.workbook import cell_text, sheets_of
from portal.preview import LARGE_BYTES, Cell, Preview, Table
from portal.preview.csv.reader import read_records
from portal.preview.decoding import decode
from portal.preview.model import WarningLog
from portal.redaction.places import MARKER, Place
from portal.review.copying.aside import Aside
from portal.review.copying.copies import RedactedCopies
from portal.review.copying.heads import head_of_file, head_of_spreadsheet, head_of_workbook, rows_of_workbook
from portal.review.copying.spliced import CardsOnly, Spliced, read_chunks
from portal.review.left_out import LeftOut
from portal.review.opened import OpenedFile
from portal.review.texts import as_spans, kept_of, reads_as
from portal.review.views import CopyCheck, CopyHead

_LEADING_ZERO = re.compile(r"0[0-9]+")
_LONG_NUMBER = re.compile(r"[0-9]{16,}")
csv.field_size_limit(sys.maxsize)  # else a cell of more than 128 KiB is refused


@dataclass
class _Compared:
    """What was found while two sequences of rows were gone through."""

    rows: bool = True
    columns: bool = True
    cells: bool = True
    leading_zeros: int = 0
    long_numbers: int = 0
    encoding: str = ""
    leaks: Mapping[str, list[int]] = field(default_factory=dict)

    def row(self, wanted: Sequence[str] | None, found: Sequence[str] | None) -> None:
        if wanted is None or found is None:
            self.rows = False
            return
        self.columns = self.columns and len(wanted) == len(found)
        for before, after in zip(wanted, found, strict=False):
            self.cells = self.cells and before == after
            self.leading_zeros += _LEADING_ZERO.fullmatch(before) is not None
            self.long_numbers += _LONG_NUMBER.fullmatch(before) is not None


def checked(
    copies: RedactedCopies, opened: OpenedFile, kind: FileKind, *, cards_in_full: bool, show: bool
) -> CopyCheck:
    """`show`: with how it begins. Raises StateConflict where the copy cannot be made."""
    whole = copies.whole(opened)
    leaving_out = copies.of(opened, cards_in_full=cards_in_full, whole=whole)
    source = whole if leaving_out is None or kind is FileKind.ORIGINAL else leaving_out.preview()
    said, head = _Compared(), CopyHead()
    with closing(Aside(_made(copies, leaving_out, source, opened, kind), copies.settings.root)) as made:
        match kind:
            case FileKind.ORIGINAL | FileKind.REDACTED:
                again = read_chunks(made.pieces(), opened.written, made.size, copies.settings)
                places = leaving_out.places if isinstance(leaving_out, Spliced) and kind is FileKind.REDACTED else ()
                if opened.written == "text":
                    _compare_texts(said, whole, again, places)
                else:
                    _compare_previews(said, whole, again, places)
                if kind is FileKind.REDACTED:  # an original is shown on Preview, with its card numbers masked
                    head = head_of_file(again)
            case FileKind.CSV:
                _compare_spreadsheet(said, source, made)
                head = head_of_spreadsheet(made)
            case FileKind.XLSX:
                said.encoding = "UTF-8"
                _compare_rows(said, _sheet_rows(source), rows_of_workbook(made))
                head = head_of_workbook(made)
        if isinstance(leaving_out, Spliced) and kind is not FileKind.ORIGINAL:
            said.leaks = leaving_out.find(kind.value, made.pieces(), archive=kind is FileKind.XLSX)
        return CopyCheck(
            kind=kind.value, size=made.size, sha256=made.sha256, rows=said.rows, columns=said.columns,
            cells=said.cells, leading_zeros=said.leading_zeros, long_numbers=said.long_numbers, encoding=said.encoding,
            left_out=len(leaving_out.places) if isinstance(leaving_out, Spliced) else 0,
            like_markers=_like_markers(whole), leaks=said.leaks, head=head if show else None,
        )  # fmt: skip


def _made(
    copies: RedactedCopies, leaving_out: Spliced | CardsOnly | None, source: Preview, opened: OpenedFile, kind: FileKind
) -> Iterator[bytes]:
    match kind:
        case FileKind.CSV:
            return csv_of(source)
        case FileKind.XLSX:
            return xlsx_of(source)
        case FileKind.ORIGINAL | FileKind.REDACTED:
            if leaving_out is None or kind is FileKind.ORIGINAL:
                return copies.original(opened)
            return leaving_out.chunks()


def _compare_texts(said: _Compared, whole: Preview, again: Preview, places: Sequence[LeftOut]) -> None:
    """The text is the same but for the markers, which are looked for where they have to stand."""
    numbered = [Place(number, one.steps, one.reason, one.grain, one.span) for number, one in enumerate(places, 1)]
    pieces = kept_of(whole.raw.text, as_spans(whole, numbered, places))
    said.encoding = again.encoding
    said.cells = whole.encoding == again.encoding and reads_as(again.raw.text, pieces)


def _compare_previews(said: _Compared, whole: Preview, again: Preview, places: Iterable[LeftOut]) -> None:
    """Tables, columns and cells are the same but for what was left out; a key that was left out names its row."""
    gone: dict[tuple[str, int], set[str]] = {}
    for place in places:
        gone.setdefault((place.cell.table, place.cell.row), set()).add(place.cell.column)
    said.encoding = again.encoding
    said.rows = [t.row_count for t in whole.tables] == [t.row_count for t in again.tables]
    said.columns = [_own_columns(t) for t in whole.tables] == [_own_columns(t) for t in again.tables]
    said.cells = whole.encoding == again.encoding
    for before, after in zip(whole.tables, again.tables, strict=False):
        links = before.link_columns
        for (index, one), (_, two) in zip(before.iterate(), after.iterate(), strict=False):
            out = links | gone.get((before.name, index), set())
            kept = [
                (cell, other) for name, cell, other in zip(before.columns, one, two, strict=False) if name not in out
            ]
            said.cells = said.cells and all(cell == other for cell, other in kept)
            for cell, _other in kept:
                if isinstance(cell, str):
                    said.leading_zeros += _LEADING_ZERO.fullmatch(cell) is not None
                    said.long_numbers += _LONG_NUMBER.fullmatch(cell) is not None


def _own_columns(table: Table) -> list[str]:
    """Without those that the reader adds: a copy a little longer than the file may be read as a large one, whose rows
    are linked by number."""
    return ["" if name in table.link_columns else name for name in table.columns]


def _compare_spreadsheet(said: _Compared, source: Preview, made: Aside) -> None:
    """A large one is read by the rules of RFC 4180 alone, a row at a time."""
    try:
        if made.size >= LARGE_BYTES:
            said.encoding = "UTF-8"
            _compare_rows(said, _lines(source), _strict_records(io.TextIOWrapper(made.file(), "utf-8-sig", newline="")))
        else:
            decoded = decode(b"".join(made.pieces()))
            said.encoding = decoded.encoding
            _compare_rows(said, _lines(source), _records(decoded.text.removeprefix("\ufeff")))
    except (UnicodeDecodeError, csv.Error):
        said.cells = False


def _compare_rows(said: _Compared, wanted: Iterable[Sequence[str]], found: Iterable[Sequence[str]]) -> None:
    for one, two in zip_longest(wanted, found):
        said.row(one, two)


def _lines(preview: Preview) -> Iterator[list[str]]:
    """The lines of the spreadsheet, one under the other."""
    for table in preview.tables:
        if len(preview.tables) > 1:
            yield [safe_cell(table.name)]
        yield list(map(safe_cell, table.columns))
        for _, row in table.iterate():
            yield [safe_cell(cell) if isinstance(cell, str) else "" for cell in row]


def _records(text: str) -> Iterator[list[str]]:
    """As the portal reads a CSV file that comes from elsewhere, unless it takes the delimiter for another one."""
    found = read_records(text, WarningLog())
    if found.dialect.delimiter == ",":
        return (list(row) for row in found.rows if row)
    return _strict_records(io.StringIO(text, newline=""))


def _strict_records(lines: Iterable[str]) -> Iterator[list[str]]:
    return (row for row in csv.reader(lines, strict=True) if row)


def _sheet_rows(preview: Preview) -> Iterator[list[str]]:
    for sheet in sheets_of(preview.tables):
        yield [cell_text(name) for name in sheet.table.columns]
        for _, row in sheet.table.iterate(start=sheet.start, stop=sheet.stop):
            yield [_said(cell) for cell in row]


def _said(cell: Cell) -> str:
    return cell_text(cell) if isinstance(cell, str) else ""


def _like_markers(preview: Preview) -> int:
    """Cells of the original that read like a marker (RED-2)."""
    return sum(
        isinstance(cell, str) and cell.startswith("[withheld ") and MARKER.search(cell) is not None
        for table in preview.tables
        for _, row in table.iterate()
        for cell in row
    )
