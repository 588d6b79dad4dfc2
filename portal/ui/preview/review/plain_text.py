"""A text as it is, with a scroll bar where it is long."""

from __future__ import annotations

from typing import Literal

import streamlit as st

TEXT_PIXELS = 320
SHORT_LINES, LINE_CHARS = 12, 60
"""A text that needs no scroll bar."""


def draw_plain_text(text: str, *, key: str) -> None:
    short = text.count("\n") < SHORT_LINES and len(text) < SHORT_LINES * LINE_CHARS
    height: Literal["content"] | int = "content" if short else TEXT_PIXELS
    with st.container(height=height, border=False, key=key):  # the code's own height no key can scroll
        st.code(text, language=None, wrap_lines=True)
