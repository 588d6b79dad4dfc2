"""One table for readers: up to five columns side by side, what else a row says in small print below it.

Columns that say the same in every row stand once above the table. Each value of the file is marked ``class="v"``, a
value that stands for all rows, or a table that stands for the same one of other files, ``class="w"``, a list as written
``class="j"``, each row ``class="r"``: `marks` counts them again in the finished bytes (PKG-3). Text of the file is
escaped, quotes too, so it cannot hold a mark.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from portal.package.dictionary.kinds import Entry, Topic
from portal.package.dictionary.known import MAIN
from portal.package.dictionary.lookup import Named, codes_of, field_of, name_of
from portal.package.facts import TableFacts
from portal.package.leaves import is_list, leaves_of_list
from portal.package.readable.shell import shown
from portal.package.readable.values import Show, Values
from portal.package.reading import ALL_VALUES, ReadTable
from portal.package.texts import (
    BELONGS_TO,
    EMPTY,
    IN_FILE,
    KEY,
    NO_LIST,
    NOT_FILLED,
    NOT_FILLED_ALONE,
    ROWS,
    SAME_IN_ALL,
    SAME_IN_FILES,
    SMALL_PRINT,
    UNKNOWN_SHORT,
)
from portal.package.texts import WHERE as WHERE_LABEL
from portal.preview import MISSING, NULL, Bare, Cell

MAIN_AT_MOST = 5
FEWEST_ROWS_ALIKE = 3
_NONE_LISTED = frozenset(("[]", "{}"))
_WHOLE = re.compile(rb' class="w" data-rows="(\d+)"')
_LIST = re.compile(rb' class="j" data-n="(\d+)"')


@dataclass(frozen=True)
class Column:
    """`stored`: the vendor's name, as HTML; empty where the label is that name."""

    at: int
    label: str
    stored: str
    show: Show
    nested: bool
    entry: Entry | None


@dataclass
class TablePlan:
    """How a table is drawn. `group`: the column that says what a row belongs to; `key`: one that names the row."""

    title: str
    open: str
    again: str
    rows: int
    main: list[Column] = field(default_factory=list)
    rest: list[Column] = field(default_factory=list)
    group: int | None = None
    key: int | None = None
    close: str = "</tbody></table>\n"
    end: str = ""
    """What is said once below the whole table."""


