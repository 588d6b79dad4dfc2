"""A table whose rows open by a click anywhere in them, while the box of a row selects it.

Measured in Streamlit 1.67: the mode `single-cell` would open a row as soon as Tab or an arrow reaches it, because a
cell under the keyboard's cursor counts as selected. A column of buttons without a border takes clicks on the whole of
each cell and none of the cursor's. The keyboard ticks a row's box with Shift+Space.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
import streamlit as st

from portal.ui.common.coloured import coloured
from portal.ui.common.words import WORD_JOINER, plain

NOTHING = "–"
"""A cell without words takes no click."""


@dataclass(frozen=True)
class Picked:
    """`opened`: the row clicked just now. `chosen`: rows whose box is ticked, from the top. By their ids."""

    opened: str | None
    chosen: tuple[str, ...]


def row_table(
    cells: Sequence[Sequence[str]], ids: Sequence[str], names: Sequence[str], *, key: str, alt: str,
    styles: Mapping[tuple[int, int], str], boxes: Literal["single-row", "multi-row"],
    helps: Mapping[str, str], widths: Mapping[str, int],
) -> Picked:  # fmt: skip
    """Draw the rows. `styles`: CSS of cells by row and column; `helps`: what a column's head says when pointed at;
    `widths`: of columns that are not as wide as their words."""
    frame = pd.DataFrame([[as_label(cell) for cell in row] for row in cells], columns=list(names), dtype=object)
    picked: Any = st.dataframe(
        coloured(frame, styles),
        key=key,
        hide_index=True,
        height="content",  # a page of rows, scrolled with the page: no second scroll bar within it
        on_select="rerun",
        selection_mode=boxes,
        column_config={
            name: st.column_config.ButtonColumn(
                name, type="tertiary", alignment="left", width=widths.get(name),
                help=plain(helps[name]) if name in helps else None,
                key=_button(key, place), on_click=_open, args=(key, place, tuple(ids)),
            )
            for place, name in enumerate(names)
        },
        alt=alt,
    )  # fmt: skip
    chosen = tuple(ids[row] for row in sorted(picked.selection.rows) if row < len(ids))
    return Picked(st.session_state.pop(_opened(key), None), chosen)


def as_label(text: str) -> str:
    """A button's words shown as written: one in brackets would be a list of buttons, `:material/…:` a picture."""
    text = text.replace(":", f":{WORD_JOINER}") if ":material" in text.lower() else text
    return f"{WORD_JOINER}{text}" if text.lstrip().startswith("[") else text or NOTHING


def _open(key: str, place: int, ids: tuple[str, ...]) -> None:
    """The row among those that were drawn when it was clicked: the list may have moved since."""
    click: Any = st.session_state.get(_button(key, place))
    if click is not None and 0 <= click["row"] < len(ids):
        st.session_state[_opened(key)] = ids[click["row"]]


def _button(key: str, place: int) -> str:
    return f"{key}_column_{place}"


def _opened(key: str) -> str:
    return f"_{key}_opened"
