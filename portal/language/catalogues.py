"""One language's catalogue, read from its `.po` file once a process (about 0.1 s); English needs none."""

from __future__ import annotations

import gettext
import io
import re
from functools import lru_cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po as read

from portal.language import formats
from portal.language.choosing import ENGLISH, LANGUAGES
from portal.language.templates import Templates

LOCALES = Path(__file__).resolve().parent.parent / "locales"
_BETWEEN_SENTENCES = re.compile(r"(?<=[.?!]) (?=\S)")
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+")
_SCREENS = ("pages/", "portal/ui/", "portal/app.py")


class Catalogue:
    """Translations of one language. Unknown messages stay English."""

    def __init__(self, language: str, catalog: Catalog | None = None) -> None:
        """`language` chooses how numbers and dates are written; `catalog` is None for English."""
        self.language = language
        self._known_any = catalog is not None
        self._texts = _compiled(catalog) if catalog is not None else gettext.NullTranslations()
        self._templates = Templates(_service_templates(catalog) if catalog is not None else ())

    def text(self, message: str) -> str:
        """The translation of a message of the catalogue."""
        return self._texts.gettext(message) if message else ""

    def plural(self, one: str, many: str, n: int) -> str:
        """The form for `n`, its ``{n}`` still open."""
        return self._texts.ngettext(one, many, n)

    def sentence(self, english: str) -> str:
        """Translate a finished English sentence of a service or of a database row.

        Errors, findings and rows hold finished English sentences, as the log, the command line and the audit trail
        use. The template of the sentence is looked up, and its values are put into the template's translation.
        """
        if not english or not self._known_any:
            return english
        whole = self._known(english)
        if whole is not None:
            return whole
        parts = _BETWEEN_SENTENCES.split(english)
        return " ".join(self._known(part) or part for part in parts) if len(parts) > 1 else english

    def _value(self, english: str) -> str:
        if _GROUPED.fullmatch(english):
            return formats.number(int(english.replace(",", "")), self.language)
        return self._known(english) or english

    def _known(self, english: str) -> str | None:
        bare = english.strip()
        found = self._texts.gettext(bare) if bare else bare
        if found == bare:
            matched = self._templates.match(bare)
            if matched is None:
                return None
            template, values = matched
            found = self._texts.gettext(template).format(**{name: self._value(value) for name, value in values.items()})
        before, after = english[: len(english) - len(english.lstrip())], english[len(english.rstrip()) :]
        return f"{before}{found}{after}"


def _service_templates(catalog: Catalog) -> list[str]:
    """Templates that services, not screens, fill in."""
    return [
        message.id
        for message in catalog
        if isinstance(message.id, str)
        and "{" in message.id
        and any(not place.startswith(_SCREENS) for place, _line in message.locations)
    ]


def _compiled(catalog: Catalog) -> gettext.GNUTranslations:
    written = io.BytesIO()
    write_mo(written, catalog)
    written.seek(0)
    return gettext.GNUTranslations(written)


def po_path(language: str) -> Path:
    return LOCALES / language / "LC_MESSAGES" / "portal.po"


def read_po(language: str) -> Catalog:
    with po_path(language).open("rb") as source:
        return read(source, locale=language)


@lru_cache(maxsize=len(LANGUAGES) + 2)
def catalogue_of(language: str) -> Catalogue:
    """The catalogue of a code of LANGUAGES; English for any other."""
    if language == ENGLISH or language not in LANGUAGES or not po_path(language).is_file():
        return Catalogue(ENGLISH)
    return Catalogue(language, read_po(language))
