"""A system in a case: a file attached, nothing held, answered apart, taken back; what the checklist makes of it."""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select
from starlette.requests import ClientDisconnect

from portal import audit
from portal.cases.facts import ClosingReason
from portal.cases.services.ledger import CaseNeeded
from portal.errors import InputError, NotFound, NotPermitted, StateConflict
from portal.exports.files.card_access import CardNumbersShut
from portal.exports.files.card_codes import CardReason
from portal.sources.kinds import SourceKind, SourceState
from portal.sources.views import SourceLine, SourceList
from portal.storage.answering.system_tables import SystemFile, SystemKey
from portal.storage.tables import Merchant
from portal.systems import answering
from portal.systems.answering import MAX_FILES
from portal.systems.media import Media
from portal.systems.opening import NotShown
from portal.systems.pictures import PictureRefused
from portal.systems.views import SystemAnswer
from tests.systems.conftest import CSV

NAME = "Ada Quill receipts.csv"


def lines(desk: Any, case: str, who: str = "maya") -> dict[str, SourceLine]:
    found = desk.portal.case_sources.lines(desk.user(who), case).lines
    return {line.system_id: line for line in found if line.kind is SourceKind.OTHER_SYSTEM}


def attach(desk: Any, case: str, system: str, data: bytes = CSV, name: str = NAME) -> str:
    return str(desk.portal.case_systems.attach(desk.user("sam"), case, system, name, iter([data])))


def acts(desk: Any, case: str) -> list[Any]:
    with desk.portal.db.read() as session:
        return list(audit.entries_about(session, desk.user().merchant_id, case))


def left_over(desk: Any, case: str) -> tuple[set[str], set[str]]:
    """Keys that no file uses, and blobs that no key knows, among what attached files have."""
    with desk.portal.db.read() as session:
        live = select(SystemFile.blob_name).where(SystemFile.destroyed_at.is_(None))
        used, keys = set(session.scalars(live)), set(session.scalars(select(SystemKey.blob_name)))
        lines = {name.partition("-")[0] for name in keys | set(session.scalars(select(SystemFile.blob_name)))}
    blobs = {name for name in desk.portal.blobs.names() if name.partition("-")[0] in lines}
    return keys - used, blobs - keys


# The checklist ------------------------------------------------------------------------------------------


def test_each_system_is_a_line_that_waits_for_a_person(desk: Any, case: str, system: Callable[..., str]) -> None:
    one = system(name="Till of the corner")
    line = lines(desk, case)[one]
    assert (line.state, line.program, line.running, line.again) == (
        SourceState.PLANNED, "Till of the corner", False, False
    )  # fmt: skip
    found = desk.portal.case_sources.lines(desk.user(), case)
    assert not found.settled and not found.running


def test_nothing_is_held_where_nothing_was_found_and_each_system_holds_nothing(
    desk: Any, case: str, system: Callable[..., str]
) -> None:
    one, systems = system(), desk.portal.case_systems
    empty = SourceLine(SourceKind.CARDS_BY_EMAIL, SourceState.EMPTY, export_id="e" * 32)

    def checklist() -> SourceList:
        return SourceList((empty, *lines(desk, case).values()), to_ask=False, may=True)

    for other in lines(desk, case):
        assert not checklist().settled
        systems.attest(desk.user(), case, other, SystemAnswer.NOTHING_HELD)
    assert checklist().nothing_held and not checklist().apart
    systems.take_back(desk.user(), case, one)
    systems.attest(desk.user(), case, one, SystemAnswer.APART)
    assert checklist().settled and checklist().apart and not checklist().nothing_held
    systems.take_back(desk.user(), case, one)
    attach(desk, case, one)
    assert checklist().settled and not checklist().apart and not checklist().nothing_held


@pytest.mark.parametrize(
    ("said", "state"),
    [(SystemAnswer.NOTHING_HELD, SourceState.ATTESTED), (SystemAnswer.APART, SourceState.APART)],
)
def test_what_a_person_says_bears_their_name_and_is_undone(
    desk: Any, case: str, system: Callable[..., str], said: SystemAnswer, state: SourceState
) -> None:
    one, sam = system(), desk.user("sam")
    desk.portal.case_systems.attest(sam, case, one, said)
    line = lines(desk, case)[one]
    assert line.state is state and line.by == sam.name and line.settled_at is not None
    with pytest.raises(StateConflict):
        desk.portal.case_systems.attest(sam, case, one, SystemAnswer.NOTHING_HELD)
    with pytest.raises(StateConflict):
        attach(desk, case, one)
    desk.portal.case_systems.take_back(sam, case, one)
    line = lines(desk, case)[one]
    assert (line.state, line.by, line.settled_at) == (SourceState.PLANNED, "", None)
    with pytest.raises(StateConflict):
        desk.portal.case_systems.take_back(sam, case, one)
    said_of_it = [(a.action, a.facts.get("what"), a.facts.get("was")) for a in acts(desk, case) if "system" in a.facts]
    assert said_of_it == [("system:attest", said.value, None), ("system:take_back", None, state.value)]


