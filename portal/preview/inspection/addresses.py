"""Emails and identifiers in their comparison form (`portal.identifiers`), without what is written around them."""

import re
import unicodedata
from typing import Final

from portal.identifiers import identifier_key, normal, visible

_LONGEST: Final = 400
_QUOTES = "\"'`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb"
_IN_BRACKETS = re.compile(r"[^<>]*<\s*(?:mailto:)?\s*([^<>\s]+@[^<>\s]+)\s*>", re.IGNORECASE)
_WITH_NAME = re.compile(r"([^\s()<>]+@[^\s()<>]+)\s*\([^()@]*\)")
_ONE_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\"]{1,64}@[^\s@<>()\[\],;:\"]{1,253}")
_SEVERAL = re.compile(r"[^\s@<>()\[\],;:\"'=|/]{1,64}@[^\s@<>()\[\],;:\"'=|/]{1,253}")
_OBJECT_ID = re.compile(r"(?:ObjectId|ObjectID|UUID|GUID|NumberLong|NumberInt)\(\s*[\"']?([^\"'()]*)[\"']?\s*\)")
_UUID = re.compile(r"(?:urn:uuid:)?\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?")
_WHOLE_FLOAT = re.compile(r"(-?\d+)\.0+")


def normal_id(text: str) -> str:
    """For comparing identifiers: `{5F0C…}`, `urn:uuid:5f0c-…` and `5f0c…` are one, and so are `12345` and `12345.0`."""
    value = _unwrapped(normal(text))
    if found := _OBJECT_ID.fullmatch(text.strip()):
        value = normal(found[1])
    if found := _UUID.fullmatch(value):
        return "".join(found.groups())
    if found := _WHOLE_FLOAT.fullmatch(value):
        return found[1]
    return value


def address_in(text: str) -> str:
    """The one email that `text` is, in the form for comparing; empty when it is something else, or several.

    Written around it may be `Name <…>`, `mailto:`, quotes, `="…"`, brackets, and characters that cannot be seen.
    """
    if ("@" not in text and "\uff20" not in text) or len(text) > _LONGEST:
        return ""
    plain = _unwrapped(visible(unicodedata.normalize("NFC", text.replace("\uff20", "@"))).strip())
    if found := _IN_BRACKETS.fullmatch(plain) or _WITH_NAME.fullmatch(plain):
        plain = found[1]
    if plain[:7].lower() == "mailto:":
        plain = plain[7:].partition("?")[0]
    plain = _unwrapped(plain)
    return identifier_key(plain) if _ONE_ADDRESS.fullmatch(plain) else ""


def addresses_in(text: str) -> list[str]:
    """Every email in a field for emails: one, or several with commas, semicolons or names around them."""
    one = address_in(text)
    if one:
        return [one]
    if "@" not in text:
        return []
    return [identifier_key(found) for found in _SEVERAL.findall(visible(text[:20_000]))]


def _unwrapped(text: str) -> str:
    """Without the quotes, brackets and `=` that a program put around the whole."""
    while True:
        inner = text.strip()
        if inner.startswith('="') and inner.endswith('"'):
            inner = inner[1:]
        if len(inner) > 1 and ((inner[0] in _QUOTES and inner[-1] in _QUOTES) or inner[0] + inner[-1] in ("[]", "<>")):
            inner = inner[1:-1]
        if inner == text:
            return inner
        text = inner
