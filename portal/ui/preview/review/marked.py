"""Places of other people in a file: which cells are marked, and the list of them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from portal.composition import Portal
from portal.exports import ExportView
from portal.identity import User
from portal.preview import LARGE_BYTES, AskedPerson, Marker, Other, Preview, Table, find_others
from portal.preview.raw import displayable
from portal.ui.common.acts import KINDS, word
from portal.ui.common.words import _, number, percent, plural, sentence
from portal.ui.preview.card_safety import ShownCards

LEARNT_ROWS = 2_000
"""What is the customer's own in a large file is learnt from so many rows of each table."""
MANY_ROWS = 10_000
"""Searched and marked as a large file from here on: a few bytes a row can be very many rows."""
LISTED_ROWS = 1_000


@dataclass(frozen=True)
class Others:
    """Places of other people: `listed` those of the whole file, or of the first rows of a large one, whose other pages
    are marked as they are shown."""

    listed: tuple[Other, ...]
    marker: Marker | None = None

    def on(self, table: Table, rows: list[int]) -> list[Other]:
        """Those on the page that shows `rows`."""
        if self.marker is None:
            wanted = set(rows)
            return [other for other in self.listed if other.table == table.name and other.row in wanted]
        found = (other for row in rows for other in self.marker.others(table, row, row + 1))
        return list(filter(_is_somebody, found))


def _is_somebody(other: Other) -> bool:
    """A till or terminal is nobody."""
    return other.kind != "terminal"


def is_large(preview: Preview) -> bool:
    return preview.size_bytes >= LARGE_BYTES or preview.row_count > MANY_ROWS


def others_of(portal: Portal, user: User, view: ExportView, preview: Preview) -> Others:
    kept = st.session_state.get("_others")
    key = (view.id, view.sha256, preview.still_reading)
    if kept is None or kept[0] != key:
        kept = (key, others_in(preview, portal.files.asked_person(user, view.id)))
        st.session_state["_others"] = kept
    others: Others = kept[1]
    return others


def others_in(preview: Preview, asked: AskedPerson) -> Others:
    """Reads all of a small file, the first rows of a large one."""
    if not is_large(preview):
        return Others(tuple(filter(_is_somebody, find_others(preview, asked))))
    marker = Marker(preview, asked, LEARNT_ROWS)
    listed = (o for table in preview.tables for o in marker.others(table, 0, LISTED_ROWS))
    return Others(tuple(filter(_is_somebody, listed)), marker)


def draw_others(found: Others, cards: ShownCards) -> None:
    """Folded: each marked place, of what kind and how sure."""
    others = found.listed
    if not others:
        return
    label = plural("Someone else is in here: {n} place", "Someone else is in here: {n} places", len(others))
    with st.expander(label, icon=":material/group:"):
        st.caption(_("Marked in the tables. Weigh their rights before you send the file (GDPR Article 15(4))."))
        frame = pd.DataFrame(
            [
                [
                    displayable(cards.text(o.table)),
                    str(o.row + 1),
                    displayable(cards.text(o.column)),
                    word(KINDS, o.kind),
                    percent(o.confidence),
                    sentence(o.why),
                ]
                for o in others[:500]
            ],
            columns=[_("Table"), _("Row"), _("Column"), _("Kind"), _("How sure"), _("Why")],
            dtype=object,
        )
        st.dataframe(frame, hide_index=True, height=240, alt=_("Places that look like somebody else's data."))
        if len(others) > 500:
            st.caption(_("The first 500 are listed; all are marked."))
        if found.marker is not None:
            st.caption(
                _("Counted in the first {n} rows of each table; further ones are marked where you see them.").format(
                    n=number(LISTED_ROWS)
                )
            )
