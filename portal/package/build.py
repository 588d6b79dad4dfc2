"""Builds a package: reads each file, checks it against its bytes and its hash, writes every form, or nothing at all.

Order of the members: the letter, the data, the tables, the pages, the explanations, the manifest. The page of the
person's data comes after its parts, for it says where they begin.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from portal.language import catalogue_of, known_or_english
from portal.package.archive import Archive
from portal.package.dictionary.kinds import Topic
from portal.package.dictionary.lookup import table_of
from portal.package.facts import Figures, TableFacts
from portal.package.failures import EverythingLeftOut, NotTheSameBytes
from portal.package.layout import (
    FIELDS_PAGE,
    LEFT_OUT_PAGE,
    MANIFEST,
    MANIFEST_PAGE,
    PART_BYTES,
    PDF,
    READ_ME,
    WITHHELD,
    WORKBOOK,
    YOUR_DATA,
    check_reference,
    data_name,
    in_order,
    part_name,
    table_name,
)
from portal.package.manifest import Manifest, TableLine, manifest_json, withheld_json
from portal.package.parts import PDF_BYTES, FileKind, MadePdf, MakePdf, Media, NoPdf, PackageParts, Variant
from portal.package.portability import portable
from portal.package.readable.data_pages import DataPages, Section
from portal.package.readable.side_pages import fields_page, left_out_page, manifest_page, read_me
from portal.package.readable.values import Values
from portal.package.reading import ReadFile, read_file
from portal.package.spreadsheets import EscapedCells, csv_pieces, workbook_of
from portal.package.texts import YOUR_DATA as TITLE
from portal.preview import Cell


def build(
    parts: PackageParts, out: BinaryIO, folder: Path | None = None, *, part_bytes: int = PART_BYTES,
    make_pdf: MakePdf | None = None,
) -> Manifest:  # fmt: skip
    """Write the package to `out`; gives its manifest. `folder`: where the reader of large files puts its sealed pages.
    `make_pdf`: sets the pages as a PDF, where that can be done.

    Raises a PackageError or EverythingLeftOut; what was written is then taken back from an `out` that can be cut, and
    any other `out` must not be finished.
    """
    check_reference(parts.case.reference)
    start = out.tell() if out.seekable() else None
    try:
        pdf = _pdf_of(parts, folder, part_bytes, make_pdf) if make_pdf is not None else None
        return _Build(parts, out, folder, part_bytes, pdf or MadePdf()).run()
    except BaseException:
        if start is not None:
            with suppress(OSError):
                out.seek(start)
                out.truncate()
        raise


def _pdf_of(
    parts: PackageParts, folder: Path | None, part_bytes: int, make_pdf: MakePdf
) -> MadePdf | None:  # fmt: skip
    """The pages are made once without it: the first of them says whether there is one."""
    if parts.variant is not Variant.ACCESS or not parts.files:
        return None
    size = 0
    for piece in (piece for file in parts.files if file.media is not Media.OTHER for piece in file.data()):
        size += len(piece)
        if size > PDF_BYTES:
            return MadePdf(why_not=NoPdf.LENGTH)
    draft = io.BytesIO()
    _Build(parts, draft, folder, part_bytes, MadePdf()).run()
    with zipfile.ZipFile(draft) as package:
        if f"{parts.folder}/{part_name(1)}" in package.namelist():
            return MadePdf(why_not=NoPdf.LENGTH)
        pages = [package.read(f"{parts.folder}/{name}").decode() for name in (READ_ME, YOUR_DATA)]
    title = catalogue_of(parts.language).text(TITLE).format(merchant=parts.case.merchant)
    return make_pdf(f"{title}: {parts.case.case}", pages, known_or_english(parts.language))


@dataclass
class _Build:
    parts: PackageParts
    out: BinaryIO
    folder: Path | None
    part_bytes: int
    pdf: MadePdf
    escaped: EscapedCells = field(default_factory=EscapedCells)
    figures: Figures = field(default_factory=Figures)
    sections: list[Section] = field(default_factory=list)
    lines: list[TableLine] = field(default_factory=list)

    def run(self) -> Manifest:
        parts = self._covered()
        files = [read_file(file, self.folder) for file in in_order(parts.files)]
        archive = Archive(self.out, parts.folder)
        left_out = parts.left_out
        self._whole_is_left(files)
        values = Values(parts.language, parts.case.zone)
        archive.write(READ_ME, [read_me(parts, values, self._paths(files, left_out), self.pdf.why_not).encode()])
        for file in files:
            member = archive.write(data_name(file.file), file.file.data())
            if member.sha256 != file.file.sha256:
                raise NotTheSameBytes(detail=f"kind {file.file.kind}")
        for file in files:
            self._tables(archive, file)
        if parts.variant is Variant.ACCESS and files:
            archive.write(WORKBOOK, [workbook_of(files)])
            DataPages(
                archive, parts.case, values, files, self.sections, self.figures, left_out, self.part_bytes
            ).write()  # fmt: skip
            if self.pdf.content:
                archive.write(PDF, [self.pdf.content])
            if left_out:
                archive.write(
                    LEFT_OUT_PAGE, [left_out_page(values, parts.withheld, [file.file for file in files]).encode()]
                )
                archive.write(WITHHELD, [withheld_json(parts.withheld, files)])
            archive.write(FIELDS_PAGE, [fields_page(values, self.sections).encode()])
        return self._manifest(archive, parts, files, values)

    def _manifest(self, archive: Archive, parts: PackageParts, files: Sequence[ReadFile], values: Values) -> Manifest:
        page = manifest_page(values, archive.members, [file.file for file in files], self.escaped.count)
        archive.write(MANIFEST_PAGE, [page.encode()])
        made = manifest_json(parts, archive.members, files, self.lines, self.escaped)
        sha256 = archive.write(MANIFEST, [made]).sha256
        zip_sha256 = archive.close()
        return Manifest(
            sha256, zip_sha256, archive.size, tuple(archive.members), sum(file.leaves for file in files),
            parts.left_out,
        )  # fmt: skip

    def _covered(self) -> PackageParts:
        """The parts as the variant has them."""
        if self.parts.variant is Variant.ACCESS:
            return self.parts
        kept = [made for file in self.parts.files if (made := portable(file)) is not None]
        return replace(self.parts, files=tuple(kept))

    def _whole_is_left(self, files: Sequence[ReadFile]) -> None:
        """RED-10. Raises EverythingLeftOut."""
        asked_for = [file for file in files if file.file.kind is not FileKind.PORTAL]
        if self.parts.left_out and not any(map(_gives_something, asked_for)):
            raise EverythingLeftOut(detail=f"{self.parts.left_out} places")

    def _paths(self, files: Sequence[ReadFile], left_out: int) -> list[str]:
        paths = [data_name(file.file) for file in files] + [MANIFEST_PAGE]
        for file in files:
            paths += [table_name(file.file, number, len(file.tables) > 1) for number in range(1, len(file.tables) + 1)]
        if self.parts.variant is Variant.ACCESS and files:
            paths += [YOUR_DATA, FIELDS_PAGE, WORKBOOK, *([LEFT_OUT_PAGE] if left_out else [])]
            paths += [PDF] if self.pdf.content else []
        return paths

    def _tables(self, archive: Archive, file: ReadFile) -> None:
        """A CSV each; the same pass tells what the pages need to know of the table."""
        for number, each in enumerate(file.tables, 1):
            table, facts = each.table, TableFacts()
            named = table_of(table.name, [table.columns[at] for at in each.positions], file.file.kind)

            look = partial(self._look, facts, named.topic, table.columns)
            name = table_name(file.file, number, len(file.tables) > 1)
            archive.write(name, csv_pieces(name, table, self.escaped, look))
            self.sections.append(Section(file, each, named, facts))
            self.lines.append(TableLine(name, data_name(file.file), table.name, table.row_count))

    def _look(self, facts: TableFacts, topic: Topic, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        facts.look(rows)
        self.figures.look(topic, columns, rows, self.parts.case.zone)


def _gives_something(file: ReadFile) -> bool:
    """Does more than markers stand in it? What no tables are made of is a file that somebody gave in its place."""
    return file.file.media is Media.OTHER or file.leaves > len(file.file.left_out)
