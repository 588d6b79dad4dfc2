"""Copies differ from the file in what was left out and nowhere else, and nothing of it stands in any of them."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import openpyxl
import pytest
from sqlalchemy import delete

from portal.errors import SealBroken
from portal.exports.core.answers import COPIES
from portal.exports.core.download import FileKind
from portal.exports.files.card_codes import CardReason
from portal.exports.files.copying import searched
from portal.preview import Preview
from portal.redaction.reasons import Reason
from portal.review.copying import checking
from portal.review.copying.copies import Undecided
from portal.review.copying.spliced import StillThere
from portal.review.kinds import Choice, GroupKind
from portal.review.views import CellPlace
from portal.storage.answering.review_tables import ReviewApproval, ReviewDecision
from portal.storage.export_tables import CardRequest

KINDS = (FileKind.REDACTED, FileKind.CSV, FileKind.XLSX)


@pytest.fixture(scope="module", params=["json", "csv"])
def ready(request: pytest.FixtureRequest, desk: Any) -> str:
    return str(desk.run("ada@example.com", format=request.param).id)


@pytest.fixture(autouse=True)
def forgotten(desk: Any) -> Iterator[None]:
    yield
    with desk.portal.db.write() as session:
        for table in (ReviewDecision, ReviewApproval, CardRequest):
            session.execute(delete(table))


def copy(desk: Any, export_id: str, kind: FileKind) -> bytes:
    """Sam's, with everybody kept whom the test did not decide about; the original is Maya's, who says why."""
    if kind is FileKind.ORIGINAL:
        return bytes(desk.original(export_id))
    desk.keep_everybody_else(export_id)
    return b"".join(desk.portal.files.open_file(desk.user("sam"), export_id, kind).chunks)


def confirmed(desk: Any, export_id: str) -> Any:
    desk.portal.review.confirm_proposals(desk.user("sam"), export_id)
    return desk.portal.review.state(desk.user("sam"), export_id)


def said_twice(preview: Preview) -> tuple[CellPlace, str]:
    """A cell of letters whose text stands in another cell of its table as well."""
    for table in preview.tables:
        cells = [(row, at, cell) for row, cells in table.iterate() for at, cell in enumerate(cells)]
        count = Counter(cell for _, _, cell in cells)
        for row, at, cell in cells:
            letters = isinstance(cell, str) and " " in cell and cell.replace(" ", "").isalpha() and cell.isascii()
            if isinstance(cell, str) and letters and count[cell] > 1 and "Ada" not in cell:
                return CellPlace(table.name, row, table.columns[at]), cell
    raise AssertionError("the practice file has no such cell")


def text_of(data: bytes) -> str:
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            return "".join(package.read(name).decode() for name in package.namelist())
    return data.decode("utf-8-sig")


# RED-1, RED-2
def test_every_byte_outside_the_places_left_out_is_as_it_came(desk: Any, ready: str) -> None:
    confirmed(desk, ready)
    original, redacted = (copy(desk, ready, kind).decode() for kind in (FileKind.ORIGINAL, FileKind.REDACTED))
    changed = r'"[^"]*\[withheld [0-9]+: [^\]]+\][^"]*"'
    if redacted.startswith("{"):
        json.loads(redacted)
    pieces = re.split(changed, redacted)
    assert len(pieces) > 20
    at = 0
    for piece in pieces:
        at = original.index(piece, at) + len(piece)
    assert original.startswith(pieces[0]) and original.endswith(pieces[-1])


@pytest.mark.parametrize("kind", KINDS)
def test_while_somebody_is_undecided_no_copy_is_made_or_read_again(desk: Any, ready: str, kind: FileKind) -> None:
    review, sam = desk.portal.review, desk.user("sam")
    first, *others = (one for one in review.state(sam, ready).groups if one.choice is None)
    for group in others:
        review.decide(sam, ready, group.id, Choice.KEEP)
    with pytest.raises(Undecided) as refused:
        desk.portal.files.open_file(sam, ready, kind)
    assert refused.value.groups == 1 and refused.value.next_step
    with pytest.raises(Undecided):
        review.check_copy(sam, ready, kind)
    assert desk.original(ready), "the original is given out as it was"
    review.decide(sam, ready, first.id, Choice.KEEP)
    assert b"".join(desk.portal.files.open_file(sam, ready, kind).chunks)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_with_nobody_else_needs_no_decision(desk: Any, kind: FileKind) -> None:
    view = desk.run("empty@example.com")
    assert desk.portal.review.state(desk.user("sam"), view.id).undecided == 0
    assert b"".join(desk.portal.files.open_file(desk.user("sam"), view.id, kind).chunks)


# RED-4
@pytest.mark.parametrize("kind", KINDS)
def test_no_copy_holds_what_was_left_out(desk: Any, ready: str, kind: FileKind) -> None:
    found = confirmed(desk, ready)
    preview = desk.portal.files.open_preview(desk.user("sam"), ready)
    staff = next(one for one in found.groups if one.kind is GroupKind.STAFF)
    names = {row[preview.table(staff.first.table).columns.index("cashierName")]
             for row in preview.table(staff.first.table).rows()}  # fmt: skip
    text = text_of(copy(desk, ready, kind))
    assert "Goliasz" in text, "a giver's name stays"
    assert "@example.com" in text and "friend.pan" not in text
    assert not [name for name in names if isinstance(name, str) and name and name in text]
    assert "staff 1" in text and "staff 5" in text


def test_card_numbers_end_in_four_digits_unless_somebody_may_have_them(desk: Any, ready: str) -> None:
    number = "4529628394347431"
    for kind in KINDS:
        shortened = text_of(copy(desk, ready, kind))
        assert number not in shortened and "7431" in shortened and number[:12] not in shortened
    desk.portal.card_access.ask(desk.user("sam"), ready, CardReason.DISPUTE)
    original = copy(desk, ready, FileKind.ORIGINAL).decode()
    assert all(number in text_of(copy(desk, ready, kind)) for kind in KINDS)
    assert copy(desk, ready, FileKind.REDACTED).decode() == original, "nothing is left out then"


def test_a_value_that_stands_elsewhere_stops_the_copy_until_it_is_allowed(desk: Any, ready: str) -> None:
    review, sam = desk.portal.review, desk.user("sam")
    place, text = said_twice(desk.portal.files.open_preview(sam, ready))
    review.leave_out(sam, ready, [place], Reason.NOT_THEIRS)
    for kind in KINDS:
        with pytest.raises(StillThere) as caught:
            copy(desk, ready, kind)
        assert {number for each in caught.value.found.values() for number in each} == {1}
        assert text not in str(caught.value)
    review.allow_same_text(sam, ready, [1])
    assert all(re.search(r"\[withheld 0*1: not about you]", text_of(copy(desk, ready, kind))) for kind in KINDS)


@pytest.mark.parametrize("kind", FileKind)
def test_a_copy_read_again_says_what_it_was_made_from(desk: Any, ready: str, kind: FileKind) -> None:
    confirmed(desk, ready)
    check = desk.portal.review.check_copy(desk.user("sam"), ready, kind)
    assert check.sound, check
    assert check.leading_zeros > 0 and check.encoding.startswith("UTF-8")
    made = copy(desk, ready, kind)
    assert check.sha256 and check.size == len(made) and check.head is None
    head = desk.portal.review.check_copy(desk.user("sam"), ready, kind, show=True).head
    if kind in (FileKind.REDACTED, FileKind.CSV):
        assert made.decode("utf-8-sig").startswith(head.text) and "withheld" in head.text and head.whole
    elif kind is FileKind.XLSX:
        book = openpyxl.load_workbook(io.BytesIO(made), read_only=True)
        assert [sheet.name for sheet in head.sheets] == book.sheetnames
        shown = [[cell or "" for cell in row] for row in book[head.sheets[-1].name].iter_rows(values_only=True)]
        assert [list(row) for row in head.sheets[-1].rows] == shown
    else:
        assert not head.text and not head.sheets, "its card numbers are masked on Preview, not here"


def test_a_copy_of_a_large_file_is_read_again_piece_by_piece(
    desk: Any, ready: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirmed(desk, ready)
    for room in ("opened", "files", "copying.spliced", "copying.checking"):
        monkeypatch.setattr(f"portal.review.{room}.LARGE_BYTES", 10)
    monkeypatch.setattr("portal.review.copying.aside.PAGE_BYTES", 1000)
    monkeypatch.setattr("portal.preview.large.reading.FIRST_BYTES", 4000)
    review, sam = desk.portal.review, desk.user("sam")
    made = {kind: copy(desk, ready, kind) for kind in KINDS}
    for kind in KINDS:
        check = review.check_copy(sam, ready, kind, show=True)
        assert check.sound and check.leading_zeros > 0 and check.encoding.startswith("UTF-8"), (kind, check)
        assert (check.size, check.sha256) == (len(made[kind]), hashlib.sha256(made[kind]).hexdigest())
        if kind is FileKind.XLSX:
            book = openpyxl.load_workbook(io.BytesIO(made[kind]), read_only=True)
            assert [sheet.name for sheet in check.head.sheets] == book.sheetnames
        else:
            assert check.head.text and made[kind].decode("utf-8-sig").startswith(check.head.text)
    for name in ("csv_of", "xlsx_of"):
        monkeypatch.setattr(checking, name, partial(shortened, getattr(checking, name)))
    for kind in (FileKind.CSV, FileKind.XLSX):
        assert not review.check_copy(sam, ready, kind).sound, kind


def shortened(make: Any, shown: Preview) -> Any:
    """A copy that lost the last row of each table."""
    return make(replace(shown, tables=tuple(replace(one, _rows=one._rows[:-1]) for one in shown.tables)))


def test_the_workbook_is_the_same_bytes_each_time_and_opens(desk: Any, ready: str) -> None:
    confirmed(desk, ready)
    one, two = (copy(desk, ready, FileKind.XLSX) for _ in range(2))
    assert one == two and openpyxl.load_workbook(io.BytesIO(one)).sheetnames


def test_the_answer_may_name_the_copy_with_parts_left_out(desk: Any, ready: str) -> None:
    confirmed(desk, ready)
    copy(desk, ready, FileKind.REDACTED)
    assert desk.portal.answers.record_of(desk.user("sam"), ready).handed_out.copy == FileKind.REDACTED
    assert FileKind.REDACTED in COPIES


def test_a_kept_group_leaves_the_file_as_it_is(desk: Any, ready: str) -> None:
    review, sam = desk.portal.review, desk.user("sam")
    for group in (one for one in review.state(sam, ready).groups if not one.automatic):
        review.decide(sam, ready, group.id, Choice.KEEP)
    assert b"staff" not in copy(desk, ready, FileKind.REDACTED)


class Passing:
    def search(self, _stream: str, made: Iterator[bytes], *, archive: bool) -> None:
        assert archive in (True, False)
        list(made)


def test_a_second_making_that_differs_never_ends() -> None:
    made = iter([[b"one", b"two"], [b"one", b"other"]])
    chunks = searched(lambda: iter(next(made)), Passing(), "copy", archive=False)  # type: ignore[arg-type]
    got = []
    with pytest.raises(SealBroken):
        got.extend(chunks)
    assert b"".join(got) == b"one"
