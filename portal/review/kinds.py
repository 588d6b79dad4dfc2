"""The code lists of a review."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, TypeAlias

Written: TypeAlias = Literal["json", "csv", "text"]
"""How a file is written of which single places can be left out."""


class Choice(StrEnum):
    LEAVE_OUT = "leave_out"
    KEEP = "keep"


class GroupKind(StrEnum):
    """Who or what a group is about."""

    GIVER = "giver"
    RECIPIENT = "recipient"
    COUNTERPARTY = "counterparty"
    """The other side of a transfer."""
    IN_TEXT = "in_text"
    """Somebody named in a text."""
    MESSAGE = "message"
    """Personal messages in which nobody else was found."""
    STAFF = "staff"
    """All who work for the merchant, as one group."""
    CREDENTIALS = "credentials"
    """Passwords, tokens, security codes: nobody's to have in a copy."""
    CARDS = "cards"
    """Numbers that a card is spent with: shortened in every copy, without a decision."""


class Attribute(StrEnum):
    """What a place holds of somebody."""

    EMAIL = "email"
    PHONE = "phone"
    NAME = "name"
    ADDRESS = "address"
    BIRTH = "birth"
    ID = "id"
    CARD = "card"
    OTHER = "other"


class By(StrEnum):
    """How a decision came about."""

    RULE = "rule"
    """As proposed, and confirmed by a person."""
    HAND = "hand"


class Scope(StrEnum):
    """What a decision was about; the truth is its places."""

    GROUP = "group"
    PLACES = "places"
    FIELD = "field"
    SAME_TEXT = "same_text"
    """No place is left out: the same text may also stand where it is kept."""
    WHOLE = "whole"
    """The file as one: sent, left out, or replaced by the attached file that `group_id` names."""


class SecondReason(StrEnum):
    """Why another person has to approve (RED-8, RED-9)."""

    OWN_VALUE = "own_value"
    MANY_PLACES = "many_places"
    LEGAL = "legal"
    WHOLE_CARD = "whole_card"
    WHOLE_TABLE = "whole_table"
    WHOLE_FILE = "whole_file"
    MERCHANT = "merchant"
    """The merchant wants it for every copy with something left out."""


class FileOf(StrEnum):
    """Whose file decisions are about."""

    EXPORT = "export"
    SOURCE = "source"
    SYSTEM = "system"


class Whole(StrEnum):
    """What becomes of a file of a case."""

    BY_PLACE = "by_place"
    """It is sent but for its places left out."""
    UNDECIDED = "undecided"
    """Of a file without places: a person has to say."""
    SENT = "sent"
    LEFT_OUT = "left_out"
    REPLACED = "replaced"
    """A file goes out in its place that the merchant redacted."""
