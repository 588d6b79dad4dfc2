"""The section of a law as a person types it: "§ 29 BDSG". A closed form: no sentence about anybody fits. Pure."""

from __future__ import annotations

import re

LONGEST = 40
_SIGNS = frozenset(
    "§ §§ art art. article artikel artículo articolo section sec. s. schedule sch. para para. paragraph abs. absatz"
    " lit. nr. no. al. lid co. comma apartado letra".split()
)
_NUMBER = re.compile(
    r"[0-9]{1,5}[a-z]?(?:[.:-][0-9]{1,5}[a-z]?)*(?:\([0-9a-z]{1,4}\))*|(?:\([0-9a-z]{1,4}\))+|[a-z]\)?"
)
_LAW = re.compile(r"[A-Z][a-z]{0,3}[A-Z]{1,8}|[A-Z]{2,10}")
_SIGN_BEFORE_NUMBER = re.compile(r"(§{1,2})(?=[0-9])")


def law_section(text: str) -> str | None:
    """The section with one blank between its parts; None for anything that is not one: it names the law by its
    abbreviation, once, a sign for the section and a number."""
    parts = _SIGN_BEFORE_NUMBER.sub(r"\1 ", text).replace(",", " ").split()
    plain = " ".join(parts)
    if len(plain) > LONGEST:
        return None
    signs = sum(part.lower() in _SIGNS for part in parts)
    numbers = sum(_NUMBER.fullmatch(part) is not None for part in parts)
    laws = sum(_LAW.fullmatch(part) is not None for part in parts)
    whole = signs + numbers + laws == len(parts)
    return plain if whole and signs and laws == 1 and any(map(str.isdigit, plain)) else None
