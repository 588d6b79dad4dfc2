"""Choosing files and handing them to the portal: a script of ours, since Streamlit's uploads are shut (SEC-23).

The script sends each file to `portal.web.routes.attached_files`, which seals it as it arrives; the page's own
connection carries nothing of it.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from portal.systems.answering import MAX_FILE_BYTES, MAX_FILES
from portal.ui.common.words import _
from portal.web.streamlit import components

CSS = """
:host, .choose, p, li { color: var(--st-text-color); font-family: var(--st-font); font-size: 0.875rem; }
.choose { position: relative; display: inline-flex; align-items: center; min-height: 2.5rem; padding: 0.25rem 0.75rem;
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius); cursor: pointer; }
.choose:hover { background: var(--st-secondary-background-color); }
.choose:focus-within { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
.files { position: absolute; inset: 0; width: 100%; opacity: 0; cursor: pointer; font-size: 0; }
p { margin: 0.5rem 0 0; } p:empty { display: none; }
.bar { width: 100%; margin-top: 0.5rem; accent-color: var(--st-primary-color); } .bar[hidden] { display: none; }
.problems { margin: 0.5rem 0 0; padding: 0; list-style: none; } .problems:empty { display: none; }
.problems li { color: var(--st-red-color, #b3261e); overflow-wrap: anywhere; }
"""


def draw_attach_file(case_id: str, system_id: str) -> dict[str, Any] | None:
    """The field; gives what was sent, in the one run after it: `sent`, a count, and `problems`, sentences."""
    limit = _("Any type, at most 50 MB each and {n} files. Locked away here.").format(n=MAX_FILES)
    address = f"/cases/{case_id}/systems/{system_id}/files"
    return _draw(f"attach-{system_id}", address, _("Choose files"), limit, single=False)


def draw_replace_file(case_id: str, file_id: str) -> dict[str, Any] | None:
    """As `draw_attach_file`, for the one file that is to go out in another's place."""
    limit = _("One file of any type, at most 50 MB. Locked away here.")
    return _draw(
        f"replace-{file_id}", f"/cases/{case_id}/files/{file_id}/replacement", _("Choose a file"), limit, single=True
    )


def _draw(key: str, address: str, choose: str, limit: str, *, single: bool) -> dict[str, Any] | None:
    components.register_components()
    draw = st.components.v2.component(components.ATTACH_FILE, css=CSS, js=components.ATTACH_FILE_FILE)
    result = draw(
        key=key,
        data={
            "address": address,
            "most": MAX_FILE_BYTES,
            "single": single,
            "words": {
                "choose": choose,
                "limit": limit,
                "empty": _("This file is empty."),
                "too_large": _("A file may have at most 50 MB."),
                "sending": _("sending …"),
                "sealing": _("locking away …"),
                "failed": _("It did not arrive. Try again."),
            },
        },
        on_done_change=lambda: None,
    )
    done = getattr(result, "done", None)
    return done if isinstance(done, dict) else None
