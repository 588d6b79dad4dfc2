"""One address that a mail goes to, checked before anything is queued."""

from __future__ import annotations

from portal.errors import InputError
from portal.identifiers import domain_key, visible

LONGEST = 254
WRONG = "Enter an email address like name@example.com."


def checked_address(text: str, *, field: str = "to") -> str:
    """The address as it is written. Raises InputError. Reserved domains pass, and none is looked up in DNS."""
    from email_validator import EmailNotValidError, validate_email  # 20 ms that no start needs

    text = visible(text).strip()
    if len(text) > LONGEST:
        raise InputError(WRONG, field=field)
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise InputError(WRONG, field=field) from None
    return found.normalized


def both_forms(address: str) -> tuple[str, str]:
    """As it is read and as it is sent; the second is empty where both are the same."""
    local, _at, domain = address.rpartition("@")
    sent = f"{local}@{domain_key(domain)}"
    return address, "" if sent == address else sent
