"""The address a link is mailed to: typed twice, looked at for slips, shown in both forms (MAIL-8)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

import idna
from email_validator import EmailNotValidError, validate_email

from portal.errors import InputError
from portal.identifiers import domain_key, same_email, visible

LONGEST = 254  # RFC 5321, 4.5.3.1.3
_KNOWN = (
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "gmx.de",
    "gmx.net", "web.de", "t-online.de", "freenet.de", "posteo.de", "proton.me", "protonmail.com", "orange.fr",
    "free.fr", "laposte.net", "libero.it", "ziggo.nl", "kpnmail.nl", "hotmail.fr", "hotmail.es", "hotmail.it",
    "yahoo.fr", "outlook.fr", "outlook.de", "hotmail.co.uk", "yahoo.co.uk", "btinternet.com",
)  # fmt: skip
"""Domains of which a near miss is more likely a slip than somebody's own domain."""


_LOOKS_LIKE = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("0", "o"), ("1", "l"))
"""Letters of a-z and digits that are taken for others in many fonts."""


class Hint(StrEnum):
    """Finished sentences, shown beside the address; none of them forbids it."""

    TYPO = "The domain is nearly a well-known one: is it spelt as the person spelt it?"
    MIXED = "Letters of different scripts stand in it that look alike: compare it with what the person wrote."
    FOREIGN = "The domain has letters outside a-z: compare both forms with what the person wrote."


@dataclass(frozen=True)
class Looked:
    """An address as it was typed, and its domain in both forms; the same text twice where there is one form."""

    address: str
    readable: str
    on_the_wire: str
    hints: tuple[Hint, ...]


def typed_twice(to: str, again: str) -> str:
    """The address as it is kept. Raises InputError(field="to" or "to_again")."""
    first, second = visible(to).strip(), visible(again).strip()
    try:
        if len(first) > LONGEST:
            raise EmailNotValidError
        validate_email(first, check_deliverability=False)
    except EmailNotValidError:
        raise InputError("This is no email address.", field="to") from None
    if not same_email(first, second):
        raise InputError("The two addresses are not the same.", field="to_again")
    return first


def looked_at(address: str) -> Looked:
    local, _, domain = address.rpartition("@")
    wire = domain_key(domain)
    readable = _readable(wire)
    return Looked(address, f"{local}@{readable}", f"{local}@{wire}", tuple(_hints(local, readable, wire)))


def _readable(wire: str) -> str:
    try:
        return idna.decode(wire)
    except (idna.IDNAError, UnicodeError):
        return wire


def _hints(local: str, readable: str, wire: str) -> list[Hint]:
    found = []
    if wire not in _KNOWN and any(one_slip(wire, known) or _seen(wire) == _seen(known) for known in _KNOWN):
        found.append(Hint.TYPO)
    if any(len(_scripts(part)) > 1 for part in (local, *readable.split("."))):
        found.append(Hint.MIXED)
    if readable != wire:
        found.append(Hint.FOREIGN)
    return found


def _seen(domain: str) -> str:
    """The domain as a quick reader takes it."""
    for written, taken_for in _LOOKS_LIKE:
        domain = domain.replace(written, taken_for)
    return domain


def _scripts(text: str) -> set[str]:
    """The scripts of its letters, by the first word of their Unicode names."""
    return {unicodedata.name(c, "?").partition(" ")[0] for c in text if c.isalpha()}


def one_slip(typed: str, known: str) -> bool:
    """Do they differ by one letter too many, too few, another one, or by two that changed places?"""
    if typed == known or abs(len(typed) - len(known)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(typed, known, strict=False)) if a != b), min(len(typed), len(known)))
    rest, wanted = typed[start:], known[start:]
    swapped = len(rest) > 1 and rest[0] == wanted[1:2] and rest[1] == wanted[:1] and rest[2:] == wanted[2:]
    return rest[1:] == wanted or rest == wanted[1:] or rest[1:] == wanted[1:] or swapped
