"""Rows written as lists, their columns named by a list beside them: `{"columns": ["id"], "data": [["7"], ["8"]]}`.

Both keys must be words for such lists, the names texts, and the first row as long as the names. The names are then the
heads of the table of rows, not a table of their own. They may stand before or after the rows; where the rows are too
long to be read whole, before them.
"""

from collections.abc import Mapping
from typing import Any, Final

NAME_WORDS: Final = frozenset(
    """columns column_names columnnames headers header fields field_names fieldnames schema keys cols names head
    spalten columnas colonnes colonne kolommen aocolumns""".split()
)
ROW_WORDS: Final = frozenset(
    """rows data values records items aadata body entries results result tuples series
    zeilen daten werte filas datos valores lignes donnees valeurs righe dati valori rijen gegevens waarden""".split()
)
MOST_NAMES: Final = 500
_LONGEST_WORD: Final = 12


def _is_word(key: object, words: frozenset[str]) -> bool:
    return isinstance(key, str) and len(key) <= _LONGEST_WORD and key.lower() in words


def may_be_names(key: object, value: object) -> bool:
    return (
        _is_word(key, NAME_WORDS)
        and isinstance(value, list)
        and 0 < len(value) <= MOST_NAMES
        and all(type(name) is str and name for name in value)
    )


def may_be_rows(key: object) -> bool:
    return _is_word(key, ROW_WORDS)


def names_of_rows(found: Mapping[Any, Any], key: object, first: object = None) -> tuple[str, tuple[str, ...]]:
    """(the key of the list of names, the names) for the rows under `key` of the object `found`; both empty where there
    are none. `first`: the first row, where `found` does not hold it."""
    if not may_be_rows(key):
        return "", ()
    rows = found.get(key)
    first = rows[0] if isinstance(rows, list) and rows else first
    if not isinstance(first, list) or not first:
        return "", ()
    for other, value in found.items():
        if may_be_names(other, value) and len(value) == len(first):
            return other, tuple(value)
    return "", ()


def are_names(found: Mapping[Any, Any], key: object) -> bool:
    """The list under `key` names the columns of rows beside it."""
    return _is_word(key, NAME_WORDS) and any(names_of_rows(found, other)[0] == key for other in found)


class WaitingNames:
    """The lists of names of one object that is read member by member, kept until the rows come that they name."""

    def __init__(self) -> None:
        self._lists: dict[str, Any] = {}
        self._used: set[str] = set()

    @property
    def any(self) -> bool:
        return bool(self._lists)

    def sift(self, found: dict[str, Any]) -> dict[str, Any]:
        """`found` without the lists that may be names; with those, of all so far, that rows in it need."""
        together = self._lists | found
        self._lists = {key: value for key, value in together.items() if may_be_names(key, value)}
        needed = {names_of_rows(together, key)[0] for key in found}
        self._used |= needed
        return {key: value for key, value in together.items() if key in needed or key not in self._lists}

    def for_long_rows(self, key: str, first: object) -> tuple[str, ...]:
        """The names of the rows under `key`, which are too long to be read whole."""
        other, names = names_of_rows(self._lists, key, first)
        self._used |= {other} - {""}
        return names

    def unused(self) -> dict[str, Any]:
        """The lists that named no rows: tables of their own. To be asked for once, at the end of the object."""
        return {key: value for key, value in self._lists.items() if key not in self._used}
