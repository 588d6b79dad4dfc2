"""A case is opened by hand or by an export that is asked for, once for each person and merchant (CASE-1 to CASE-3)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from portal.cases.facts import Channel, ExtensionReason, FactKind, LateEntry, RefusalReason, Right
from portal.cases.services.intake import IdentifierKind, NewCase
from portal.cases.services.ledger import CaseNeeded, as_facts, as_folded, cached, rows_of
from portal.cases.standing import Standing
from portal.errors import InputError, NotFound, NotPermitted, PortalError
from portal.exports import ExportView, State
from portal.storage.case_tables import Case, CaseDemand, CaseFact, CaseIdentifier
from portal.storage.months import months_after
from portal.storage.tables import AuditEntry, Export, utc_now

DAY = dt.timedelta(days=1)
PROGRAM = "a" * 24


def somebody() -> str:
    return f"person.{secrets.token_hex(6)}@example.com"


def new_case(person: str, **given: Any) -> NewCase:
    values: dict[str, Any] = {
        "identifiers": ((IdentifierKind.EMAIL, SecretStr(person)),),
        "rights": frozenset({Right.ACCESS}),
        "channel": Channel.EMAIL,
    }
    return NewCase(**{**values, **given})


def case_of(desk: Any, export_id: str) -> Case:
    with desk.portal.db.read() as session:
        found = session.get_one(Case, session.get_one(Export, export_id).case_id)
        session.expunge(found)
        return found


def views(desk: Any, *exports: str) -> list[ExportView]:
    return [desk.portal.history.get(desk.user(), export_id) for export_id in exports]


def kinds(desk: Any, case_id: str) -> list[str]:
    with desk.portal.db.read() as session:
        return [row.kind for row in rows_of(session, case_id)]


def acts(desk: Any, case_id: str) -> list[str]:
    with desk.portal.db.read() as session:
        entries = select(AuditEntry.action).where(AuditEntry.object_id == case_id).order_by(AuditEntry.seq)
        return list(session.scalars(entries))


@pytest.mark.keeps("LAW-1")
def test_an_export_opens_a_case_and_the_next_one_of_the_person_joins_it(desk: Any) -> None:
    person = somebody()
    first = desk.ask(person, reference="T-7", by=desk.user("sam"))
    case = case_of(desk, first)
    assert (case.state, case.channel, case.reference, case.profile) == ("collecting", "unknown", "T-7", "EU")
    assert case_of(desk, desk.ask(person.upper(), format="csv")).id == case.id
    assert case_of(desk, desk.ask(somebody())).id != case.id
    assert kinds(desk, case.id) == ["received", "export_asked", "export_asked"]
    assert acts(desk, case.id) == ["case:open", "case:state"]


def test_asking_again_stays_in_the_case_also_after_its_end(desk: Any) -> None:
    export_id = desk.ask(somebody())
    case = case_of(desk, export_id)
    desk.portal.answers.record_closed(desk.user(), export_id, "elsewhere")
    again = desk.portal.submissions.reorder(desk.user(), export_id)
    assert case_of(desk, again).id == case.id and case_of(desk, again).state == "closed"


def test_after_the_end_a_new_export_opens_a_new_case(desk: Any) -> None:
    person = somebody()
    export_id = desk.ask(person)
    desk.portal.answers.record_refused(desk.user(), export_id, "excessive", "Dear customer.")
    later = case_of(desk, desk.ask(person))
    assert later.id != case_of(desk, export_id).id and later.state == "collecting"


def test_what_is_recorded_of_the_answer_is_a_fact_of_the_case_and_so_is_its_taking_back(desk: Any) -> None:
    answers, user = desk.portal.answers, desk.user()
    export_id = desk.run().id
    case = case_of(desk, export_id)
    answers.record_extended(user, export_id, "complexity", "Dear customer.")
    assert case_of(desk, export_id).extended_to == desk.portal.history.get(user, export_id).due_on
    answers.record_sent(user, export_id, "email")
    answered = case_of(desk, export_id)
    assert (answered.state, answered.closed_as) == ("answered", "answered") and answered.closed_at is not None
    with desk.portal.db.read() as session:
        demand = session.get_one(CaseDemand, (case.id, Right.ACCESS.value))
        assert (demand.outcome, demand.decided_by) == ("given", user.account_id)
        sent = next(row for row in rows_of(session, case.id) if row.kind == FactKind.ANSWERED)
        assert sent.codes["channel"] == "email" and len(sent.codes["sha256"]) == 64
    answers.record_acknowledged(user, export_id)
    answers.take_back_answer(user, export_id)
    answers.take_back_answer(user, export_id)
    assert case_of(desk, export_id).state == "collecting"
    with desk.portal.db.read() as session:
        assert session.get_one(CaseDemand, (case.id, Right.ACCESS.value)).outcome == "open"


def test_a_case_ends_when_each_thing_asked_for_has_ended(desk: Any) -> None:
    person, user = somebody(), desk.user()
    first, second = desk.ask(person), desk.ask(person, program_id=PROGRAM)
    desk.portal.answers.record_closed(user, first, "elsewhere")
    assert case_of(desk, first).state == "collecting"
    assert [view.answer for view in views(desk, first, second)] == [Standing.CLOSED, Standing.OPEN]
    desk.portal.answers.record_refused(user, second, "excessive", "Dear customer.")
    assert case_of(desk, first).state == "refused"
    desk.portal.answers.take_back_answer(user, second)
    assert case_of(desk, first).state == "collecting"


def test_the_same_in_another_format_is_answered_with_it(desk: Any) -> None:
    person, user = somebody(), desk.user()
    first, second = desk.ask(person), desk.ask(person, format="csv")
    desk.portal.answers.record_sent(user, second, "email")
    assert case_of(desk, first).state == "answered"
    assert [view.answer for view in views(desk, first, second)] == [Standing.SENT, Standing.SENT]


def test_what_was_sent_before_is_not_the_answer_to_a_later_ask(desk: Any) -> None:
    person, user = somebody(), desk.user()
    sent, other = desk.ask(person), desk.ask(person, program_id=PROGRAM)
    desk.portal.answers.record_sent(user, sent, "email")
    later = desk.ask(person, format="csv")
    assert case_of(desk, later).id == case_of(desk, sent).id
    assert [view.answer for view in views(desk, sent, other, later)] == [Standing.SENT, Standing.OPEN, Standing.OPEN]


@pytest.mark.keeps("LAW-2", "LAW-3")
def test_exports_follow_the_days_and_the_end_of_their_case(desk: Any) -> None:
    person, user = somebody(), desk.user()
    today = utc_now().date()
    first = desk.ask(person)
    second = desk.ask(person, program_id=PROGRAM, received_on=today - 3 * DAY)
    case = case_of(desk, first)
    assert {view.due_on for view in views(desk, first, second)} == {months_after(today - 3 * DAY, 1)}
    desk.portal.case_file.extend(user, case.id, ExtensionReason.COMPLEXITY, "a" * 64)
    assert {view.due_on for view in views(desk, first, second)} == {months_after(today - 3 * DAY, 3)}
    desk.portal.case_file.refuse(user, case.id, RefusalReason.EXCESSIVE, "a" * 64)
    assert {(view.answer, view.answered_on) for view in views(desk, first, second)} == {(Standing.REFUSED, today)}
    desk.portal.case_file.take_back(user, case.id, 6)
    assert {(view.answer, view.answered_on) for view in views(desk, first, second)} == {(Standing.OPEN, None)}


def test_acts_on_a_case_and_its_exports_at_once_wait_for_each_other(desk: Any) -> None:
    """On PostgreSQL a move holds the export's row and the trail; another order of locks would end in a deadlock."""
    person, user = somebody(), desk.user()
    first = desk.ask(person)
    case, failed = case_of(desk, first), []

    def act(number: int) -> None:
        try:
            if number % 3 == 0:
                desk.portal.case_file.note(user, case.id, "A note.")
            elif number % 3 == 1:
                desk.portal.submissions.reorder(user, first)
            else:
                desk.portal.answers.record_sent(user, first, "email")
        except PortalError as error:
            failed.append(error)

    with ThreadPoolExecutor(12) as pool:
        for done in [pool.submit(act, number) for number in range(24)]:
            done.result(timeout=120)
    assert failed == []
    with desk.portal.db.read() as session:
        standing = select(func.count()).select_from(Export)
        assert session.scalar(standing.where(Export.case_id == case.id, Export.answer != Standing.LATER)) == 1


