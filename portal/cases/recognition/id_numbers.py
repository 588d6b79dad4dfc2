"""What looks like the number of an identity document, which no note keeps (LAW-5, IDN-5). Pure.

One piece of 8 to 12 letters and digits that has the form of a real one. Forms: the Council's register of documents
(PRADO), ICAO Doc 9303 part 3, and the law that makes the number where it has check digits. What only has the length of
one, such as an order's number, is no such number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_PIECE = re.compile(r"(?<![\w+@.-])[A-Za-z0-9]{8,12}(?![\w@-])")
_WORD_AND_YEAR = re.compile(r"[A-Z]{4,8}(?:19|20)\d\d")
_FORMS = tuple(
    re.compile(form)
    for form in (
        r"[A-Z]\d{7,8}",  # passports: Austria, Switzerland, Norway, United States
        r"[A-Z]{2}\d{6,7}",  # Belgium, Italy, Poland, Sweden, Portugal, Greece
        r"[A-Z]{3}\d{6}",  # Poland's card, Spain's passport
        r"[A-Z]{2}\d{5}[A-Z]{2}",  # Italy's card (CIE)
        r"\d{2}[A-Z]{2}\d{5}",  # France's passport
        r"[A-NP-Z]{2}(?=[A-Z0-9]*\d[A-Z0-9]*\d)[A-NP-Z0-9]{6}\d",  # the Netherlands: without the letter O
        # Germany, France since 2021: nine characters without vowels (§ 5 PAuswG; RD 2019/1157), then a check digit.
        r"(?=.*[A-Z])(?=.*\d.*\d)[B-DF-HJ-NP-TV-Z0-9]{9}\d?",
    )
)
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"  # RD 1553/2005: the remainder by 23
_NIE = str.maketrans("XYZ", "012")
_PESEL_WEIGHTS = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)


def looks_like_id_number(text: str) -> bool:
    """Is there a piece of the form of a passport's, card's or citizen's number? Letters are capitals there."""
    return any(_is_one(found[0]) for found in _PIECE.finditer(text))


def _is_one(piece: str) -> bool:
    if piece.isdigit():
        return any(is_of(piece) for is_of in _DIGITS)
    if piece != piece.upper() or _WORD_AND_YEAR.fullmatch(piece):
        return False
    return _is_dni(piece) or any(form.fullmatch(piece) for form in _FORMS)


def _is_dni(piece: str) -> bool:
    """Spain: eight digits, or a foreigner's X, Y or Z and seven, and the letter that checks them."""
    digits = piece[:1].translate(_NIE) + piece[1:-1]
    known = len(piece) == 9 and digits.isdigit() and piece[-1].isalpha()
    return known and _DNI_LETTERS[int(digits) % 23] == piece[-1]


def _nine(digits: str) -> bool:
    """Passports of the United Kingdom and the United States have no check digit. A phone number begins with 0."""
    return len(digits) == 9 and digits[0] != "0"


def _pesel(digits: str) -> bool:
    """Poland: ten digits weighed, and what is missing to ten (Dz.U. 2010 nr 217 poz. 1427)."""
    return len(digits) == 11 and (_weighed(digits, _PESEL_WEIGHTS) + int(digits[10])) % 10 == 0


def _weighed(digits: str, weights: Sequence[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def _belgian(digits: str) -> bool:
    """The national number: nine digits and 97 less their remainder; since 2000 with a 2 before them."""
    known = len(digits) == 11
    return known and any(97 - int(century + digits[:9]) % 97 == int(digits[9:]) for century in ("", "2"))


def _french_card(digits: str) -> bool:
    """France before 2021: year, month and department of issue, a number, a check digit."""
    return len(digits) == 12 and digits[0] != "0" and 1 <= int(digits[2:4]) <= 12


def _belgian_card(digits: str) -> bool:
    known = len(digits) == 12 and digits[0] != "0"
    return known and (int(digits[:10]) % 97 or 97) == int(digits[10:])


_DIGITS: tuple[Callable[[str], bool], ...] = (_nine, _pesel, _belgian, _french_card, _belgian_card)
