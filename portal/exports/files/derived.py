"""Files made from the original for people: marked as derived, safe in a spreadsheet (SEC-20, LAW-8).

Both stream a table's rows a page at a time, so that their length does not matter. What they cannot say and the preview
can: in the CSV, null and missing are both an empty field; in the workbook, null is a grey blank cell and missing a
white one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from portal.exports.files.spreadsheet import safe_cell
from portal.exports.files.workbook import workbook

if TYPE_CHECKING:
    from portal.preview import Preview

ROWS_AT_A_TIME = 500


def csv_of(preview: Preview) -> Iterator[bytes]:
    """Every table one under the other, each below its name; missing and null cells are empty."""

    def line(values: list[str]) -> bytes:
        out = io.StringIO()
        csv.writer(out, quoting=csv.QUOTE_ALL).writerow([safe_cell(v) for v in values])
        return out.getvalue().encode("utf-8", "backslashreplace")

    yield b"\xef\xbb\xbf"
    for number, table in enumerate(preview.tables):
        if number:
            yield b"\r\n"
        if len(preview.tables) > 1:
            yield line([table.name])
        yield line(list(table.columns))
        for start in range(0, table.row_count, ROWS_AT_A_TIME):
            for row in table.rows(start, min(start + ROWS_AT_A_TIME, table.row_count)):
                yield line([cell if isinstance(cell, str) else "" for cell in row])


def xlsx_of(preview: Preview) -> Iterator[bytes]:
    """A workbook with a sheet a table and everything as text (`portal.exports.files.workbook`)."""
    return workbook(preview.tables)
