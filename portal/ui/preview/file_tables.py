"""The file as tables: exactly as delivered, paged, searched, with other people's data marked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from portal.composition import Portal
from portal.exports import ExportView
from portal.identity import User
from portal.preview import (
    LARGE_BYTES,
    AskedPerson,
    Hit,
    Marker,
    Other,
    Preview,
    Search,
    Table,
    activity,
    find_others,
    mask,
)
from portal.preview.raw import displayable
from portal.ui.common.acts import KINDS, LOOKS, word
from portal.ui.common.charts import activity_over_time
from portal.ui.common.coloured import coloured
from portal.ui.common.words import _, later, number, percent, plain, plural, sentence

ROWS_A_PAGE = 50
MARK = "background-color: rgba(217, 140, 0, 0.28)"
MAX_HITS = 5_000
LEARNT_ROWS = 2_000
MANY_ROWS = 10_000  # searched and marked as a large file from here on: a few bytes a row can be very many rows
"""What is the customer's own in a large file is learnt from so many rows of each table."""
LISTED_ROWS = 1_000
FACT_ROWS = 100_000
QUICK_SECONDS = 0.4
"""A search that ends within this needs no bar."""
CARD_NUMBER = "card number"
RAW = later("Raw")


def draw_tables(portal: Portal, user: User, view: ExportView, preview: Preview) -> None:
    """Search box, a tab a table, Raw, warnings, the picture and the list of others."""
    others = _others(portal, user, view, preview)
    _warnings(preview)
    _draw_others(others)
    points = _points(view, preview)
    if points:
        with st.expander(_("Transactions over time"), icon=":material/bar_chart:"):
            activity_over_time(points)
    left, right = st.columns([2, 1], vertical_alignment="bottom")  # its label is longer in most languages
    text = left.text_input(
        _("Search all tables"), key=f"search-{view.id}", icon=":material/search:", max_chars=200, autocomplete="off"
    )
    clear = _reveal_toggle(right, portal, user, view)
    if (text or "").strip() and st.session_state.get("_searched") != (view.id, text):
        portal.files.note_file_search(user, view.id)
        st.session_state["_searched"] = (view.id, text)
    hits = _hits(view, preview, text or "")
    names = [_tab_name(table, hits) for table in preview.tables]
    tabs = st.tabs(
        [*names, _(RAW)], key=f"tabs-{view.id}-{text}", on_change="rerun", default=_first_tab(preview, names, hits)
    )
    for tab, table in zip(tabs, preview.tables, strict=False):
        if tab.open:
            with tab:
                _draw_table(view, table, others, hits, clear)
    if tabs[-1].open:
        with tabs[-1]:
            _draw_raw(view, preview, clear)


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
        return [other for row in rows for other in self.marker.others(table, row, row + 1)]


def _is_large(preview: Preview) -> bool:
    return preview.size_bytes >= LARGE_BYTES or preview.row_count > MANY_ROWS


def _others(portal: Portal, user: User, view: ExportView, preview: Preview) -> Others:
    kept = st.session_state.get("_others")
    key = (view.id, view.sha256, preview.still_reading)
    if kept is None or kept[0] != key:
        asked: AskedPerson = portal.files.asked_person(user, view.id)
        if _is_large(preview):
            marker = Marker(preview, asked, LEARNT_ROWS)
            found = Others(tuple(o for t in preview.tables for o in marker.others(t, 0, LISTED_ROWS)), marker)
        else:
            found = Others(find_others(preview, asked))
        kept = (key, found)
        st.session_state["_others"] = kept
    others: Others = kept[1]
    return others


def _points(view: ExportView, preview: Preview) -> Any:
    """What the picture shows, worked out once a file; a large file's when it is read."""
    if preview.still_reading:
        return None
    kept = st.session_state.get("_points")
    if kept is None or kept[0] != (view.id, view.sha256):
        kept = ((view.id, view.sha256), activity(preview))
        st.session_state["_points"] = kept
    return kept[1]


