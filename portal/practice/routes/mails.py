"""The mailbox as pages: what the portal has sent, to be read and clicked. Everybody in it is invented."""

import re
from dataclasses import asdict
from html import escape
from typing import Any, Final

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse

from portal.practice.mails import KeptMail
from portal.practice.routes.access import StateDep

router = APIRouter(prefix="/_practice")
_LINK: Final = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
_STYLE: Final = """
:root { color-scheme: light dark; --quiet: #5b6470; --line: #d9dee5; --band: #fff4d6; --ink: #1b2430; --link: #0b57d0;
  --page: #f6f7f9; --card: #fff; }
@media (prefers-color-scheme: dark) { :root { --quiet: #a5afbd; --line: #353d49; --band: #4a3b10; --ink: #eef1f5;
  --link: #8ab4f8; --page: #14181e; --card: #1d232b; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
p.practice { margin: 0; padding: .5rem 1rem; background: var(--band); text-align: center; font-size: .9rem; }
main { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 1rem; overflow-wrap: anywhere; }
a { color: var(--link); }
ol { list-style: none; margin: 0; padding: 0; border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
li + li { border-top: 1px solid var(--line); }
li a { display: block; padding: .75rem 1rem; background: var(--card); color: inherit; text-decoration: none; }
li a:hover, li a:focus-visible { background: var(--page); }
li b, li span { display: block; overflow-wrap: anywhere; }
li span, dt, time { color: var(--quiet); font-size: .875rem; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .15rem 1rem; margin: 0 0 1rem; }
dd { margin: 0; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; padding: 1rem; background: var(--card); font: inherit;
  border: 1px solid var(--line); border-radius: 10px; }
"""


@router.get("/mails.json")
async def mails_as_json(state: StateDep) -> list[dict[str, Any]]:
    """All mails that are kept, the newest last."""
    return [asdict(mail) for mail in state.mailbox.mails]


@router.get("/mails", response_class=HTMLResponse)
async def mails(state: StateDep) -> HTMLResponse:
    """The list, the newest first."""
    lines = "".join(
        f'<li><a href="mails/{mail.number}"><b>{escape(mail.subject)}</b>'
        f"<span>{escape(mail.to)} · {mail.at:%d %b %H:%M:%S} UTC</span></a></li>"
        for mail in reversed(state.mailbox.mails)
    )
    nothing = "<p>No mail has come yet. Send one from a case, or a test mail from Settings, then reload this page.</p>"
    return _page("Practice mailbox", f"<h1>Practice mailbox</h1>{f'<ol>{lines}</ol>' if lines else nothing}")


@router.get("/mails/{number}", response_class=HTMLResponse)
async def mail(number: int, state: StateDep) -> HTMLResponse:
    """One mail as plain text, its links to be clicked."""
    found = state.mailbox.find(number)
    if found is None:
        raise HTTPException(404, "There is no such mail.")
    return _page(found.subject, _whole(found))


def _whole(mail: KeptMail) -> str:
    heads = (
        ("From", mail.sender), ("To", mail.to), ("Reply to", mail.reply_to), ("Bounces to", mail.mail_from),
        ("Came", f"{mail.at:%d %b %Y %H:%M:%S} UTC"),
    )  # fmt: skip
    told = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in heads if value)
    return (
        f'<p><a href="../mails">All mails</a></p><h1>{escape(mail.subject)}</h1><dl>{told}</dl>'
        f"<pre>{_with_links(mail.text)}</pre>"
    )


def _with_links(text: str) -> str:
    parts, end = [], 0
    for found in _LINK.finditer(text):
        parts.append(escape(text[end : found.start()]))
        link = escape(found[0])
        parts.append(f'<a href="{link}" target="_blank" rel="noreferrer noopener">{link}</a>')
        end = found.end()
    return "".join([*parts, escape(text[end:])])


def _page(title: str, body: str) -> HTMLResponse:
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        '<body><p class="practice">Practice: everybody here is invented, and no mail leaves this machine.</p>'
        f"<main>{body}</main></body></html>",
        headers=_HEADERS,
    )