def test_the_row_keeps_what_the_facts_come_to(desk: Any) -> None:
    with desk.portal.db.read() as session:
        for case in session.scalars(select(Case)):
            found = cached(as_folded(session, case))
            assert {name: getattr(case, name) for name in found} == found


def test_one_person_at_two_merchants_is_two_cases(desk: Any) -> None:
    person = somebody()
    here = case_of(desk, desk.ask(person))
    there = case_of(desk, desk.ask(person, by=desk.user(merchant="two")))
    assert here.id != there.id and here.merchant_id != there.merchant_id
    assert here.subject_index != there.subject_index


def test_another_merchants_case_and_none_are_the_same_answer(desk: Any) -> None:
    foreign = case_of(desk, desk.ask(somebody(), by=desk.user(merchant="two"))).id
    request = desk.portal.submissions.request_of(desk.user(), desk.ask(somebody()))
    said = []
    for case_id in (foreign, "f" * 32):
        with pytest.raises(NotFound) as refused:
            desk.portal.submissions.submit(desk.user(), request, force=True, case_id=case_id)
        said.append((refused.value.message, refused.value.detail))
    assert said[0] == said[1]
    assert kinds(desk, foreign) == ["received", "export_asked"]


def test_an_export_may_be_asked_for_under_a_case_until_it_ends(desk: Any, shop: Any) -> None:
    person, user = somebody(), desk.user("sam")
    opened = desk.portal.case_intake.open(user, new_case(person))
    request = desk.portal.submissions.request_of(user, desk.ask(somebody()))
    under = desk.portal.submissions.submit(user, request, force=True, case_id=opened.case_id)
    assert case_of(desk, under).id == opened.case_id
    desk.settled(under)
    desk.portal.answers.record_closed(user, under, "elsewhere")
    before = shop.posts()
    with pytest.raises(CaseNeeded) as refused:
        desk.portal.submissions.submit(user, request, force=True, case_id=opened.case_id)
    assert refused.value.refusal and shop.posts() == before


