"""A LoyaltyDog token bound to the address that issued it.

A session's token is sealed together with its server and sent to no other, even if `PORTAL_API_URL` or the merchant's
settings change later.
"""

from __future__ import annotations

from pydantic import SecretStr

SEPARATOR = "\n"  # in neither: an address holds no control character, a token could not be sent in a header


def bound(token: SecretStr, base_url: str) -> SecretStr:
    """The text to keep. `base_url` as `Connection.base_url` normalises it."""
    return SecretStr(f"{base_url}{SEPARATOR}{token.get_secret_value()}")


def token_for(kept: str | None, base_url: str) -> str | None:
    """The token, when the text was kept for this very address."""
    address, separator, token = (kept or "").partition(SEPARATOR)
    return token if separator and token and address == base_url else None
