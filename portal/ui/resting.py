"""A part of a page says for how long it may rest: see `portal.web.resting`."""

from __future__ import annotations

from streamlit.runtime.scriptrunner import get_script_run_ctx

from portal.web import bridge
from portal.web.resting import resting


def rest(seconds: float, merchant_id: str = "", mark: str | None = None) -> None:
    """Called by a fragment while it draws: nothing new is to be seen for `seconds`, or until an export of the merchant
    changes. `mark` is what `mark_of` gave before the drawing read anything."""
    run = get_script_run_ctx(suppress_warning=True)
    fragment = bridge.this_fragment()
    if run is not None and fragment and seconds > 0:
        resting.note(bridge.this_socket(), fragment, seconds, merchant_id, mark)


def mark_of(merchant_id: str) -> str | None:
    """How it stands with the merchant's exports; None while it is not known."""
    return resting.mark_of(merchant_id)


def stir() -> None:
    """A run of the whole page begins."""
    resting.stir(bridge.this_socket())
