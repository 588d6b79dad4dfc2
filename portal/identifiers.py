"""The one form in which an email or another identifier of a person is compared: sign-in, blind index, preview.

An email is compared by its local part in lower case and its domain as A-labels (RFC 5890, 2.3.2.1), so that
`müller.example` and `xn--mller-kva.example` are one. `str.lower`, never `str.casefold`: that makes one of `straße@` and
`strasse@`, who are two people. What is shown or sent stays as it was written.
"""

import re
import unicodedata

import idna

MAX_DOMAIN = 253  # RFC 1035, 2.3.4: 255 octets on the wire
FEWEST_DIGITS = 6  # a shorter phone number is an extension, many people's
_NO_DIGIT = re.compile(r"\D+")
_TRUNK = re.compile(r"\(0\)")  # "+44 (0)20": dialled inside the country only


def normal(text: str) -> str:
    """Composed (NFC), without outer white space and characters that cannot be seen, in lower case."""
    if text.isascii():
        return text.strip().lower()
    return visible(unicodedata.normalize("NFC", text)).strip().lower()


def identifier_key(text: str) -> str:
    """`normal` of the text; when it is an email, with its domain as A-labels."""
    plain = normal(text)
    local, at, domain = plain.rpartition("@")
    return f"{local}@{domain_key(domain)}" if at and local and domain else plain


def domain_key(domain: str) -> str:
    """The domain as A-labels, without a final full stop; one that is no domain is only lowered."""
    domain = domain.lower().rstrip(".")
    if domain.isascii() or len(domain) > MAX_DOMAIN:
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return domain


def visible(text: str) -> str:
    """Without format characters, such as a zero width space that came along with a pasted address."""
    if text.isascii():
        return text
    return "".join(character for character in text if unicodedata.category(character) != "Cf").replace("\u00a0", " ")


def same_email(one: str | None, other: str | None) -> bool:
    """By the portal's one form. Dots and plus-tags are not folded: `a.b@` and `ab@` may be two people."""
    first, second = identifier_key(one or ""), identifier_key(other or "")
    return "@" in first and first == second


def same_phone(one: str | None, other: str | None) -> bool:
    """By digits, whatever form they have, without the `00` or `+` of an international number and the `(0)` in it. A
    number without its country's code is another than one with it."""
    first, second = phone_digits(one), phone_digits(other)
    return len(first) >= FEWEST_DIGITS and first == second


def phone_digits(text: str | None) -> str:
    plain = unicodedata.normalize("NFKC", text or "").strip()
    if plain.startswith(("+", "00")):
        plain = _TRUNK.sub("", plain, count=1)
    return digits_of(plain).removeprefix("00")


def digits_of(text: str | None) -> str:
    """Digits of every script, as 0 to 9."""
    return "".join(str(unicodedata.digit(one)) for one in _NO_DIGIT.sub("", text or ""))
