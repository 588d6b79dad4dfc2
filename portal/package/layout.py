"""Where each thing stands in the package (design 4.1). Names are neutral: a ZIP's names are never encrypted (ZIP
APPNOTE 4.4, 7.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from portal.package.failures import BadName
from portal.package.parts import FileKind, Media, PackageFile

READ_ME = "1-READ-ME-FIRST.html"
YOUR_DATA = "2-your-data.html"
PDF = "3-your-data.pdf"
LEFT_OUT_PAGE = "what-we-left-out.html"
WITHHELD = "withheld.json"
FIELDS_PAGE = "explain/fields.html"
WORKBOOK = "tables/all.xlsx"
MANIFEST = "manifest.json"
MANIFEST_PAGE = "manifest.html"
PART_BYTES = 5_000_000
"""A page above this is split (PKG-4)."""

ORDER: Mapping[FileKind, int] = {kind: at for at, kind in enumerate(FileKind)}
EXTENSIONS: Mapping[Media, str] = {Media.JSON: "json", Media.CSV: "csv", Media.OTHER: "bin"}
_STEM = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,60}[a-z0-9])?")
_EXTENSION = re.compile(r"[a-z0-9]{1,8}")
_REFERENCE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,60}[A-Za-z0-9])?")


def part_name(number: int) -> str:
    return f"2-your-data-{number:02d}.html"


def data_name(file: PackageFile) -> str:
    """``data/gift-cards.json``; what is redacted says so. Raises BadName."""
    extension = file.extension or EXTENSIONS[file.media]
    if not _STEM.fullmatch(file.name) or not _EXTENSION.fullmatch(extension):
        raise BadName(detail=f"kind {file.kind}")
    return f"data/{file.name}{'-redacted' if file.redacted else ''}{'-portable' if file.portable else ''}.{extension}"


def table_name(file: PackageFile, number: int, several: bool) -> str:
    """``tables/gift-cards-2.csv``: a table's own name may hold what a file's name must not."""
    return f"tables/{file.name}{f'-{number}' if several else ''}.csv"


def check_reference(reference: str) -> None:
    """Raises BadName unless it can name a folder on every system."""
    if not _REFERENCE.fullmatch(reference):
        raise BadName(detail="reference")


def in_order(files: tuple[PackageFile, ...]) -> tuple[PackageFile, ...]:
    """By kind, then as given. Raises BadName when two would have one name."""
    ordered = tuple(sorted(files, key=lambda file: ORDER[file.kind]))
    names = [file.name for file in ordered]
    if len(set(names)) != len(names):
        raise BadName(detail="two files of one name")
    return ordered
