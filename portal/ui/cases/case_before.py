"""Has this person asked before: one line, and behind it what changed since and the earlier cases (CASE-6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

import pandas as pd
import streamlit as st
from pydantic import SecretStr

from portal.cases.facts import Right
from portal.comparison.differences import TableDifference
from portal.comparison.files import GIFT_CARDS
from portal.comparison.views import Change, EarlierCase, Since
from portal.composition import Portal
from portal.identity import User
from portal.preview.raw import displayable
from portal.sources.kinds import SourceKind
from portal.ui.cases.case_sources import KIND_WORDS
from portal.ui.cases.case_words import STATE_BADGES
from portal.ui.cases.recognising import Recognised
from portal.ui.common import navigation
from portal.ui.common.words import _, day, number, plain, plural
from portal.ui.preview.answer_words import COPY_WORDS

NOTED = "_case_before_noted"
"""In the session's state: whom the earlier cases were looked up of, which is an act of its own."""


def draw_before_opening(
    portal: Portal, user: User, person: Sequence[Recognised], rights: frozenset[Right]
) -> None:  # fmt: skip
    """One line before a case is opened; nothing for somebody new."""
    if not person or not rights:
        return
    since = portal.asked_before.before_opening(user, [(one.kind, SecretStr(one.value)) for one in person], rights)
    if st.session_state.get(NOTED) != person[0].value:
        st.session_state[NOTED] = person[0].value
        portal.case_register.note_search(user, person[0].value)
    if since.count:
        st.info(plain(since_said(since)), icon=":material/history:")


def draw_asked_before(portal: Portal, user: User, case_id: str) -> None:
    """One line that unfolds; nothing for somebody who asks for the first time."""
    since = portal.asked_before.since(user, case_id)
    if not since.count:
        return
    with st.expander(plain(since_said(since)), icon=":material/history:", key="case_before"):
        if since.tables is None:
            st.caption(_("What changed is told here once both cases have a file that can be compared."))
        else:
            _tables(since, since.tables)
        for one in since.earlier:
            _earlier(one)


def since_said(since: Since) -> str:
    """``Asked 3 times before, last answered on 4 Sep 2026; since then 12 new transactions, 1 changed.``"""
    words = plural("Asked {n} time before", "Asked {n} times before", since.count)
    if since.last_answered_on is not None:
        words += ", " + _("last answered on {day}").format(day=day(since.last_answered_on))
    if since.tables is not None:
        changes = ", ".join(_change_said(change, count) for change, count in since.changes.items())
        words += "; " + (_("since then {changes}").format(changes=changes) if changes else _("nothing changed since"))
    return words + "."


def _change_said(change: Change, count: int) -> str:
    match change:
        case Change.TRANSACTIONS:
            return plural("{n} new transaction", "{n} new transactions", count)
        case Change.ADDED:
            return plural("{n} new row", "{n} new rows", count)
        case Change.CHANGED:
            return plural("{n} row changed", "{n} rows changed", count)
        case Change.GONE:
            return plural("{n} row gone", "{n} rows gone", count)
        case _:
            assert_never(change)


def _tables(since: Since, tables: Sequence[TableDifference]) -> None:
    if since.compared_with is not None:
        words = _("Compared with {case}, received on {day}. Only fingerprints of its rows are kept, no contents.")
        st.caption(
            plain(words.format(case=since.compared_with.name, day=day(since.compared_with.received_on)))
        )  # fmt: skip
    differing = [table for table in tables if table.differs]
    if not differing:
        return
    names = [_("Table"), _("Added"), _("Changed"), _("Gone")]
    frame = pd.DataFrame([_cells(table) for table in differing], columns=names, dtype=object)
    st.dataframe(
        frame, hide_index=True, height="content", key="case_before_tables",
        column_config={name: st.column_config.TextColumn(name) for name in names},
        alt=_("Rows added, changed and gone in each table since that case."),
    )  # fmt: skip
    if any(table.counted for table in differing):
        st.caption(_("“more” and “fewer”: a table with so many rows is only counted."))
    if any(table.changed is None and not table.counted for table in differing):
        st.caption(_("–: rows without an ID of their own. One that changed counts as gone and as added."))


def _cells(table: TableDifference) -> list[str]:
    origin = table.origin
    source = _("Gift cards") if origin.family == GIFT_CARDS else _(KIND_WORDS[SourceKind(origin.family)])
    where = " · ".join(displayable(part) for part in (source, origin.program, table.name) if part)
    if table.counted:
        added = _("{n} more").format(n=number(table.added)) if table.added else "0"
        return [where, added, "–", _("{n} fewer").format(n=number(table.gone)) if table.gone else "0"]
    changed = "–" if table.changed is None else number(table.changed)
    return [where, number(table.added), changed, number(table.gone)]


def _earlier(one: EarlierCase) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.page_link(
            navigation.CASE, label=plain(one.name), icon=":material/folder_open:",
            query_params={navigation.CASE_PARAMETER: one.id}, width="content",
        )  # fmt: skip
        badge = STATE_BADGES[one.state]
        words = [_("received {day}").format(day=day(one.received_on)), badge.label]
        if one.answered_on is not None:
            words.append(day(one.answered_on))
        if one.reference:
            words.append(one.reference)
        st.text(" · ".join(words), width="content")
    for copy in one.sent:
        label = _(COPY_WORDS[copy.copy]) if copy.copy in COPY_WORDS else _("What was sent")
        st.caption(plain(f"{label} · {_('Fingerprint of what was sent')}: {copy.sha256}"))
