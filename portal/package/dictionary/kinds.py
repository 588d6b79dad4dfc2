"""The code lists of the dictionary, and one entry."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Shape(StrEnum):
    """How a value is written for a reader."""

    TEXT = "text"
    MOMENT = "moment"
    MONEY = "money"
    NUMBER = "number"
    CODE = "code"
    """One of a list of codes; its words are in `codes`."""
    YES_NO = "yes_no"


class Origin(StrEnum):
    """Where a value comes from: Article 20 covers what was given and what was observed, nothing else (WP 242, III)."""

    PROVIDED = "provided"
    OBSERVED = "observed"
    DERIVED = "derived"
    """Worked out by the shop from other values."""
    INTERNAL = "internal"
    """Of the shop or its software, and of its staff."""
    OTHERS = "others"
    """About another person, or given by one."""


class Topic(StrEnum):
    """The sections of the page, in its order."""

    WHO = "who"
    CARDS = "cards"
    HAPPENED = "happened"
    POINTS = "points"
    CONSENTS = "consents"
    LOOKED = "looked"
    PORTAL = "portal"
    OTHER = "other"


@dataclass(frozen=True)
class Entry:
    """`label` and `meaning` are English messages of the catalogues."""

    label: str
    shape: Shape = Shape.TEXT
    origin: Origin = Origin.OBSERVED
    meaning: str = ""
