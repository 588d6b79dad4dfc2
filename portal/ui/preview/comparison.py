"""Compare an export with an earlier one of the same customer, below its tables."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import streamlit as st

from portal.composition import Portal
from portal.errors import PortalError
from portal.exports import ExportView
from portal.identity import User
from portal.preview import Preview, Table, looks_like, mask
from portal.preview.comparing import TableComparison
from portal.preview.frames import shown
from portal.preview.raw import displayable
from portal.ui.common.problems import show_problem
from portal.ui.common.times import when
from portal.ui.common.words import _, number, plain, plural

ROWS_SHOWN, ROWS_UNSCROLLED = 200, 10
CARD_NUMBER = "card number"
KEPT = "_comparison"
Compared = tuple[Preview, Preview, tuple[TableComparison, ...]]


def draw_comparison(portal: Portal, user: User, view: ExportView, zone: dt.tzinfo) -> None:
    """An expander; nothing is read before it is opened and the button pressed."""
    label = _("Compare with an earlier export")
    with st.expander(label, icon=":material/compare_arrows:", key=f"compare-{view.id}", on_change="rerun") as box:
        if not box.open:
            st.session_state.pop(KEPT, None)
            return
        earlier = {
            f"{when(other.requested_at, zone)} · {other.format.upper()} · {other.id[:8]}": other
            for other in portal.comparison.earlier_of_same_person(user, view.id)
        }
        if not earlier:
            st.info(_("No earlier export of this customer is kept here."), icon=":material/inbox:")
            return
        chosen = st.selectbox(_("Earlier export"), list(earlier), key=f"earlier-{view.id}")
        other = earlier[chosen]
        if st.button(
            _("Compare"), key=f"compare-now-{view.id}", help=_("Opens both files; audited as a view of both.")
        ):
            try:
                with st.spinner(_("Comparing …")):
                    st.session_state[KEPT] = ((view.id, other.id), portal.comparison.compare(user, view.id, other.id))
            except PortalError as error:
                st.session_state.pop(KEPT, None)
                show_problem(error)
        kept = st.session_state.get(KEPT)
        if kept is not None and kept[0] == (view.id, other.id):
            _draw(kept[1], clear=bool(st.session_state.get(f"cards-{view.id}")))


def _draw(compared: Compared, *, clear: bool) -> None:
    earlier, later, tables = compared
    if not any(table.differs for table in tables):
        st.success(_("Nothing differs: the same rows in every table."), icon=":material/check_circle:")
        return
    for table in tables:
        st.markdown(f"**{plain(displayable(table.name))}**")
        parts = [
            plural("{n} row added", "{n} rows added", len(table.added)),
            plural("{n} row removed", "{n} rows removed", len(table.removed)),
            plural("{n} row changed", "{n} rows changed", len(table.changed)),
            plural("{n} row the same", "{n} rows the same", table.same),
        ]
        matched = _(" · matched by {key}").format(key=plain(displayable(table.key))) if table.key else ""
        st.caption(" · ".join(parts) + matched)
        if table.differs:
            frame = _frame(table, _table(earlier, table.name), _table(later, table.name), clear=clear)
            st.dataframe(
                frame, hide_index=True, height="content" if len(frame) <= ROWS_UNSCROLLED else 420,
                column_config={name: st.column_config.TextColumn(str(name)) for name in frame.columns},
                alt=_("What changed in {table}.").format(table=displayable(table.name)),
            )  # fmt: skip
            if len(table.added) + len(table.removed) + len(table.changed) > len(frame):
                st.caption(_("The first {n} are shown.").format(n=number(len(frame))))


def _table(preview: Preview, name: str) -> Table:
    return next((table for table in preview.tables if table.name == name), Table(name, ()))


def _frame(found: TableComparison, earlier: Table, later: Table, *, clear: bool) -> pd.DataFrame:
    """One line a row that came, went or changed: what happened, then its cells; a changed one says before and after."""
    columns = [*later.columns, *(column for column in earlier.columns if column not in later.columns)]
    lines: list[list[str | None]] = []
    for change in found.changed[:ROWS_SHOWN]:
        before, after = _cells(earlier, change.earlier_row, clear), _cells(later, change.later_row, clear)
        cells = [
            f"{before.get(column) or '–'} → {after.get(column) or '–'}"
            if column in change.columns
            else after.get(column)
            for column in columns
        ]
        lines.append([_("changed"), *cells])
    for words, table, rows in ((_("added"), later, found.added), (_("removed"), earlier, found.removed)):
        for row in rows[: max(0, ROWS_SHOWN - len(lines))]:
            cells_of = _cells(table, row, clear)
            lines.append([words, *(cells_of.get(column) for column in columns)])
    return pd.DataFrame(lines, columns=pd.Index([_("What"), *map(displayable, columns)], dtype=object), dtype=object)


def _cells(table: Table, row: int, clear: bool) -> dict[str, str | None]:
    """What the screen says for each cell; card numbers to the last four unless they are shown."""
    found: dict[str, str | None] = {}
    for column, cell in zip(table.columns, table.rows(row, row + 1)[0], strict=True):
        hide = not clear and isinstance(cell, str) and looks_like(column, [cell]) == CARD_NUMBER
        found[column] = shown(mask(cell, CARD_NUMBER)) if hide and isinstance(cell, str) else shown(cell)
    return found
