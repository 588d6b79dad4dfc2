"""Files of a case under review: by places, sent, left out or replaced as one; and their bytes as they are sent."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from portal import audit
from portal.errors import InputError, NotFound, NotPermitted, StateConflict, StepUpNeeded
from portal.exports.core.download import FileKind
from portal.merchants.removal import remove_merchant
from portal.redaction.places import MARKER, Grain
from portal.redaction.reasons import Reason
from portal.review.copying.copies import Undecided
from portal.review.copying.spliced import StillThere
from portal.review.files import NotByPlace
from portal.review.kinds import FileOf, SecondReason, Whole
from portal.review.of_case.views import AnswerBytes, CaseFileView
from portal.review.views import CellPlace
from portal.review.weighing import SecondPersonNeeded
from portal.sources.kinds import SourceKind
from portal.storage.answering.review_tables import ReviewDecision
from portal.storage.answering.source_tables import SourceFile, SourcePage
from portal.storage.answering.system_tables import SystemFile
from portal.storage.tables import Merchant, utc_now
from tests.sources.conftest import open_on, settle_on

Attach = Callable[..., str]
pytestmark = pytest.mark.keeps("LAW-11", "LAW-17")
NOTE = "Bought a mug.\r\nServed by Paolo Conti, who also called paolo.conti@example.org.\nThanks, Zoë\n".encode()
PDF = b"%PDF-1.7\n% invented\n"
TABLE = b"date,note\n2026-01-02,from Rosa Martinez\n2026-01-03,nothing\n"


def view(desk: Any, case: str, file: str, who: str = "sam") -> CaseFileView:
    (found,) = [one for one in desk.portal.case_files.of_case(desk.user(who), case) if one.id == file]
    assert isinstance(found, CaseFileView)
    return found


def sent(desk: Any, case: str, file: str, kind: FileOf = FileOf.SYSTEM) -> AnswerBytes:
    found = desk.portal.case_files.open_for_answer(desk.user("sam"), case, kind, file)
    assert isinstance(found, AnswerBytes)
    return found


def stands(desk: Any, file: str) -> list[ReviewDecision]:
    with desk.portal.db.read() as session:
        rows = session.scalars(select(ReviewDecision).where(ReviewDecision.file_id == file))
        return list(rows)


# A text ---------------------------------------------------------------------------------------------


def test_a_text_is_undecided_until_each_person_in_it_is_decided(desk: Any, case: str, attach: Attach) -> None:
    file = attach(NOTE)
    found = view(desk, case, file)
    assert (found.reviewable, found.whole, found.settled) == (True, Whole.BY_PLACE, False)
    assert found.people == found.undecided > 0
    with pytest.raises(Undecided):
        sent(desk, case, file)
    desk.portal.case_review.confirm_proposals(desk.user("sam"), file)
    found = view(desk, case, file)
    assert (found.undecided, found.settled) == (0, True) and found.left_out > 0


def test_words_are_left_out_of_a_text_wherever_they_stand_and_all_else_stays(
    desk: Any, case: str, attach: Attach
) -> None:
    data = "Paolo Conti sold it.\r\n\r\nAsk Paolo Conti\ragain, Zoë.".encode("utf-16")
    file, review = attach(data), desk.portal.case_review
    review.leave_out_words(desk.user("sam"), file, "Paolo Conti", Reason.STAFF)
    review.confirm_proposals(desk.user("sam"), file)
    made = sent(desk, case, file)
    assert made.read() == "[withheld 1: staff] sold it.\r\n\r\nAsk [withheld 2: staff]\ragain, Zoë.".encode("utf-16")
    assert (made.redacted, made.source_sha256) == (True, hashlib.sha256(data).hexdigest())
    assert (made.sha256, made.size_bytes) == (hashlib.sha256(made.read()).hexdigest(), len(made.read()))
    assert [(line.number, line.kind, line.reason) for line in made.left_out] == [
        (1, "span", Reason.STAFF), (2, "span", Reason.STAFF)
    ]  # fmt: skip
    assert not any("Paolo" in line.place_words for line in made.left_out)


def test_words_over_a_line_end_are_left_out_line_by_line(desk: Any, case: str, attach: Attach) -> None:
    file = attach(b"Sold by Paolo\nConti today.\nAnd more.\n")
    desk.portal.case_review.leave_out_words(desk.user("sam"), file, "Paolo\nConti", Reason.STAFF)
    desk.portal.case_review.confirm_proposals(desk.user("sam"), file)
    copy = sent(desk, case, file).read()
    assert copy == b"Sold by [withheld 1: staff]\n[withheld 2: staff] today.\nAnd more.\n"


def test_who_is_named_in_one_line_is_found_in_another_and_is_one_person(desk: Any, case: str, attach: Attach) -> None:
    file = attach(b"Served by Paolo Conti.\nPaolo Conti called back.\n")
    assert view(desk, case, file).people == 1
    desk.portal.case_review.confirm_proposals(desk.user("sam"), file)
    copy = sent(desk, case, file).read()
    assert copy == b"Served by [withheld 1: another person].\n[withheld 2: another person] called back.\n"


@pytest.mark.parametrize("words", ["", "Somebody Else", "PAOLO CONTI"])
def test_words_that_are_not_there_are_an_error_of_the_field(desk: Any, case: str, attach: Attach, words: str) -> None:
    file = attach(NOTE)
    with pytest.raises(InputError) as caught:
        desk.portal.case_review.leave_out_words(desk.user("sam"), file, words, Reason.STAFF)
    assert caught.value.field == "words"


def test_a_text_with_the_words_in_another_place_is_not_given_out(desk: Any, case: str, attach: Attach) -> None:
    file = attach(b"Sold by Rosa Martinez.\nROSA MARTINEZ came back.\n")
    desk.portal.case_review.leave_out_words(desk.user("sam"), file, "Rosa Martinez", Reason.OTHER_PERSON)
    desk.portal.case_review.confirm_proposals(desk.user("sam"), file)
    with pytest.raises(StillThere):
        sent(desk, case, file)
    desk.portal.case_review.allow_same_text(desk.user("sam"), file, [1])
    assert b"ROSA MARTINEZ" in sent(desk, case, file).read()


def test_card_numbers_in_a_text_end_in_four_digits(desk: Any, case: str, attach: Attach) -> None:
    file = attach(b"Card 6006491234567890 was used.\nIt went well.\n")
    desk.portal.case_review.confirm_proposals(desk.user("sam"), file)
    copy = sent(desk, case, file).read()
    assert b"600649123456" not in copy and MARKER.search(copy.decode())


def test_what_the_case_knows_the_person_by_is_nobody_else(desk: Any, opened: Any) -> None:
    case = opened(email="ada.note@example.com", phone="+49 171 5550199")
    system = desk.portal.merchant_systems.add_system(desk.user(), f"Till {case[:6]}")
    data = b"Mail ada.note@example.com or phone +49 171 5550199, else bob@example.org.\n"
    file = desk.portal.case_systems.attach(desk.user("sam"), case, system, "note.txt", [data])
    assert view(desk, case, file).people == 1
    desk.portal.case_review.leave_out_words(desk.user("sam"), file, "ada.note@example.com", Reason.NOT_THEIRS)
    assert view(desk, case, file).second is SecondReason.OWN_VALUE


def test_a_text_in_a_broken_encoding_goes_out_as_one_or_not_at_all(desk: Any, case: str, attach: Attach) -> None:
    file = attach(b"caf\xe9 \x81 Rosa\n" * 3)
    assert (view(desk, case, file).reviewable, view(desk, case, file).whole) == (False, Whole.UNDECIDED)
    desk.portal.case_files.decide_whole(desk.user("sam"), case, file, Whole.SENT)
    assert sent(desk, case, file).read() == b"caf\xe9 \x81 Rosa\n" * 3


# Tables ---------------------------------------------------------------------------------------------


def test_a_value_of_an_attached_table_is_left_out_and_undone(desk: Any, case: str, attach: Attach) -> None:
    file, review, sam = attach(TABLE, "till.csv"), desk.portal.case_review, desk.user("sam")
    table = desk.portal.case_files.open_preview(sam, case, file).tables[0].name
    review.leave_out(sam, file, [CellPlace(table, 0, "note")], Reason.OTHER_PERSON)
    review.confirm_proposals(sam, file)
    assert sent(desk, case, file).read() == TABLE.replace(
        b"from Rosa Martinez", b'"[withheld 1: another person]"'
    )  # fmt: skip
    assert review.check_copy(sam, file, FileKind.REDACTED).sound
    for one in (row for row in stands(desk, file) if row.undone_at is None):
        review.undo(sam, file, one.number)
    assert view(desk, case, file).left_out == 0


def test_a_part_of_a_text_in_an_attached_json_is_left_out(desk: Any, case: str, attach: Attach) -> None:
    file, review, sam = (
        attach(b'{"notes": [{"said": "sold by Rosa"}]}', "a.json"),
        desk.portal.case_review,
        desk.user("sam"),
    )
    table = desk.portal.case_files.open_preview(sam, case, file).tables[-1]
    review.leave_out(sam, file, [CellPlace(table.name, 0, table.columns[-1])], Reason.STAFF, Grain.SPAN, (8, 12))
    review.confirm_proposals(sam, file)
    assert sent(desk, case, file).read() == b'{"notes": [{"said": "sold by [withheld 1: staff]"}]}'


# As one ---------------------------------------------------------------------------------------------


def test_a_pdf_is_undecided_until_a_person_says_what_becomes_of_it(desk: Any, case: str, attach: Attach) -> None:
    file = attach(PDF, "scan.pdf")
    found = view(desk, case, file)
    assert (found.reviewable, found.whole, found.undecided, found.settled) == (False, Whole.UNDECIDED, 1, False)
    with pytest.raises(Undecided):
        sent(desk, case, file)
    desk.portal.case_files.decide_whole(desk.user("sam"), case, file, Whole.SENT)
    made = sent(desk, case, file)
    assert (made.read(), made.redacted, made.sha256) == (PDF, False, made.source_sha256)
    with pytest.raises(NotByPlace):
        desk.portal.case_review.state(desk.user("sam"), file)


def test_a_file_left_out_as_one_has_a_reason_and_a_second_person(desk: Any, case: str, attach: Attach) -> None:
    file, files = attach(PDF, "scan.pdf"), desk.portal.case_files
    with pytest.raises(InputError) as caught:
        files.decide_whole(desk.user("sam"), case, file, Whole.LEFT_OUT)
    assert caught.value.field == "reason"
    files.decide_whole(desk.user("sam"), case, file, Whole.LEFT_OUT, Reason.TRADE_SECRET)
    assert view(desk, case, file).second is SecondReason.LEGAL
    files.decide_whole(desk.user("sam"), case, file, Whole.LEFT_OUT, Reason.NOT_THEIRS)
    found = view(desk, case, file)
    assert (found.whole, found.reason, found.second) == (Whole.LEFT_OUT, Reason.NOT_THEIRS, SecondReason.WHOLE_FILE)
    assert not found.settled and not found.may_approve
    with pytest.raises(SecondPersonNeeded):
        sent(desk, case, file)
    with pytest.raises(NotPermitted):
        desk.portal.case_review.approve(desk.user("sam"), file)
    desk.portal.case_review.approve(desk.user("maya"), file)
    assert view(desk, case, file).settled
    made = sent(desk, case, file)
    assert (made.sent, made.read()) == (False, b"")
    assert [(line.kind, line.reason) for line in made.left_out] == [("file", Reason.NOT_THEIRS)]
    desk.portal.case_review.undo(desk.user("sam"), file, found.last_decision)
    assert view(desk, case, file).whole is Whole.UNDECIDED


def test_a_file_with_places_is_never_sent_as_one(desk: Any, case: str, attach: Attach) -> None:
    file = attach(NOTE)
    for whole in (Whole.SENT, Whole.BY_PLACE, Whole.UNDECIDED):
        with pytest.raises(InputError) as caught:
            desk.portal.case_files.decide_whole(desk.user("sam"), case, file, whole)
        assert caught.value.field == "whole"
    desk.portal.case_files.decide_whole(desk.user("sam"), case, file, Whole.LEFT_OUT, Reason.NOT_THEIRS)
    assert (view(desk, case, file).whole, view(desk, case, file).undecided) == (Whole.LEFT_OUT, 0)


# Replaced -------------------------------------------------------------------------------------------


def replace(desk: Any, case: str, file: str, data: bytes = b"%PDF-1.7 redacted") -> str:
    return str(desk.portal.case_systems.replace(desk.user("sam"), case, file, "redacted.pdf", iter([data])))


def replaced(desk: Any, case: str, file: str) -> str:
    given = replace(desk, case, file)
    list(desk.portal.system_files.download(desk.user("sam"), case, given).chunks)
    desk.portal.case_files.decide_whole(desk.user("sam"), case, file, Whole.REPLACED, Reason.OTHER_PERSON)
    return given


def test_a_replacement_counts_once_it_was_looked_at_and_chosen(desk: Any, case: str, attach: Attach) -> None:
    file, files = attach(PDF, "scan.pdf"), desk.portal.case_files
    with pytest.raises(StateConflict):
        files.decide_whole(desk.user("sam"), case, file, Whole.REPLACED, Reason.OTHER_PERSON)
    given = replace(desk, case, file)
    found = view(desk, case, file)
    assert found.replacement is not None and not found.replacement.opened and found.whole is Whole.UNDECIDED
    with pytest.raises(StateConflict):
        files.decide_whole(desk.user("sam"), case, file, Whole.REPLACED, Reason.OTHER_PERSON)
    list(desk.portal.system_files.download(desk.user("sam"), case, given).chunks)
    assert view(desk, case, file).whole is Whole.UNDECIDED
    files.decide_whole(desk.user("sam"), case, file, Whole.REPLACED, Reason.OTHER_PERSON)
    found, made = view(desk, case, file), sent(desk, case, file)
    assert (found.whole, found.replaced_by, found.settled) == (Whole.REPLACED, made.sha256, True)
    assert (made.read(), made.source_sha256, made.redacted) == (b"%PDF-1.7 redacted", found.sha256, True)


def test_a_replacement_is_no_file_of_the_case_of_its_own(desk: Any, case: str, attach: Attach) -> None:
    file = attach(PDF, "scan.pdf")
    given = replaced(desk, case, file)
    listed = [one.id for files in desk.portal.case_systems.attached(desk.user(), case).values() for one in files]
    assert listed == [file] and [one.id for one in desk.portal.case_files.of_case(desk.user(), case)] == [file]
    for act in (desk.portal.case_review.state, desk.portal.case_review.approve):
        with pytest.raises(NotFound):
            act(desk.user(), given)


def test_a_replacement_that_is_removed_leaves_the_file_undecided(desk: Any, case: str, attach: Attach) -> None:
    file = attach(PDF, "scan.pdf")
    desk.portal.case_systems.remove(desk.user("sam"), case, replaced(desk, case, file))
    assert view(desk, case, file).whole is Whole.UNDECIDED
    with pytest.raises(Undecided):
        sent(desk, case, file)


def test_the_newest_replacement_is_the_one_to_be_looked_at(desk: Any, case: str, attach: Attach) -> None:
    file = attach(PDF, "scan.pdf")
    replaced(desk, case, file)
    newer = replace(desk, case, file, b"%PDF-1.7 better")
    found = view(desk, case, file)
    assert found.replacement is not None and found.replacement.id == newer and found.whole is Whole.REPLACED
    assert sent(desk, case, file).read() == b"%PDF-1.7 redacted"
    with pytest.raises(InputError):
        replace(desk, case, file, b"%PDF-1.7 better")


def test_so_many_replacements_and_no_more(desk: Any, case: str, attach: Attach) -> None:
    file = attach(PDF, "scan.pdf")
    for number in range(5):
        replace(desk, case, file, b"%PDF" + bytes([number]))
    with pytest.raises(InputError):
        replace(desk, case, file, b"%PDF one more")


# Kept and destroyed ---------------------------------------------------------------------------------


def gone(desk: Any, *files: str) -> None:
    with desk.portal.db.read() as session:
        rows = session.scalars(select(SystemFile).where(SystemFile.id.in_(files))).all()
    assert len(rows) == len(files) and all(row.destroyed_at is not None and row.sealed_name is None for row in rows)
    assert not {row.blob_name for row in rows} & set(desk.portal.blobs.names())


def test_a_file_removed_by_hand_takes_its_replacement_along(desk: Any, case: str, attach: Attach) -> None:
    file = attach(PDF, "scan.pdf")
    given = replaced(desk, case, file)
    desk.portal.case_systems.remove(desk.user("sam"), case, file)
    gone(desk, file, given)


def test_a_file_past_its_time_takes_places_and_replacement_along_and_why_stays(
    desk: Any, case: str, attach: Attach
) -> None:
    note, scan = attach(NOTE), attach(PDF, "scan.pdf")
    given = replaced(desk, case, scan)
    desk.portal.case_review.confirm_proposals(desk.user("sam"), note)
    assert any(row.sealed_places for row in stands(desk, note))
    with desk.portal.db.write() as session:
        session.execute(update(SystemFile).where(SystemFile.id.in_([note, scan])).values(destroy_after=utc_now()))
    desk.portal.system_retention.run_housekeeping()
    gone(desk, note, scan, given)
    rows = stands(desk, note)
    assert rows and not any(row.sealed_places for row in rows) and any(row.reason for row in rows)
    assert view(desk, case, note).destroyed
    with pytest.raises(StateConflict):
        sent(desk, case, note)
    with pytest.raises(StateConflict):
        replace(desk, case, scan)


def test_a_replacement_lives_no_longer_than_the_file(desk: Any, case: str, attach: Attach) -> None:
    file = attach(PDF, "scan.pdf")
    given = replace(desk, case, file)
    with desk.portal.db.read() as session:
        one, two = session.get_one(SystemFile, file), session.get_one(SystemFile, given)
        assert one.destroy_after == two.destroy_after


# Answers of sources and exports ---------------------------------------------------------------------


def test_answers_and_exports_of_a_case_are_reviewed_and_sent(desk: Any, opened: Any) -> None:
    case, portal, sam = opened(email="ada@example.com"), desk.portal, desk.user("sam")
    portal.case_sources.collect(desk.user(), case)
    settle_on(desk, case)
    found = portal.case_files.of_case(sam, case)
    kinds = {one.kind for one in found}
    assert {SourceKind.CARDS_BY_EMAIL, SourceKind.LOYALTY_DATA, SourceKind.VENDOR_LOG} <= kinds
    assert not {SourceKind.MEMBERS, SourceKind.CARDS_FOUND, SourceKind.PROGRAMS} & kinds
    assert all(one.reviewable and one.size_bytes and one.sha256 for one in found)
    log = next(one for one in found if one.kind == SourceKind.VENDOR_LOG)
    assert log.file is FileOf.SOURCE
    with desk.portal.db.read() as session:
        assert session.scalar(select(SourcePage.sha256).where(SourcePage.id == log.id)) == log.sha256
    for one in found:
        review = portal.review if one.file is FileOf.EXPORT else portal.case_review
        review.confirm_proposals(sam, one.id)
    for one in portal.case_files.of_case(sam, case):
        assert (one.undecided, one.settled) == (0, True), one
        made = sent(desk, case, one.id, one.file)
        assert hashlib.sha256(made.read()).hexdigest() == made.sha256 and made.source_sha256 == one.sha256
        assert made.redacted is (made.sha256 != made.source_sha256)
    with pytest.raises(InputError):
        portal.case_files.decide_whole(sam, case, log.id, Whole.SENT)
    source = next(line.id for line in portal.case_sources.lines(sam, case).lines if line.kind is SourceKind.VENDOR_LOG)
    with desk.portal.db.write() as session:
        session.get_one(SourceFile, source).destroy_after = utc_now()
    portal.source_retention.run_housekeeping()
    assert not any(row.sealed_places for row in stands(desk, log.id))
    assert [one.destroyed for one in portal.case_files.of_case(sam, case) if one.kind == SourceKind.VENDOR_LOG].count(
        True
    ) == 1


# Who may, and what is told --------------------------------------------------------------------------


def test_an_auditor_sees_numbers_and_no_names(desk: Any, case: str, attach: Attach) -> None:
    file = attach(NOTE, "Paolo Conti.txt")
    assert view(desk, case, file, "iris").name == "" and view(desk, case, file, "iris").people > 0
    assert view(desk, case, file).name == "Paolo Conti.txt"
    with pytest.raises(NotPermitted):
        desk.portal.case_files.open_for_answer(desk.user("iris"), case, FileOf.SYSTEM, file)


def test_a_file_of_another_case_is_not_found_in_this_one(desk: Any, case: str, attach: Attach, opened: Any) -> None:
    file, other = attach(PDF, "scan.pdf"), opened(email="somebody.else@example.com")
    acts: tuple[Callable[[], object], ...] = (
        lambda: desk.portal.case_files.open_for_answer(desk.user(), other, FileOf.SYSTEM, file),
        lambda: desk.portal.case_files.decide_whole(desk.user(), other, file, Whole.SENT),
        lambda: desk.portal.case_files.open_preview(desk.user(), other, file),
    )
    for act in acts:
        with pytest.raises(NotFound):
            act()


def test_another_merchants_people_reach_no_file_of_a_case(desk: Any, case: str, attach: Attach) -> None:
    file, stranger = attach(NOTE), desk.user("maya", "two")
    acts: tuple[Callable[[], object], ...] = (
        lambda: desk.portal.case_files.of_case(stranger, case),
        lambda: desk.portal.case_files.open_for_answer(stranger, case, FileOf.SYSTEM, file),
        lambda: desk.portal.case_review.state(stranger, file),
        lambda: desk.portal.case_review.leave_out_words(stranger, file, "Paolo", Reason.STAFF),
        lambda: desk.portal.case_systems.replace(stranger, case, file, "a.pdf", [PDF]),
    )
    for act in acts:
        with pytest.raises(NotFound):
            act()


def test_the_trail_has_each_act_with_its_case_and_no_words(desk: Any, case: str, attach: Attach) -> None:
    file = attach(NOTE, "Paolo Conti.txt")
    desk.portal.case_review.leave_out_words(desk.user("sam"), file, "Paolo Conti", Reason.STAFF)
    desk.portal.case_review.undo(desk.user("sam"), file, 1)
    desk.portal.case_files.decide_whole(desk.user("sam"), case, file, Whole.LEFT_OUT, Reason.NOT_THEIRS)
    desk.portal.case_review.approve(desk.user("maya"), file)
    sent(desk, case, file)
    with desk.portal.db.read() as session:
        entries = list(audit.entries_about(session, desk.user().merchant_id, case))
    acts = [entry for entry in entries if entry.action.startswith("review:")]
    assert [entry.action for entry in acts] == [
        "review:decide", "review:undo", "review:decide", "review:approve", "review:view"
    ]  # fmt: skip
    assert {entry.facts["file"] for entry in acts} == {file} and {entry.facts["of"] for entry in acts} == {"system"}
    assert "Paolo" not in repr(acts)


def test_decisions_about_other_bytes_count_for_nothing(desk: Any, case: str, attach: Attach) -> None:
    file = attach(PDF, "scan.pdf")
    desk.portal.case_files.decide_whole(desk.user("sam"), case, file, Whole.SENT)
    with desk.portal.db.write() as session:
        session.execute(update(ReviewDecision).where(ReviewDecision.file_id == file).values(sha256="0" * 64))
    assert view(desk, case, file).whole is Whole.UNDECIDED


def test_opening_needs_a_fresh_proof(desk: Any, case: str, attach: Attach) -> None:
    file = attach(PDF, "scan.pdf")
    stale = dataclasses.replace(desk.user("sam"), proof_at=None, origin="198.51.100.7")
    acts: tuple[Callable[[], object], ...] = (
        lambda: desk.portal.case_files.decide_whole(stale, case, file, Whole.SENT),
        lambda: desk.portal.case_files.open_for_answer(stale, case, FileOf.SYSTEM, file),
    )
    for act in acts:
        with pytest.raises(StepUpNeeded):
            act()


def test_a_removed_merchants_files_places_and_replacements_are_destroyed(new_desk: Any) -> None:
    with new_desk(workers=False) as own:
        case = open_on(own, email="ada@example.com")
        system = own.portal.merchant_systems.add_system(own.user(), "Till")
        scan = own.portal.case_systems.attach(own.user("sam"), case, system, "scan.pdf", [PDF])
        note = own.portal.case_systems.attach(own.user("sam"), case, system, "note.txt", [NOTE])
        given = replaced(own, case, scan)
        own.portal.case_review.confirm_proposals(own.user("sam"), note)
        with own.portal.db.read() as session:
            merchant = session.get_one(Merchant, own.user().merchant_id).id
        remove_merchant(own.portal.retention, merchant)
        gone(own, scan, note, given)
        assert not any(row.sealed_places for row in stands(own, note))