class TableMaker:
    """Draws tables with the words of one language. `names`: how people know what rows belong to."""

    def __init__(self, values: Values, names: Mapping[str, str]) -> None:
        self.values = values
        self._names = names
        self._not_filled = f"<i>{values.say(NOT_FILLED_ALONE)}</i>"
        self._empty = f"<i>{values.say(EMPTY)}</i>"
        self._none_listed = f"<i>{values.say(NO_LIST)}</i>"
        self._none = f" <span>{values.say(NOT_FILLED)} "

    def plan(
        self, read: ReadTable, named: Named, facts: TableFacts, file: str, also: Sequence[str] = (), values: int = 0
    ) -> TablePlan:  # fmt: skip
        """`also`: other files that hold the very same table, with `values` in all; it is drawn once for all of them."""
        columns = [self._column(read, at, named.topic, facts) for at in read.positions if facts.same]
        added = sorted(read.added)
        links = [at for at in added if read.table.columns[at] in read.table.link_columns]
        keys = [at for at in added if at not in links]
        title = self.values.say(named.title)
        caption = self._caption(title, read.table.name, facts.rows, file)
        first = caption.replace("</caption>", f"{self._also(also, values, facts.rows * len(also))}</caption>")
        plan = TablePlan(title, "", "", facts.rows)
        plan.group, plan.key = next(iter(links), None), next(iter(keys), None)
        if facts.rows == 1 and not added:
            plan.rest = columns
            plan.open = f'<table class="record">{first}<tbody class="r">'
            plan.again = f"<table>{caption}<tbody>"
            return plan
        plan.main = _main(columns, named.topic, read)
        rest = [column for column in columns if column not in plan.main]
        alike = [one for one in rest if facts.same[one.at] and facts.first[one.at] is not MISSING]
        alike = [one for one in alike if not one.nested] if facts.rows >= FEWEST_ROWS_ALIKE else []
        plan.rest = [column for column in rest if column not in alike]
        head = self._head(plan, read)
        plan.again = f'<table class="wide">{caption}{head}<tbody>'
        plan.open = f'<table class="wide">{first}{head}<tbody>'
        plan.end = self._alike(alike, facts) + self._small_print(plan.rest)
        return plan

    def rows(self, plan: TablePlan, rows: Sequence[Sequence[Cell]], last: Cell = MISSING) -> str:
        """HTML of rows; `last`: what the row before them belongs to."""
        if not plan.main and plan.key is None and plan.group is None:
            return "".join(self._record(plan.rest, row) for row in rows)
        out: list[str] = []
        width = len(plan.main) + (plan.key is not None)
        for row in rows:
            if plan.group is not None and row[plan.group] != last:
                last = row[plan.group]
                out.append(self._group(last, width))
            out.append('<tr class="r">')
            if plan.key is not None:
                out.append(f'<th scope="row">{shown(str(row[plan.key]))}</th>')
            for column in plan.main:
                out.append(self._cell(column, row[column.at]))
            out.append("</tr>")
            if plan.rest:
                more = self._more(plan.rest, row)
                if more:
                    out.append(f'<tr class="more"><td colspan="{width or 1}">{more}</td></tr>')
        return "".join(out)

    def _column(self, read: ReadTable, at: int, topic: Topic, facts: TableFacts) -> Column:
        name = read.table.columns[at]
        entry = field_of(name, topic, read.table.name)
        stored = shown(name)
        show = self.values.shower(entry.shape, codes_of(name, read.table.name)) if entry else self.values.plain
        if entry is None:
            label, stored = stored, ""
        else:
            label = self.values.say(entry.label)
        return Column(at, label, stored, show, facts.nested[at], entry)

    def _caption(self, title: str, name: str, rows: int, file: str) -> str:
        count = self.values.say(ROWS, count=self.values.number(rows))
        where = self.values.say(IN_FILE, file=file)
        return f"<caption>{title}<small>{count}, {where} <code>{shown(name)}</code></small></caption>"

    def _also(self, files: Sequence[str], values: int, rows: int) -> str:
        if not files:
            return ""
        names = ", ".join(f"<code>{name}</code>" for name in files)
        said = self.values.say(SAME_IN_FILES)
        return f'<small class="w" data-rows="{values}" data-alike="{rows}">{said}: {names}</small>'

    def _head(self, plan: TablePlan, read: ReadTable) -> str:
        cells = ""
        if plan.key is not None:
            cells = f'<th scope="col">{self.values.say(WHERE_LABEL if read.table.name == ALL_VALUES else KEY)}</th>'
        cells += "".join(f'<th scope="col">{self._name(column)}</th>' for column in plan.main)
        return f"<thead><tr>{cells}</tr></thead>" if cells else ""

    def _name(self, column: Column) -> str:
        if column.entry is None:
            return f"{column.label} <small>({self.values.say(UNKNOWN_SHORT)})</small>"
        return f"{column.label} <code>{column.stored}</code>"

    def _alike(self, alike: Sequence[Column], facts: TableFacts) -> str:
        if not alike:
            return ""
        made = []
        for column in sorted(alike, key=lambda one: facts.first[one.at] is NULL):
            value = self._text(column, facts.first[column.at])
            made.append(f'<div><dt>{self._name(column)}</dt><dd class="w" data-rows="{facts.rows}">{value}</dd></div>')
        return f'<p class="names">{self.values.say(SAME_IN_ALL)}:</p><dl class="same">{"".join(made)}</dl>'

    def _small_print(self, rest: Sequence[Column]) -> str:
        if not rest:
            return ""
        names = "".join(f"<span>{self._name(column)}</span> " for column in rest)
        return f'<p class="names">{self.values.say(SMALL_PRINT)}: {names}</p>'

    def _group(self, cell: Cell, width: int) -> str:
        """Whose the following rows are; a new body of the table, so that its heading has a scope."""
        text = str(cell) if isinstance(cell, str) else ""
        named = self._names.get(text)
        belongs = f"{self.values.say(BELONGS_TO)} {shown(named or text)}"
        stored = f' <code class="raw">{shown(text)}</code>' if named else ""
        return f'</tbody><tbody><tr class="g"><th colspan="{width or 1}" scope="rowgroup">{belongs}{stored}</th></tr>'

    def _record(self, columns: Sequence[Column], row: Sequence[Cell]) -> str:
        """A table of one row, its fields below each other; what is not filled in one line at the end."""
        out, empty = [], []
        for column in columns:
            cell = row[column.at]
            if cell is NULL:
                empty.append(f'<i class="v">{column.label}</i>')
            elif cell is not MISSING:
                out.append(
                    f'<tr><th scope="row">{self._name(column)}</th>{self._cell(column, cell, labelled=False)}</tr>'
                )
        if empty:
            out.append(f'<tr><th scope="row">{self.values.say(NOT_FILLED_ALONE)}</th><td>{", ".join(empty)}</td></tr>')
        return "".join(out)

    def _cell(self, column: Column, cell: Cell, *, labelled: bool = True) -> str:
        label = f' data-l="{column.label}"' if labelled else ""
        if cell is MISSING:
            return f"<td{label}></td>"
        if column.nested and is_list(cell):
            return f"<td{label}>{_list(str(cell))}</td>"
        return f'<td class="v"{label}>{self._text(column, cell)}</td>'

    def _text(self, column: Column, cell: Cell) -> str:
        if not isinstance(cell, str):
            return self._not_filled
        if not cell:
            return self._empty
        return self._none_listed if type(cell) is Bare and cell in _NONE_LISTED else column.show(cell)

    def _more(self, rest: Sequence[Column], row: Sequence[Cell]) -> str:
        out, empty = [], []
        for column in rest:
            cell = row[column.at]
            if cell is MISSING:
                continue
            if cell is NULL:
                empty.append(f'<i class="v">{column.label}</i>')
            elif column.nested and is_list(cell):
                out.append(f"<b>{column.label}</b> {_list(str(cell))}")
            else:
                out.append(f'<span class="v"><b>{column.label}</b> {self._text(column, cell)}</span>')
        if empty:
            out.append(f"{self._none}{', '.join(empty)}</span>")
        return " ".join(out)


def _list(text: str) -> str:
    return f'<code class="j" data-n="{leaves_of_list(text)}">{shown(text)}</code>'


def _main(columns: Sequence[Column], topic: Topic, read: ReadTable) -> list[Column]:
    """The topic's columns in their order; where the table has too few of them, its first ones."""
    by_name: dict[str, Column] = {}
    for column in columns:
        by_name.setdefault(name_of(read.table.columns[column.at]), column)
    found = [by_name[name] for name in MAIN[topic] if name in by_name][:MAIN_AT_MOST]
    if len(found) >= 2 or len(columns) == len(found):
        return found
    return [*found, *(column for column in columns if column not in found)][: MAIN_AT_MOST - 1]


@dataclass
class Marks:
    """Values and rows counted in finished pages."""

    values: int = 0
    rows: int = 0

    def count(self, page: bytes) -> None:
        self.values += page.count(b' class="v"')
        self.values += sum(map(int, _WHOLE.findall(page))) if b' class="w"' in page else 0
        self.values += sum(map(int, _LIST.findall(page))) if b' class="j"' in page else 0
        self.rows += page.count(b' class="r"')
