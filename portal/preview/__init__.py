"""Reads the untrusted bytes of an export into tables of text, exactly as written, and finds data of other people in it.

- `read(data, format) -> Preview`: the tables, what is odd about the file, its raw text.
- `inspect(preview, asked) -> Inspection`: does every record belong to the asked person?
- `find_others(preview, asked)`: who else is mentioned, where, how sure.
- `Reading`: `read` for files of LARGE_BYTES and more, in little memory (`read` uses its parts for small files of very
  many cells). `Search` looks through one.

No network, and no file but a sealed, nameless one for large files; no import of the rest of the portal; pandas only
when a frame is built. Nothing is logged, and no exception text, repr or finding holds a value of the file.
"""

from portal.preview.activity import activity
from portal.preview.cells import MISSING, NULL, Bare, Cell
from portal.preview.errors import PreviewError
from portal.preview.facts import ColumnFact, looks_like, mask
from portal.preview.inspection.comparing_people import AskedPerson, Finding
from portal.preview.inspection.others import Marker, Other, find_others
from portal.preview.inspection.verdict import Check, Inspection, inspect
from portal.preview.large.reading import LARGE_BYTES, Reading, read
from portal.preview.large.searching import Search
from portal.preview.listing import rows_as_json_lines, summary
from portal.preview.model import Hit, Place, Preview, Table, Warning_
from portal.preview.raw import RawText

__all__ = [
    "LARGE_BYTES",
    "MISSING",
    "NULL",
    "AskedPerson",
    "Bare",
    "Cell",
    "Check",
    "ColumnFact",
    "Finding",
    "Hit",
    "Inspection",
    "Marker",
    "Other",
    "Place",
    "Preview",
    "PreviewError",
    "RawText",
    "Reading",
    "Search",
    "Table",
    "Warning_",
    "activity",
    "find_others",
    "inspect",
    "looks_like",
    "mask",
    "read",
    "rows_as_json_lines",
    "summary",
]