def test_a_retired_system_stays_where_it_was_answered_and_is_asked_nowhere_else(
    desk: Any, case: str, opened: Any, system: Callable[..., str]
) -> None:
    one, maya = system(), desk.user()
    desk.portal.case_systems.attest(maya, case, one, SystemAnswer.NOTHING_HELD)
    desk.portal.merchant_systems.retire_system(maya, one)
    assert one in lines(desk, case)
    other = opened(email="another.person@example.com")
    assert one not in lines(desk, other)
    with pytest.raises(StateConflict):
        attach(desk, other, one)
    desk.portal.case_systems.take_back(maya, case, one)
    assert one not in lines(desk, case)


def test_an_ended_case_keeps_its_answers_and_takes_no_more(desk: Any, case: str, system: Callable[..., str]) -> None:
    one, two, maya = system(), system(), desk.user()
    file = attach(desk, case, one)
    desk.portal.case_file.close(maya, case, ClosingReason.NO_REQUEST)
    assert one in lines(desk, case) and two not in lines(desk, case)
    for act in (
        lambda: attach(desk, case, two),
        lambda: desk.portal.case_systems.remove(maya, case, file),
        lambda: desk.portal.case_systems.attest(maya, case, two, SystemAnswer.APART),
        lambda: desk.portal.case_systems.take_back(maya, case, one),
    ):
        with pytest.raises(CaseNeeded):
            act()
    assert desk.portal.system_files.look(maya, case, file).preview is not None


# Files --------------------------------------------------------------------------------------------------


def test_an_attached_file_is_sealed_named_for_colleagues_and_comes_out_whole(
    desk: Any, case: str, system: Callable[..., str]
) -> None:
    one = system()
    file = attach(desk, case, one)
    (kept,) = desk.portal.case_systems.attached(desk.user("sam"), case)[one]
    assert (kept.id, kept.name, kept.media, kept.size_bytes) == (file, NAME, Media.CSV, len(CSV))
    assert kept.sha256 == hashlib.sha256(CSV).hexdigest() and kept.by == desk.user("sam").name
    line = lines(desk, case)[one]
    assert (line.state, line.pages, line.size_bytes, line.sha256) == (
        SourceState.FETCHED, 1, len(CSV), kept.sha256
    )  # fmt: skip
    out = desk.portal.system_files.download(desk.user("sam"), case, file)
    assert (out.file_name, out.media_type) == (NAME, "application/octet-stream")
    assert b"".join(out.chunks) == CSV
    for name in desk.portal.blobs.names():
        with contextlib.closing(desk.portal.blobs.reader(name)) as blob:
            assert CSV[:20] not in bytes(blob.read(1 << 20))
    assert [a.action for a in acts(desk, case) if a.facts.get("file") == file] == ["system:attach", "system:download"]
    assert all("Ada Quill" not in str(a.facts) for a in acts(desk, case))


@pytest.mark.parametrize(
    "content", [b"name,card_number\nAda,6006491234567890\n", b"Her card is 4111 1111 1111 1111."], ids=["table", "text"]
)
def test_a_file_with_card_numbers_comes_out_for_a_reason_only(
    desk: Any, case: str, system: Callable[..., str], content: bytes
) -> None:
    one, sam, maya = system(), desk.user("sam"), desk.user("maya")
    file = attach(desk, case, one, content)
    shown = desk.portal.system_files.look(sam, case, file)
    assert shown.masked
    with pytest.raises(CardNumbersShut):
        desk.portal.system_files.download(sam, case, file)
    out = desk.portal.system_files.download(sam, case, file, CardReason.LOST_CARD)
    assert b"".join(out.chunks) == content
    (taken,) = [act for act in acts(desk, case) if act.action == "system:download" and act.facts["file"] == file]
    assert taken.facts["reason"] == "lost_card"
    with desk.portal.db.write() as session:
        session.get_one(Merchant, sam.merchant_id).cards_need_two = True
    try:
        with pytest.raises(NotPermitted):
            desk.portal.system_files.download(sam, case, file, CardReason.LOST_CARD)
        assert desk.portal.system_files.download(maya, case, file, CardReason.LOST_CARD).size == len(content)
        own = desk.portal.case_systems.attach(maya, case, one, NAME, iter([content + b"\n"]))
        with pytest.raises(NotPermitted):
            desk.portal.system_files.download(maya, case, own, CardReason.LOST_CARD)
    finally:
        with desk.portal.db.write() as session:
            session.get_one(Merchant, sam.merchant_id).cards_need_two = False


