"""Untrusted bytes of an export to tables of text, exactly as written, and the inspection that finds other people's
data.

read(data, format) -> Preview: the tables, what is odd about the file, its raw text.
inspect(preview, asked) -> Inspection: does every record belong to the asked person?
find_others(preview, asked): who else is mentioned, where, how sure.
Reading: the same for files of LARGE_BYTES and more, in little memory, which `read` takes for small files of very many
cells as well; Search: looking through one of those.
Rules: no network, no files but a sealed, nameless one for large files,
nothing of the rest of the portal; pandas only when a frame is built; nothing here is
logged, and no
exception text, repr or finding holds a value of the file.
"""

from portal.preview.activity import activity
from portal.preview.errors import PreviewError
from portal.preview.facts import ColumnFact, looks_like, mask
from portal.preview.inspection import AskedPerson, Check, Finding, Inspection, inspect
from portal.preview.large import LARGE_BYTES, Reading, read
from portal.preview.listing import rows_as_json_lines, summary
from portal.preview.model import MISSING, NULL, Bare, Cell, Hit, Place, Preview, Table, Warning_
from portal.preview.others import Marker, Other, find_others
from portal.preview.raw import RawText
from portal.preview.searching import Search

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
