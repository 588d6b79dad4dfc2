"""Titles of tables and the section each belongs to: by the table's last name in small letters, else by its file."""

from __future__ import annotations

from collections.abc import Mapping

from portal.package.dictionary.kinds import Topic
from portal.package.parts import FileKind

TABLES: Mapping[str, tuple[str, Topic]] = {
    "customer": ("Your details", Topic.WHO),
    "customers": ("Your details", Topic.WHO),
    "mergedfrom": ("Earlier customer numbers", Topic.WHO),
    "previousemails": ("Earlier email addresses", Topic.WHO),
    "giftcards": ("Your gift cards", Topic.CARDS),
    "cards": ("Your gift cards", Topic.CARDS),
    "transactions": ("What happened with your cards", Topic.HAPPENED),
    "loyalty": ("Your membership", Topic.POINTS),
    "activities": ("Points, step by step", Topic.POINTS),
    "consents": ("What you agreed to", Topic.CONSENTS),
    "loyaltyconsents": ("What you agreed to", Topic.CONSENTS),
    "purposes": ("What you agreed to", Topic.CONSENTS),
    "cases": ("Your requests", Topic.PORTAL),
    "held": ("What was asked of LoyaltyDog", Topic.PORTAL),
    "done": ("What was done for your request", Topic.PORTAL),
}
KINDS: Mapping[FileKind, tuple[str, Topic]] = {
    FileKind.GIFT_CARDS: ("Your gift cards", Topic.CARDS),
    FileKind.LOYALTY: ("Your membership", Topic.POINTS),
    FileKind.CONSENTS: ("What you agreed to", Topic.CONSENTS),
    FileKind.ACCESSES: ("Who looked at your data", Topic.LOOKED),
    FileKind.PORTAL: ("What your request left with us", Topic.PORTAL),
    FileKind.OTHER: ("Data of another system", Topic.OTHER),
}
ABOUT_THE_FILE = "About this file"