@pytest.mark.keeps("LAW-1")
def test_nothing_is_asked_for_an_export_whose_case_is_another_merchants(desk: Any, shop: Any, new_desk: Any) -> None:
    """The row is tampered with before it is sent: no POST leaves."""
    foreign = case_of(desk, desk.ask(somebody(), by=desk.user(merchant="two"))).id
    portal, user = desk.portal, desk.user()
    request = portal.submissions.request_of(user, desk.run().id)
    begin, held = portal.submissions.workflow, []
    portal.submissions.workflow = type("Held", (), {"begin": lambda _self, export_id: held.append(export_id)})()
    try:
        export_id = portal.submissions.submit(user, request, force=True)
    finally:
        portal.submissions.workflow = begin
    before = shop.posts()
    with portal.db.write() as session:
        session.get_one(Export, export_id).case_id = foreign
    begin.begin(export_id)
    view = desk.settled(export_id)
    assert (view.state, view.problem_code) == (State.FAILED, "case_needed")
    assert held == [export_id] and shop.posts() == before


def test_a_case_by_hand_keeps_what_was_said_and_nothing_of_the_person_in_clear(desk: Any) -> None:
    person, user = somebody(), desk.user("sam")
    opened = desk.portal.case_intake.open(
        user,
        new_case(
            person,
            identifiers=(
                (IdentifierKind.EMAIL, SecretStr(person)),
                (IdentifierKind.PHONE, SecretStr("+49 30 1234567")),
            ),
            rights=frozenset({Right.ACCESS, Right.ERASURE}),
            channel=Channel.POST,
            name=SecretStr("Canary Quill"),
            arrived_where="the till of Canary Street",
            reference="T-99",
        ),
    )
    with desk.portal.db.read() as session:
        case = session.get_one(Case, opened.case_id)
        assert (case.state, case.channel, case.number > 0) == ("received", "post", True)
        assert case.year == utc_now().year
        rights = session.scalars(select(CaseDemand.demand).where(CaseDemand.case_id == case.id))
        assert set(rights) == {"access", "erasure"}
        seal = desk.portal.case_intake.seal
        identifiers = session.scalars(
            select(CaseIdentifier).where(CaseIdentifier.case_id == case.id).order_by(CaseIdentifier.number)
        ).all()
        assert [seal.value(session, row) for row in identifiers] == [person, "+49 30 1234567"]
        (received,) = rows_of(session, case.id)
        assert (seal.text(received), seal.name(case)) == ("the till of Canary Street", "Canary Quill")
        for table in (Case, CaseIdentifier, CaseFact):
            shown = repr(
                session.execute(select(table.__table__).where(table.__table__.c.merchant_id == case.merchant_id)).all()
            )
            assert not [word for word in (person, "Canary", "1234567") if word in shown]


def test_a_second_message_is_a_follow_up_and_something_new_is_a_new_case(desk: Any) -> None:
    person, user = somebody(), desk.user()
    first = desk.portal.case_intake.open(user, new_case(person, received_on=utc_now().date() - 2 * DAY))
    second = desk.portal.case_intake.open(user, new_case(person))
    assert (second.case_id, second.joined, first.joined) == (first.case_id, True, False)
    assert kinds(desk, first.case_id) == ["received", "follow_up"]
    other = desk.portal.case_intake.open(user, new_case(person, rights=frozenset({Right.ERASURE})))
    assert other.case_id != first.case_id and not other.joined


def test_an_export_does_not_join_a_case_that_asks_for_erasure_only(desk: Any) -> None:
    person, user = somebody(), desk.user()
    erasure = desk.portal.case_intake.open(user, new_case(person, rights=frozenset({Right.ERASURE})))
    assert case_of(desk, desk.ask(person)).id != erasure.case_id


