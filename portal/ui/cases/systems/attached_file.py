"""One attached file in a dialog: what it is, its contents where they can be shown and not run, the download."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping

import streamlit as st

from portal.composition import Portal
from portal.errors import PortalError
from portal.exports.files.card_codes import CardReason
from portal.identity import User
from portal.preview import Preview, Table
from portal.preview.raw import displayable
from portal.systems.media import TABLES, Media
from portal.systems.pdf_pages import PdfPages
from portal.systems.pictures import Picture
from portal.systems.views import AttachedFile, Shown
from portal.ui.common.acting import open_dialog
from portal.ui.common.file_link import file_link
from portal.ui.common.problems import show_problem
from portal.ui.common.times import reader_zone, size, when
from portal.ui.common.words import _, later, number, plain, plural, sentence
from portal.ui.preview.card_words import CARD_REASON_WORDS
from portal.ui.preview.table_view import ROWS_A_PAGE

OPENED = "_attached_file"
"""In the session's state: the file that the dialog shows, by its id. The next one takes its place."""
MOST_TABLES = 12
MEDIA_WORDS: Mapping[Media, str] = {
    Media.CSV: "CSV",
    Media.JSON: "JSON",
    Media.TEXT: later("text"),
    Media.PNG: later("picture"),
    Media.JPEG: later("picture"),
    Media.GIF: later("picture"),
    Media.WEBP: later("picture"),
    Media.PDF: "PDF",
    Media.OTHER: later("file of another kind"),
}


def open_file(portal: Portal, user: User, case_id: str, file: AttachedFile) -> None:
    st.session_state.pop(OPENED, None)
    open_dialog(_("Attached file"), _draw, portal, user, case_id, file, width="large")


def _draw(portal: Portal, user: User, case_id: str, file: AttachedFile) -> None:
    st.text(file.name)
    st.text(f"{_(MEDIA_WORDS[file.media])} · {size(file.size_bytes)}")
    st.caption(
        _("Attached by {name}, {when}.").format(
            name=plain(file.by), when=when(file.at, reader_zone(user.time_zone))
        )
    )  # fmt: skip
    try:
        shown = _looked_at(portal, user, case_id, file)
    except PortalError as error:
        show_problem(error)
        shown = None
    if shown is not None:
        _contents(shown)
    st.caption(_("Fingerprint of the file (SHA-256)"))
    st.code(file.sha256, language=None, wrap_lines=True)
    address = f"/cases/{case_id}/files/{file.id}"
    if file.media in TABLES | {Media.TEXT} and (shown is None or shown.masked):
        reason = st.selectbox(
            _("Why do you need the card numbers?"), list(CardReason), key=f"attached-why-{file.id}", index=None,
            format_func=lambda one: _(CARD_REASON_WORDS[one]),
        )  # fmt: skip
        if reason is None:
            st.caption(_("The download carries card numbers in full, so it asks for a reason first."))
            return
        address += f"?reason={reason.value}"
    file_link(_("Download"), address, icon="download", key=f"attached-{file.id}")


def _looked_at(portal: Portal, user: User, case_id: str, file: AttachedFile) -> Shown:
    """Read and audited once for as long as the dialog is open; that the person still may is checked each time."""
    kept = st.session_state.get(OPENED)
    if kept is not None and kept[0] == file.id:
        portal.system_files.check_open(user, case_id, file.id)
    else:
        kept = st.session_state[OPENED] = (file.id, portal.system_files.look(user, case_id, file.id))
    shown: Shown = kept[1]
    return shown


def _contents(shown: Shown) -> None:
    if shown.preview is not None:
        _tables(shown.preview)
    elif shown.picture is not None:
        _picture(shown.picture, _("The picture, made smaller"))
    elif shown.media is Media.TEXT:
        with st.container(height=420, border=False):  # the code's own height makes a part that no key can scroll
            st.code(shown.text, language=None, wrap_lines=True)
        if shown.cut:
            st.caption(_("The beginning. Download the file to read all of it."))
    elif shown.pdf is not None:
        _pages(shown.pdf)
    else:
        st.caption(_("A file of this kind is not opened here. Download it to look at it."))
    if shown.masked:
        st.caption(_("Card numbers are shown to the last four."))


def _picture(picture: Picture, described: str) -> None:
    address = f"data:{picture.media_type};base64,{base64.b64encode(picture.content).decode()}"
    st.markdown(f"![{described}]({plain(address)})")


def _pages(pdf: PdfPages) -> None:
    for n, page in enumerate(pdf.pages, 1):
        st.caption(_("Page {n} of {count}").format(n=number(n), count=number(pdf.count)))
        _picture(page, _("Page {n} of {count}").format(n=number(n), count=number(pdf.count)))
    if len(pdf.pages) < pdf.count:
        st.caption(_("Download the file to see the other pages."))


def _tables(preview: Preview) -> None:
    if preview.warnings:
        label = plural("{n} thing to know about this file", "{n} things to know about this file", len(preview.warnings))
        with st.expander(label, icon=":material/info:"):
            for warning in preview.warnings:
                st.text(f"{displayable(sentence(warning.place))}: {displayable(sentence(warning.message))}")
    tables = preview.tables[:MOST_TABLES]
    if not tables:
        st.info(_("No rows."), icon=":material/inbox:")
        return
    names = [f"{plain(displayable(table.name[:60]))} ({number(table.row_count)})" for table in tables]
    for tab, table in zip(st.tabs(names) if len(tables) > 1 else [st.container()], tables, strict=True):
        with tab:
            _table(table)
    if len(preview.tables) > MOST_TABLES:
        st.caption(_("The first {n} tables. Download the file to see all of them.").format(n=number(MOST_TABLES)))


def _table(table: Table) -> None:
    if not table.row_count:
        st.info(_("No rows."), icon=":material/inbox:")
        return
    pages = math.ceil(table.row_count / ROWS_A_PAGE)
    slot = st.container()
    page = st.pagination(pages, key=f"attached-page-{table.name}") if pages > 1 else 1
    start = (page - 1) * ROWS_A_PAGE
    stop = min(start + ROWS_A_PAGE, table.row_count)
    frame = table.frame(start, stop)
    with slot:
        st.dataframe(
            frame,
            column_config={name: st.column_config.TextColumn(str(name)) for name in frame.columns},
            alt=_("Rows {first} to {last} of {table}.").format(
                first=number(start + 1), last=number(stop), table=displayable(table.name)
            ),
        )
