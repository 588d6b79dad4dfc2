"""The table of acts on the audit trail's page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from portal.audit import AuditRow
from portal.ui.common.acts import RESULTS, describe_act, word
from portal.ui.common.times import when_to_second
from portal.ui.common.words import _, number, sentence


def trail_table(rows: Sequence[AuditRow], zone: dt.tzinfo, *, key: str) -> None:
    """Newest first: number, when, who, what, with which result, from where, on which object; the time in UTC last."""
    names = [_("No."), _("When"), _("Who"), _("What"), _("Result"), _("From"), _("On"), _("UTC")]
    cells = [
        [
            number(row.seq),
            when_to_second(row.at, zone),
            sentence(row.who),
            describe_act(row.action, row.facts),
            word(RESULTS, row.result),
            row.origin,
            row.object_id,
            when_to_second(row.at, dt.UTC),
        ]
        for row in rows
    ]
    st.dataframe(
        pd.DataFrame(cells, columns=names, dtype=object),
        key=key,
        hide_index=True,
        height="content",  # a page of rows, scrolled with the page: no second scroll bar within it
        column_config={name: st.column_config.TextColumn(name) for name in names},
        alt=_("Acts, newest first: number, when, who, what, result, from where, on which object, time in UTC."),
    )
