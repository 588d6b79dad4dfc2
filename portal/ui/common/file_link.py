"""A link that saves a file: drawn as a button, opened in the same window.

A components v2 component out of a file, as `portal.ui.preview.desktop_note` is; the script says why Streamlit's own
link button does not serve.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from portal.web.streamlit import components

CSS = """
a { display: inline-flex; align-items: center; justify-content: center; gap: 0.5rem; box-sizing: border-box;
  min-height: 2.5rem; padding: 0.25rem 0.75rem; border: 1px solid var(--st-border-color);
  border-radius: var(--st-button-radius); background: var(--st-background-color); color: var(--st-text-color);
  font-family: var(--st-font); font-size: 0.875rem; line-height: 1.6; text-decoration: none; white-space: nowrap; }
a:hover { background: var(--st-secondary-background-color); }
a.primary { background: var(--st-primary-color); border-color: var(--st-primary-color); color: #fff; }
a.primary:hover { filter: brightness(0.9); }
a:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
.icon { font-family: "Material Symbols Rounded"; font-size: 1.125rem; line-height: 1; user-select: none; }
"""


def file_link(
    words: str, address: str, *, icon: str, key: str, primary: bool = False, help: str = "", tab: bool = False
) -> None:
    """`icon` is the name of a Material symbol; `address` a path of the portal. `tab`: a page that is looked at beside
    the portal."""
    _draw(key, words=words, icon=icon, primary=primary, help=help, address=address, tab=tab)


def text_link(words: str, text: str, *, file_name: str, media: str, icon: str, key: str) -> None:
    """A link that saves text which the page has already, as UTF-8. It has no address, so the server keeps nothing."""
    _draw(
        key, words=words, icon=icon, primary=False, help="", text=text, file_name=file_name,
        media=f"{media};charset=utf-8",
    )  # fmt: skip


def _draw(key: str, **data: Any) -> None:
    components.register_components()
    draw = st.components.v2.component(components.FILE_LINK, css=CSS, js=components.FILE_LINK_FILE)
    draw(key=f"file-link-{key}", data=data, width="content")