def _warnings(preview: Preview) -> None:
    if not preview.warnings:
        return
    label = plural("{n} thing to know about this file", "{n} things to know about this file", len(preview.warnings))
    with st.expander(label, icon=":material/info:"):
        for warning in preview.warnings:
            st.text(f"{displayable(sentence(warning.place))}: {displayable(sentence(warning.message))}")


def _draw_others(found: Others) -> None:
    others = found.listed
    if not others:
        return
    label = plural("Someone else is in here: {n} place", "Someone else is in here: {n} places", len(others))
    with st.expander(label, icon=":material/group:"):
        st.caption(_("Marked in the tables. Weigh their rights before you send the file (GDPR Article 15(4))."))
        frame = pd.DataFrame(
            [
                [
                    displayable(o.table),
                    str(o.row + 1),
                    displayable(o.column),
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


def _reveal_toggle(place: Any, portal: Portal, user: User, view: ExportView) -> bool:
    """Mask card numbers to the last four until they are revealed; a reveal is audited."""
    key = f"cards-{view.id}"
    shown: bool = place.toggle(_("Show card numbers"), key=key, help=_("Card numbers are as good as cash. Audited."))
    if shown and not st.session_state.get(f"_audited-{key}"):
        portal.files.note_reveal(user, view.id, "card numbers")
        st.session_state[f"_audited-{key}"] = True
    return shown


def _hits(view: ExportView, preview: Preview, text: str) -> dict[str, list[int]] | None:
    """Table name -> row numbers with the text; None without a search."""
    if not text.strip():
        return None
    found = _found(view, preview, text)
    rows: dict[str, list[int]] = {}
    for hit in found:
        numbers = rows.setdefault(hit.table, [])
        if not numbers or numbers[-1] != hit.row_index:
            numbers.append(hit.row_index)
    total = sum(len(numbers) for numbers in rows.values())
    if not total:
        st.info(_("Nothing in any table matches."), icon=":material/search_off:")
    else:
        more = _(" (the first {n} places)").format(n=number(MAX_HITS)) if len(found) >= MAX_HITS else ""
        st.caption(plural("{n} row matches", "{n} rows match", total) + more)
    return rows


def _found(view: ExportView, preview: Preview, text: str) -> list[Hit]:
    """At once in a small file; in a large one what a search in the background has found so far."""
    if not _is_large(preview):
        forget_search()
        return preview.search(text, limit=MAX_HITS)
    key = (view.id, text, preview.still_reading)
    kept = st.session_state.get("_search")
    if kept is None or kept[0] != key:
        forget_search()
        kept = st.session_state["_search"] = (key, Search(preview, text, MAX_HITS).start())
    search: Search = kept[1]
    search.wait(QUICK_SECONDS)
    if not search.done:
        _follow_search(search)
    elif search.failed:
        st.error(_("The search broke off. Open the preview again and repeat it."), icon=":material/error:")
    elif search.cancelled:
        st.caption(_("The search was stopped; what it had found is shown."))
    return list(search.hits)


@st.fragment(run_every=0.5)
def _follow_search(search: Search) -> None:
    if search.done:
        st.rerun()
    left, right = st.columns([4, 1], vertical_alignment="center")
    left.progress(search.progress, text=_("Searching: {n} places so far").format(n=number(len(search.hits))))
    if right.button(_("Stop searching"), icon=":material/stop_circle:"):
        search.cancel()


def forget_search() -> None:
    """Cancel a search in the background."""
    kept = st.session_state.pop("_search", None)
    if kept is not None:
        kept[1].cancel()


def _first_tab(preview: Preview, names: list[str], hits: dict[str, list[int]] | None) -> str:
    """The first table where the search found something; else the first that is more than the file's own heading."""
    tables = list(zip(preview.tables, names, strict=True))
    found = (name for table, name in tables if hits and hits.get(table.name))
    worth = (name for table, name in tables if table.name != "file")
    return next(found, None) or next(worth, names[0] if names else _(RAW))


def _tab_name(table: Table, hits: dict[str, list[int]] | None) -> str:
    count = table.row_count if hits is None else len(hits.get(table.name, []))
    return f"{plain(displayable(table.name[:60]))} ({number(count)})"


def _draw_table(view: ExportView, table: Table, others: Others, hits: dict[str, list[int]] | None, clear: bool) -> None:
    matching = None if hits is None else hits.get(table.name, [])
    count = table.row_count if matching is None else len(matching)
    if not count:
        st.info(_("No rows.") if matching is None else _("No row of this table matches."), icon=":material/inbox:")
        if matching is None and table.columns:
            st.text(displayable(", ".join(table.columns[:50])))
        return
    pages = math.ceil(count / ROWS_A_PAGE)
    slot = st.container()
    page = (
        st.pagination(pages, key=f"page-{view.id}-{table.name}-{'all' if hits is None else count}") if pages > 1 else 1
    )
    start = (page - 1) * ROWS_A_PAGE
    rows = list(range(start, min(start + ROWS_A_PAGE, count)))
    if matching is not None:
        rows = [matching[i] for i in rows]
    frame = _frame(table, rows)
    if not clear:
        _mask_cards(table, frame)
    with slot:
        st.dataframe(
            coloured(frame, _marks(table, rows, others.on(table, rows))),
            column_config={name: st.column_config.TextColumn(str(name)) for name in frame.columns},
            alt=_("Rows {first} to {last} of {table}.").format(
                first=number(rows[0] + 1), last=number(rows[-1] + 1), table=displayable(table.name)
            ),
        )  # fmt: skip
        st.caption(
            _("Rows {first} to {last} of {count}").format(
                first=number(start + 1), last=number(start + len(rows)), count=number(count)
            )
            + " · "
            + _("⟨empty⟩ is an empty text, ⟨null⟩ the value null, a grey None a field that is not there")
        )
    with st.expander(_("About the columns"), icon=":material/view_column:", key=f"facts-{view.id}-{table.name}",
                     on_change="rerun") as about:  # fmt: skip
        if about.open:
            _column_facts(table)


def _frame(table: Table, rows: list[int]) -> pd.DataFrame:
    if rows == list(range(rows[0], rows[-1] + 1)):
        return table.frame(rows[0], rows[-1] + 1)
    return pd.concat([table.frame(row, row + 1) for row in rows])


def _mask_cards(table: Table, frame: pd.DataFrame) -> None:
    for position, looks in enumerate(table.looks()):
        if looks == CARD_NUMBER:
            frame.isetitem(
                position,
                [mask(cell, CARD_NUMBER) if isinstance(cell, str) else cell for cell in frame.iloc[:, position]],
            )


def _marks(table: Table, rows: list[int], others: list[Other]) -> dict[tuple[int, int], str]:
    """The cells of other people, by their place in what is drawn, and how they are marked."""
    columns = {name: place for place, name in enumerate(table.columns)}
    lines = {row: place for place, row in enumerate(rows)}
    return {
        (lines[other.row], columns[other.column]): MARK
        for other in others
        if other.row in lines and other.column in columns
    }


def _column_facts(table: Table) -> None:
    frame = pd.DataFrame(
        [
            [
                displayable(f.name),
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


def _draw_raw(view: ExportView, preview: Preview, clear: bool) -> None:
    if not clear:
        st.info(
            _("The original text shows card numbers in full. Switch on “Show card numbers” to see it."),
            icon=":material/visibility_off:",
        )
        return
    pages = preview.raw_pages
    page = st.pagination(pages, key=f"raw-{view.id}") if pages > 1 else 1
    st.caption(
        _("The original text, page {n} of {pages}; characters that a screen would hide are written as escapes.").format(
            n=number(page), pages=number(pages)
        )
    )
    st.code(preview.raw_page(page - 1), language=None, wrap_lines=True, height=520)
