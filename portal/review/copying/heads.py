"""A copy as it begins, read from its bytes: what somebody looks at before it is sent."""

from __future__ import annotations

import codecs
import re
import zipfile
from collections.abc import Iterator
from itertools import islice
from xml.etree import ElementTree as ET

from portal.preview import Preview
from portal.review.copying.aside import Aside
from portal.review.views import CopyHead, SheetHead

MOST_CHARS = 20_000
MOST_SHEETS = 12
MOST_ROWS = 50
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ESCAPED = re.compile(r"_x005F_(?=x[0-9A-Fa-f]{4}_)")


def head_of_file(again: Preview) -> CopyHead:
    """Of the file with places left out, as it was read again."""
    return CopyHead(again.raw.page(0, MOST_CHARS), whole=again.raw.pages(MOST_CHARS) <= 1)


def head_of_spreadsheet(made: Aside) -> CopyHead:
    first = made.page(0)
    text = codecs.getincrementaldecoder("utf-8-sig")("replace").decode(first, final=len(first) == made.size)
    return CopyHead(text[:MOST_CHARS], whole=len(first) == made.size and len(text) <= MOST_CHARS)


def head_of_workbook(made: Aside) -> CopyHead:
    with zipfile.ZipFile(made.file()) as package:
        book = ET.fromstring(package.read("xl/workbook.xml"))  # noqa: S314 - our own writer made it
        names = [sheet.get("name", "") for sheet in book.iter(f"{_MAIN}sheet")]
        members = _members(package)
        sheets, whole = [], len(members) <= MOST_SHEETS
        for name, member in zip(names[:MOST_SHEETS], members, strict=False):
            rows = [tuple(row) for row in islice(_rows(package, member), MOST_ROWS + 2)]
            whole = whole and len(rows) <= MOST_ROWS + 1
            sheets.append(SheetHead(name, tuple(rows[: MOST_ROWS + 1])))
    return CopyHead(sheets=tuple(sheets), whole=whole)


def rows_of_workbook(made: Aside) -> Iterator[list[str]]:
    """The rows of all sheets, one under the other."""
    with zipfile.ZipFile(made.file()) as package:
        for member in _members(package):
            yield from _rows(package, member)


def _members(package: zipfile.ZipFile) -> list[str]:
    names = [name for name in package.namelist() if name.startswith("xl/worksheets/sheet")]
    return sorted(names, key=lambda name: int(re.sub(r"\D", "", name)))


def _rows(package: zipfile.ZipFile, member: str) -> Iterator[list[str]]:
    with package.open(member) as part:
        width, above = 0, ET.Element("none")
        for event, row in ET.iterparse(part, events=("start", "end")):  # noqa: S314 - our own writer made it
            if row.tag == f"{_MAIN}sheetData":
                above = row
            if event == "start" or row.tag != f"{_MAIN}row":
                continue
            cells = {_position(cell.get("r", "")): "".join(cell.itertext()) for cell in row}
            width = width or max(cells, default=-1) + 1
            yield [_ESCAPED.sub("_", cells.get(at, "")) for at in range(max(width, max(cells, default=-1) + 1))]
            above.clear()


def _position(address: str) -> int:
    number = 0
    for letter in address.rstrip("0123456789"):
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
