"""Password policy and check: streamlit-authenticator's bcrypt format, nothing else of that package.

Policy (SEC-36): at least 15 characters, at most 72 UTF-8 bytes (bcrypt's limit; refused, never cut),
no composition rules, no password made only of common words, runs, repeats or the person's own context.
"""

from __future__ import annotations

import functools
import importlib.util
import re
import secrets
import threading
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from portal.errors import InputError, TryLater

MIN_CHARACTERS = 15
MAX_BYTES = 72
SMALLEST_REMAINDER = 4  # characters that must be left once common and context words are taken out
CONCURRENT_CHECKS = 2  # bcrypt takes about 0.25 s of a core; more at once would starve the pages
WAITING_CHECKS = 16
BUSY_WAIT_SECONDS = 2.0

# A bcrypt hash of random bytes nobody kept; comparing against it costs what a real comparison costs.
DUMMY_HASH = "$2b$12$f8JQv6Z7E5330sDgkMFgV.eWDNDQfwj6JIiIgCVOSypUzj9aG9FGa"

_COMMON_WORDS = frozenset(
    """
    password passwort passwd passcode pass secret geheim welcome willkommen bienvenue login logon signin admin
    administrator root user guest test testing demo example sample default change changeme letmein master access
    qwerty qwertyuiop qwertz azerty asdfgh asdfghjkl zxcvbn zxcvbnm iloveyou loveyou love sunshine princess dragon
    monkey football baseball basketball soccer hockey superman batman spiderman pokemon starwars shadow michael
    jordan jennifer jessica ashley daniel charlie thomas robert andrew matthew joshua hunter killer trustno
    whatever freedom computer internet google facebook microsoft apple samsung windows office server system
    database network security private summer winter spring autumn monday tuesday wednesday thursday friday
    saturday sunday january february march april june july august september october november december london
    paris berlin madrid america england germany france australia canada correct horse battery staple hello world
    company business manager merchant agent auditor support customer account export portal privacy loyalty
    loyaltydog giftcard gift card shop store gdpr streamlit the and for you your with this that abc abcd abcdef
    coffee cheese cookie banana orange purple silver golden ginger pepper buster tigger flower angel lovely
    """.split()
)
_RUNS = ("abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop")
_LEET = str.maketrans("013457@$!", "oieastasi")

_slots = threading.BoundedSemaphore(CONCURRENT_CHECKS)
_queue = threading.BoundedSemaphore(CONCURRENT_CHECKS + WAITING_CHECKS)


def _without_runs(text: str) -> str:
    """The text without stretches of four or more alphabet, digit or keyboard neighbours, either way."""
    for run in _RUNS:
        for line in (run, run[::-1]):
            for length in range(len(line), 3, -1):
                for start in range(len(line) - length + 1):
                    text = text.replace(line[start : start + length], " ")
    return text


def _remainder(text: str, words: Iterable[str]) -> int:
    """How many distinct characters a guesser with a word list would still have to find."""
    for word in sorted((w for w in words if len(w) >= 3), key=len, reverse=True):
        text = text.replace(word, " ")
    text = re.sub(r"(.{1,6}?)\1{2,}", r"\1", text)  # abcabcabc and aaaaaaa count once
    return len(re.sub(r"[\W_]", "", text))


def check_policy(password: str, *, context: Iterable[str] = ()) -> None:
    """Raise InputError(field="password") unless the password may be used.

    `context` holds what a guesser knows: email, name, merchant. Length first: bcrypt 5 raises above
    72 bytes, and stock code shows that as something else.
    """
    if len(password) < MIN_CHARACTERS:
        raise InputError(
            f"Use at least {MIN_CHARACTERS} characters. A few unrelated words work well.", field="password"
        )
    if len(password.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise InputError(
            f"Use at most {MAX_BYTES} bytes: {MAX_BYTES} plain letters, fewer with accents or symbols.",
            field="password",
        )
    known = set(_COMMON_WORDS)
    for fact in context:
        known.update(part for part in re.split(r"[\W_]+", fact.casefold()) if len(part) >= 3)
    plain = unicodedata.normalize("NFKC", password).casefold()
    for reading in (plain, plain.translate(_LEET)):
        if _remainder(_without_runs(reading), known) < SMALLEST_REMAINDER:
            raise InputError(
                "This is easy to guess: it is made of common words, a run of keys, or names close to you.",
                field="password",
            )


@functools.cache
def _hasher() -> Any:
    """streamlit-authenticator's `Hasher`, from its own file: importing the package runs all of streamlit
    and registers a browser component, which the command line and the gate want nothing of."""
    package = importlib.util.find_spec("streamlit_authenticator")
    if package is None or package.origin is None:
        raise ImportError("streamlit_authenticator")
    place = Path(package.origin).parent / "utilities" / "hasher.py"
    spec = importlib.util.spec_from_file_location("portal.identity._authenticator_hasher", place)
    if spec is None or spec.loader is None:
        raise ImportError("streamlit_authenticator.utilities.hasher")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Hasher


def suggest_password() -> str:
    """A first password to hand over: 100 random bits in groups of five that can be read out."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"  # no 0, 1, i, l, o
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def hash_password(password: str) -> str:
    """bcrypt, cost 12, 60 characters, as streamlit-authenticator stores it."""
    return str(_hasher().hash(password))


def is_hash(text: str) -> bool:
    """Whether the text is a bcrypt hash that `matches` can compare (cost 10 to 15)."""
    found = re.fullmatch(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}", text)
    return bool(found) and 10 <= int(found.group(1)) <= 15  # type: ignore[union-attr]


def matches(password: str, password_hash: str) -> bool:
    """Compare, in the same time whether or not there is a hash, and however long the password is.

    Raises TryLater when too many comparisons already wait.
    """
    usable = len(password.encode("utf-8", "surrogatepass")) <= MAX_BYTES and "\x00" not in password
    candidate = password if usable and _encodable(password) else "unusable-password"
    real = is_hash(password_hash)
    if not _queue.acquire(blocking=False):
        raise TryLater("Many people are signing in right now.", wait_seconds=BUSY_WAIT_SECONDS, detail="bcrypt queue")
    try:
        with _slots:
            equal = bool(_hasher().check_pw(candidate, password_hash if real else DUMMY_HASH))
    finally:
        _queue.release()
    return equal and real and candidate is password


def _encodable(password: str) -> bool:
    try:
        password.encode()
    except UnicodeEncodeError:
        return False
    return True