def test_an_auditor_sees_that_a_file_is_there_without_its_name_and_opens_none(
    desk: Any, case: str, system: Callable[..., str]
) -> None:
    one, iris = system(), desk.user("iris")
    file = attach(desk, case, one)
    (kept,) = desk.portal.case_systems.attached(iris, case)[one]
    assert (kept.name, kept.size_bytes) == ("", len(CSV))
    for act in (
        lambda: desk.portal.system_files.look(iris, case, file),
        lambda: desk.portal.system_files.download(iris, case, file),
        lambda: desk.portal.case_systems.attach(iris, case, one, NAME, iter([b"x"])),
        lambda: desk.portal.case_systems.remove(iris, case, file),
        lambda: desk.portal.case_systems.attest(iris, case, one, SystemAnswer.APART),
        lambda: desk.portal.case_systems.take_back(iris, case, one),
    ):
        with pytest.raises(NotPermitted):
            act()


def test_another_merchants_case_system_and_file_are_not_there(
    desk: Any, case: str, opened: Any, system: Callable[..., str]
) -> None:
    one, theirs, stranger = system(), system("two"), desk.user("maya", "two")
    own = opened("two", email="stranger@example.com")
    file = attach(desk, case, one)
    systems, files = desk.portal.case_systems, desk.portal.system_files
    for act in (
        lambda: systems.attached(stranger, case),
        lambda: systems.attach(stranger, case, one, NAME, iter([CSV])),
        lambda: systems.attach(stranger, own, one, NAME, iter([CSV])),
        lambda: systems.attach(desk.user(), case, theirs, NAME, iter([CSV])),
        lambda: systems.attest(stranger, own, one, SystemAnswer.APART),
        lambda: systems.remove(stranger, own, file),
        lambda: files.look(stranger, case, file),
        lambda: files.look(stranger, own, file),
        lambda: files.download(stranger, own, file),
    ):
        with pytest.raises(NotFound):
            act()
    assert lines(desk, case)[one].pages == 1


def test_an_empty_a_too_large_and_a_second_copy_are_refused_and_leave_nothing(
    desk: Any, case: str, system: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = system()
    attach(desk, case, one)
    monkeypatch.setattr(answering, "MAX_FILE_BYTES", 1_000)

    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 300
        raise AssertionError("it was read to its end")

    for data, words in ((iter([]), "empty"), (iter([b""]), "empty"), (endless(), "50 MB"), (iter([CSV]), "already")):
        with pytest.raises(InputError) as refused:
            desk.portal.case_systems.attach(desk.user(), case, one, NAME, data)
        assert words in refused.value.message and refused.value.field == "file"
    assert lines(desk, case)[one].pages == 1
    assert left_over(desk, case) == (set(), set())


def test_a_line_takes_twenty_files(desk: Any, case: str, system: Callable[..., str]) -> None:
    one = system()
    for number in range(MAX_FILES):
        attach(desk, case, one, f"note {number}".encode(), f"{number}.txt")
    with pytest.raises(InputError, match="field file"):
        attach(desk, case, one, b"one more")
    assert lines(desk, case)[one].pages == MAX_FILES


def test_a_broken_off_upload_leaves_nothing(desk: Any, case: str, system: Callable[..., str]) -> None:
    one = system()

    def cut() -> Iterator[bytes]:
        yield CSV
        raise ClientDisconnect

    with pytest.raises(ClientDisconnect):
        desk.portal.case_systems.attach(desk.user(), case, one, NAME, cut())
    assert lines(desk, case)[one].state is SourceState.PLANNED
    assert left_over(desk, case) == (set(), set())


def test_a_case_that_ends_while_a_file_arrives_does_not_get_it(
    desk: Any, case: str, system: Callable[..., str]
) -> None:
    one = system()

    def closing() -> Iterator[bytes]:
        yield CSV
        desk.portal.case_file.close(desk.user(), case, ClosingReason.NO_REQUEST)

    with pytest.raises(CaseNeeded):
        desk.portal.case_systems.attach(desk.user(), case, one, NAME, closing())
    assert one not in lines(desk, case)
    assert left_over(desk, case) == (set(), set())


def test_a_removed_file_is_destroyed_and_the_last_one_leaves_the_line_to_be_answered(
    desk: Any, case: str, system: Callable[..., str]
) -> None:
    one, sam = system(), desk.user("sam")
    first, second = attach(desk, case, one), attach(desk, case, one, b"a note", "note.txt")
    with pytest.raises(StateConflict):
        desk.portal.case_systems.take_back(sam, case, one)
    desk.portal.case_systems.remove(sam, case, first)
    assert lines(desk, case)[one].state is SourceState.FETCHED
    with pytest.raises(NotFound):
        desk.portal.system_files.look(sam, case, first)
    desk.portal.case_systems.remove(sam, case, second)
    assert lines(desk, case)[one].state is SourceState.PLANNED
    assert desk.portal.case_systems.attached(sam, case) == {}
    assert left_over(desk, case) == (set(), set())
    with desk.portal.db.read() as session:
        row = session.get_one(SystemFile, first)
        assert row.sealed_name is None and row.sha256 == hashlib.sha256(CSV).hexdigest()
    attach(desk, case, one)  # the same bytes again


# Shown --------------------------------------------------------------------------------------------------


def pdf() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "PDF")
    return out.getvalue()


