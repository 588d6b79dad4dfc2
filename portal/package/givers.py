"""Who gave the person a card, read in the files as they go out: a name that is left out there is not named here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from portal.package.dictionary.kinds import Topic
from portal.package.dictionary.lookup import name_of, table_of
from portal.package.parts import FileKind
from portal.package.reading import ReadFile, batches
from portal.preview import Cell
from portal.redaction.places import MARKER

_OWN = frozenset({"customername", "customeremail"})
_OWN_RECORD = frozenset({"name", "email"})
_GIVER, _GIVER_ADDRESS = ("sender.name", "sendername"), ("sender.email", "senderemail")
_RECEIVER = ("recipient.email", "recipientemail", "recipient.name", "recipientname")


def giver_names(files: Sequence[ReadFile]) -> tuple[str, ...]:
    """Each once, in the order of the files. The person themselves is none, and of a card that says it was for somebody
    else the giver gave the person nothing."""
    own = set(_own(files))
    found: dict[str, str] = {}
    for at, row in _rows(files, FileKind.GIFT_CARDS):
        name = _first(at, row, _GIVER)
        receivers = {_text(at, row, one) for one in _RECEIVER} - {""}
        given_away = bool(receivers) and receivers.isdisjoint(own)
        if name and not given_away and own.isdisjoint({name.casefold(), _first(at, row, _GIVER_ADDRESS).casefold()}):
            found.setdefault(name.casefold(), name)
    return tuple(found.values())


def _own(files: Sequence[ReadFile]) -> Iterator[str]:
    """How the files call the person: names and addresses in small letters."""
    for file in files:
        for table in (each.table for each in file.tables):
            who = table_of(table.name, table.columns, file.file.kind).topic is Topic.WHO
            wanted = [
                position
                for position, column in enumerate(table.columns)
                if name_of(column) in _OWN or (who and name_of(column) in _OWN_RECORD)
            ]
            for rows in batches(table) if wanted else ():
                yield from {
                    cell.casefold() for row in rows for cell in (row[at] for at in wanted) if isinstance(cell, str)
                } - {""}


def _rows(files: Sequence[ReadFile], kind: FileKind) -> Iterator[tuple[dict[str, int], Sequence[Cell]]]:
    """Rows of tables that name a giver, with where each column is."""
    for file in (file for file in files if file.file.kind is kind):
        for table in (each.table for each in file.tables):
            at = {name_of(column): position for position, column in reversed(list(enumerate(table.columns)))}
            for rows in batches(table) if any(one in at for one in _GIVER) else ():
                for row in rows:
                    yield at, row


def _first(at: dict[str, int], row: Sequence[Cell], names: Sequence[str]) -> str:
    found = (row[at[one]] for one in names if one in at)
    return next((cell.strip() for cell in found if isinstance(cell, str) and not MARKER.search(cell)), "")


def _text(at: dict[str, int], row: Sequence[Cell], name: str) -> str:
    return _first(at, row, (name,)).casefold()
