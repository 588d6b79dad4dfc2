"""For a manager's decision: what the file says of its owner, beside whom was asked for."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from portal.composition import Portal
from portal.exports import ExportView
from portal.identity import User
from portal.preview import AskedPerson, Finding, Preview, inspect
from portal.preview.frames import shown
from portal.preview.raw import displayable
from portal.ui.common.words import _, number, sentence

MOST_SHOWN = 50
UNSCROLLED = 8
KEPT = "_differing"


def draw_differing(portal: Portal, user: User, view: ExportView, preview: Preview) -> None:
    """A line for each place that speaks of somebody else; nothing where the check failed for another reason."""
    if preview.still_reading:
        return
    asked = portal.files.asked_person(user, view.id)
    findings = _findings(view, preview, asked)
    if not findings:
        return
    st.subheader(_("Records that differ"))
    wanted = asked.email or asked.customer_id or ""
    lines = [
        [f"{displayable(one.place.table)} · {number(one.place.row + 1)}", displayable(one.place.column), wanted,
         _cell(preview, one), sentence(one.sentence)]
        for one in findings[:MOST_SHOWN]
    ]  # fmt: skip
    columns = [_("Record"), _("Field"), _("You asked for"), _("The file says"), _("Why")]
    frame = pd.DataFrame(lines, columns=columns, dtype=object)
    st.dataframe(
        frame,
        hide_index=True,
        height="content" if len(frame) <= UNSCROLLED else 300,
        alt=_("Records that are not the asked customer's."),
    )
    if len(findings) > MOST_SHOWN:
        st.caption(_("The first {n} are shown.").format(n=number(MOST_SHOWN)))


def _findings(view: ExportView, preview: Preview, asked: AskedPerson) -> tuple[Finding, ...]:
    """Worked out once a file: a rerun draws what is there."""
    kept = st.session_state.get(KEPT)
    if kept is None or kept[0] != (view.id, view.sha256):
        kept = st.session_state[KEPT] = ((view.id, view.sha256), inspect(preview, asked).findings)
    found: tuple[Finding, ...] = kept[1]
    return found


def _cell(preview: Preview, finding: Finding) -> str | None:
    table = preview.table(finding.place.table)
    if finding.place.column not in table.columns or finding.place.row >= table.row_count:
        return None
    return shown(table.rows(finding.place.row, finding.place.row + 1)[0][table.columns.index(finding.place.column)])
