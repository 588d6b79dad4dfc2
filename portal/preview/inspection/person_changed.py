"""When the record of the person in a file was changed last, as its column says. Pure."""

from __future__ import annotations

import datetime as dt
import re

from portal.preview import words
from portal.preview.activity import moment_of
from portal.preview.card_numbers import is_of_cards
from portal.preview.model import Preview, Table

_UPDATED = frozenset("updated changed modified geandert aktualisiert modifie actualizado modificado gewijzigd".split())
_PATH = re.compile(r"[.\[\]/]+")


def person_changed_on(preview: Preview) -> dt.date | None:
    """The newest such day of a table of customers, or of a column that names them; None where none is told. A card's
    own time of change is that of its money."""
    days = [
        moment.date()
        for table in preview.tables
        for at in _columns(table)
        for _index, row in table.iterate()
        if (moment := moment_of(row[at])) is not None
    ]
    return max(days, default=None)


def _columns(table: Table) -> list[int]:
    of_persons = not is_of_cards(table.name) and _names_person(table.name)
    parts = [words.meaning(column.rpartition(".")[2]) for column in table.columns]
    return [
        at
        for at, one in enumerate(parts)
        if one & _UPDATED and not words.has(one, words.CARD)
        and (words.has(one, words.CUSTOMER, words.EMAIL) or of_persons or _names_person(_parent(table.columns[at])))
    ]  # fmt: skip


def _parent(column: str) -> str:
    return column.rpartition(".")[0]


def _names_person(name: str) -> bool:
    last = [part for part in _PATH.split(name) if part][-1:]
    return bool(last) and words.has(words.meaning(last[0]), words.CUSTOMER)
