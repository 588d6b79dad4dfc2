"""A LoyaltyDog token bound to the address that issued it.

A session's token is sealed together with its server and sent to no other, even if `PORTAL_API_URL` or the merchant's
settings change later.
"""

from __future__ import annotations

from pydantic import SecretStr

SEPARATOR = "\n"  # occurs in neither: addresses have no control characters, and a header could not carry such a token


def bind_token(token: SecretStr, base_url: str) -> SecretStr:
    """The text to store. `base_url` as `Connection.base_url` normalises it."""
    return SecretStr(f"{base_url}{SEPARATOR}{token.get_secret_value()}")


def token_for(stored: str | None, base_url: str) -> str | None:
    """The token, if the stored text is bound to this address."""
    address, separator, token = (stored or "").partition(SEPARATOR)
    return token if separator and token and address == base_url else None
