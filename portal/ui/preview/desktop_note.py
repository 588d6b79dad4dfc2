"""What a screen reader reads out while an export runs, the choice "Tell me on the desktop", and the notification: a
script of ours in the page.

A components v2 component out of a file: it comes from the portal's own address, so the content policy lets it in (an
inline one becomes a `blob:` module, which it does not). The script is `portal/ui/scripts/desktop_note.js`; it is given
words and an export's id, and whether the export is under way. It says nothing back.
"""

from __future__ import annotations

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from portal.ui.common.words import _
from portal.web.streamlit import components

CSS = """
label { display: flex; gap: 0.5rem; align-items: center; min-height: 1.75rem; cursor: pointer; width: fit-content; }
input { width: 1rem; height: 1rem; margin: 0; accent-color: var(--st-primary-color); }
input:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
.said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
label, p { color: var(--st-text-color); font-family: var(--st-font); font-size: 0.875rem; margin: 0; }
"""


def say(words: str) -> None:
    """Have a screen reader read this out when it changes; nothing to see (WCAG 2.2, 4.1.3 status messages).

    One region a page, drawn at one place in the page's own run: a second one, or one in a fragment, would be inserted
    again at each redraw and read out again.
    """
    _script()(key="said", data={"said": words})


def draw_desktop_note(export_id: str, *, under_way: bool, ready: bool = False) -> None:
    """While the export is under way the choice; when it has ended, nothing to see, but a hidden tab tells it."""
    title = _("An export is ready") if ready else _("An export has ended")
    _script()(
        key="desktop_note" if under_way else "desktop_note_end",
        data={
            "said": "",
            "export": export_id,
            "under_way": under_way,
            "words": {
                "choice": _("Tell me on the desktop when it has ended"),
                "refused": _("Your browser does not allow it. Allow notifications for this address in its settings."),
                "title": title,
                "body": _("Privacy portal"),
            },
        },
    )


def _script() -> ComponentRenderer:
    components.register_components()
    return st.components.v2.component(components.DESKTOP_NOTE, css=CSS, js=components.DESKTOP_NOTE_FILE)
