"""Who else is in a file, on the Preview: chosen, confirmed, undone, approved; the button that follows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete

from portal.exports.core.download import FileKind
from portal.redaction.places import NotSpliceable
from portal.redaction.reasons import Reason
from portal.review.kinds import Choice
from portal.storage.answering.review_tables import ReviewApproval, ReviewDecision
from tests.review.test_copies import said_twice

if TYPE_CHECKING:
    from tests.pages.conftest import Screen

    MakeScreen = Callable[..., Screen]

MAKE, SEND, APPROVE = "Make the copy to send", "Download to send", "Approve the copy"


@pytest.fixture(scope="module")
def export_id(desk: Any) -> str:
    return str(desk.run("ada@example.com").id)


@pytest.fixture(autouse=True)
def forgotten(desk: Any) -> Iterator[None]:
    yield
    with desk.portal.db.write() as session:
        for table in (ReviewDecision, ReviewApproval):
            session.execute(delete(table))


def choices(person: Screen) -> list[Any]:
    return [radio for radio in person.app.radio if list(radio.options) == ["Leave out", "Keep"]]


def test_people_are_named_and_staff_are_one_line(screen: MakeScreen, export_id: str) -> None:
    person = screen("sam").go("Preview", export_id)
    assert "2 people besides the customer, 5 staff" in person.said("markdown")
    assert "Dawid G. · gave a card · 4 places, 2 left out" in person.texts()
    assert "5 members of staff" in person.texts() and "TILL" not in person.texts()
    assert MAKE in person.labels() and len(choices(person)) == 4


def test_one_press_decides_for_all_and_the_copy_is_read_again(desk: Any, screen: MakeScreen, export_id: str) -> None:
    person = screen("sam").go("Preview", export_id).press(MAKE)
    assert MAKE not in person.labels()
    assert desk.portal.review.state(desk.user("sam"), export_id).undecided == 0
    assert "places left out, everything else as it came" in person.said("caption")
    copy = b"".join(desk.portal.files.open_file(desk.user("sam"), export_id, FileKind.REDACTED).chunks)
    assert b"friend.pan" not in copy and b"Goliasz" in copy


def test_a_choice_is_written_down_at_once_and_undone_by_a_press(desk: Any, screen: MakeScreen, export_id: str) -> None:
    person = screen("sam").go("Preview", export_id)
    choices(person)[0].set_value(Choice.KEEP)
    person.run()
    (kept,) = [g for g in desk.portal.review.state(desk.user("sam"), export_id).groups if g.choice is Choice.KEEP]
    assert kept.label == "Dawid G."
    person.press("Undo")
    assert not [g for g in desk.portal.review.state(desk.user("sam"), export_id).groups if g.choice and not g.automatic]


def test_another_reason_leaves_out_all_of_a_person(desk: Any, screen: MakeScreen, export_id: str) -> None:
    person = screen("sam").go("Preview", export_id)
    reason = next(box for box in person.app.selectbox if box.label == "Why is it left out?")
    reason.set_value(Reason.OTHER_PERSON)
    person.run()
    (decided,) = [
        g for g in desk.portal.review.state(desk.user("sam"), export_id).groups if g.choice and not g.automatic
    ]
    assert (decided.choice, decided.reason) == (Choice.LEAVE_OUT, Reason.OTHER_PERSON)
    assert "Dawid G. · gave a card · 4 places\n" in person.texts() + "\n"


def test_whoever_decided_waits_for_another_who_approves(desk: Any, screen: MakeScreen, export_id: str) -> None:
    first = screen("sam").go("Preview", export_id).press(MAKE)
    reason = next(box for box in first.app.selectbox if box.label == "Why is it left out?")
    reason.set_value(Reason.TRADE_SECRET)
    first.run()
    assert APPROVE not in first.labels()
    assert "A colleague who did not decide here approves it on this page." in first.texts()
    second = screen("maya").go("Preview", export_id)
    assert APPROVE in second.labels()
    second.press(APPROVE)
    assert APPROVE not in second.labels()
    assert desk.portal.review.state(desk.user("sam"), export_id).approved_by == "Maya Brook"


def test_a_national_law_is_a_reason_once_its_section_is_typed(desk: Any, screen: MakeScreen, export_id: str) -> None:
    person = screen("sam").go("Preview", export_id).press(MAKE)
    reason = next(box for box in person.app.selectbox if box.label == "Why is it left out?")
    reason.set_value(Reason.EXEMPT_NATIONAL)
    person.run()
    next(box for box in person.app.text_input if box.label == "Section of the law").set_value("§ 29 BDSG")
    person.run()
    decided = [one for one in desk.portal.review.state(desk.user("sam"), export_id).decisions if not one.undone]
    assert Reason.EXEMPT_NATIONAL in {one.reason for one in decided}


def test_what_also_stands_elsewhere_may_stay_there_by_a_press(desk: Any, screen: MakeScreen, export_id: str) -> None:
    sam = desk.user("sam")
    desk.portal.review.confirm_proposals(sam, export_id)
    place, text = said_twice(desk.portal.files.open_preview(sam, export_id))
    desk.portal.review.leave_out(sam, export_id, [place], Reason.NOT_THEIRS)
    person = screen("sam").go("Preview", export_id)
    assert "also stands at a place that is kept" in person.texts() and "left out, everything" not in person.said()
    person.press("It may stay there")
    assert "places left out, everything else as it came" in person.said("caption")
    copy = b"".join(desk.portal.files.open_file(sam, export_id, FileKind.REDACTED).chunks)
    assert b"not about you]" in copy and text.encode() in copy


def test_each_copy_is_looked_at_as_it_will_be_sent_with_what_reading_it_again_said(
    screen: MakeScreen, export_id: str
) -> None:
    person = screen("sam").go("Preview", export_id)
    opened = f"copies-{export_id}"
    person.app.session_state[opened] = True
    assert "Leading zeros" not in person.run().said("markdown"), "there is no copy yet"
    person.press(MAKE)
    person.app.session_state[opened] = True
    person.run()
    for words in ("Rows", "Columns", "Leading zeros", "Text in", "UTF"):
        assert words in person.said("markdown")
    assert "withheld" in person.app.code[-1].value and "friend.pan" not in person.app.code[-1].value
    for kind in (FileKind.CSV, FileKind.XLSX):
        person.app.radio(key=f"copies-kind-{export_id}").set_value(kind)
        person.run()
        assert "Numbers of 16 digits and more" in person.said("markdown")
    sheets = "".join(frame.to_csv() for frame in person.tables())
    assert "[withheld" in sheets and "friend.pan" not in sheets


def test_a_large_files_copy_is_read_again_when_asked_for_and_goes_out_after(
    screen: MakeScreen, export_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in ("ui.preview.file_copies", "review.files", "review.opened", "review.copying.spliced",
                 "review.copying.checking"):  # fmt: skip
        monkeypatch.setattr(f"portal.{room}.LARGE_BYTES", 10)
    person = screen("sam").go("Preview", export_id).press(MAKE)
    assert "Read again after it was made" not in person.said("caption")
    assert SEND not in person.links()
    person.press("Check the copy")
    assert "places left out, everything else as it came" in person.said("caption")
    assert "Check the copy" not in person.labels()
    assert SEND in person.links()
    assert "Check the copy" not in person.press("Undo").labels()
    assert MAKE in person.labels()


def test_a_file_without_places_goes_out_whole_or_not_at_all(
    desk: Any, screen: MakeScreen, export_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(*_given: object, **_named: object) -> None:
        raise NotSpliceable("not of a form that can be spliced")

    monkeypatch.setattr("portal.review.copying.copies.json_edits", cannot)
    sam = desk.user("sam")
    place, _text = said_twice(desk.portal.files.open_preview(sam, export_id))
    desk.portal.review.leave_out(sam, export_id, [place], Reason.NOT_THEIRS)
    person = screen("sam").go("Preview", export_id).press(MAKE)
    assert "Nothing can be left out of this file" in person.texts() and SEND not in person.links()
    assert "No other copy is made of it" in person.said("caption") and "Download spreadsheet" not in person.links()
    person.press("Keep everybody")
    state = desk.portal.review.state(sam, export_id)
    assert (state.left_out, state.undecided) == (0, 0)
    assert "Download spreadsheet" in person.links() and "What was left out" not in person.links()
    assert b"".join(desk.portal.files.open_file(sam, export_id, FileKind.CSV).chunks)
    person.press("Undo")
    assert desk.portal.review.state(sam, export_id).undecided == len(choices(person))


def test_go_to_opens_the_table_with_the_marked_columns_first(screen: MakeScreen, export_id: str) -> None:
    person = screen("sam").go("Preview", export_id).press("Go to")
    assert any("senderName" in frame.columns for frame in person.tables())
    assert next(one for one in person.app.toggle if one.label == "Marked columns first").value


def test_an_auditor_decides_nothing(screen: MakeScreen, export_id: str) -> None:
    auditor = screen("iris").go("Preview", export_id)
    assert not choices(auditor) and not {MAKE, APPROVE, "Go to"} & set(auditor.labels())


def test_a_stranger_on_a_file_that_waits_is_shown_side_by_side(desk: Any, screen: MakeScreen) -> None:
    view = desk.run("two.people@example.com")
    manager = screen("maya").go("Preview", view.id)
    rows = next(frame for frame in manager.tables() if "The file says" in frame.columns)
    assert set(rows["You asked for"]) == {"two.people@example.com"}
    assert "two.people@example.com" not in set(rows["The file says"])
