"""What is left out is proposed by a rule, decided by a person, bound to one file and undone as easily (RED-6 to 10)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from portal.errors import InputError, NotFound, NotPermitted, StateConflict
from portal.exports.core.download import FileKind
from portal.redaction.places import Grain
from portal.redaction.reasons import Reason
from portal.review import weighing
from portal.review.copying.copies import Undecided
from portal.review.kinds import Attribute, By, Choice, GroupKind, SecondReason
from portal.review.ledger import places_of
from portal.review.views import CellPlace, PersonGroup, ReviewState
from portal.review.weighing import SecondPersonNeeded
from portal.storage import copying
from portal.storage.answering.review_tables import ReviewApproval, ReviewDecision, ReviewRules
from portal.storage.tables import AuditEntry
from portal.vault import rotation

CARDS = "giftCards"


@pytest.fixture(scope="module")
def ready(desk: Any) -> str:
    return str(desk.run("ada@example.com").id)


@pytest.fixture(autouse=True)
def forgotten(desk: Any) -> Iterator[None]:
    """Each test begins with nothing decided."""
    yield
    with desk.portal.db.write() as session:
        for table in (ReviewDecision, ReviewApproval, ReviewRules):
            session.execute(delete(table))


def state(desk: Any, export_id: str, who: str = "sam") -> ReviewState:
    found: ReviewState = desk.portal.review.state(desk.user(who), export_id)
    return found


def group(desk: Any, export_id: str, kind: GroupKind) -> PersonGroup:
    return next(one for one in state(desk, export_id).groups if one.kind is kind)


def copy(desk: Any, export_id: str, kind: FileKind = FileKind.REDACTED, who: str = "sam") -> bytes:
    """With everybody kept whom the test did not decide about."""
    desk.keep_everybody_else(export_id)
    return b"".join(desk.portal.files.open_file(desk.user(who), export_id, kind).chunks)


def card_cell(row: int = 0, column: str = "senderName") -> CellPlace:
    return CellPlace(CARDS, row, column)


def test_people_are_listed_with_a_proposal_and_no_tills(desk: Any, ready: str) -> None:
    found = state(desk, ready)
    people = [one for one in found.groups if not one.automatic]
    assert {one.kind for one in people} == {GroupKind.GIVER, GroupKind.STAFF, GroupKind.MESSAGE}
    staff = group(desk, ready, GroupKind.STAFF)
    assert (staff.people, staff.label, staff.proposal, staff.proposed_reason) == (
        5, "", Choice.LEAVE_OUT, Reason.STAFF
    )  # fmt: skip
    giver = group(desk, ready, GroupKind.GIVER)
    assert giver.label == "Dawid G." and 0 < giver.proposed_places < giver.places
    assert found.undecided == len(people) and found.left_out == 0 and found.listed_whole


def test_confirmed_proposals_are_decisions_of_a_person_by_rule(desk: Any, ready: str) -> None:
    desk.portal.review.confirm_proposals(desk.user("sam"), ready)
    found = state(desk, ready)
    assert found.undecided == 0 and found.left_out > 0
    assert {one.how for one in found.decisions} == {By.RULE} and {one.by for one in found.decisions} == {"Sam Counter"}
    assert found.needs_second is None
    desk.portal.review.confirm_proposals(desk.user("sam"), ready)
    assert len(state(desk, ready).decisions) == len(found.decisions), "nothing is decided twice"


def test_a_later_choice_about_a_group_takes_the_place_of_the_earlier(desk: Any, ready: str) -> None:
    review, sam, staff = desk.portal.review, desk.user("sam"), group(desk, ready, GroupKind.STAFF)
    review.decide(sam, ready, staff.id, Choice.LEAVE_OUT)
    review.decide(sam, ready, staff.id, Choice.KEEP)
    found = state(desk, ready)
    assert found.left_out == 0 and [one.undone for one in found.decisions] == [True, False]
    assert group(desk, ready, GroupKind.STAFF).choice is Choice.KEEP


def test_another_reason_leaves_out_all_of_a_giver_and_not_the_contact_only(desk: Any, ready: str) -> None:
    giver = group(desk, ready, GroupKind.GIVER)
    desk.portal.review.decide(desk.user("sam"), ready, giver.id, Choice.LEAVE_OUT)
    assert state(desk, ready).left_out == giver.proposed_places
    desk.portal.review.decide(desk.user("sam"), ready, giver.id, Choice.LEAVE_OUT, Reason.NOT_THEIRS)
    assert state(desk, ready).left_out == giver.places


def test_a_group_that_is_not_in_the_file_is_not_found(desk: Any, ready: str) -> None:
    with pytest.raises(NotFound):
        desk.portal.review.decide(desk.user("sam"), ready, "f" * 20, Choice.KEEP)


def test_a_field_is_left_out_in_all_its_rows_and_the_group_is_partly(desk: Any, ready: str) -> None:
    staff = group(desk, ready, GroupKind.STAFF)
    desk.portal.review.leave_out_field(desk.user("sam"), ready, staff.first.table, "cashierName", Reason.STAFF)
    found = state(desk, ready)
    table = desk.portal.files.open_preview(desk.user(), ready).table(staff.first.table)
    named = [row for row in table.rows() if isinstance(row[table.columns.index("cashierName")], str)]
    assert found.left_out == len(named) > 1 and group(desk, ready, GroupKind.STAFF).partly
    marks = desk.portal.review.marks(desk.user("sam"), ready, staff.first.table, range(table.row_count))
    assert len(marks) == found.left_out and {one.place.column for one in marks} == {"cashierName"}


def test_a_part_of_a_text_is_left_out_and_the_rest_of_it_stays(desk: Any, ready: str) -> None:
    place = card_cell(0, "customMessage")
    desk.portal.review.leave_out(
        desk.user("sam"), ready, [place], Reason.OTHER_IN_TEXT, Grain.SPAN, (0, 4)
    )  # fmt: skip
    message = desk.portal.files.open_preview(desk.user(), ready).table(CARDS).rows(0, 1)
    before = next(cell for cell in message[0] if isinstance(cell, str) and " " in cell and "Geb" in cell)
    assert f"[withheld 1: another person]{before[4:]}".encode() in copy(desk, ready)


@pytest.mark.parametrize(
    "place", [card_cell(999), card_cell(0, "none"), CellPlace("none", 0, "x"), card_cell(-1)], ids=str
)
def test_a_place_that_is_not_there_is_an_error_of_the_field(desk: Any, ready: str, place: CellPlace) -> None:
    with pytest.raises(InputError) as caught:
        desk.portal.review.leave_out(desk.user("sam"), ready, [place], Reason.NOT_THEIRS)
    assert caught.value.field == "places"


# RED-6
def test_decisions_about_another_file_count_for_nothing(desk: Any, ready: str) -> None:
    desk.portal.review.confirm_proposals(desk.user("sam"), ready)
    with desk.portal.db.write() as session:
        session.execute(update(ReviewDecision).values(sha256="0" * 64))
    found = state(desk, ready)
    assert found.left_out == 0 and found.decisions == () and found.undecided > 1
    with pytest.raises(Undecided):
        desk.portal.files.open_file(desk.user("sam"), ready, FileKind.REDACTED)
    assert b"staff" not in copy(desk, ready)


# RED-7
def test_what_is_undone_stands_in_the_copy_again(desk: Any, ready: str) -> None:
    review, sam = desk.portal.review, desk.user("sam")
    review.decide(sam, ready, group(desk, ready, GroupKind.STAFF).id, Choice.LEAVE_OUT)
    assert b"staff 1" in copy(desk, ready)
    review.undo(sam, ready, 1)
    assert b"staff 1" not in copy(desk, ready) and state(desk, ready).left_out == 0
    with pytest.raises(StateConflict):
        review.undo(sam, ready, 1)


def test_one_press_is_taken_back_by_one_undo_and_says_all_that_it_took_back(desk: Any, ready: str) -> None:
    review, sam = desk.portal.review, desk.user("sam")
    review.leave_out_field(sam, ready, CARDS, "customMessage", Reason.NOT_THEIRS)
    review.confirm_proposals(sam, ready)
    many = [one.number for one in state(desk, ready).decisions if one.number > 1]
    assert len(many) > 1
    assert review.undo(sam, ready, many[-1]) == tuple(many)
    standing = [one.number for one in state(desk, ready).decisions if not one.undone]
    assert standing == [1], "another act stands"
    for number in many:
        with pytest.raises(StateConflict):
            review.undo(sam, ready, number)
    with desk.portal.db.read() as session:
        about = (AuditEntry.action == "review:undo", AuditEntry.object_id == ready)
        assert {row.facts["number"] for row in session.scalars(select(AuditEntry).where(*about))} >= set(many)


def test_decisions_of_before_acts_were_written_down_are_undone_one_by_one(desk: Any, ready: str) -> None:
    desk.portal.review.confirm_proposals(desk.user("sam"), ready)
    with desk.portal.db.write() as session:
        session.execute(update(ReviewDecision).values(act=""))
    assert desk.portal.review.undo(desk.user("sam"), ready, 2) == (2,)


# 3.3 of the design
def test_a_part_of_more_than_half_a_text_takes_all_of_it_along(desk: Any, ready: str) -> None:
    review, sam, place = desk.portal.review, desk.user("sam"), card_cell(0, "customMessage")
    table = desk.portal.files.open_preview(sam, ready).table(CARDS)
    text = table.rows(0, 1)[0][table.columns.index("customMessage")]
    half = len(text) // 2
    for end, grain in ((half, Grain.SPAN), (half + 1, Grain.VALUE)):
        review.leave_out(sam, ready, [place], Reason.OTHER_IN_TEXT, Grain.SPAN, (0, end))
        assert state(desk, ready).decisions[-1].grain is grain
        review.undo(sam, ready, state(desk, ready).decisions[-1].number)


@pytest.mark.parametrize("typed", ["", "because Rosa Martinez asked us to"])
def test_without_the_section_of_a_law_none_is_a_reason(desk: Any, ready: str, typed: str) -> None:
    review, sam, law = desk.portal.review, desk.user("sam"), Reason.EXEMPT_NATIONAL
    staff = group(desk, ready, GroupKind.STAFF)
    acts: list[Callable[[], object]] = [
        lambda: review.leave_out(sam, ready, [card_cell()], law, section=typed),
        lambda: review.leave_out_field(sam, ready, CARDS, "customMessage", law, typed),
        lambda: review.decide(sam, ready, staff.id, Choice.LEAVE_OUT, law, typed),
    ]
    for act in acts:
        with pytest.raises(InputError) as refused:
            act()
        assert refused.value.field == "section" and "Rosa" not in str(refused.value)


def test_the_section_of_a_law_is_kept_with_its_decision(desk: Any, ready: str) -> None:
    review, sam = desk.portal.review, desk.user("sam")
    review.leave_out(sam, ready, [card_cell(0, "customMessage")], Reason.EXEMPT_NATIONAL, section="§29  BDSG")
    review.leave_out(sam, ready, [card_cell(0, "status")], Reason.NOT_THEIRS, section="not kept with another reason")
    with desk.portal.db.read() as session:
        kept = [row.law_section for row in session.scalars(select(ReviewDecision).order_by(ReviewDecision.number))]
    assert kept == ["§ 29 BDSG", ""]


# RED-8
def test_leaving_out_the_asked_persons_own_email_needs_two_people(desk: Any, ready: str) -> None:
    desk.portal.review.leave_out_field(desk.user("sam"), ready, CARDS, "customerEmail", Reason.OTHER_CONTACT)
    found = state(desk, ready)
    assert found.needs_second is SecondReason.OWN_VALUE and found.decisions[0].of_asked_person


# RED-9
def test_who_decided_cannot_approve_and_without_approval_there_is_no_copy(desk: Any, ready: str) -> None:
    review, sam, maya = desk.portal.review, desk.user("sam"), desk.user("maya")
    review.leave_out_field(sam, ready, CARDS, "customMessage", Reason.LEGAL_HOLD)
    assert state(desk, ready).needs_second is SecondReason.LEGAL and not state(desk, ready).may_approve
    for kind in (FileKind.REDACTED, FileKind.CSV, FileKind.XLSX):
        with pytest.raises(SecondPersonNeeded):
            copy(desk, ready, kind)
    with pytest.raises(NotPermitted):
        review.approve(sam, ready)
    review.approve(maya, ready)
    assert state(desk, ready).approved_by and b"held back by law" in copy(desk, ready)
    review.leave_out(sam, ready, [card_cell(0, "status")], Reason.NOT_THEIRS)
    with pytest.raises(SecondPersonNeeded):
        copy(desk, ready)


# RED-9
def test_many_places_decided_by_hand_need_two_people_and_staff_as_proposed_does_not(
    desk: Any, ready: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weighing, "MANY_PLACES", 6)
    staff = group(desk, ready, GroupKind.STAFF)
    desk.portal.review.decide(desk.user("sam"), ready, staff.id, Choice.LEAVE_OUT)
    assert state(desk, ready).left_out > 6 and state(desk, ready).needs_second is None
    desk.portal.review.decide(desk.user("sam"), ready, staff.id, Choice.LEAVE_OUT, Reason.OTHER_PERSON)
    assert state(desk, ready).needs_second is SecondReason.MANY_PLACES


# RED-9
def test_a_whole_card_number_left_out_by_hand_needs_two_people(desk: Any, ready: str) -> None:
    desk.portal.review.leave_out(desk.user("sam"), ready, [card_cell(0, "cardNumber")], Reason.BEARER_VALUE)
    assert state(desk, ready).needs_second is SecondReason.WHOLE_CARD


def test_a_merchant_may_want_two_people_for_every_copy_and_only_for_its_own(desk: Any, ready: str) -> None:
    settings = desk.portal.review_settings
    settings.save(desk.user("maya", "two"), changed={}, second_person=True)
    desk.portal.review.decide(
        desk.user("sam"), ready, group(desk, ready, GroupKind.STAFF).id, Choice.LEAVE_OUT
    )  # fmt: skip
    assert state(desk, ready).needs_second is None, "another merchant's rule"
    settings.save(desk.user("maya"), changed={}, second_person=True)
    assert state(desk, ready).needs_second is SecondReason.MERCHANT
    assert settings.show(desk.user("iris")).second_person


def test_a_changed_proposal_counts_for_its_merchant_and_nobody_else(desk: Any, ready: str) -> None:
    settings, key = desk.portal.review_settings, (GroupKind.STAFF, Attribute.NAME)
    settings.save(desk.user("maya", "two"), changed={key: Choice.KEEP}, second_person=False)
    before = group(desk, ready, GroupKind.STAFF).proposed_places
    settings.save(desk.user("maya"), changed={key: Choice.KEEP}, second_person=False)
    assert 0 < group(desk, ready, GroupKind.STAFF).proposed_places < before
    assert settings.show(desk.user("maya")).changed == {key: Choice.KEEP}
    with pytest.raises(NotPermitted):
        settings.save(desk.user("sam"), changed={}, second_person=False)
    with pytest.raises(InputError):
        settings.save(
            desk.user("maya"), changed={(GroupKind.CARDS, Attribute.CARD): Choice.KEEP}, second_person=False
        )  # fmt: skip


def test_neither_rows_nor_trail_say_what_was_left_out(desk: Any, ready: str) -> None:
    desk.portal.review.confirm_proposals(desk.user("sam"), ready)
    with desk.portal.db.read() as session:
        rows = session.scalars(select(ReviewDecision)).all()
        said = repr([vars(row) for row in rows])
        acts = session.scalars(select(AuditEntry).where(AuditEntry.action == "review:decide")).all()
        said += repr([entry.facts for entry in acts])
    assert acts and "Goliasz" not in said and "senderName" not in said and "giftCards" not in said
    assert all(row.sealed_places for row in rows if row.choice == Choice.LEAVE_OUT)


def test_where_things_stood_is_destroyed_with_the_file_and_why_stays(desk: Any) -> None:
    export_id = desk.run("ada@example.com").id
    desk.portal.review.confirm_proposals(desk.user("sam"), export_id)
    desk.portal.retention.destroy(desk.user(), export_id)
    with desk.portal.db.read() as session:
        rows = session.scalars(select(ReviewDecision).where(ReviewDecision.file_id == export_id)).all()
    assert {row.reason for row in rows} >= {"staff"} and not any(row.sealed_places for row in rows)


def test_a_new_master_key_opens_where_things_stood(desk: Any, ready: str) -> None:
    desk.portal.review.confirm_proposals(desk.user("sam"), ready)
    names = {one.name for one in rotation.COLUMNS}
    assert "review_decisions.sealed_places" in names
    with desk.portal.db.read() as session:
        row = session.scalars(select(ReviewDecision).where(ReviewDecision.choice == Choice.LEAVE_OUT)).first()
    column = next(one for one in rotation.COLUMNS if one.name == "review_decisions.sealed_places")
    sealed = desk.portal.sealer.reseal(row.sealed_places, column.bound((row.merchant_id, row.id)))
    row.sealed_places = sealed
    assert places_of(desk.portal.review.seal, row)


def test_decisions_are_in_a_backup() -> None:
    assert {"review_decisions", "review_approvals", "review_rules"} <= {table.name for table in copying.tables()}


def test_card_numbers_are_a_group_that_nobody_decides(desk: Any, ready: str) -> None:
    cards = group(desk, ready, GroupKind.CARDS)
    assert cards.automatic and cards.choice is Choice.LEAVE_OUT and cards.columns == ("cardNumber",)
    with pytest.raises(InputError):
        desk.portal.review.decide(desk.user("sam"), ready, cards.id, Choice.KEEP)


def test_of_a_large_file_first_rows_are_listed_and_all_of_it_is_decided(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = desk.run("ada@example.com").id
    staff = group(desk, whole, GroupKind.STAFF)
    large = desk.run("ada@example.com").id
    for room in ("portal.preview", "portal.review.files", "portal.review.copying.spliced"):
        monkeypatch.setattr(f"{room}.LARGE_BYTES", 10)
    monkeypatch.setattr("portal.preview.large.reading.FIRST_BYTES", 4000)
    before = state(desk, large)
    assert not before.listed_whole
    desk.portal.review.confirm_proposals(desk.user("sam"), large)
    assert group(desk, large, GroupKind.STAFF).places == staff.places
    copied = copy(desk, large)
    assert b"staff 5" in copied and b"Paolo" not in copied
