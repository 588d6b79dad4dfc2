"""Password policy and check: streamlit-authenticator's hasher, and a policy of our own.

Policy (SEC-36): at least 15 characters, at most 72 UTF-8 bytes (bcrypt's limit; refused, never cut),
no composition rules, no password made only of common words, runs, repeats or the person's own context.

A password is normalised to NFC before it is judged, hashed and compared (NIST SP 800-63B, 3.1.1.2): keyboards send "ü"
as one code point or as two. Hashes made before that rule, and those imported from a file, still open.
"""

from __future__ import annotations

import re
import secrets
import threading
import unicodedata
from collections.abc import Iterable

from portal.errors import InputError, TryLater
from portal.identity.factors.authenticator import Hasher

MIN_CHARACTERS = 15
MAX_BYTES = 72
CONCURRENT_CHECKS = 2  # bcrypt takes about 0.25 s of a core; more at once would starve the pages
WAITING_CHECKS = 16
BUSY_WAIT_SECONDS = 2.0

# A bcrypt hash of discarded random bytes; comparing against it takes as long as a real comparison.
DUMMY_HASH = "$2b$12$f8JQv6Z7E5330sDgkMFgV.eWDNDQfwj6JIiIgCVOSypUzj9aG9FGa"

UNUSABLE = "unusable-password"
"""Compared in place of input that bcrypt rejects; never counts as equal, and the policy refuses it as a password."""

MIN_GUESSES_LOG10 = 5.5  # beyond lists of common and context words and their repeats; tries are slowed down besides
OUR_WORDS = ("LoyaltyDog", "gift card", "giftcard", "privacy portal", "GDPR")
FAMOUS = frozenset({"correcthorsebatterystaple"})  # in every cracker's list, and in no word list

_slots = threading.BoundedSemaphore(CONCURRENT_CHECKS)
_queue = threading.BoundedSemaphore(CONCURRENT_CHECKS + WAITING_CHECKS)


def check_policy(password: str, *, context: Iterable[str] = ()) -> None:
    """Raise InputError(field="password") unless the password may be used.

    `context` holds what a guesser knows: email, name, merchant. Length first: bcrypt 5 raises above
    72 bytes, and stock code shows that as something else.
    """
    password = normalised(password)
    if len(password) < MIN_CHARACTERS:
        raise InputError(
            f"Use at least {MIN_CHARACTERS} characters. A few unrelated words work well.", field="password"
        )
    if len(password.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise InputError(
            f"Use at most {MAX_BYTES} bytes: {MAX_BYTES} plain letters, fewer with accents or symbols.",
            field="password",
        )
    if _easy_to_guess(password, context):
        raise InputError(
            "This is easy to guess: it is made of common words, a run of keys, or names close to you.",
            field="password",
        )


def _easy_to_guess(password: str, context: Iterable[str]) -> bool:
    """By zxcvbn's own lists (30,000 common passwords, names, words, keyboards), offline; `context` counts as common."""
    from zxcvbn import zxcvbn

    plain = unicodedata.normalize("NFKC", password).casefold()
    if re.sub(r"[\W_]", "", plain) in FAMOUS:
        return True
    facts = {part for fact in (*context, *OUR_WORDS) for part in (fact, *re.split(r"[\W_]+", fact)) if len(part) >= 3}
    known = sorted(part.casefold() for part in facts)
    readings = {plain, re.sub(r"[\W_]", "", plain)}  # blanks and dashes between known words hide nothing
    return any(float(zxcvbn(text, user_inputs=known)["guesses_log10"]) < MIN_GUESSES_LOG10 for text in readings if text)


def suggest_password() -> str:
    """A first password to hand over: 100 random bits in groups of five that can be read out."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"  # no 0, 1, i, l, o
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def hash_password(password: str) -> str:
    """bcrypt, cost 12, 60 characters, as streamlit-authenticator stores it."""
    return str(Hasher.hash(normalised(password)))


def normalised(password: str) -> str:
    """The password as it is hashed: in NFC."""
    return unicodedata.normalize("NFC", password)


def is_hash(text: str) -> bool:
    """Whether the text is a bcrypt hash that `matches` can compare (cost 10 to 15)."""
    found = re.fullmatch(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}", text)
    return bool(found) and 10 <= int(found.group(1)) <= 15  # type: ignore[union-attr]


def matches(password: str, password_hash: str) -> bool:
    """Compare, in the same time whether or not there is a hash, and however long the password is.

    Raises TryLater when too many comparisons already wait.
    """
    # The text as typed as well, for hashes made before NFC; the number of comparisons depends on the typed text alone.
    candidates = [text if _usable(text) else UNUSABLE for text in dict.fromkeys((normalised(password), password))]
    real = is_hash(password_hash)
    if not _queue.acquire(blocking=False):
        raise TryLater("Many people are signing in right now.", wait_seconds=BUSY_WAIT_SECONDS, detail="bcrypt queue")
    try:
        with _slots:
            checks = [Hasher.check_pw(text, password_hash if real else DUMMY_HASH) for text in candidates]
    finally:
        _queue.release()
    return real and any(equal and text != UNUSABLE for equal, text in zip(checks, candidates, strict=True))


def _usable(password: str) -> bool:
    """Whether bcrypt takes all of it."""
    return (
        len(password.encode("utf-8", "surrogatepass")) <= MAX_BYTES and "\x00" not in password and _encodable(password)
    )


def _encodable(password: str) -> bool:
    try:
        password.encode()
    except UnicodeEncodeError:
        return False
    return True
