"""Finds the entry of a field and the title and topic of a table, by the names the vendor uses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.package.dictionary.codes import CODES
from portal.package.dictionary.kinds import Entry, Topic
from portal.package.dictionary.known import BY_TOPIC, FIELDS
from portal.package.dictionary.titles import ABOUT_THE_FILE, KINDS, TABLES
from portal.package.parts import FileKind

FILE_FIELDS = frozenset({"exportid", "generatedat", "total", "page", "pages", "limit"})
_NUMBERED = re.compile(r" \(\d+\)$")
_PARTS = {"sender", "recipient", "card"}


@dataclass(frozen=True)
class Named:
    title: str
    topic: Topic


def name_of(column: str) -> str:
    """``customer.Email (2)`` is ``email``; a giver's, receiver's or pass's field keeps what it belongs to."""
    parts = _NUMBERED.sub("", column).casefold().split(".")
    name = ".".join(parts[-2:]) if len(parts) > 1 and parts[-2] in _PARTS else parts[-1]
    return name.replace(" ", "")


def field_of(column: str, topic: Topic, table: str = "") -> Entry | None:
    """The entry of a column; of a list's one column (`value`), that of the list. None: nobody told us."""
    name = name_of(column)
    if name == "value":
        name = name_of(table)
    return BY_TOPIC.get((topic, name)) or FIELDS.get(name)


def codes_of(column: str, table: str = "") -> Mapping[str, str]:
    name = name_of(column)
    return CODES.get(name_of(table) if name == "value" else name, {})


def table_of(name: str, columns: Sequence[str], kind: FileKind) -> Named:
    """Title and section: by the table's last name, by its columns, else by what the file is about."""
    known = {name_of(column) for column in columns}
    last = name_of(name)
    if known and known <= FILE_FIELDS:
        return Named(ABOUT_THE_FILE, Topic.OTHER)
    if kind is FileKind.OTHER:
        return Named(KINDS[kind][0], Topic.OTHER)
    if last in TABLES:
        return Named(*TABLES[last])
    if kind is FileKind.GIFT_CARDS and "transactiontype" in known:
        return Named(*TABLES["transactions"])
    return Named(*KINDS[kind])
