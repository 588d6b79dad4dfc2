"""What stands in place of what a case's file leaves out: words of the answer's language, laws, one press taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from portal.errors import InputError
from portal.exports.core.download import FileKind
from portal.redaction.places import MARKER
from portal.redaction.reasons import Reason
from portal.review.copying.copies import Undecided
from portal.review.kinds import FileOf, Whole
from portal.review.of_case.views import AnswerBytes
from portal.storage.case_tables import Case

Attach = Callable[..., str]
pytestmark = pytest.mark.keeps("LAW-11", "LAW-17")
LAW = "§ 29 BDSG"
TWO = b"Served by Paolo Conti.\r\nServed by Rosa Martinez.\r\nThanks.\r\n"


def speaks(desk: Any, case: str, language: str) -> None:
    with desk.portal.db.write() as session:
        session.execute(update(Case).where(Case.id == case).values(language=language))


def sent(desk: Any, case: str, file: str, language: str = "") -> AnswerBytes:
    found = desk.portal.case_files.open_for_answer(desk.user("sam"), case, FileOf.SYSTEM, file, language)
    assert isinstance(found, AnswerBytes)
    return found


def test_markers_of_a_text_speak_the_chosen_language_else_the_case_s(desk: Any, case: str, attach: Attach) -> None:
    speaks(desk, case, "de-AT")
    file = attach(TWO)
    desk.portal.case_review.leave_out_words(desk.user("sam"), file, "Paolo Conti", Reason.OTHER_PERSON)
    desk.portal.case_review.confirm_proposals(desk.user("sam"), file)
    german, dutch = sent(desk, case, file), sent(desk, case, file, "nl")
    assert b"[withheld 1: eine andere Person]" in german.read()
    assert b"[withheld 1: een ander" in dutch.read() and german.sha256 != dutch.sha256
    assert german.left_out[0].place_words == "Zeile 1" and dutch.left_out[0].place_words == "regel 1"


def test_markers_of_a_text_are_of_one_length_and_the_copy_reads_as_it_should(
    desk: Any, case: str, attach: Attach
) -> None:
    file = attach("\n".join(f"Mug {at} was sold by Paolo Conti." for at in range(12)).encode())
    desk.portal.case_review.leave_out_words(desk.user("sam"), file, "Paolo Conti", Reason.OTHER_PERSON)
    desk.portal.case_review.confirm_proposals(desk.user("sam"), file)
    made = sent(desk, case, file)
    lengths = {len(found) for found in MARKER.findall(made.read().decode())}
    assert len(made.left_out) >= 12 and len(lengths) == 1
    assert [line.place_words for line in made.left_out][:2] == ["line 1", "line 2"]
    assert desk.portal.case_review.check_copy(desk.user("sam"), file, FileKind.REDACTED).sound


def test_the_law_s_section_goes_with_words_and_with_a_whole_file(desk: Any, case: str, attach: Attach) -> None:
    file, scan = attach(TWO), attach(b"%PDF-1.7\n", "scan.pdf")
    review, files = desk.portal.case_review, desk.portal.case_files
    with pytest.raises(InputError) as caught:
        review.leave_out_words(desk.user("sam"), file, "Paolo Conti", Reason.EXEMPT_NATIONAL, "it is Paolo's secret")
    assert caught.value.field == "section"
    with pytest.raises(InputError) as caught:
        files.decide_whole(desk.user("sam"), case, scan, Whole.LEFT_OUT, Reason.EXEMPT_NATIONAL)
    assert caught.value.field == "section"
    review.leave_out_words(desk.user("sam"), file, "Paolo Conti", Reason.EXEMPT_NATIONAL, LAW)
    review.confirm_proposals(desk.user("sam"), file)
    files.decide_whole(desk.user("sam"), case, scan, Whole.LEFT_OUT, Reason.EXEMPT_NATIONAL, LAW)
    review.approve(desk.user("maya"), scan)
    assert LAW in {line.section for line in sent(desk, case, file).left_out}
    (line,) = sent(desk, case, scan, "de").left_out
    assert (line.place_words, line.kind, line.section) == ("die ganze Datei", "file", LAW)


def test_one_undo_takes_back_what_one_press_decided_about_a_case_s_file(desk: Any, case: str, attach: Attach) -> None:
    file, review = attach(TWO), desk.portal.case_review
    before = review.state(desk.user("sam"), file).undecided
    review.confirm_proposals(desk.user("sam"), file)
    taken = [one.number for one in review.state(desk.user("sam"), file).decisions]
    assert len(taken) == before == 2
    assert sorted(review.undo(desk.user("sam"), file, taken[-1])) == taken
    assert review.state(desk.user("sam"), file).undecided == before


def test_an_undecided_file_of_a_case_is_neither_copied_nor_sent_and_says_where_to_decide(
    desk: Any, case: str, attach: Attach
) -> None:
    file, scan = attach(TWO), attach(b"%PDF-1.7\n", "scan.pdf")
    with pytest.raises(Undecided) as checked:
        desk.portal.case_review.check_copy(desk.user("sam"), file, FileKind.REDACTED)
    with pytest.raises(Undecided) as opened:
        sent(desk, case, file)
    with pytest.raises(Undecided) as whole:
        sent(desk, case, scan)
    assert [error.value.groups for error in (checked, opened, whole)] == [2, 2, 0]
    assert {error.value.next_step for error in (checked, opened, whole)} == {"Decide it under Review."}
