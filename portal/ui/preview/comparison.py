"""Compare an export with an earlier one of the same customer, below its tables."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from portal.composition import Portal
from portal.errors import PortalError
from portal.exports import ExportView
from portal.identity import User
from portal.preview import Preview, Table
from portal.preview.card_masking import FileMask, mask_of_file, masked_cells
from portal.preview.comparing import TableComparison
from portal.preview.frames import shown
from portal.preview.model import unique_names
from portal.preview.raw import displayable
from portal.ui.common.problems import show_problem
from portal.ui.common.times import when
from portal.ui.common.words import _, number, plain, plural

ROWS_SHOWN, ROWS_UNSCROLLED = 200, 10
KEPT = "_comparison"
Masked = tuple[FileMask, FileMask]
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
                    compared = portal.comparison.compare(user, view.id, other.id)
                    st.session_state[KEPT] = ((view.id, other.id), (compared, _masked(compared)))
            except PortalError as error:
                st.session_state.pop(KEPT, None)
                show_problem(error)
        kept = st.session_state.get(KEPT)
        if kept is not None and kept[0] == (view.id, other.id):
            _draw(_as_shown(portal, user, (other.id, view.id), kept[1]))


def _masked(compared: Compared) -> Masked:
    return mask_of_file(compared[0]), mask_of_file(compared[1])


def _as_shown(portal: Portal, user: User, ids: tuple[str, str], kept: tuple[Compared, Masked]) -> ShownComparison:
    """Card numbers masked in both files, unless this person may see those of both."""
    (earlier, later, tables), masks = kept
    if all(portal.card_access.state(user, one).shown for one in ids):
        return ShownComparison(earlier, later, tables)
    return ShownComparison(masked_cells(earlier, masks[0]), masked_cells(later, masks[1]), tables, masks)


@dataclass(frozen=True)
class ShownComparison:
    """Two files as they may be shown. Tables and columns keep their names here, for the comparison names them."""

    earlier: Preview
    later: Preview
    tables: tuple[TableComparison, ...]
    masks: tuple[FileMask, ...] = ()

    def name(self, name: str) -> str:
        for mask in self.masks:
            name = mask.text(name)
        return displayable(name)


def _draw(compared: ShownComparison) -> None:
    tables = compared.tables
    if not any(table.differs for table in tables):
        st.success(_("Nothing differs: the same rows in every table."), icon=":material/check_circle:")
        return
    for table in tables:
        st.markdown(f"**{plain(compared.name(table.name))}**")
        parts = [
            plural("{n} row added", "{n} rows added", len(table.added)),
            plural("{n} row removed", "{n} rows removed", len(table.removed)),
            plural("{n} row changed", "{n} rows changed", len(table.changed)),
            plural("{n} row the same", "{n} rows the same", table.same),
        ]
        matched = _(" · matched by {key}").format(key=plain(compared.name(table.key))) if table.key else ""
        st.caption(" · ".join(parts) + matched)
        if table.differs:
            frame = _frame(compared, table)
            st.dataframe(
                frame, hide_index=True, height="content" if len(frame) <= ROWS_UNSCROLLED else 420,
                column_config={name: st.column_config.TextColumn(str(name)) for name in frame.columns},
                alt=_("What changed in {table}.").format(table=compared.name(table.name)),
            )  # fmt: skip
            if len(table.added) + len(table.removed) + len(table.changed) > len(frame):
                st.caption(_("The first {n} are shown.").format(n=number(len(frame))))


def _table(preview: Preview, name: str) -> Table:
    return next((table for table in preview.tables if table.name == name), Table(name, ()))


def _frame(compared: ShownComparison, found: TableComparison) -> pd.DataFrame:
    """One line a row that came, went or changed: what happened, then its cells; a changed one says before and after."""
    earlier, later = _table(compared.earlier, found.name), _table(compared.later, found.name)
    columns = [*later.columns, *(column for column in earlier.columns if column not in later.columns)]
    lines: list[list[str | None]] = []
    for change in found.changed[:ROWS_SHOWN]:
        before, after = _cells(earlier, change.earlier_row), _cells(later, change.later_row)
        cells = [
            f"{before.get(column) or '–'} → {after.get(column) or '–'}"
            if column in change.columns
            else after.get(column)
            for column in columns
        ]
        lines.append([_("changed"), *cells])
    for words, table, rows in ((_("added"), later, found.added), (_("removed"), earlier, found.removed)):
        for row in rows[: max(0, ROWS_SHOWN - len(lines))]:
            cells_of = _cells(table, row)
            lines.append([words, *(cells_of.get(column) for column in columns)])
    names = unique_names([_("What"), *map(compared.name, columns)])
    return pd.DataFrame(lines, columns=pd.Index(names, dtype=object), dtype=object)


def _cells(table: Table, row: int) -> dict[str, str | None]:
    """What the screen says for each cell."""
    return {c: shown(cell) for c, cell in zip(table.columns, table.rows(row, row + 1)[0], strict=True)}