def picture(size: tuple[int, int] = (40, 30), kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind)
    return out.getvalue()


def test_tables_text_and_pictures_are_shown_and_audited(desk: Any, case: str, system: Callable[..., str]) -> None:
    one, sam = system(), desk.user("sam")

    def look(data: bytes, name: str = "x.bin") -> Any:
        file = attach(desk, case, one, data, name)
        shown = desk.portal.system_files.look(sam, case, file)
        seen = [a.facts["kind"] for a in acts(desk, case) if a.action == "system:view" and a.facts["file"] == file]
        return shown, seen

    shown, seen = look(CSV)
    assert shown.preview.tables[0].rows()[1] == ["2026-01-03", "7.10"] and seen == ["csv"]
    shown, seen = look(b'{"orders": [{"total": "4.50"}]}')
    assert shown.preview.tables and seen == ["json"]
    shown, seen = look(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "drawing.png")
    assert (shown.media, shown.text[:4], shown.picture) == (Media.TEXT, "<svg", None) and seen == ["text"]
    shown, seen = look(b"plain words\n" * 50_000)
    assert shown.cut and len(shown.text) == 100_000
    shown, seen = look(picture())
    assert shown.picture.media_type == "image/jpeg" and seen == ["png"]
    shown, seen = look(pdf())
    assert (shown.pdf.count, len(shown.pdf.pages)) == (1, 1) and seen == ["pdf"]
    shown, seen = look(b"MZ\x90\x00\x03binary")
    assert (shown.preview, shown.text, shown.picture, shown.pdf, seen) == (None, "", None, None, [])


@pytest.mark.parametrize(
    "data",
    [
        b"card number,points\n6006491234567417,5\n",
        b'{"giftCards": [{"cardNumber": "6006491234567417"}]}',
        b"Her card is 6006 4912 3456 7417.\n",
    ],
)
def test_card_numbers_of_an_attached_file_are_shown_to_the_last_four(
    desk: Any, case: str, system: Callable[..., str], data: bytes
) -> None:
    file = attach(desk, case, system(), data)
    shown = desk.portal.system_files.look(desk.user("sam"), case, file)
    said = shown.text + str([table.rows() for table in (shown.preview.tables if shown.preview else ())])
    assert "…7417" in said and "600649" not in said.replace(" ", "")
    assert shown.masked


def test_a_damaged_picture_and_a_table_too_large_say_so(
    desk: Any, case: str, system: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, sam = system(), desk.user("sam")
    damaged = attach(desk, case, one, picture()[:60])
    with pytest.raises(PictureRefused):
        desk.portal.system_files.look(sam, case, damaged)
    large = attach(desk, case, one)
    monkeypatch.setattr("portal.systems.opening.MOST_BYTES", 10)
    with pytest.raises(NotShown):
        desk.portal.system_files.look(sam, case, large)
