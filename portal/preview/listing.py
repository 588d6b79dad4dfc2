"""A preview as plain data: a summary for the command line, and every row as a line of JSON."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from portal.preview.cells import MISSING, NULL, Bare, Cell
from portal.preview.inspection.others import Other
from portal.preview.inspection.verdict import Inspection
from portal.preview.model import Preview

FIRST_ROWS = 5


def _plain(cell: Cell) -> Any:
    if cell is NULL or cell is MISSING:
        return None
    if isinstance(cell, Bare) and cell in ("[]", "{}"):
        return [] if cell == "[]" else {}
    return str(cell)


def summary(preview: Preview, others: Iterable[Other] = (), inspection: Inspection | None = None) -> dict[str, Any]:
    """`{"verdict", "checks": [{key, ok, sentence}], "tables": [{name, columns, rows, notes, first}], "warnings":
    [{place, message}], "others": [{place, kind, confidence}]}`; the first two and the notes with an `inspection`.

    `first` holds lists of cells as wide as `columns`; there a missing cell is null too. `rows` is a count.
    """
    judged: dict[str, Any] = {}
    if inspection is not None:
        checks = [{"key": check.key, "ok": check.ok, "sentence": check.sentence} for check in inspection.checks]
        judged = {"verdict": inspection.verdict, "checks": checks}
    return judged | {
        "tables": [
            {
                "name": table.name,
                "columns": list(table.columns),
                "rows": table.row_count,
                **({"notes": list(table.notes)} if inspection is not None else {}),
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
