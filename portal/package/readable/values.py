"""Values as a reader of one language writes them, with what the file says beside it (PKG-5).

What cannot be read as its shape is shown as it stands. Nothing is converted in the data: these are words for a page.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache

from portal.language import Catalogue, catalogue_of, formats
from portal.package.dictionary.kinds import Shape
from portal.package.readable.shell import shown
from portal.package.texts import NO, YES
from portal.preview.activity import moment_of
from portal.redaction.places import MARKER

Show = Callable[[str], str]
"""A value's text to HTML."""
_DECIMAL = re.compile(r"-?\d{1,15}(?:\.\d{1,4})?", re.ASCII)
_REMEMBERED = 1 << 14


class Values:
    """Writes values in `language`, moments in `zone`. `left_out`: where a place left out is explained."""

    def __init__(self, language: str, zone: dt.tzinfo, left_out: str = "") -> None:
        self.language = language
        self.catalogue: Catalogue = catalogue_of(language)
        self._zone = zone
        self._left_out = left_out
        self.moment: Callable[[str], str | None] = lru_cache(_REMEMBERED)(self._moment)
        self.day: Callable[[dt.date], str] = lru_cache(_REMEMBERED)(self._day)
        self.money: Callable[[str], str | None] = lru_cache(_REMEMBERED)(self._money)

    def say(self, message: str, **values: object) -> str:
        """A message of the catalogue as HTML, its values put in."""
        text = self.catalogue.text(message)
        return shown(text.format(**values) if values else text)

    def number(self, count: int) -> str:
        return formats.number(count, self.language)

    def shower(self, shape: Shape, codes: Mapping[str, str]) -> Show:
        """How values of a field are written."""
        match shape:
            case Shape.MOMENT:
                return lambda text: self._both(text, self.moment(text))
            case Shape.MONEY | Shape.NUMBER:
                return lambda text: self._both(text, self.money(text))
            case Shape.YES_NO:
                words = {"true": self.catalogue.text(YES), "false": self.catalogue.text(NO)}
                return lambda text: self._both(text, words.get(text))
            case Shape.CODE:
                said = {code: self.catalogue.text(word) for code, word in codes.items()}
                return lambda text: self._both(text, said.get(text))
            case Shape.TEXT:
                return self.plain

    def plain(self, text: str) -> str:
        """Text as it stands; a marker leads to its reason."""
        html = shown(text)
        return MARKER.sub(self._marked, html) if "[withheld " in text else html

    def _marked(self, found: re.Match[str]) -> str:
        number = found[0][len("[withheld ") :].partition(":")[0]
        inner = f'<a href="{self._left_out}{int(number)}">{found[0]}</a>' if self._left_out else found[0]
        return f"<mark>{inner}</mark>"

    def _both(self, text: str, words: str | None) -> str:
        if words is None:
            return self.plain(text)
        return shown(words) if words == text else f'{shown(words)} <small class="raw">{shown(text)}</small>'

    def _moment(self, text: str) -> str | None:
        """``23 Nov 2026, 14:05``, a bare date without a time."""
        found = moment_of(text)
        if found is None:
            return None
        if len(text) <= len("2026-11-23"):
            return self.day(found.date())
        try:
            local = found.astimezone(self._zone)
        except OverflowError:
            return None
        return f"{self.day(local.date())}, {local:%H:%M}"

    def _day(self, day: dt.date) -> str:
        return formats.day(day, self.language)

    def _money(self, text: str) -> str | None:
        """In the digits and marks of the language; no currency, for the vendor names none."""
        if not _DECIMAL.fullmatch(text):
            return None
        digits = len(text.partition(".")[2])
        return formats.number(Decimal(text), self.language, digits)  # type: ignore[arg-type]  # a Decimal is exact
