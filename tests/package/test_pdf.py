"""The PDF beside the pages: tagged, the very values of the pages, and none rather than one with boxes in it."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import pdfua
import pytest

from portal.package.build import build
from portal.package.parts import PDF_BYTES, FileKind, PackageFile, PackageParts, Variant
from portal.package.pdf import blocks
from portal.package.pdf.typeset import installed, make_pdf
from tests.package.conftest import CASE, LETTER, Built, json_file

pytestmark = pytest.mark.keeps("LAW-9")
NAME = "3-your-data.pdf"
MARKUP = '#panic("x") *b* _i_ $x^2$ #import "@preview/a:0.1.0" #read("/etc/passwd") <a> = b \\ "'


def cards(message: str = "For you", many: int = 2) -> PackageFile:
    made = [
        {"id": f"card-{number}", "balance": f"{number}.00", "status": "ACTIVE", "customMessage": message,
         "createdAt": "2026-10-05T09:12:00.000Z", "designTemplate": None}
        for number in range(many)
    ]  # fmt: skip
    person = {"id": "c1", "name": "Zoë Größe", "email": "zoe@example.com"}
    return json_file(FileKind.GIFT_CARDS, "gift-cards", {"customer": person, "giftCards": made})


def built(*files: PackageFile, **changes: Any) -> Built:
    out = io.BytesIO()
    manifest = build(PackageParts(CASE, LETTER, files, software="test", **changes), out, make_pdf=make_pdf)
    return Built(out.getvalue(), manifest)


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it", "nl"])
def test_a_pdf_is_tagged_and_without_findings(language: str, tmp_path: Path) -> None:
    made = built(cards(), language=language)
    (tmp_path / NAME).write_bytes(made.read(NAME))
    report = pdfua.validate(tmp_path / NAME)
    assert not report.findings
    assert b"pdfuaid" in made.read(NAME)
    assert f'href="{NAME}"' in made.text("1-READ-ME-FIRST.html")
    assert NAME in {one["path"] for one in made.json("manifest.json")["files"]}


def test_every_value_of_the_page_is_in_the_text_that_is_set() -> None:
    page = built(cards(MARKUP)).text("2-your-data.html")
    said = str(blocks.read_page(page).blocks)
    for value in ("Zoë Größe", "zoe@example.com", "card-0", "card-1", "2026-10-05T09:12:00.000Z", repr(MARKUP)[1:-1]):
        assert value in said


def test_markup_in_a_value_is_text() -> None:
    assert built(cards(MARKUP)).read(NAME).startswith(b"%PDF")


def test_a_character_without_a_glyph_means_no_pdf_and_a_sentence() -> None:
    made = built(cards("高橋"))
    assert NAME not in made.names
    assert "There is no PDF: your data hold a character that we cannot print." in made.text("1-READ-ME-FIRST.html")
    assert "高橋" in made.text("2-your-data.html")


def test_data_that_are_too_long_have_no_pdf() -> None:
    made = built(cards("x" * PDF_BYTES, 1))
    assert NAME not in made.names
    assert "There is no PDF: your data are too long for one." in made.text("1-READ-ME-FIRST.html")


def test_the_same_parts_give_the_same_bytes() -> None:
    assert built(cards()).data == built(cards()).data


def test_a_portable_copy_and_a_letter_alone_have_none() -> None:
    assert NAME not in built(cards(), variant=Variant.PORTABILITY).names
    assert NAME not in built().names


def test_without_the_extra_a_package_has_no_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    assert installed() is make_pdf
    monkeypatch.setitem(sys.modules, "typst", None)
    assert installed() is None
    out = io.BytesIO()
    build(PackageParts(CASE, LETTER, (cards(),)), out, make_pdf=installed())
    assert NAME.encode() not in out.getvalue()


def test_the_template_imports_nothing() -> None:
    template = Path(blocks.__file__).with_name("answer.typ").read_text()
    assert "@" not in template and "import" not in template and "read(" not in template
