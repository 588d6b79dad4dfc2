"""The choice "Tell me on the desktop" and the notification itself: the one script of ours in the page.

A components v2 component out of a file: it comes from the portal's own address, so the content policy lets it in (an
inline one becomes a `blob:` module, which it does not). The script is `portal/ui/scripts/desktop_note.js`; it is given
words and an export's id, and whether the export is under way. It says nothing back.
"""

from __future__ import annotations

import streamlit as st

from portal.ui.words import _
from portal.web import bridge

CSS = """
label { display: flex; gap: 0.5rem; align-items: center; min-height: 1.75rem; cursor: pointer; width: fit-content; }
input { width: 1rem; height: 1rem; margin: 0; accent-color: var(--st-primary-color); }
input:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
label, p { color: var(--st-text-color); font-family: var(--st-font); font-size: 0.875rem; margin: 0; }
"""


def draw_desktop_note(export_id: str, *, under_way: bool, ready: bool = False) -> None:
    """While the export is under way the choice; when it has ended, nothing to see, but a hidden tab tells it."""
    bridge.offer_scripts()
    note = st.components.v2.component(bridge.DESKTOP_NOTE, css=CSS, js=bridge.DESKTOP_NOTE_FILE)
    note(
        key="desktop_note" if under_way else "desktop_note_end",
        data={
            "export": export_id,
            "under_way": under_way,
            "words": {
                "choice": _("Tell me on the desktop when it has ended"),
                "refused": _("Your browser does not allow it. Allow notifications for this address in its settings."),
                "title": _("An export is ready") if ready else _("An export has ended"),
                "body": _("Privacy portal"),
            },
        },
    )
