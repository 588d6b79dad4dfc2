"""What may be a slip in an address (MAIL-8): said beside it, and nothing is forbidden."""

from __future__ import annotations

import streamlit as st

from portal.delivery.giving.addresses import looked_at
from portal.ui.common.words import _, plain


def draw_looked_at(address: str, *, both: bool = False) -> None:
    """Its hints; with `both` the address in the form that is read and the one that is sent, where they differ."""
    found = looked_at(address)
    if both:
        forms = dict.fromkeys((found.address, found.readable, found.on_the_wire))
        st.code("\n".join(forms), language=None, wrap_lines=True)
    for hint in found.hints:
        st.warning(plain(_(hint.value)), icon=":material/spellcheck:")
