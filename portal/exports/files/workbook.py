"""Streams tables as an Excel workbook of text cells: nothing on disk, little in memory.

Format: Office Open XML (ECMA-376), inline strings, every cell in the number format "@", so that no program turns a text
into a number, a date or a formula, not even after an edit. Not XlsxWriter: in constant memory it keeps each sheet in a
temporary file in clear, which SEC-25 forbids, and otherwise all of them in memory. Limits are Excel's: 1,048,576 rows a
sheet (the rest goes into further sheets), 32,767 characters a cell (longer text is cut, with a mark), 31 characters a
sheet's name.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from portal.preview import Cell, Table

MAX_ROWS = 1_048_576
MAX_CELL_CHARS = 32_767
MAX_NAME_CHARS = 31
ROWS_AT_A_TIME = 500
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

OF_AN_EXPORT = "Made from the original export; every cell is text. The original file is what LoyaltyDog delivered."

_HEADER, _TEXT, _NULL = 1, 2, 3
"""Positions in the styles' list of cell formats."""

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_STYLES = (
    f'{_XML}<styleSheet xmlns="{_MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="3">'
    '<fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FFEEEEEE"/></patternFill></fill></fills>'
    '<borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="4"><xf/><xf numFmtId="49" fontId="1" applyNumberFormat="1" applyFont="1"/>'
    '<xf numFmtId="49" applyNumberFormat="1"/><xf numFmtId="49" fillId="2" applyNumberFormat="1" applyFill="1"/>'
    '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)

_MARKUP = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_LIKE_AN_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")


class Sheet(NamedTuple):
    """Rows `start` up to but without `stop` of a table, under a name Excel takes."""

    name: str
    table: Table
    start: int
    stop: int


def workbook(tables: Sequence[Table], about: str = OF_AN_EXPORT) -> Iterator[bytes]:
    """The bytes of a workbook with a sheet a table, its first row the column names; `about` is its description."""
    sheets = sheets_of(tables)
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        for name, text in _parts(sheets, about):
            package.writestr(_entry(name), text)
        for number, sheet in enumerate(sheets, 1):
            with package.open(f"xl/worksheets/sheet{number}.xml", "w", force_zip64=True) as part:
                for text in _sheet(sheet):
                    part.write(text.encode())
                    yield sink.taken()
        if not sheets:
            package.writestr(
                _entry("xl/worksheets/sheet1.xml"),
                f'{_XML}<worksheet xmlns="{_MAIN}"><sheetData></sheetData></worksheet>',
            )
    yield sink.taken()


def _entry(name: str) -> zipfile.ZipInfo:
    """A part without a time: the same tables give the same bytes."""
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


def sheets_of(tables: Sequence[Table]) -> list[Sheet]:
    """One sheet a table; a table too long for Excel's sheet continues in the next one."""
    names: set[str] = set()
    sheets: list[Sheet] = []
    for table in tables:
        for start in range(0, max(1, table.row_count), MAX_ROWS - 1):
            stop = min(start + MAX_ROWS - 1, table.row_count)
            sheets.append(Sheet(_name(table.name, names), table, start, stop))
    return sheets


def _name(wanted: str, taken: set[str]) -> str:
    """`wanted` without what Excel refuses, unique without regard to case; remembers it in `taken`."""
    base = _NOT_IN_NAMES.sub("_", wanted).strip("'").strip() or "table"
    if base.casefold() == "history":
        base = "history_"  # a name Excel keeps for itself
    name, number = _cut(base, MAX_NAME_CHARS), 2
    while name.casefold() in taken:
        tail = f" ({number})"
        name, number = _cut(base, MAX_NAME_CHARS - len(tail)) + tail, number + 1
    taken.add(name.casefold())
    return name


def _cut(text: str, most: int) -> str:
    """At most `most` UTF-16 units: Excel counts those."""
    while len(text.encode("utf-16-le")) > 2 * most:
        text = text[:-1]
    return text.rstrip("'")


def _parts(sheets: Sequence[Sheet], about: str) -> Iterator[tuple[str, str]]:
    names = [sheet.name for sheet in sheets] or ["No data"]
    numbers = range(1, len(names) + 1)
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        'spreadsheetml.worksheet+xml"/>'
        for n in numbers
    )
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    yield (
        "[Content_Types].xml",
        f'{_XML}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{kind}.styles+xml"/>'
        '<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.'
        f'core-properties+xml"/>{overrides}</Types>',
    )
    yield (
        "_rels/.rels",
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" Type="{_OFFICE}/officeDocument"'
        f' Target="xl/workbook.xml"/><Relationship Id="rId2" Type="{_PACKAGE}/relationships/metadata/core-properties"'
        ' Target="docProps/core.xml"/></Relationships>',
    )
    yield (
        "docProps/core.xml",
        f'{_XML}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description>'
        f"{_escaped(about)}</dc:description></cp:coreProperties>",
    )
    listed = "".join(
        f'<sheet name="{_escaped(name, quote=True)}" sheetId="{n}" r:id="rId{n}"/>'
        for n, name in zip(numbers, names, strict=True)
    )
    yield (
        "xl/workbook.xml",
        f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>',
    )
    related = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    yield (
        "xl/_rels/workbook.xml.rels",
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{related}<Relationship Id="rId{len(names) + 1}" '
        f'Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
    )
    yield "xl/styles.xml", _STYLES


