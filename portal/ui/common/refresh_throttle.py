"""A fragment says how long its timer need not redraw it (`portal.web.streamlit.refresh_throttle`)."""

from __future__ import annotations

from portal.web.streamlit import page_run
from portal.web.streamlit.refresh_throttle import refresh_throttle


def skip_refresh_for(seconds: float, merchant_id: str = "", mark: str | None = None) -> None:
    """Called by a fragment while it draws: its timer may be ignored for `seconds`, or until an export of the merchant
    changes. `mark`: what `mark_of` gave before the fragment read anything."""
    fragment = page_run.current_fragment()
    if fragment and seconds > 0:
        refresh_throttle.add_drawing(page_run.current_socket(), fragment, seconds, merchant_id, mark)


def mark_of(merchant_id: str) -> str | None:
    """A mark that changes with the merchant's exports; None while it is not known."""
    return refresh_throttle.mark_of(merchant_id)


def forget_drawn() -> None:
    """A run of the whole page begins."""
    refresh_throttle.forget_drawn(page_run.current_socket())
