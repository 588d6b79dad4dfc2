"""How a request was answered: what may be recorded when, what it comes to, and what is kept of it (LAW-16)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import secrets
import threading
from typing import Any

import pytest
from sqlalchemy import func, select, update

from portal import audit
from portal.cases.facts import FactKind
from portal.cases.standing import Standing
from portal.composition import Portal
from portal.errors import InputError, NotFound, NotPermitted, PortalError, StateConflict
from portal.exports import HistoryFilter, State
from portal.exports.core.answers import CHANNELS, COPIES, NO_FILE, REASONS, Kind
from portal.exports.core.download import DocumentKind, FileKind
from portal.storage.case_tables import Case
from portal.storage.months import months_after
from portal.storage.tables import Answer, AuditEntry, Export, utc_now
from portal.trail.evidence import About

DAY = dt.timedelta(days=1)
TODAY = utc_now().date()
LETTER = "Dear customer, we have decided."


@pytest.fixture
def portal(desk: Any) -> Portal:
    found: Portal = desk.portal
    return found


def received(desk: Any, days_ago: int, **wanted: Any) -> str:
    """A ready export whose request came so many days ago."""
    return str(desk.run(received_on=TODAY - dt.timedelta(days=days_ago), **wanted).id)


def of_somebody(desk: Any, days_ago: int, *, by: Any = None) -> str:
    """The same of a person of whom nobody has asked before, so that it is in a case of its own."""
    person = f"person.{secrets.token_hex(6)}@example.com"
    return str(desk.run(person, by=by, received_on=TODAY - dt.timedelta(days=days_ago)).id)


def entries(desk: Any, export_id: str) -> list[AuditEntry]:
    with desk.portal.db.read() as session:
        of_answers = AuditEntry.action.like("answer:%")
        wanted = select(AuditEntry).where(AuditEntry.object_id == export_id, of_answers).order_by(AuditEntry.seq)
        return list(session.scalars(wanted))


def standing(desk: Any, export_id: str) -> tuple[Standing, dt.date | None, dt.date]:
    view = desk.portal.history.get(desk.user(), export_id)
    return view.answer, view.answered_on, view.due_on


# Until when ----------------------------------------------------------------------------------------


def test_a_request_is_open_and_due_a_month_after_its_receipt(desk: Any, portal: Portal) -> None:
    day = TODAY - 3 * DAY
    record = portal.answers.record_of(desk.user("maya"), received(desk, 3))
    assert (record.standing, record.received_on, record.facts) == (Standing.OPEN, day, ())
    assert record.due_on == record.month_ends_on == months_after(day, 1)
    assert record.extended_at_most == months_after(day, 3)
    assert record.may == (Kind.SENT, Kind.EXTENDED, Kind.REFUSED, Kind.CLOSED)


def test_without_a_day_of_receipt_the_month_runs_from_the_asking(desk: Any, portal: Portal) -> None:
    view = desk.run(f"person.{secrets.token_hex(6)}@example.com")
    assert view.received_on is None
    assert view.due_on == months_after(view.requested_at.date(), 1)


# What is recorded -----------------------------------------------------------------------------------


@pytest.mark.keeps("LAW-16")
@pytest.mark.parametrize("channel", CHANNELS)
def test_the_trail_says_by_what_channel_when_and_which_bytes_were_sent(desk: Any, portal: Portal, channel: str) -> None:
    sam, export_id = desk.user("sam"), received(desk, 3)
    content = desk.original(export_id, by=sam)
    at = (utc_now() - dt.timedelta(hours=5)).replace(microsecond=0)
    portal.answers.record_sent(sam, export_id, channel, at=at)
    (entry,) = entries(desk, export_id)
    assert (entry.action, entry.actor, entry.facts) == (
        "answer:sent",
        sam.account_id,
        {"number": 1, "channel": channel, "at": f"{at:%Y-%m-%dT%H:%M:%SZ}", "copy": "original",
         "sha256": hashlib.sha256(content).hexdigest()},
    )  # fmt: skip
    assert standing(desk, export_id)[:2] == (Standing.SENT, at.date())
    with desk.portal.db.read() as session:
        assert audit.verify_chain(session, sam.merchant_id)[1] is None


@pytest.mark.keeps("LAW-16")
def test_a_copy_that_was_made_for_reading_is_recorded_by_its_own_hash(desk: Any, portal: Portal) -> None:
    sam, view = desk.user("sam"), desk.run()
    with pytest.raises(InputError) as refused:
        portal.answers.record_sent(sam, view.id, "post", copy="csv")
    assert refused.value.field == "copy"
    desk.decide_as_proposed(view.id)
    copy = b"".join(portal.files.open_file(sam, view.id, FileKind.CSV).chunks)
    portal.answers.record_sent(sam, view.id, "post")
    (fact,) = portal.answers.record_of(sam, view.id).facts
    assert (fact.copy, fact.sha256, fact.by) == ("csv", hashlib.sha256(copy).hexdigest(), "Sam Counter")
    assert fact.sha256 != view.sha256


def test_a_copy_that_was_cut_off_counts_as_never_handed_out(desk: Any, portal: Portal) -> None:
    view = desk.run()
    desk.decide_as_proposed(view.id)
    chunks = portal.files.open_file(desk.user("sam"), view.id, FileKind.CSV).chunks
    next(iter(chunks))
    chunks.close()  # type: ignore[attr-defined]
    assert portal.answers.record_of(desk.user("sam"), view.id).handed_out is None


def test_the_original_counts_when_nothing_was_downloaded(desk: Any, portal: Portal) -> None:
    view = desk.run()
    portal.answers.record_sent(desk.user(), view.id, "secure_place")
    assert portal.answers.record_of(desk.user(), view.id).facts[0].sha256 == view.sha256


@pytest.mark.keeps("LAW-16")
def test_the_record_outlives_the_file(desk: Any, portal: Portal) -> None:
    view = desk.run()
    portal.answers.record_sent(desk.user(), view.id, "email")
    portal.retention.destroy(desk.user(), view.id)
    portal.answers.record_acknowledged(desk.user(), view.id)
    record = portal.answers.record_of(desk.user("iris"), view.id)
    assert [(fact.kind, fact.sha256) for fact in record.facts] == [
        (Kind.SENT, view.sha256), (Kind.ACKNOWLEDGED, ""),
    ]  # fmt: skip


def test_a_file_destroyed_before_can_still_be_named(desk: Any, portal: Portal) -> None:
    view = desk.run()
    portal.retention.destroy(desk.user(), view.id)
    portal.answers.record_sent(desk.user(), view.id, "handed_over")
    assert portal.answers.record_of(desk.user(), view.id).facts[0].sha256 == view.sha256


def test_where_no_file_came_only_words_can_have_been_sent(desk: Any, portal: Portal) -> None:
    view = desk.run("refused@example.com")
    assert view.state is State.REJECTED
    with pytest.raises(InputError):
        portal.answers.record_sent(desk.user(), view.id, "email", copy="original")
    portal.answers.record_sent(desk.user(), view.id, "email")
    (fact,) = portal.answers.record_of(desk.user(), view.id).facts
    assert (fact.copy, fact.sha256) == ("none", "")


def test_a_file_that_failed_its_check_cannot_have_been_sent(desk: Any, portal: Portal) -> None:
    view = desk.run("two.people@example.com")
    assert view.state is State.ATTENTION
    with pytest.raises(InputError):
        portal.answers.record_sent(desk.user(), view.id, "email")
    portal.answers.record_sent(desk.user(), view.id, "email", copy="none")


@pytest.mark.parametrize(
    ("act", "field"),
    [
        (lambda e, u, i: e.record_sent(u, i, "pigeon"), "channel"),
        (lambda e, u, i: e.record_sent(u, i, "email", copy="photo"), "copy"),
        (lambda e, u, i: e.record_sent(u, i, "email", at=utc_now() + DAY), "at"),
        (lambda e, u, i: e.record_sent(u, i, "email", at=utc_now() - 5 * DAY), "at"),
        (lambda e, u, i: e.record_refused(u, i, "too much work", LETTER), "reason"),
        (lambda e, u, i: e.record_refused(u, i, "excessive", " "), "letter"),
        (lambda e, u, i: e.record_extended(u, i, "complexity", ""), "letter"),
        (lambda e, u, i: e.record_closed(u, i, "excessive"), "reason"),
        (lambda e, u, i: e.record_extended(u, i, "identity", LETTER), "reason"),
        (lambda e, u, i: e.record_extended(u, i, "complexity", LETTER, until=TODAY + 100 * DAY), "until"),
        (lambda e, u, i: e.record_extended(u, i, "complexity", LETTER, until=TODAY + 20 * DAY), "until"),
    ],
)
def test_what_cannot_be_is_answered_with_its_field_and_records_nothing(
    desk: Any, portal: Portal, act: Any, field: str
) -> None:
    export_id = received(desk, 3)
    with pytest.raises(InputError) as refused:
        act(portal.answers, desk.user("maya"), export_id)
    assert refused.value.field == field
    assert portal.answers.record_of(desk.user(), export_id).facts == () and entries(desk, export_id) == []


# What follows from what -----------------------------------------------------------------------------


@pytest.mark.keeps("LAW-3")
def test_an_extension_moves_the_day_once_and_to_three_months_at_most(desk: Any, portal: Portal) -> None:
    export_id, day = of_somebody(desk, 3), TODAY - 3 * DAY
    until = months_after(day, 2)
    portal.answers.record_extended(desk.user("sam"), export_id, "many_requests", LETTER, until=until)
    assert standing(desk, export_id) == (Standing.OPEN, None, until)
    with pytest.raises(StateConflict):
        portal.answers.record_extended(desk.user("sam"), export_id, "complexity", LETTER)
    other = of_somebody(desk, 4)
    portal.answers.record_extended(desk.user("sam"), other, "complexity", LETTER)
    assert standing(desk, other)[2] == months_after(TODAY - 4 * DAY, 3)


@pytest.mark.keeps("LAW-3")
@pytest.mark.parametrize(("after", "allowed"), [(0, True), (1, False)])
def test_an_extension_is_possible_up_to_the_last_day_of_the_month_and_not_on_the_next(
    desk: Any, portal: Portal, after: int, allowed: bool
) -> None:
    export_id = of_somebody(desk, (TODAY - months_after(TODAY - after * DAY, -1)).days)
    assert desk.portal.history.get(desk.user("sam"), export_id).due_on == TODAY - after * DAY
    assert (Kind.EXTENDED in portal.answers.record_of(desk.user("sam"), export_id).may) is allowed
    if allowed:
        portal.answers.record_extended(desk.user("sam"), export_id, "complexity", LETTER)
    else:
        with pytest.raises(StateConflict) as refused:
            portal.answers.record_extended(desk.user("sam"), export_id, "complexity", LETTER)
        assert refused.value.message == "The month is over, so it can no longer be extended."


def test_a_refusal_answers_and_closing_needs_no_answer(desk: Any, portal: Portal) -> None:
    for reason in REASONS[Kind.REFUSED]:
        export_id = received(desk, 1)
        portal.answers.record_refused(desk.user("maya"), export_id, reason, LETTER)
        assert standing(desk, export_id)[:2] == (Standing.REFUSED, TODAY)
        assert entries(desk, export_id)[0].facts["reason"] == reason
    closed = received(desk, 1)
    portal.answers.record_closed(desk.user("sam"), closed, "no_request")
    assert standing(desk, closed)[0] is Standing.CLOSED
    assert portal.answers.record_of(desk.user(), closed).may == (Kind.TAKEN_BACK,)


def test_an_agent_cannot_refuse_a_request(desk: Any, portal: Portal) -> None:
    sam, export_id = desk.user("sam"), received(desk, 1)
    assert Kind.REFUSED not in portal.answers.record_of(sam, export_id).may
    with pytest.raises(NotPermitted):
        portal.answers.record_refused(sam, export_id, "excessive", LETTER)
    assert standing(desk, export_id)[0] is Standing.OPEN


@pytest.mark.keeps("LAW-16")
def test_the_letter_that_told_of_it_is_kept_sealed_in_the_case(desk: Any, portal: Portal) -> None:
    maya, export_id = desk.user("maya"), of_somebody(desk, 3)
    case_id = portal.history.get(maya, export_id).case_id
    portal.answers.record_extended(maya, export_id, "complexity", LETTER)
    portal.answers.record_refused(maya, export_id, "excessive", LETTER + " So be it.")
    wanted = [hashlib.sha256(words.encode()).hexdigest() for words in (LETTER, LETTER + " So be it.")]
    assert [fact.sha256 for fact in portal.answers.record_of(maya, export_id).facts] == wanted
    assert [entry.facts["sha256"] for entry in entries(desk, export_id)] == wanted
    of_case = portal.case_register.show(maya, case_id).facts
    told = [fact for fact in of_case if fact.kind in (FactKind.EXTENDED, FactKind.REFUSED)]
    assert [(fact.text, fact.codes["sha256"]) for fact in told] == [
        (LETTER, wanted[0]),
        (LETTER + " So be it.", wanted[1]),
    ]


def test_a_refusal_told_after_the_first_period_is_marked_late_in_the_case(desk: Any, portal: Portal) -> None:
    maya = desk.user("maya")
    for days, late in ((70, "yes"), (3, None)):
        export_id = of_somebody(desk, days)
        portal.answers.record_refused(maya, export_id, "excessive", LETTER)
        facts = portal.case_register.show(maya, portal.history.get(maya, export_id).case_id).facts
        assert next(fact for fact in facts if fact.kind is FactKind.REFUSED).codes.get("late") == late


def test_a_law_without_a_limit_takes_the_day_that_is_named(desk: Any, portal: Portal) -> None:
    maya, export_id = desk.user("maya"), of_somebody(desk, 3)
    with portal.db.write() as session:
        session.execute(update(Case).where(Case.id == portal.history.get(maya, export_id).case_id).values(profile="CH"))
    assert portal.answers.record_of(maya, export_id).extended_at_most is None
    with pytest.raises(InputError):
        portal.answers.record_extended(maya, export_id, "complexity", LETTER)
    portal.answers.record_extended(maya, export_id, "complexity", LETTER, until=TODAY + 200 * DAY)
    assert standing(desk, export_id)[2] == TODAY + 200 * DAY


def test_a_mistake_is_taken_back_by_a_further_fact_and_nothing_is_lost(desk: Any, portal: Portal) -> None:
    sam, export_id = desk.user("sam"), received(desk, 3)
    portal.answers.record_extended(sam, export_id, "complexity", LETTER)
    portal.answers.record_sent(sam, export_id, "email")
    portal.answers.take_back_answer(sam, export_id)
    assert standing(desk, export_id) == (Standing.OPEN, None, months_after(TODAY - 3 * DAY, 3))
    portal.answers.take_back_answer(sam, export_id)
    assert standing(desk, export_id) == (Standing.OPEN, None, months_after(TODAY - 3 * DAY, 1))
    with pytest.raises(StateConflict):
        portal.answers.take_back_answer(sam, export_id)
    portal.answers.record_refused(desk.user("maya"), export_id, "excessive", LETTER)
    facts = portal.answers.record_of(sam, export_id).facts
    assert [(f.number, f.kind, f.taken_back) for f in facts] == [
        (1, Kind.EXTENDED, True), (2, Kind.SENT, True), (3, Kind.TAKEN_BACK, False), (4, Kind.TAKEN_BACK, False),
        (5, Kind.REFUSED, False),
    ]  # fmt: skip
    assert [e.facts.get("takes_back") for e in entries(desk, export_id)] == [None, None, 2, 1, None]


def test_sent_again_keeps_the_first_day(desk: Any, portal: Portal) -> None:
    export_id, first = received(desk, 3), utc_now() - 2 * DAY
    portal.answers.record_sent(desk.user(), export_id, "email", at=first)
    portal.answers.record_sent(desk.user(), export_id, "post")
    assert standing(desk, export_id)[:2] == (Standing.SENT, first.date())


def test_the_day_of_an_answer_is_that_of_the_merchants_clock(desk: Any, portal: Portal) -> None:
    there = dataclasses.replace(desk.user(), time_zone="Pacific/Auckland")
    export_id = of_somebody(desk, 9, by=there)
    late = dt.datetime.combine(TODAY - 2 * DAY, dt.time(23, 30), tzinfo=dt.UTC)
    portal.answers.record_sent(there, export_id, "email", at=late)
    assert standing(desk, export_id)[1] == TODAY - DAY


# Asked again ---------------------------------------------------------------------------------------


def test_what_is_asked_again_carries_receipt_due_day_and_answer(desk: Any, portal: Portal) -> None:
    maya, old = desk.user(), received(desk, 3)
    portal.answers.record_extended(maya, old, "complexity", LETTER)
    new = desk.settled(portal.submissions.reorder(maya, old))
    assert new.received_on == TODAY - 3 * DAY and new.request_id == old
    assert (new.answer, new.due_on) == (Standing.OPEN, months_after(TODAY - 3 * DAY, 3))
    assert portal.history.get(maya, old).answer is Standing.LATER
    portal.answers.record_sent(maya, old, "email")  # the older copy was the one that went out
    assert [f.export_id for f in portal.answers.record_of(maya, new.id).facts] == [old, old]
    newest = desk.settled(portal.submissions.reorder(maya, old))
    assert [portal.history.get(maya, e).answer for e in (old, new.id, newest.id)] == [
        Standing.LATER, Standing.LATER, Standing.SENT,
    ]  # fmt: skip
    assert portal.answers.record_of(maya, old).newest_export == newest.id


def test_many_who_record_and_ask_again_at_once_leave_one_export_standing(desk: Any, portal: Portal) -> None:
    maya, old = desk.user(), received(desk, 3)
    answers: list[object] = []

    def act(number: int) -> None:
        try:
            if number % 2:
                portal.answers.record_sent(maya, old, "email")
            else:
                portal.submissions.reorder(maya, old)
            answers.append(None)
        except PortalError as error:
            answers.append(error)

    threads = [threading.Thread(target=act, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [None] * 8
    with desk.portal.db.read() as session:
        of_request = Export.request_id == old
        left = select(Export).where(of_request, Export.answer != Standing.LATER)
        assert [row.answer for row in session.scalars(left)] == [Standing.SENT]
        assert session.scalar(select(func.count()).select_from(Export).where(of_request)) == 5
        numbers = session.scalars(select(Answer.number).where(Answer.request_id == old).order_by(Answer.number))
        assert list(numbers) == [1, 2, 3, 4]
        ids = list(session.scalars(select(Export.id).where(of_request)))
    for export_id in ids:
        desk.settled(export_id)


# Who, and what is told -----------------------------------------------------------------------------


def test_an_auditor_reads_and_records_nothing(desk: Any, portal: Portal) -> None:
    export_id = received(desk, 3)
    for act in (
        lambda: portal.answers.record_sent(desk.user("iris"), export_id, "email"),
        lambda: portal.answers.take_back_answer(desk.user("iris"), export_id),
    ):
        with pytest.raises(NotPermitted):
            act()
    with pytest.raises(NotFound):
        portal.answers.record_sent(desk.user("maya", "two"), export_id, "email")
    assert portal.answers.record_of(desk.user("iris"), export_id).facts == ()


def test_a_record_that_cannot_be_audited_is_not_made(
    desk: Any, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_id = received(desk, 3)

    def broken(*_args: object, **_facts: object) -> None:
        raise audit.AuditUnavailable(detail="test")

    monkeypatch.setattr(audit, "record", broken)
    with pytest.raises(audit.AuditUnavailable):
        portal.answers.record_sent(desk.user(), export_id, "email")
    assert standing(desk, export_id)[0] is Standing.OPEN
    assert portal.answers.record_of(desk.user(), export_id).facts == ()


def test_timeline_evidence_and_the_persons_own_account_tell_it(desk: Any, portal: Portal) -> None:
    export_id = received(desk, 3, email="fay@example.com")
    portal.answers.record_sent(desk.user("sam"), export_id, "post")
    assert "answer:sent" in [row.action for row in portal.history.timeline(desk.user("sam"), export_id)]
    evidence = b"".join(
        portal.evidence.document(desk.user("iris"), About(export_id=export_id), DocumentKind.JSON).chunks
    ).decode()
    assert '"answer": "sent"' in evidence and '"channel": "post"' in evidence
    own = b"".join(portal.person_records.about_person(desk.user(), export_id, kind=DocumentKind.JSON).chunks).decode()
    assert "Answer sent" in own and f'"answered_on": "{TODAY}"' in own


# Found again ---------------------------------------------------------------------------------------


def test_past_exports_are_found_by_how_they_were_answered(desk: Any, portal: Portal) -> None:
    theirs = desk.user("maya", "two")
    ids = {}
    for name, days in (("fresh", 0), ("soon", 25), ("late", 40), ("later", 50), ("sent", 40), ("refused", 3)):
        ids[name] = of_somebody(desk, days, by=theirs)
    portal.answers.record_sent(theirs, ids["sent"], "email")
    portal.answers.record_refused(theirs, ids["refused"], "unfounded", LETTER)

    def found(size: int = 50, **wanted: Any) -> list[str]:
        names, after = [], None
        while True:
            page = portal.history.find(theirs, HistoryFilter(**wanted), after=after, size=size)
            names += [name for row in page.rows for name, export_id in ids.items() if export_id == row.id]
            after = page.after
            if after is None:
                return names

    for size in (1, 2, 50):
        assert found(size, answer="open") == ["later", "late", "soon", "fresh"]
        assert found(size, answer="overdue") == ["later", "late"]
        assert found(size, answer="due") == ["soon"]
        assert found(size, answer="answered") == ["refused", "sent"]
    assert found(answer="overdue", sort="expires") == ["later", "late"]
    assert found(answer="open", format="csv") == []
    counted = {a: portal.history.count(theirs, HistoryFilter(answer=a)) for a in ("open", "due", "overdue", "answered")}
    assert counted == {"open": 4, "due": 1, "overdue": 2, "answered": 2}
    register = b"".join(portal.register.register_csv(theirs, HistoryFilter(answer="answered")).chunks).decode(
        "utf-8-sig"
    )
    assert register.splitlines()[0].endswith('"Request","Received","Due","Answer","Answered"')
    assert f'"sent","{TODAY}"' in register and '"refused"' in register


def test_every_kind_of_file_is_a_copy_that_can_be_recorded_and_has_words() -> None:
    from portal.ui.preview.answer_words import COPY_WORDS

    assert set(COPIES) == {*FileKind, NO_FILE}
    assert set(COPY_WORDS) == set(COPIES)
