"""A QR code as an image inside the page: nothing of it goes through `/media`."""

from __future__ import annotations

import segno
import streamlit as st


def draw_qr(text: str, *, width: int) -> None:
    st.image(segno.make(text, error="m", micro=False).svg_inline(scale=5, border=4, light="#fff"), width=width)
