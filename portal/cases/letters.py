"""A letter as it went out: its length and its hash. Drafts are written in `portal.letters`."""

from __future__ import annotations

from hashlib import sha256

from portal.errors import InputError

LETTER_MAX = 20_000


def letter_sha256(text: str) -> str:
    """Of the letter's UTF-8 bytes, as they are saved."""
    return sha256(text.encode("utf-8")).hexdigest()


def sha256_of_sent(letter: str) -> str:
    """SHA-256 of a letter as it went out. Raises InputError(field="letter") for what cannot be one."""
    if not letter.strip() or len(letter) > LETTER_MAX:
        raise InputError(f"A letter has at most {LETTER_MAX} characters, and at least one.", field="letter")
    try:
        return letter_sha256(letter)
    except UnicodeEncodeError:  # half of a surrogate pair
        raise InputError("The letter holds a character that cannot be written.", field="letter") from None
