"""The page "What we left out": one file that a browser opens from anywhere, without a script or an outside address."""

from __future__ import annotations

import base64
import hashlib
from html import escape

from portal.language import formats
from portal.redaction.left_out_list import KIND_WORDS, NOTHING, PARTLY_REFUSED, LeftOutLine, LeftOutList

TITLE = "What we left out"
INTRO = "In the file, a marker with a number stands at each of these places. Everything else in it is as we hold it."
_STYLE = """
:root{color-scheme:light dark}
body{font:1rem/1.5 system-ui,sans-serif;margin:0;color:#1b2a2b;background:#fff}
main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 1rem}h2{font-size:1.2rem;margin:2rem 0 .5rem}
table{border-collapse:collapse;width:100%}
th,td{border-bottom:1px solid #b7c4c4;padding:.4rem .6rem .4rem 0;text-align:left;vertical-align:top}
th,td,code{overflow-wrap:anywhere}
th{font-weight:600;overflow-wrap:normal}th[scope=row]{font-weight:400}td.n,td.w{font-variant-numeric:tabular-nums;white-space:nowrap}code{font-size:.9em}
@media (prefers-color-scheme:dark){body{color:#e6eeee;background:#14201f}th,td{border-color:#41504f}}
@media (max-width:40rem){.where thead{position:absolute;clip-path:inset(50%)}.where tr{display:block;padding:.6rem 0;
border-bottom:1px solid #8a9998}.where td{display:block;border:0;padding:.1rem 0}}
@media print{body{color:#000;background:#fff}tr{break-inside:avoid}thead{display:table-header-group}}
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"


def left_out_page(told: LeftOutList) -> bytes:
    """As HTML in UTF-8, in the language of `told`."""
    title = escape(told.text(TITLE))
    page = f"""<!doctype html>
<html lang="{escape(told.language)}"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
<style>{_STYLE}</style></head><body><main>
<h1>{title}</h1>
{_paragraphs(told)}{_counts(told) if told.lines else ""}{_places(told) if told.lines else ""}</main></body></html>
"""
    return page.encode()


def _paragraphs(told: LeftOutList) -> str:
    said = [told.text(INTRO), told.text(PARTLY_REFUSED), *told.remedies] if told.lines else [told.text(NOTHING)]
    name = f"<p><code>{escape(told.file_name)}</code></p>\n"
    return name + "".join(f"<p>{escape(one)}</p>\n" for one in said)


def _counts(told: LeftOutList) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(why)}</th><td class="n">{formats.number(many, told.language)}</td></tr>\n'
        for why, many in told.counts()
    )
    head = f'<tr><td></td><th scope="col">{escape(told.text("Places"))}</th></tr>'
    return f"<h2>{escape(told.text('Why'))}</h2>\n<table><thead>{head}</thead><tbody>\n{rows}</tbody></table>\n"


def _places(told: LeftOutList) -> str:
    words = ("Number", "Where", "What", "Why")
    heads = "".join(f'<th scope="col">{escape(told.text(one))}</th>' for one in words)
    rows = "".join(_row(told, line) for line in told.lines)
    title = escape(told.text("Where"))
    return f'<h2>{title}</h2>\n<table class="where"><thead><tr>{heads}</tr></thead><tbody>\n{rows}</tbody></table>\n'


def _row(told: LeftOutList, line: LeftOutLine) -> str:
    why = told.reason_words(line.reason, line.section)
    return (
        f'<tr><td class="n">{line.number:0{told.width}}</td><td>{escape(line.place_words)}</td>'
        f'<td class="w">{escape(told.text(KIND_WORDS[line.kind]))}</td><td>{escape(why)}</td></tr>\n'
    )
