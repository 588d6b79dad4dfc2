"""The codes that open a link: made, read as people write them, kept as a keyed PRF, compared in constant time (DLV-3).

The PRF's key is random for each delivery and kept sealed under the master key, so that the database alone lets nobody
try codes against it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32
LENGTH = 10
FEWEST_DIFFERENT = 4
"""A code with fewer different characters is never made: fillers that a robot types are not counted as tries."""
MAIL_DIGITS = 6
_MEANT = str.maketrans("OIL", "011")
_BETWEEN = frozenset(" -\u2010\u2011\u2012\u2013\u2014\u2212._\u00a0\t")


def new_code() -> str:
    """50 random bits."""
    while True:
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        if len(set(code)) >= FEWEST_DIFFERENT:
            return code


def shown(code: str) -> str:
    """As it is read out: `7KQ2M-9XD4T`."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def read_code(typed: str) -> str | None:
    """The code that was meant: case, dashes and spaces do not matter, O is 0, I and L are 1. None for what is none."""
    text = "".join(c for c in typed[:80] if c not in _BETWEEN).upper().translate(_MEANT)
    fits = len(text) == LENGTH and set(text) <= set(ALPHABET) and len(set(text)) >= FEWEST_DIFFERENT
    return text if fits else None


def new_mail_code() -> str:
    return f"{secrets.randbelow(10**MAIL_DIGITS):0{MAIL_DIGITS}}"


def read_mail_code(typed: str) -> str | None:
    """Six digits, however they are grouped."""
    text = "".join(c for c in typed[:80] if c not in _BETWEEN)
    return text if len(text) == MAIL_DIGITS and text.isascii() and text.isdigit() else None


def new_key() -> str:
    """Of the PRF, as hex, to be sealed."""
    return secrets.token_hex(32)


def prf(key: str, delivery_id: str, kind: str, code: str) -> str:
    """Of a code for one delivery. `kind` keeps the codes of a mail and those that were told apart."""
    message = "\x1f".join(("delivery-code-v1", delivery_id, kind, code)).encode()
    return hmac.new(bytes.fromhex(key), message, hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """In constant time."""
    return hmac.compare_digest(one, other)
