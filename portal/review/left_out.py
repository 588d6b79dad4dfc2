"""Places as decisions keep them: where in the tables, where in the file, and for which reason; never what stands there.

Written as JSON with tables and columns named once, for a decision may have many thousand places. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from portal.preview import Place as CellPlace
from portal.preview.json.paths import steps_of
from portal.redaction.places import Grain, Steps
from portal.redaction.reasons import Reason

_CSV_PATH = re.compile(r"line ([1-9][0-9]*), column ([1-9][0-9]*)")
TEXT_PATH = "character "
_FORM = 1


@dataclass(frozen=True)
class LeftOut:
    """`path`: the source path of the cell (`Table.paths`). `who`: which of the staff, counted from 1. `section`: of the
    law that exempts it; stands with the decision, not among its places."""

    cell: CellPlace = field(repr=False)
    path: str = field(repr=False)
    reason: Reason
    grain: Grain = Grain.VALUE
    span: tuple[int, int] | None = None
    who: int = 0
    section: str = ""

    @property
    def key(self) -> tuple[str, Grain, tuple[int, int] | None]:
        """What makes two of them the same place."""
        return self.path, self.grain, self.span

    @property
    def steps(self) -> Steps:
        """Raises ValueError. Of a plain text the code point at which the row begins."""
        if self.path.startswith(TEXT_PATH):
            return (int(self.path.removeprefix(TEXT_PATH)),)
        found = _CSV_PATH.fullmatch(self.path)
        return (int(found[1]), int(found[2]) - 1) if found else steps_of(self.path)


def written(places: Sequence[LeftOut]) -> str:
    tables = list(dict.fromkeys(one.cell.table for one in places))
    columns = list(dict.fromkeys(one.cell.column for one in places))
    at_table = {name: at for at, name in enumerate(tables)}
    at_column = {name: at for at, name in enumerate(columns)}
    rows = [
        [at_table[one.cell.table], one.cell.row, at_column[one.cell.column], one.path, one.reason, one.grain,
         list(one.span) if one.span else None, one.who]
        for one in places
    ]  # fmt: skip
    said = {"form": _FORM, "tables": tables, "columns": columns, "places": rows}
    return json.dumps(said, separators=(",", ":"))


def read(text: str) -> tuple[LeftOut, ...]:
    said: dict[str, Any] = json.loads(text)
    tables, columns = said["tables"], said["columns"]
    return tuple(
        LeftOut(
            CellPlace(tables[table], row, columns[column]), path, Reason(reason), Grain(grain),
            (span[0], span[1]) if span else None, who,
        )
        for table, row, column, path, reason, grain, span, who in said["places"]
    )  # fmt: skip


def union(places: Iterable[LeftOut]) -> list[LeftOut]:
    """Each place once, the first reason given counting; a part of a text that is left out whole is none, and of two
    parts that overlap the first in the text takes in the other."""
    once: dict[tuple[str, Grain, tuple[int, int] | None], LeftOut] = {}
    for one in places:
        once.setdefault(one.key, one)
    whole = {one.path for one in once.values() if one.grain is Grain.VALUE}
    spans: dict[str, list[LeftOut]] = {}
    for one in once.values():
        if one.grain is Grain.SPAN and one.path not in whole:
            spans.setdefault(one.path, []).append(one)
    joined = {path: _joined(found) for path, found in spans.items()}
    result: list[LeftOut] = []
    for one in once.values():
        if one.grain is not Grain.SPAN:
            result.append(one)
        elif one.path in joined:
            result += joined.pop(one.path)
    return result


def _joined(spans: Sequence[LeftOut]) -> list[LeftOut]:
    found: list[LeftOut] = []
    for one in sorted(spans, key=lambda one: one.span or (0, 0)):
        start, end = one.span or (0, 0)
        last = found[-1].span if found else None
        if last is not None and start < last[1]:
            before = found.pop()
            found.append(replace(before, span=(last[0], max(last[1], end))))
        else:
            found.append(one)
    return found
