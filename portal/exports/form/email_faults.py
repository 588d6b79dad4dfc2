"""Our own sentences for what `email_validator` finds wrong with an address, so that people read them in their language.

Each rule is the beginning of one of the library's messages. A test reads every message out of the library's source: one
that no rule knows fails it. At run time such a message is left out, and never shown as the library wrote it.
"""

from __future__ import annotations

import re

BEFORE = "There must be something before the @-sign."
AFTER = "There must be something after the @-sign."
AT_SIGN = "Use one ordinary @-sign."
PERIOD = "The part after the @-sign is not valid. It should have a period."
TWO_PERIODS = "An email address cannot have two periods in a row."
START = "An email address cannot start with a period."
END = "An email address cannot end with a period or a hyphen."
BESIDE = "A period or a hyphen stands where none may be."
SIGN_BEFORE = "A character before the @-sign is not allowed."
SIGN_AFTER = "A character after the @-sign is not allowed."
SIGN = "A character in it is not allowed."
BLANK = "An email address holds no blanks."
TOO_LONG = "The address is too long."
NO_MAIL = "No email address ends like this one after the @-sign."
ONLY_ADDRESS = "Enter the address alone, without a name, quotation marks or brackets."

RULES: tuple[tuple[str, str], ...] = (
    ("There must be something before the @-sign", BEFORE),
    ("There must be something after the @-sign", AFTER),
    ("An email address must have an @-sign", AT_SIGN),
    ('The email address has the "full-width" at-sign', AT_SIGN),
    ('The email address has the "small commercial at"', AT_SIGN),
    ("The part after the @-sign is not valid. It should have a period", PERIOD),
    ("The part after the @-sign is not valid. It is not within", NO_MAIL),
    ("The part after the @-sign is a special-use or reserved name", NO_MAIL),
    ("An email address cannot have two periods in a row", TWO_PERIODS),
    ("An email address cannot start with a ", START),
    ("An email address cannot end with a ", END),
    ("An email address cannot have a ", BESIDE),
    ("An email address cannot have two letters followed by two dashes", SIGN_AFTER),
    ("The email address contains invalid characters before the @-sign", SIGN_BEFORE),
    ("The email address contains invalid characters after the @-sign", SIGN_AFTER),
    ("The email address contains invalid characters in quotes before the @-sign", SIGN_BEFORE),
    ("Internationalized characters before the @-sign are not supported", SIGN_BEFORE),
    ("The part after the @-sign contains invalid characters", SIGN_AFTER),
    ("The part after the @-sign is invalid (", SIGN_AFTER),
    ("The part after the @-sign is not valid IDNA (", SIGN_AFTER),
    ("The part after the @-sign became invalid", SIGN_AFTER),
    ("The email address contains unsafe characters", SIGN),
    ("The email address contains an invalid character", SIGN),
    ("The email address is not valid ASCII", SIGN),
    ("The email address is too long", TOO_LONG),
    ("After the @-sign, periods cannot be separated by so many characters", TOO_LONG),
    ("The display name contains invalid characters", ONLY_ADDRESS),
    ("A display name and angle brackets", ONLY_ADDRESS),
    ("An open angle bracket at the start", ONLY_ADDRESS),
    ("There can't be anything after the email address", ONLY_ADDRESS),
    ("Extra character(s) found after close quote", ONLY_ADDRESS),
    ("Quoting the part before the @-sign", ONLY_ADDRESS),
    ("A bracketed IP address after the @-sign", ONLY_ADDRESS),
    ("The part after the @-sign contains an invalid address literal", ONLY_ADDRESS),
    ("The part after the @-sign in brackets is not", ONLY_ADDRESS),
    ("The address in brackets after the @-sign", ONLY_ADDRESS),
    ("The IPv6 address in brackets", ONLY_ADDRESS),
)
NESTED = "After Unicode normalization: "  # the library puts this before a message of its own


def explain_email_error(message: str, typed: str) -> str:
    """The sentence for the library's `message` about `typed`; empty for a message that no rule knows."""
    message = message.removeprefix(NESTED)
    found = next((ours for start, ours in RULES if message.startswith(start)), "")
    if found in (SIGN, SIGN_BEFORE, SIGN_AFTER) and re.search(r"\s", typed):
        return BLANK
    return found
