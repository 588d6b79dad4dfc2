"""A preview as plain data: a summary for the command line, and every row as a line of JSON."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from portal.preview.model import MISSING, NULL, Bare, Cell, Preview
from portal.preview.others import Other

FIRST_ROWS = 5


def _plain(cell: Cell) -> Any:
    if cell is NULL or cell is MISSING:
        return None
    if isinstance(cell, Bare) and cell in ("[]", "{}"):
        return [] if cell == "[]" else {}
    return str(cell)


def summary(preview: Preview, others: Iterable[Other] = ()) -> dict[str, Any]:
    """`{"tables": [{name, columns, rows, first}], "warnings": [{place, message}], "others": [{place, kind,
    confidence}]}`.

    `first` holds lists of cells as wide as `columns`; there a missing cell is null too. `rows` is a count.
    """
    return {
        "tables": [
            {
                "name": table.name,
                "columns": list(table.columns),
                "rows": table.row_count,
                "first": [[_plain(cell) for cell in row] for row in table.rows(0, FIRST_ROWS)],
            }
            for table in preview.tables
        ],
        "warnings": [{"place": warning.place, "message": warning.message} for warning in preview.warnings],
        "others": [
            {"place": str(other.place), "kind": other.kind, "confidence": round(other.confidence, 2)}
            for other in others
        ],
    }


def rows_as_json_lines(preview: Preview) -> Iterator[str]:
    """Every row of every table as `{"table": name, "row": {column: value}}`: missing is absent, null is null, text is
    text.

    Numbers are text, so that no reader rounds them; an empty JSON list or object is itself.
    """
    for table in preview.tables:
        for _, row in table.iterate():
            cells = {
                column: _plain(cell) for column, cell in zip(table.columns, row, strict=True) if cell is not MISSING
            }
            yield json.dumps({"table": table.name, "row": cells}, ensure_ascii=False)
