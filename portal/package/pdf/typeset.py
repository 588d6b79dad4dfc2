"""Sets a PDF with typst: tagged for screen readers (PDF/UA-1), fonts out of a package, nothing read from anywhere else.

typst refuses to write a PDF/UA with a character that the font lacks: then there is no PDF, never one with boxes in it.
It would fetch packages that a template imports; ours imports none.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import as_file, files
from importlib.util import find_spec

from portal.language import catalogue_of
from portal.package.failures import DoesNotReconcile
from portal.package.parts import PDF_BYTES, MadePdf, MakePdf, NoPdf
from portal.package.pdf.blocks import Block, read_page
from portal.package.readable.tables import Marks
from portal.package.texts import FIELD, VALUE

FONTS = "fontpkg_noto_sans"
_GLYPH = "could not be displayed"


def installed() -> MakePdf | None:
    """None without the extra."""
    return make_pdf if find_spec("typst") and find_spec(FONTS) else None


def make_pdf(title: str, pages: Sequence[str], language: str) -> MadePdf:
    """Raises DoesNotReconcile when a value of a page did not get into the PDF's text."""
    import typst

    if sum(map(len, pages)) > PDF_BYTES:
        return MadePdf(why_not=NoPdf.LENGTH)
    blocks = [block for page in pages for block in _blocks(page, language)]
    given = json.dumps({"title": title, "language": language, "blocks": blocks}, ensure_ascii=False)
    with as_file(files("portal.package.pdf").joinpath("answer.typ")) as template, as_file(files(FONTS)) as fonts:
        try:
            made = typst.compile(
                template, root=template.parent, font_paths=[fonts / "files"], ignore_system_fonts=True,
                sys_inputs={"given": given}, pdf_standards=["ua-1"],
            )  # fmt: skip
        except typst.TypstError as error:
            if _GLYPH not in error.message:
                raise
            return MadePdf(why_not=NoPdf.GLYPH)
    return MadePdf(bytes(made))


def _blocks(page: str, language: str) -> list[Block]:
    read, marks = read_page(page), Marks()
    marks.count(page.encode("utf-8", "backslashreplace"))
    if read.marks != marks.values:
        raise DoesNotReconcile(detail=f"{read.marks} values of {marks.values} in the PDF")
    text = catalogue_of(language).text
    for table in (block for block in read.blocks if block["kind"] == "table"):
        widths = [sum(cell["span"] for cell in row) for row in table["rows"]]
        table["columns"] = max([len(table["head"]), *widths, 1])
        if not table["head"]:  # one record: its fields below each other
            table["head"] = [text(FIELD), text(VALUE)][: table["columns"]]
        table["head"] += [""] * (table["columns"] - len(table["head"]))
        for row, width in zip(table["rows"], widths, strict=True):
            row[-1]["span"] += table["columns"] - width
    return read.blocks
