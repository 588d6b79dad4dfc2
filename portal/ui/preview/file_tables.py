"""The file as tables: exactly as delivered, paged, searched, with other people's data marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from portal.composition import Portal
from portal.exports import ExportView
from portal.identity import User
from portal.preview import Hit, Preview, Search, Table, activity
from portal.preview.card_masking import MaskedText
from portal.preview.raw import displayable
from portal.review.views import ReviewState
from portal.ui.common.acting import redraw_unless_asking
from portal.ui.common.charts import activity_over_time
from portal.ui.common.words import _, later, number, plain, plural, sentence
from portal.ui.preview.card_safety import KEPT, ShownCards, draw_card_safety
from portal.ui.preview.review.cell_acts import draw_cell_acts
from portal.ui.preview.review.marked import Others, draw_others, is_large, others_of
from portal.ui.preview.review.people import gone_to
from portal.ui.preview.review.reviewed import reviewed_export
from portal.ui.preview.table_view import Page, draw_column_facts, draw_empty, draw_record, draw_rows, rows_of_page

MAX_HITS = 5_000
QUICK_SECONDS = 0.4
"""A search that ends within this needs no bar."""
RAW = later("Raw")


def draw_tables(
    portal: Portal, user: User, view: ExportView, preview: Preview, review: ReviewState | None, beside: Any
) -> None:
    """Search box, a tab a table, Raw; below them what one seldom needs. `review` is None before the file may go out;
    `beside` is where the money at risk is told."""
    notes = st.container()
    left, middle, right = st.columns(3, vertical_alignment="center")  # labels are longer in most languages
    text = left.text_input(
        _("Search all tables"), key=f"search-{view.id}", icon=":material/search:", max_chars=200, autocomplete="off",
        label_visibility="collapsed", placeholder=_("Search all tables"),
    )  # fmt: skip
    with notes:  # drawn before what it masks, though its button stands beside the search
        cards = draw_card_safety(middle, beside, portal, user, view, preview)
        _warnings(cards.preview)
    others = others_of(portal, user, view, preview)
    first = bool(others.listed) and right.toggle(_("Marked columns first"), key=f"marked-first-{view.id}")
    if (text or "").strip() and st.session_state.get("_searched") != (view.id, text):
        portal.files.note_file_search(user, view.id)
        st.session_state["_searched"] = (view.id, text)
    hits = _hits(view, preview, text or "")
    desk = _Desk(portal, user, view, preview, review, others, cards, hits, marked_first=first)
    desk.draw_tabs(text or "")
    draw_others(others, cards)
    points = _points(view, preview)
    if points:
        with st.expander(_("Transactions over time"), icon=":material/bar_chart:"):
            activity_over_time(points)


@dataclass(frozen=True)
class _Desk:
    """What a run draws of a file's tables."""

    portal: Portal
    user: User
    view: ExportView
    preview: Preview
    review: ReviewState | None
    others: Others
    cards: ShownCards
    hits: dict[str, list[int]] | None
    marked_first: bool

    def draw_tabs(self, text: str) -> None:
        tables = self.preview.tables
        names = [_tab_name(table, self.hits, self.cards) for table in tables]
        times, gone = gone_to(self.view.id)
        first = _first_tab(self.preview, names, self.hits)
        if gone is not None and not text:
            first = next((name for table, name in zip(tables, names, strict=True) if table.name == gone.table), first)
        key = f"tabs-{self.view.id}-{text}-{times}"
        tabs = st.tabs([*names, _(RAW)], key=key, on_change="rerun", default=first)
        for tab, table in zip(tabs, tables, strict=False):
            if tab.open:
                with tab:
                    self.draw_table(table)
        if tabs[-1].open:
            with tabs[-1]:
                _draw_raw(self.view, self.cards.preview)

    def draw_table(self, table: Table) -> None:
        shown = self.cards.of(table)
        matching = None if self.hits is None else self.hits.get(table.name, [])
        if not (table.row_count if matching is None else len(matching)):
            draw_empty(shown, searched=matching is not None)
            return
        slot, below = st.container(), st.container()
        rows = rows_of_page(self.view.id, table, shown, matching, below)
        choose = self.review is not None
        left_out = self.portal.review.marks(self.user, self.view.id, table.name, rows) if choose else ()
        page = Page(table, rows, self.others.on(table, rows), left_out)
        key = f"grid-{self.view.id}-{shown.name}-{rows[0]}-{len(self.review.decisions) if self.review else 0}"
        with slot:
            if table.row_count == 1:
                chosen = draw_record(page, shown, key, choose=choose)
            else:
                chosen = draw_rows(page, shown, key, marked_first=self.marked_first, choose=choose)
            if self.review is not None and chosen:
                draw_cell_acts(self.user, reviewed_export(self.portal, self.view), self.cards, table, chosen)
        draw_column_facts(self.view.id, table, self.cards)


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
    if not is_large(preview):
        _stop_search()
        return preview.search(text, limit=MAX_HITS)
    key = (view.id, text, preview.still_reading)
    kept = st.session_state.get("_search")
    if kept is None or kept[0] != key:
        _stop_search()
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
        redraw_unless_asking()
    left, right = st.columns([4, 1], vertical_alignment="center")
    left.progress(search.progress, text=_("Searching: {n} places so far").format(n=number(len(search.hits))))
    if right.button(_("Stop searching"), icon=":material/stop_circle:"):
        search.cancel()


def forget_search() -> None:
    """Called when the file is closed: cancel a search in the background, and drop what masks its cards."""
    _stop_search()
    st.session_state.pop(KEPT, None)


def _stop_search() -> None:
    kept = st.session_state.pop("_search", None)
    if kept is not None:
        kept[1].cancel()


def _first_tab(preview: Preview, names: list[str], hits: dict[str, list[int]] | None) -> str:
    """The first table where the search found something; else the first that is more than the file's own heading."""
    tables = list(zip(preview.tables, names, strict=True))
    found = (name for table, name in tables if hits and hits.get(table.name))
    worth = (name for table, name in tables if table.name != "file")
    return next(found, None) or next(worth, names[0] if names else _(RAW))


def _tab_name(table: Table, hits: dict[str, list[int]] | None, cards: ShownCards) -> str:
    count = table.row_count if hits is None else len(hits.get(table.name, []))
    return f"{plain(displayable(cards.of(table).name[:60]))} ({number(count)})"


def _draw_raw(view: ExportView, preview: Preview) -> None:
    if isinstance(preview.raw, MaskedText) and preview.raw.withheld:
        st.info(
            _("Not all card numbers of this file are known yet, so its original text is shown once they may be seen."),
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
    with st.container(height=520, border=False):  # the code's own height makes a part that no key can scroll
        st.code(preview.raw_page(page - 1), language=None, wrap_lines=True)
