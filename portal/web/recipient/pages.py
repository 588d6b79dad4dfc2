"""Draws the pages of a link. Words are translated and filled here; what is filled in is data, and escaped."""

from __future__ import annotations

import math
import zoneinfo
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from portal.delivery.views import CodePage, FilesPage, PageKind
from portal.language import catalogue_of, formats
from portal.letters.engine import one_line
from portal.storage.base import utc_now
from portal.web.recipient import words
from portal.web.recipient.style import STYLE

_TEMPLATES = Environment(
    loader=PackageLoader("portal.web.recipient"),
    undefined=StrictUndefined,
    autoescape=select_autoescape(["html"]),
    trim_blocks=True,
    lstrip_blocks=True,
)
_SENTENCES = {name: text for name, text in vars(words).items() if name.isupper()}
_UNITS = ("B", "kB", "MB", "GB")
_STEP = 1000
EXAMPLE = "7KQ2M\u20119XD4T"  # the hyphen keeps it on one line


class Words:
    """The sentences of a page in one language. `text.NAME` gives one, filled with the page's values."""

    def __init__(self, language: str, **values: str) -> None:
        self._catalogue = catalogue_of(language)
        self._values = {name: one_line(value) for name, value in values.items()}
        self.language = self._catalogue.language

    def __getattr__(self, name: str) -> str:
        return self.of(_SENTENCES[name])

    def of(self, sentence: str, **more: str) -> str:
        return self._catalogue.text(sentence).format(**self._values, **more)


def _drawn(template: str, text: Words, **values: Any) -> str:
    return _TEMPLATES.get_template(template).render(
        text=text, language=text.language, title=text.TITLE, style=STYLE, **values
    )


def code_page(found: CodePage, token: str, *, problem: str = "", good: str = "") -> str:
    """`problem` and `good`: sentences of `words`."""
    text = Words(found.language, merchant=found.merchant, example=EXAMPLE)
    said = text.of(problem) if problem else ""
    if found.wait_until is not None:
        minutes = max(1, math.ceil((found.wait_until - utc_now()).total_seconds() / 60))
        said = text.of(words.WAIT, minutes=formats.number(minutes, text.language))
    return _drawn(
        "code.html", text, token=token, problem=said, good=text.of(good) if good else "", weak=found.weak,
        code_mailed=found.code_mailed, contact=found.contact,
    )  # fmt: skip


def plain_page(found: CodePage, language: str) -> str:
    """Of an address that opens nothing: whom to ask, and nothing else. `language` where the address is unknown."""
    text = Words(found.language or language, merchant=found.merchant)
    heading, why = {
        PageKind.UNKNOWN: (words.UNKNOWN, words.UNKNOWN_WHY),
        PageKind.ENDED: (words.ENDED, words.ENDED_WHY),
        PageKind.LOCKED: (words.LOCKED, words.LOCKED_WHY),
        PageKind.CODE: (words.ENDED, words.ENDED_WHY),
    }[found.kind]
    return _drawn("plain.html", text, heading=text.of(heading), why=text.of(why), contact=found.contact)


def thanks_page(found: CodePage) -> str:
    """After "this is not mine"."""
    text = Words(found.language, merchant=found.merchant)
    return _drawn("plain.html", text, heading=text.THANKS, why=text.THANKS_WHAT, contact=found.contact)


def files_page(found: FilesPage, token: str, *, problem: str = "", reference: str = "") -> str:
    text = Words(found.language, merchant=found.merchant, count=formats.number(found.file_count, found.language))
    return _drawn(
        "files.html", text, token=token, file_name=found.file_name, sha256=found.sha256, contact=found.contact,
        problem=text.of(problem, reference=reference) if problem else "", open=found.open,
        size=size_of(found.size_bytes, text.language), left=_left(found),
        members=[(one.path, size_of(one.size_bytes, text.language)) for one in found.members],
    )  # fmt: skip


def _left(found: FilesPage) -> str:
    text = Words(found.language, merchant=found.merchant, count=formats.number(found.downloads_left, found.language))
    if not found.open or found.until is None or not found.downloads_left:
        return text.NONE_LEFT
    until = formats.moment(found.until.astimezone(zoneinfo.ZoneInfo(found.zone)), text.language)
    return text.of(words.LEFT_ONCE if found.downloads_left == 1 else words.LEFT, until=until)


def size_of(size_bytes: int, language: str) -> str:
    """In the unit a file manager shows."""
    value, unit = float(size_bytes), 0
    while value >= _STEP and unit < len(_UNITS) - 1:
        value, unit = value / _STEP, unit + 1
    return f"{formats.number(value, language, 0 if unit == 0 or value >= 100 else 1)} {_UNITS[unit]}"
