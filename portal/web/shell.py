"""The page shell: Streamlit's own `index.html` in six languages, with our title and icon, nothing half-built to see.

The same bytes for everyone (SEC-31): what it shows comes later, over the socket. Built once at start.

Streamlit draws a page as its parts arrive: the text at the left edge first, then a sidebar that pushes it aside, then
grey bars that grow into fields (measured: a layout shift of 0.30 to 0.59, where 0.05 is good). `OPENING` keeps the
page out of sight for these moments. It fails open: should the names it looks for change, a page is seen at once or
after `OPENING_SECONDS`, and never vanishes again, because an animation runs once.
"""

from __future__ import annotations

from portal.language import LANGUAGES
from portal.web.brand import ICON_ADDRESS
from portal.web.bridge import UnknownFrontEnd

LANGUAGE_MARK = '<html lang="en">'
TITLE_MARK = "<title>Streamlit</title>"
TITLE = "<title>Privacy portal</title>"
ICON_MARK = '<link rel="shortcut icon" href="./favicon.png" />'
ICON = f'<link rel="icon" href="{ICON_ADDRESS}" />'
END_OF_HEAD = "</head>"
OPENING_SECONDS = 2.0
OPENING = f"""<style>
@keyframes opening {{ from, to {{ --opening: hidden; --drawn: 0 }} }}
.stApp {{ animation: opening {OPENING_SECONDS}s }}
.stApp:not(:has([data-testid="stSidebarNavLink"], .stForm)) > *,
.stApp:has([data-testid="stSkeleton"], [data-testid="stAppSkeleton"]) > * {{
visibility: var(--opening, visible); opacity: var(--drawn, 1) }}
</style>"""


def shells(page: str) -> dict[str, bytes]:
    """The shell in every language, by its two letters. Raises UnknownFrontEnd when `page` is not as it was."""
    check(page)
    ours = page.replace(TITLE_MARK, TITLE).replace(ICON_MARK, ICON).replace(END_OF_HEAD, OPENING + END_OF_HEAD)
    return {code: ours.replace(LANGUAGE_MARK, f'<html lang="{code}">').encode() for code in LANGUAGES}


def check(page: str) -> None:
    """Raises UnknownFrontEnd when Streamlit's page does not say where it should what is written anew here."""
    for mark in (LANGUAGE_MARK, TITLE_MARK, ICON_MARK, END_OF_HEAD):
        if page.count(mark) != 1:
            raise UnknownFrontEnd(f"Streamlit's page does not hold {mark} once")
