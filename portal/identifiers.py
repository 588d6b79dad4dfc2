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


def same_phone(one: str | None, other: str | None, country: str = "") -> bool:
    """By `phone_digits`. Without a country a number in national form is another than one with its country's code."""
    first, second = phone_digits(one, country), phone_digits(other, country)
    return len(first) >= FEWEST_DIGITS and first == second


def phone_digits(text: str | None, country: str = "") -> str:
    """Digits, whatever form they have, without the `00` or `+` of an international number and the `(0)` in it. One in
    national form gets the code of `country` (as `GB`), where one is given."""
    plain = unicodedata.normalize("NFKC", text or "").strip()
    if plain.startswith(("+", "00")):
        return digits_of(_TRUNK.sub("", plain, count=1)).removeprefix("00")
    return (country and _with_country_code(plain, country)) or digits_of(plain)


def international(text: str, country: str) -> str:
    """A number in national form as `+44…`; any other text as it is."""
    plain = unicodedata.normalize("NFKC", text).strip()
    dialled = "" if plain.startswith(("+", "00")) or not country else _with_country_code(plain, country)
    return f"+{dialled}" if dialled else text


def _with_country_code(plain: str, country: str) -> str:
    """Nothing where it is no number of that country; so it is with one that has a country's code and lacks its `+`."""
    import phonenumbers

    digits = digits_of(plain)
    try:
        if not digits.startswith("0") and phonenumbers.is_valid_number(phonenumbers.parse(f"+{digits}")):
            return ""
    except phonenumbers.NumberParseException:
        pass
    try:
        number = phonenumbers.parse(plain, country)
    except phonenumbers.NumberParseException:
        return ""
    # What begins with 0 is dialled inside a country; of other digits only a number that was given out is one.
    known = phonenumbers.is_possible_number if digits.startswith("0") else phonenumbers.is_valid_number
    if number.extension or not known(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")


def digits_of(text: str | None) -> str:
    """Digits of every script, as 0 to 9."""
    return "".join(str(unicodedata.digit(one)) for one in _NO_DIGIT.sub("", text or ""))
