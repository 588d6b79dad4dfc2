"""Draws these pages. Words are translated and filled here; what is filled in is data, and escaped."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Mapping
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape

from portal.front_door.kinds import ALSO_MAX, MESSAGE_MAX, NOTE_MAX, Demand, MessageKind, Writer
from portal.front_door.views import Asking, DoorPage, MineKind, MinePage, ShownMessage, Where
from portal.language import LANGUAGES, formats
from portal.web.front_door import words
from portal.web.front_door.style import STYLE
from portal.web.recipient import words as of_links
from portal.web.recipient.pages import Words

_TEMPLATES = Environment(
    loader=ChoiceLoader([PackageLoader("portal.web.front_door"), PackageLoader("portal.web.recipient")]),
    undefined=StrictUndefined,
    autoescape=select_autoescape(["html"]),
    trim_blocks=True,
    lstrip_blocks=True,
)
_SENTENCES = {name: text for part in (of_links, words) for name, text in vars(part).items() if name.isupper()}
DEMANDS: Mapping[Demand, tuple[str, str]] = {
    Demand.COPY: (words.COPY, words.COPY_HINT),
    Demand.PORTABLE: (words.PORTABLE, words.PORTABLE_HINT),
    Demand.ERASURE: (words.ERASURE, words.ERASURE_HINT),
}
STANDS: Mapping[Where, str] = {
    Where.RECEIVED: words.IS_RECEIVED,
    Where.WORKED_ON: words.IS_WORKED_ON,
    Where.WAITS: words.WAITS,
    Where.ANSWERED: words.IS_ANSWERED,
    Where.ENDED: words.IS_ENDED,
}
RUNS = frozenset({Where.RECEIVED, Where.WORKED_ON, Where.WAITS})
FIELDS = ("demand", "email", "note")
EMPTY_FORM = Asking("", "", "", "", "", "")


class DoorWords(Words):
    """Sentences of both kinds of pages; these pages' own come first."""

    def __getattr__(self, name: str) -> str:
        return self.of(_SENTENCES[name])


def _drawn(template: str, text: Words, **values: Any) -> str:
    return _TEMPLATES.get_template(template).render(
        text=text, language=text.language, title=text.TITLE, style=STYLE, **values
    )


def ask_page(
    found: DoorPage, name: str, language: str, *, typed: Asking = EMPTY_FORM, wrong: Mapping[str, str] | None = None,
    problem: str = "",
) -> str:  # fmt: skip
    """`wrong`: sentences of `words` by field; `problem` stands above all."""
    text = DoorWords(language, merchant=found.merchant, most=formats.number(NOTE_MAX, language))
    return _drawn(
        "ask.html", text, name=name, form=found.form, typed=typed, contact=found.contact, note_max=NOTE_MAX,
        wrong={field: _said(text, (wrong or {}).get(field, "")) for field in FIELDS}, problem=_said(text, problem),
        demands=[(demand.value, text.of(label), text.of(hint)) for demand, (label, hint) in DEMANDS.items()],
        languages=list(LANGUAGES.items()),
    )  # fmt: skip


def shut_page(language: str) -> str:
    text = DoorWords(language, merchant="")
    return _drawn("plain.html", text, heading=text.SHUT, why=text.SHUT_WHY, contact="")


def mine_page(
    found: MinePage, token: str, language: str, *, problem: str = "", good: str = "", typed: str = "", at: str = ""
) -> str:
    """`at`: the field that is wrong, whose text `typed` is kept."""
    text = DoorWords(found.language or language, merchant=found.merchant)
    if found.kind in (MineKind.UNKNOWN, MineKind.LAPSED):
        unknown = found.kind is MineKind.UNKNOWN
        heading, why = (of_links.UNKNOWN, of_links.UNKNOWN_WHY) if unknown else (words.LAPSED, words.LAPSED_WHY)
        return _drawn("plain.html", text, heading=text.of(heading), why=text.of(why), contact=found.contact)
    common = {
        "token": token, "problem": _said(text, problem), "good": _said(text, good), "mailed": found.mailed,
        "contact": found.contact, "at": at, "demand": text.of(DEMANDS[found.demand][0]),
    }  # fmt: skip
    if found.kind is MineKind.WAITING:
        return _drawn("code_mailed.html", text, **common)
    runs, stands = found.where in RUNS, text.of(STANDS[found.where])
    return _drawn(
        "mine.html", text, **common, opened=found.opened, reference=found.reference, stands=stands,
        received=_day(found.received_on, text), due=_day(found.due_on, text) if runs else "", typed=typed,
        messages=[_message(one, found, text) for one in found.messages], message_max=MESSAGE_MAX, also_max=ALSO_MAX,
    )  # fmt: skip


def _said(text: Words, sentence: str) -> str:
    return text.of(sentence) if sentence else ""


def _day(day: dt.date | None, text: Words) -> str:
    return formats.day_in_a_letter(day, text.language) if day is not None else ""


def _message(one: ShownMessage, found: MinePage, text: Words) -> tuple[str, str, str, bool]:
    """Who, when, what, and whether it is the merchant's."""
    at = formats.moment(one.at.astimezone(zoneinfo.ZoneInfo(found.zone)), text.language)
    theirs = one.writer is Writer.STAFF
    said = text.of(words.ALSO_USED, text=one.text) if one.kind is MessageKind.ALSO_USED else one.text
    return found.merchant if theirs else text.YOU, at, said, theirs
