"""A case as one page to print for the file: its facts and dates, in the reader's language.

No notes, no letters, and the person masked, for paper lies about.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from html import escape

from portal.cases.facts import FactKind
from portal.cases.services.intake import IdentifierKind
from portal.cases.services.views import CaseView
from portal.ui.cases.case_head import ended_said
from portal.ui.cases.case_history import fact_said
from portal.ui.cases.case_words import IDENTIFIER_WORDS, OUTCOME_WORDS, RIGHT_WORDS, STATE_BADGES, steps_said
from portal.ui.common.times import when, when_exact
from portal.ui.common.words import _, day, language

STYLE = """
@page { size: A4; margin: 16mm; }
body { font: 10pt/1.4 system-ui, sans-serif; color: #111; background: #fff; max-width: 178mm; margin: 0 auto; }
h1 { font-size: 16pt; margin: 0 0 4mm; } h2 { font-size: 11pt; margin: 5mm 0 1mm; }
table { border-collapse: collapse; width: 100%; } tr { break-inside: avoid; }
th, td { text-align: start; vertical-align: top; padding: 0.6mm 3mm 0.6mm 0; border-bottom: 0.2mm solid #bbb; }
th { font-weight: 600; white-space: nowrap; } p { margin: 0; } footer { margin-top: 5mm; }
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def print_file_name(view: CaseView) -> str:
    return f"case-{view.row.name}.html"


def case_as_html(view: CaseView, merchant: str, now: dt.datetime, zone: dt.tzinfo) -> str:
    """One HTML document without a script or an outside address. Times are in `zone`."""
    title = f"{merchant}: {_('Case')} {view.row.name}"
    happened = (
        (when(fact.at, zone), fact_said(fact), fact.by) for fact in view.facts if fact.kind is not FactKind.NOTE
    )
    why = escape(steps_said(view.clock.why)).replace("\n", "<br>")
    return (
        f'<!doctype html>\n<html lang="{language()}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>"
        f"<h1>{escape(title)}</h1><table>{_rows(_facts(view))}</table>"
        f"<h2>{escape(_('Why this day?'))}</h2><p>{why}</p>"
        f"<h2>{escape(_('What happened'))}</h2><table>{_rows(happened)}</table>"
        f"</main><footer>{escape(_('Printed on {when}.').format(when=when_exact(now, zone)))}</footer></body></html>\n"
    )


def _facts(view: CaseView) -> list[tuple[str, str]]:
    row, clock = view.row, view.clock
    person = " · ".join(f"{_(IDENTIFIER_WORDS[IdentifierKind(kind)])}: {value}" for kind, value in view.identifiers)
    found = [
        (_("Person"), person),
        (_("Asks for"), ", ".join(f"{_(RIGHT_WORDS[d.right])} ({_(OUTCOME_WORDS[d.outcome])})" for d in view.demands)),
        (_("Reference"), row.reference or "–"),
        (_("Received"), day(clock.received_on)),
        (_("Due"), day(clock.due_on)),
        (_("Last lawful day"), day(clock.due_last_on)),
        (_("Where it stands"), STATE_BADGES[row.state].label),
    ]
    if ended := ended_said(view):
        found.append((_("Ended"), ended))
    return found


def _rows(rows: Iterable[tuple[str, ...]]) -> str:
    def row(head: str, *cells: str) -> str:
        return f'<tr><th scope="row">{escape(head)}</th>' + "".join(f"<td>{escape(c)}</td>" for c in cells) + "</tr>"

    return "".join(row(*cells) for cells in rows)
