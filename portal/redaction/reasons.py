"""Why something is left out: a closed list (GDPR Art. 15(4), Recital 63). Free text is not stored (LAW-18)."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    OTHER_PERSON = "other_person"
    OTHER_CONTACT = "other_contact"
    OTHER_IN_TEXT = "other_in_text"
    STAFF = "staff"
    CREDENTIAL = "credential"
    BEARER_VALUE = "bearer_value"
    TRADE_SECRET = "trade_secret"  # noqa: S105 - a reason
    PRIVILEGED = "privileged"
    LEGAL_HOLD = "legal_hold"
    NOT_THEIRS = "not_theirs"
    EXEMPT_NATIONAL = "exempt_national"
    """The law's section is named beside it."""
