"""A whole message pasted where an address belongs: the address in it."""

from __future__ import annotations

import re

from portal.errors import InputError
from portal.exports.form.request import check_email
from portal.identifiers import identifier_key

MOST_CHARACTERS = 20_000
MOST_ADDRESSES = 20
# Only what cannot stand in an unquoted address parts one word from the next: at an apostrophe, o'brien@… would become
# another person's brien@…
_BETWEEN = re.compile(r"[\s<>()\[\]\",;:\\“”„«»‹›、，；：（）]+")
_DOMAIN = re.compile(r"[\w.-]+")
_WRAPS = "'*_`|‘’"


def addresses_in(text: str) -> tuple[str, ...]:
    """Every address in a text as it would be sent, in order, each once. Looks at the first 20,000 characters."""
    found: dict[str, str] = {}
    for word in _BETWEEN.split(text[:MOST_CHARACTERS]):
        address = _address(word)
        if address is not None:
            found.setdefault(identifier_key(address), address)
            if len(found) == MOST_ADDRESSES:
                break
    return tuple(found.values())


def _address(word: str) -> str | None:
    """The address a word is, without the full stop or the marks around it; None when it is none."""
    while len(word) > 2 and word[0] in _WRAPS and word[-1] in _WRAPS:
        word = word[1:-1]
    local, at, rest = word.partition("@")
    domain = _DOMAIN.match(rest)
    if not at or not local or domain is None or "@" in rest or local.startswith("//"):
        return None
    try:
        return check_email(f"{local}@{domain[0].rstrip('.-_')}")
    except InputError:
        return None


def is_more_than_an_address(text: str) -> bool:
    """Whether something was pasted that holds more than one word of an address."""
    return bool(_BETWEEN.search(text.strip()))
