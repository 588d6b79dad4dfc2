"""The table of look-ups that led to no case, on the audit trail's page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from portal.people.finding import ClueKind
from portal.trail.lookups import LookupRow
from portal.ui.common.times import when_to_second
from portal.ui.common.words import _, later, number

CLUE_WORDS: Mapping[ClueKind, str] = {
    ClueKind.EMAIL: later("Email"),
    ClueKind.CUSTOMER_ID: later("Customer ID"),
    ClueKind.PHONE: later("Phone"),
    ClueKind.CARD_ID: later("Card ID"),
    ClueKind.CARD_NUMBER: later("Card number"),
    ClueKind.LAST_FOUR: later("Last four digits"),
}


def lookup_table(rows: Sequence[LookupRow], zone: dt.tzinfo, *, key: str) -> None:
    """Newest first: when, who, by which kind of fact, and how many were found; never what was looked for."""
    names = [_("When"), _("Who"), _("Looked up by"), _("Customers found"), _("Cards found"), _("Customer chosen")]
    cells = [
        [
            when_to_second(row.at, zone), row.who, _(CLUE_WORDS[row.kind]), _count(row.people), _count(row.cards),
            _("yes") if row.chosen else "–",
        ]
        for row in rows
    ]  # fmt: skip
    st.dataframe(
        pd.DataFrame(cells, columns=names, dtype=object),
        key=key,
        hide_index=True,
        height="content",
        column_config={name: st.column_config.TextColumn(name) for name in names},
        alt=_("Look-ups without a case, newest first: when, who, by which kind of fact, how many were found."),
    )


def _count(found: int | None) -> str:
    return _("no answer") if found is None else number(found)
