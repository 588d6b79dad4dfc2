"""Fingerprints of the rows of a file, by which two files are compared when neither is there any more. Pure.

A fingerprint is an HMAC-SHA-256 cut to 16 bytes. Its key is made of the person's secret (`keeping`) and the table's
name: equal rows of two merchants, two people or two tables have nothing in common.

It covers, sorted by column, each column's name and cell: the text as the file has it, digit for digit, and whether JSON
wrote it bare or in quotes; null as null. A field that a row does not have is not in it. Each part stands with its
length, so that no two rows are written alike. It does not cover the order of rows and columns, the columns that the
reader added to link a row to its parent's, nor what the document says of itself (`OF_THE_EXPORT`), which differs in
each export.

A row that has an id of its own has a second fingerprint of that id alone: so a row that changed is told from one that
is new. The id's column is one that `preview.comparing` would match rows by, with a different text in every row.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field

from portal.preview import MISSING, NULL, Bare, Cell, Preview, Table
from portal.preview.comparing import key_names

PRINT_BYTES = 16
MOST_ROWS = 50_000
"""Of one file: at most 1.6 MB of fingerprints. A table that would go beyond it has its rows counted only."""
MOST_IDS_TRIED = 3
WHOLE_FILE = ""
"""The name of the one table of a file whose rows are only counted, all together."""
UNREADABLE = "unreadable"
"""The family of files that no table can be made of; they are compared with nothing."""
DOCUMENT, OF_THE_EXPORT = "file", frozenset({"exportid", "generatedat"})
"""The table of what stands at the top of a JSON document, and its fields that are about the export."""
_LENGTH_BYTES = 4


@dataclass(frozen=True)
class TablePrints:
    """One table's. `id_column` is empty where no column names the rows. `prints`, sorted: the rows', each after its
    id's where it has one; None where they are only counted."""

    name: str
    rows: int
    id_column: str = ""
    prints: bytes | None = field(default=b"", repr=False)

    def by_row(self) -> list[bytes]:
        """The rows' fingerprints."""
        step = PRINT_BYTES * (2 if self.id_column else 1)
        return [piece[-PRINT_BYTES:] for piece in _pieces(self.prints or b"", step)]

    def by_id(self) -> dict[bytes, bytes]:
        """The rows' fingerprints by their ids'; nothing without an id."""
        if not self.id_column:
            return {}
        return {
            piece[:PRINT_BYTES]: piece[PRINT_BYTES:] for piece in _pieces(self.prints or b"", 2 * PRINT_BYTES)
        }  # fmt: skip


@dataclass(frozen=True)
class Origin:
    """Where a file came from. Files are held against each other when all but `part` and `program` are the same; those
    of one case are taken together, of each part the newest. `card` and `part` are pseudonyms."""

    family: str
    format: str
    program_id: str = ""
    program: str = ""
    card: str = ""
    part: str = ""

    @property
    def compared_by(self) -> tuple[str, str, str, str]:
        return self.family, self.format, self.program_id, self.card


@dataclass(frozen=True)
class FilePrints:
    """All that is kept of one file. `secret` is the person's, under which later files are taken as well."""

    secret: bytes = field(repr=False)
    origin: Origin
    tables: tuple[TablePrints, ...]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)


def prints_of(preview: Preview, secret: bytes, most_rows: int = MOST_ROWS) -> tuple[TablePrints, ...]:
    """The fingerprints of every table. Memory: a page of rows, and those fingerprints."""
    found, left = [], most_rows
    for table in preview.tables:
        if table.row_count > left:
            found.append(TablePrints(table.name, table.row_count, prints=None))
            continue
        left -= table.row_count
        found.append(_of_table(table, secret))
    return tuple(found)


def pseudonym(secret: bytes, *words: str) -> str:
    """Tells what belongs to one person apart, and nothing else."""
    return _hmac(secret, "pseudonym", *words)[:8].hex()


def _of_table(table: Table, secret: bytes) -> TablePrints:
    own = [name for name in table.columns if name not in table.link_columns and not _is_envelope(table, name)]
    ids = {name: bytearray() for name in key_names(own)[:MOST_IDS_TRIED]}
    keys = {name: _hmac(secret, "id", table.name, name) for name in ids}
    where = {name: place for place, name in enumerate(table.columns)}
    columns = [(where[name], _measured(name)) for name in sorted(own)]
    row_key, rows = _hmac(secret, "row", table.name), bytearray()
    for _, row in table.iterate():
        rows += _cut(row_key, b"".join(_covered(columns, row)))
        for name in list(ids):
            cell = row[where[name]]
            if isinstance(cell, str) and cell:
                ids[name] += _cut(keys[name], _bytes(cell))
            else:
                del ids[name]
    by_row = _pieces(rows, PRINT_BYTES)
    for name, found in ids.items():
        by_id = _pieces(found, PRINT_BYTES)
        if by_id and len(set(by_id)) == len(by_id):
            pairs = sorted(one + other for one, other in zip(by_id, by_row, strict=True))
            return TablePrints(table.name, len(by_row), name, b"".join(pairs))
    return TablePrints(table.name, len(by_row), "", b"".join(sorted(by_row)))


def _is_envelope(table: Table, column: str) -> bool:
    return table.name == DOCUMENT and column.casefold() in OF_THE_EXPORT


def _covered(columns: Sequence[tuple[int, bytes]], row: Sequence[Cell]) -> Iterator[bytes]:
    for place, name in columns:
        cell = row[place]
        if cell is MISSING:
            continue
        yield name
        if isinstance(cell, str):
            yield b"b" if isinstance(cell, Bare) else b"q"
            yield _measured(cell)
        else:
            assert cell is NULL, "a cell is a text, null or missing"
            yield b"n"


def _measured(text: str) -> bytes:
    encoded = _bytes(text)
    return b"%d:%b" % (len(encoded), encoded)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _hmac(key: bytes, *words: str) -> bytes:
    return hmac.digest(key, b"".join(map(_measured, words)), hashlib.sha256)


def _cut(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")[:PRINT_BYTES]


def _pieces(joined: bytes | bytearray, step: int) -> list[bytes]:
    return [bytes(joined[start : start + step]) for start in range(0, len(joined), step)]


def packed(prints: FilePrints) -> bytes:
    """As it is sealed: a header that says what is there, and the fingerprints one after the other."""
    tables = [
        [table.name, table.rows, table.id_column, None if table.prints is None else len(table.prints)]
        for table in prints.tables
    ]
    head = json.dumps({"secret": prints.secret.hex(), "origin": asdict(prints.origin), "tables": tables}).encode()
    return len(head).to_bytes(_LENGTH_BYTES) + head + b"".join(table.prints or b"" for table in prints.tables)


def unpacked(content: bytes) -> FilePrints:
    """The inverse of `packed`."""
    start = _LENGTH_BYTES + int.from_bytes(content[:_LENGTH_BYTES])
    head = json.loads(content[_LENGTH_BYTES:start])
    tables = []
    for name, rows, id_column, length in head["tables"]:
        prints = None if length is None else content[start : start + length]
        tables.append(TablePrints(name, rows, id_column, prints))
        start += length or 0
    return FilePrints(bytes.fromhex(head["secret"]), Origin(**head["origin"]), tuple(tables))
