"""The secret in a link, and the one in the page's cookie: 256 random bits each, of which only the SHA-256 is kept."""

from __future__ import annotations

import re
import secrets

from portal.identity.lookup import digest

TOKEN_BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def new_token() -> str:
    """256 bits as base64url."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def is_token(text: str) -> bool:
    return _TOKEN.fullmatch(text) is not None


def token_sha256(token: str) -> str:
    return digest(token)


def link_of(origin: str, token: str) -> str:
    """The address that the person is given."""
    return f"{origin.rstrip('/')}/r/{token}"
