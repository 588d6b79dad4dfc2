"""The table of acts on the audit trail's page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import streamlit as st

from portal.audit import AuditRow
from portal.ui.acts import RESULTS, act_said, word
from portal.ui.times import when_exact
from portal.ui.words import _, number, sentence


def trail_table(rows: Sequence[AuditRow], zone: dt.tzinfo, *, key: str) -> None:
    """Newest first: number, when, who, what, on which object, from where, with which result."""
    import pandas as pd

    names = [_("No."), _("When"), _("Who"), _("What"), _("On"), _("From"), _("Result")]
    cells = [
        [
            number(row.seq),
            when_exact(row.at, zone),
            sentence(row.who),
            act_said(row.action, row.facts),
            row.object_id,
            row.origin,
            word(RESULTS, row.result),
        ]
        for row in rows
    ]
    st.dataframe(
        pd.DataFrame(cells, columns=names, dtype=object),
        key=key,
        hide_index=True,
        column_config={name: st.column_config.TextColumn(name) for name in names},
        alt=_("Acts, newest first: number, when, who, what, on which object, from where, with which result."),
    )
