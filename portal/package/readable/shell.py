"""What stands around every page of the package, and how text gets into one."""

from __future__ import annotations

from html import escape

from portal.language import catalogue_of, known_or_english
from portal.package.readable.style import STYLE
from portal.package.texts import SKIP
from portal.preview.raw import displayable

CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Inside the file, for it is opened from a disk and no server sends a header (PKG-4)."""


def shown(text: str) -> str:
    """Text of the file, for HTML: what a screen would hide or obey is a visible escape (SEC-22)."""
    return escape(displayable(text))


def page_shell(title: str, language: str, body: str, *, foot: str = "") -> str:
    """A whole page. `title` and `foot` are plain text; `body` is HTML with the page's one h1."""
    head, tail = page_ends(title, language, foot=foot)
    return f"{head}{body}{tail}"


def page_ends(title: str, language: str, *, foot: str = "") -> tuple[str, str]:
    """What comes before and after the body, for pages that are written in pieces. All our languages run left to
    right; foreign text keeps its own direction by isolation."""
    language = known_or_english(language)
    skip = escape(catalogue_of(language).text(SKIP))
    footer = f"<footer><p>{escape(foot)}</p></footer>" if foot else ""
    head = (
        f'<!doctype html>\n<html lang="{language}" dir="ltr"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{CSP}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>"
        f'<a class="skip" href="#main">{skip}</a><main id="main" tabindex="-1">\n'
    )
    return head, f"\n</main>{footer}</body></html>\n"