def test_an_earlier_arrival_that_comes_to_light_starts_the_clock_earlier(desk: Any) -> None:
    person, today = somebody(), utc_now().date()
    case = case_of(desk, desk.ask(person))
    joined = case_of(desk, desk.ask(person, format="csv", received_on=today - 20 * DAY))
    assert joined.id == case.id and joined.received_on == today - 20 * DAY and joined.target_on < case.target_on


def test_the_day_of_receipt_is_never_in_the_future_and_late_entry_says_why(desk: Any) -> None:
    """CASE-2, in the controller's time zone; no channel delays the day (CASE-3)."""
    opening, user, today = desk.portal.case_intake.open, desk.user(), utc_now().date()
    with pytest.raises(InputError) as refused:
        opening(user, new_case(somebody(), received_on=today + DAY))
    assert refused.value.field == "received_on"
    opening(user, new_case(somebody(), received_on=today - 3 * DAY))
    for code in (None, LateEntry.NOT_ASKED):
        with pytest.raises(InputError) as refused:
            opening(user, new_case(somebody(), received_on=today - 4 * DAY, late_entry=code))
        assert refused.value.field == "late_entry"
    for channel in Channel:
        given = new_case(somebody(), received_on=today - 4 * DAY, late_entry=LateEntry.FORWARDED, channel=channel)
        opened = opening(user, given)
        with desk.portal.db.read() as session:
            case = session.get_one(Case, opened.case_id)
            assert (case.received_on, case.channel) == (today - 4 * DAY, channel)
            assert as_facts(rows_of(session, case.id))[0].codes["late_entry"] == "forwarded"


@pytest.mark.parametrize(("zone", "hours"), [("Pacific/Kiritimati", 14), ("Pacific/Pago_Pago", -11)])
def test_today_is_the_controllers_today(desk: Any, zone: str, hours: int) -> None:
    user = dataclasses.replace(desk.user(), time_zone=zone)
    today = (utc_now() + hours * dt.timedelta(hours=1)).date()
    opened = desk.portal.case_intake.open(user, new_case(somebody()))
    with desk.portal.db.read() as session:
        case = session.get_one(Case, opened.case_id)
        assert (case.received_on, case.zone) == (today, zone)
    with pytest.raises(InputError):
        desk.portal.case_intake.open(user, new_case(somebody(), received_on=today + DAY))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"identifiers": ()}, "identifiers"),
        ({"identifiers": ((IdentifierKind.LAST_FOUR, SecretStr("4711")),)}, "identifiers"),
        ({"identifiers": ((IdentifierKind.EMAIL, SecretStr("x" * 321)),)}, "identifiers"),
        ({"rights": frozenset()}, "rights"),
        ({"reference": "two\nlines"}, "reference"),
        ({"reference": "x" * 101}, "reference"),
        ({"profile": "GDPR"}, "regime"),
        ({"calendar": "FR-GES"}, "calendar"),
    ],
)
def test_what_cannot_be_a_case_is_said_at_its_field(desk: Any, given: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as refused:
        desk.portal.case_intake.open(desk.user(), new_case(somebody(), **given))
    assert refused.value.field == field


def test_the_law_of_a_case_may_be_another_than_the_eus(desk: Any) -> None:
    given = new_case(somebody(), profile="UK", calendar="GB-ENG", received_on=utc_now().date())
    opened = desk.portal.case_intake.open(desk.user(), given)
    with desk.portal.db.read() as session:
        case = session.get_one(Case, opened.case_id)
        assert (case.profile, case.calendar) == ("UK", "GB-ENG") and case.target_on < case.last_lawful_on


def test_an_auditor_opens_no_case_and_the_refusal_is_recorded(desk: Any) -> None:
    auditor = desk.user("iris")
    with desk.portal.db.read() as session:
        before = session.scalar(select(func.count()).select_from(Case))
    with pytest.raises(NotPermitted):
        desk.portal.case_intake.open(auditor, new_case(somebody()))
    with desk.portal.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == before
        last = session.scalars(
            select(AuditEntry).where(AuditEntry.actor == auditor.account_id).order_by(AuditEntry.seq.desc())
        ).first()
        assert last is not None and (last.action, last.result, last.facts["act"]) == (
            "access:refused",
            "refused",
            "open",
        )


def test_numbers_follow_one_another_within_a_merchant(desk: Any) -> None:
    with desk.portal.db.read() as session:
        for merchant in {row.merchant_id for row in session.scalars(select(Case))}:
            numbers = session.scalars(select(Case.number).where(Case.merchant_id == merchant).order_by(Case.number))
            assert list(numbers) == list(
                range(1, 1 + len(list(session.scalars(select(Case.id).where(Case.merchant_id == merchant)))))
            )
