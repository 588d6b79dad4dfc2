"""Chooses the language: the chosen one, else the browser's, else English."""

from __future__ import annotations

from contextvars import ContextVar
from enum import StrEnum


class Language(StrEnum):
    """The languages with a catalogue; the value is the code in `<html lang>`."""

    EN = "en"
    DE = "de"
    FR = "fr"
    ES = "es"
    IT = "it"
    NL = "nl"


ENGLISH: str = Language.EN
LANGUAGES: dict[str, str] = {
    Language.EN: "English",
    Language.DE: "Deutsch",
    Language.FR: "Français",
    Language.ES: "Español",
    Language.IT: "Italiano",
    Language.NL: "Nederlands",
}
"""Code to its own name, as a picker shows it."""
MOST_ASKED = 500  # characters of Accept-Language that are read
current_language: ContextVar[str] = ContextVar("current_language", default=ENGLISH)
"""The language of the HTTP request being answered. Streamlit's script threads do not inherit it."""


def known_or_english(code: str) -> str:
    """`code` when the portal speaks it, else English."""
    return code if code in LANGUAGES else ENGLISH


def best_language(accept_language: str) -> str:
    """The portal's language that a browser prefers (RFC 9110, 12.5.4); English when it lists none of them.

    A plain tag (``de-AT``, as `navigator.language` gives) is a list of one.
    """
    best, liked = ENGLISH, 0.0
    for part in accept_language[:MOST_ASKED].split(","):
        tag, _, parameter = part.strip().partition(";")
        code = tag.strip().lower().replace("_", "-").partition("-")[0]
        weight = _weight(parameter)
        if code in LANGUAGES and weight > liked:
            best, liked = code, weight
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
