"""One table of a file: a page of rows, or one record as a list of its fields."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from portal.preview import Other, Table
from portal.preview.raw import displayable
from portal.review.views import CellPlace, LeftOutCell
from portal.ui.common.acts import LOOKS, word
from portal.ui.common.coloured import coloured
from portal.ui.common.words import _, number
from portal.ui.preview.card_safety import ShownCards
from portal.ui.preview.review.people import gone_to

ROWS_A_PAGE = 50
MARK = "background-color: rgba(217, 140, 0, 0.28)"
LEFT_OUT = "background-color: rgba(128, 128, 128, 0.45)"
FACT_ROWS = 100_000
SHORT_RECORD = 12
"""So many fields of one record are drawn without a scroll bar."""


@dataclass(frozen=True)
class Page:
    """What is drawn of a table: the rows of the file, with the marks of other people and of what is left out."""

    table: Table
    rows: Sequence[int]
    others: Sequence[Other]
    left_out: Sequence[LeftOutCell]

    def marks(self) -> dict[tuple[int, int], str]:
        """The style of a cell by its place among `rows` and the table's columns."""
        columns = {name: place for place, name in enumerate(self.table.columns)}
        lines = {row: place for place, row in enumerate(self.rows)}
        places = [(other.place, MARK) for other in self.others] + [(one.place, LEFT_OUT) for one in self.left_out]
        return {
            (lines[place.row], columns[place.column]): mark
            for place, mark in places
            if place.row in lines and place.column in columns
        }

    def marked_columns(self) -> list[int]:
        return sorted({column for _, column in self.marks()})


def draw_empty(shown: Table, *, searched: bool) -> None:
    st.info(_("No row of this table matches.") if searched else _("No rows."), icon=":material/inbox:")
    if not searched and shown.columns:
        st.text(displayable(", ".join(shown.columns[:50])))


def rows_of_page(file_id: str, table: Table, shown: Table, matching: list[int] | None, slot: Any) -> list[int]:
    """The rows of the chosen page, at first of the one to which Go to leads; the choice is drawn below `slot`, where
    the table goes."""
    count = table.row_count if matching is None else len(matching)
    pages = math.ceil(count / ROWS_A_PAGE)
    key, first = f"page-{file_id}-{shown.name}-{'all' if matching is None else count}", 1
    times, gone = gone_to(file_id)
    if matching is None and gone is not None and gone.table == table.name and gone.row < count:
        key, first = f"{key}-{times}", gone.row // ROWS_A_PAGE + 1
    page = st.pagination(pages, default=first, key=key) if pages > 1 else 1
    start = (page - 1) * ROWS_A_PAGE
    rows = list(range(start, min(start + ROWS_A_PAGE, count)))
    with slot:
        st.caption(
            _("Rows {first} to {last} of {count}").format(
                first=number(start + 1), last=number(start + len(rows)), count=number(count)
            )
            + " · "
            + _("⟨empty⟩ is an empty text, ⟨null⟩ the value null, a grey None a field that is not there")
        )
    return rows if matching is None else [matching[row] for row in rows]


def draw_rows(page: Page, shown: Table, key: str, *, marked_first: bool, choose: bool) -> list[CellPlace]:
    """The grid. Gives the cells that are chosen in it."""
    frame = _frame(shown, page.rows)
    order = None
    if marked_first and (first := page.marked_columns()):
        rest = [at for at in range(len(frame.columns)) if at not in set(first)]
        order = [str(frame.columns[at]) for at in (*first, *rest)]
    state: Any = st.dataframe(
        coloured(frame, page.marks()),
        column_config={name: st.column_config.TextColumn(str(name)) for name in frame.columns},
        column_order=order,
        key=key,
        alt=_("Rows {first} to {last} of {table}.").format(
            first=number(page.rows[0] + 1), last=number(page.rows[-1] + 1), table=displayable(shown.name)
        ),
        **(_CHOOSE if choose else {}),
    )
    columns = {str(name): page.table.columns[at] for at, name in enumerate(frame.columns)}
    return [
        CellPlace(page.table.name, page.rows[row], columns[column])
        for row, column in _chosen(state, choose=choose)
        if row < len(page.rows) and column in columns
    ]


_CHOOSE: dict[str, Any] = {"on_select": "rerun", "selection_mode": "multi-cell"}


def draw_record(page: Page, shown: Table, key: str, *, choose: bool) -> list[CellPlace]:
    """The only row of a table as its fields, one below the other; a field that is not there is left away."""
    cells = _frame(shown, page.rows).iloc[0]
    there = [at for at, cell in enumerate(cells) if cell is not None]
    lines = {at: line for line, at in enumerate(there)}
    frame = pd.DataFrame(
        [[str(cells.index[at]), cells.iloc[at]] for at in there], columns=[_("Field"), _("Value")], dtype=object
    )
    marks = {(lines[at], 1): mark for (_row, at), mark in page.marks().items() if at in lines}
    state: Any = st.dataframe(
        coloured(frame, marks), hide_index=True, key=key, height="content" if len(there) <= SHORT_RECORD else 460,
        column_config={
            _("Field"): st.column_config.TextColumn(_("Field"), width="small"),
            _("Value"): st.column_config.TextColumn(_("Value"), width="large"),
        },
        alt=_("The record in {table}, field by field.").format(table=displayable(shown.name)),
        **(_CHOOSE if choose else {}),
    )  # fmt: skip
    rows = {row for row, _column in _chosen(state, choose=choose) if row < len(there)}
    return [CellPlace(page.table.name, page.rows[0], page.table.columns[there[row]]) for row in sorted(rows)]


def _chosen(state: Any, *, choose: bool) -> list[tuple[int, str]]:
    return [(int(row), str(column)) for row, column in state.selection.cells] if choose else []


def draw_column_facts(file_id: str, table: Table, cards: ShownCards) -> None:
    """Folded: how each column is filled."""
    key = f"facts-{file_id}-{cards.of(table).name}"
    with st.expander(_("About the columns"), icon=":material/view_column:", key=key, on_change="rerun") as about:
        if about.open:
            _column_facts(table, cards)


def _frame(table: Table, rows: Sequence[int]) -> pd.DataFrame:
    if list(rows) == list(range(rows[0], rows[-1] + 1)):
        return table.frame(rows[0], rows[-1] + 1)
    return pd.concat([table.frame(row, row + 1) for row in rows])


def _column_facts(table: Table, cards: ShownCards) -> None:
    frame = pd.DataFrame(
        [
            [
                displayable(cards.text(f.name)),
                *(number(n) for n in (f.filled, f.empty, f.null, f.missing, f.distinct)),
                word(LOOKS, f.looks_like),
            ]
            for f in table.column_facts(FACT_ROWS)
        ],
        columns=[_("Column"), _("Filled"), _("Empty"), _("Null"), _("Missing"), _("Distinct"), _("Looks like")],
        dtype=object,
    )
    st.dataframe(frame, hide_index=True, alt=_("Facts about each column."))
    if table.row_count > FACT_ROWS:
        st.caption(_("Of the first {n} rows.").format(n=number(FACT_ROWS)))
