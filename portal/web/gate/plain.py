"""Small plain HTML responses for addresses that are not Streamlit pages. No scripts, no stack traces."""

from __future__ import annotations

from html import escape

from starlette.responses import HTMLResponse

from portal.errors import (
    NotFound,
    NotPermitted,
    NotSignedIn,
    PortalError,
    SealBroken,
    StateConflict,
    StepUpNeeded,
    TryLater,
)
from portal.language import catalogue_of, current_language

PLAIN_CSP = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
STATUS: dict[type[PortalError], int] = {
    NotFound: 404,
    NotPermitted: 403,
    NotSignedIn: 401,
    StepUpNeeded: 403,
    StateConflict: 409,
    TryLater: 429,
    SealBroken: 500,
}
PAGE = """<!DOCTYPE html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>
:root{{color-scheme:light dark}}
body{{font:1.0625rem/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1.25rem;
background:light-dark(#fbfcfc,#0f1b1e);color:light-dark(#0a1a1c,#e6eeee)}}
h1{{font-size:1.375rem}} a{{color:light-dark(#0b5f8a,#7fd0e6)}} small{{opacity:.75}}
</style></head><body><main><h1>{title}</h1><p>{step}</p><p><a href="/">{back}</a></p>{reference}</main></body>
</html>
"""


def page(status: int, title: str, step: str = "", reference: str = "") -> HTMLResponse:
    """A response with a heading, the next step and, for faults, the reference to look up in the log."""
    words = catalogue_of(current_language.get())
    said = words.text("Reference: {reference}").format(reference=reference)
    return HTMLResponse(
        PAGE.format(
            language=words.language,
            title=escape(words.sentence(title)),
            step=escape(words.sentence(step)),
            back=escape(words.text("Go to the portal")),
            reference=f"<p><small>{escape(said)}</small></p>" if reference else "",
        ),
        status_code=status,
        headers={"content-security-policy": PLAIN_CSP},
    )


def status_of(error: PortalError) -> int:
    return next((code for kind, code in STATUS.items() if isinstance(error, kind)), 400)


def error_page(error: PortalError) -> HTMLResponse:
    """The page of a typed error: its message and next step, never its detail."""
    status = status_of(error)
    answer = page(status, error.message, error.next_step, error.reference if status >= 500 else "")
    if isinstance(error, TryLater):
        answer.headers["retry-after"] = str(max(1, round(error.wait_seconds)))
    return answer