def _sheet(sheet: Sheet) -> Iterator[str]:
    table = sheet.table
    yield (
        f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2"'
        ' activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>'
    )
    letters = [_letters(position) for position in range(len(table.columns))]
    yield _row(1, letters, table.columns, _HEADER)
    for start in range(sheet.start, sheet.stop, ROWS_AT_A_TIME):
        rows = table.rows(start, min(start + ROWS_AT_A_TIME, sheet.stop))
        yield "".join(_row(number, letters, row, _TEXT) for number, row in enumerate(rows, start - sheet.start + 2))
    yield "</sheetData></worksheet>"


def _letters(position: int) -> str:
    """0 -> A, 25 -> Z, 26 -> AA."""
    name, position = "", position + 1
    while position:
        position, letter = divmod(position - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


def _row(number: int, letters: Sequence[str], cells: Sequence[Cell], style: int) -> str:
    made = [_cell(f"{letter}{number}", cell, style) for letter, cell in zip(letters, cells, strict=True)]
    return f'<row r="{number}">{"".join(made)}</row>'


def _cell(address: str, cell: Cell, style: int) -> str:
    """A text; JSON null as a grey blank cell, a missing field as none."""
    if isinstance(cell, str):
        text = _escaped(_shortened(cell))
        return f'<c r="{address}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    return f'<c r="{address}" s="{_NULL}"/>' if cell.value == "null" else ""


def cell_text(text: str) -> str:
    """What a cell of the workbook says: a long text cut, characters that XML cannot carry as a visible escape."""
    return _MARKUP.sub(lambda found: found[0] if found[0] in _ENTITIES else _replaced(found), _shortened(text))


def _shortened(text: str) -> str:
    if len(text) * 2 <= MAX_CELL_CHARS:  # not longer in UTF-16 either
        return text
    if len(text.encode("utf-16-le", "surrogatepass")) // 2 <= MAX_CELL_CHARS:
        return text
    tail = f" … ⟨cut: {len(text):,} characters in all⟩"
    return _cut(text[:MAX_CELL_CHARS], MAX_CELL_CHARS - len(tail)) + tail


def _escaped(text: str, *, quote: bool = False) -> str:
    """For XML. A return as a reference; what XML cannot carry as a visible `\\x00`, for LibreOffice drops the format's
    own `_x0000_` (measured); a text that looks like one of those as the format wants it, `_x005F_x0000_`."""
    if "_x" in text:
        text = _LIKE_AN_ESCAPE.sub("_x005F_", text)
    text = _MARKUP.sub(_replaced, text)
    return text.replace('"', "&quot;") if quote else text


_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}


def _replaced(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    return _ENTITIES.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


class _Sink(io.RawIOBase):
    """Where the archive is written and taken from piece by piece; it cannot seek, so the archive never goes back."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(memoryview(data))  # type: ignore[arg-type]  # the io protocol's Buffer
        self._pieces.append(piece)
        return len(piece)

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
