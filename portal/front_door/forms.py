"""What signs a form and names its page: keyed hashes, so that nothing is kept for a form that is never sent. Pure."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import re
import secrets

from portal.front_door.kinds import FEWEST_SECONDS, FORM_LIVES

_FORM = re.compile(r"(\d{1,12})\.([0-9a-f]{32})\.([0-9a-f]{64})")
NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,62}[a-z0-9])")
"""Of a merchant's page in its address."""


class TooSoon(Exception):
    """It was sent sooner than anybody types."""


class NotOurs(Exception):
    """It was never given out, or too long ago."""


def keyed(key: str, *parts: str) -> str:
    message = "\x1f".join(("front-door-v1", *parts)).encode()
    return hmac.new(bytes.fromhex(key), message, hashlib.sha256).hexdigest()


def new_form(key: str, now: dt.datetime) -> str:
    at, nonce = str(int(now.timestamp())), secrets.token_hex(16)
    return f"{at}.{nonce}.{keyed(key, 'form', at, nonce)}"


def read_form(key: str, text: str, now: dt.datetime) -> str:
    """The form's random part. Raises NotOurs, TooSoon."""
    found = _FORM.fullmatch(text)
    if found is None or not hmac.compare_digest(keyed(key, "form", found[1], found[2]), found[3]):
        raise NotOurs
    age = now.timestamp() - int(found[1])
    if age > FORM_LIVES.total_seconds():
        raise NotOurs
    if age < FEWEST_SECONDS:
        raise TooSoon
    return found[2]


def page_token(key: str, nonce: str, demand: str, address: str) -> str:
    """256 bits. A form that is sent twice leads to one page."""
    digest = bytes.fromhex(keyed(key, "page", nonce, demand, address))
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
