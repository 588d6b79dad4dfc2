"""What the service hands out of a sealed file: derived files, large files piece by piece, two exports compared."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from sqlalchemy import func, select

import portal.preview as portal_preview
from portal.errors import NotFound, SealBroken
from portal.exports.core.download import FileKind
from portal.preview import Preview
from portal.preview.large import reading as large
from portal.storage.tables import AuditEntry

pytestmark = pytest.mark.keeps("SEC-25")


def views(desk: Any, export_id: str) -> int:
    with desk.portal.db.read() as session:
        found = select(func.count()).where(AuditEntry.object_id == export_id, AuditEntry.action == "export:view")
        return int(session.scalar(found) or 0)


@pytest.fixture(scope="module")
def two(desk: Any) -> tuple[Any, Any]:
    found = desk.run(), desk.run()
    for view in found:
        desk.decide_as_proposed(view.id)
    return found


def test_the_workbook_has_a_sheet_a_table_and_says_what_it_is(desk: Any, two: tuple[Any, Any]) -> None:
    download = desk.portal.files.open_file(desk.user(), two[0].id, FileKind.XLSX)
    assert download.file_name.endswith("-spreadsheet.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(download.chunks)))
    preview = desk.portal.files.open_preview(desk.user(), two[0].id)
    assert len(book.sheetnames) == len(preview.tables)


def told(preview: Preview) -> list[Any]:
    return [(table.name, table.row_count) for table in preview.tables]


def test_a_large_file_is_read_piece_by_piece_everywhere(
    desk: Any, two: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    portal, maya = desk.portal, desk.user()
    small = told(portal.files.open_preview(maya, two[0].id))
    csv, seen = b"".join(portal.files.open_file(maya, two[0].id, FileKind.CSV).chunks), views(desk, two[0].id)
    monkeypatch.setattr(portal_preview, "LARGE_BYTES", 10)
    reading = portal.files.open_reading(maya, two[0].id)
    assert reading.first().tables
    assert told(reading.whole()) == small
    assert views(desk, two[0].id) == seen + 1
    assert told(portal.files.open_preview(maya, two[0].id)) == small
    derived = b"".join(portal.files.open_file(maya, two[0].id, FileKind.CSV).chunks)
    assert derived.count(b"\n") == csv.count(b"\n")
    assert desk.run().state.value == "ready"  # inspected in pieces too


def test_a_sealed_file_that_was_changed_stops_its_reading(
    desk: Any, two: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "FIRST_BYTES", 100)
    reading = desk.portal.files.open_reading(desk.user(), two[0].id)
    pieces = desk.portal.sealed.chunks
    monkeypatch.setattr(desk.portal.sealed, "chunks", lambda *given: (piece + b" " for piece in pieces(*given)))
    reading = desk.portal.files.open_reading(desk.user(), two[0].id)
    with pytest.raises(SealBroken):
        reading.whole()
    with pytest.raises(SealBroken):
        reading.snapshot()


def test_two_exports_of_one_customer_are_compared_and_both_views_are_audited(desk: Any, two: tuple[Any, Any]) -> None:
    portal, maya = desk.portal, desk.user()
    assert two[0].id in {view.id for view in portal.comparison.earlier_of_same_person(maya, two[1].id)}
    assert two[1].id not in {view.id for view in portal.comparison.earlier_of_same_person(maya, two[0].id)}
    before = [views(desk, view.id) for view in two]
    earlier, later, tables = portal.comparison.compare(maya, two[1].id, two[0].id)
    assert {table.name for table in tables} == {table.name for table in (*earlier.tables, *later.tables)}
    assert sum(table.same for table in tables) > 0
    assert [views(desk, view.id) for view in two] == [count + 1 for count in before]


def test_another_customers_export_is_no_earlier_one_and_is_not_compared(desk: Any, two: tuple[Any, Any]) -> None:
    portal, maya = desk.portal, desk.user()
    other = desk.run("many.cards@example.com")
    assert portal.comparison.earlier_of_same_person(maya, other.id) == []
    before = views(desk, other.id)
    with pytest.raises(NotFound):
        portal.comparison.compare(maya, two[1].id, other.id)
    assert views(desk, other.id) == before
