"""Recording in a case: gates at the last second, sealed words, what may follow what, all of it in the trail."""

from __future__ import annotations

import dataclasses
import datetime as dt
import secrets
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from portal.cases.clock.regimes import PauseKind
from portal.cases.facts import (
    Channel,
    ClosingReason,
    ExtensionReason,
    FactKind,
    IdentityMethod,
    IdentityResult,
    NotNeeded,
    RefusalReason,
    Right,
)
from portal.cases.services.intake import IdentifierKind, NewCase
from portal.cases.services.views import CaseFilter
from portal.errors import InputError, NotFound, NotPermitted, StateConflict
from portal.storage.case_tables import Case, CaseFact
from portal.storage.tables import AuditEntry, Export

LETTER = "Your request has come.\n\nKind regards,\nShop one"
CAME = dt.date(2026, 3, 5)  # the month ends on 5 April, a Sunday: the last lawful day is Monday
UTC = dt.UTC


def person() -> str:
    return f"person.{secrets.token_hex(6)}@example.com"


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Stop the services' clock at a moment, in UTC."""

    def stop(*moment: int) -> None:
        now = dt.datetime(*moment, tzinfo=UTC)  # type: ignore[misc, arg-type]
        for room in ("file", "intake", "ledger"):
            monkeypatch.setattr(f"portal.cases.services.{room}.utc_now", lambda: now)

    return stop


@pytest.fixture
def case_id(desk: Any, at: Callable[..., None]) -> str:
    """A case of the EU, received on 5 March 2026, at a merchant that counts in UTC."""
    at(2026, 3, 5, 10)
    return opened(desk, person())


def opened(desk: Any, email: str, *, who: str = "sam", merchant: str = "one", **given: Any) -> str:
    new = NewCase(((IdentifierKind.EMAIL, SecretStr(email)),), frozenset({Right.ACCESS}), Channel.EMAIL, **given)
    found: str = desk.portal.case_intake.open(in_utc(desk, who, merchant), new).case_id
    return found


def in_utc(desk: Any, who: str = "sam", merchant: str = "one") -> Any:
    return dataclasses.replace(desk.user(who, merchant), time_zone="UTC")


def row(desk: Any, case_id: str) -> Case:
    with desk.portal.db.read() as session:
        found = session.get_one(Case, case_id)
        session.expunge(found)
        return found


def acts(desk: Any, case_id: str) -> list[str]:
    with desk.portal.db.read() as session:
        entries = select(AuditEntry.action).where(AuditEntry.object_id == case_id).order_by(AuditEntry.seq)
        return list(session.scalars(entries))


@pytest.mark.parametrize(
    ("who", "last"),
    [("sam", (2026, 4, 5, 23, 59, 59)), ("maya", (2026, 4, 6, 23, 59, 59))],
)
@pytest.mark.keeps("LAW-3")
def test_more_time_is_told_to_the_last_second_of_the_day_and_not_one_later(
    desk: Any, case_id: str, at: Callable[..., None], who: str, last: tuple[int, ...]
) -> None:
    """CLK-3: by the target, a manager to the last lawful day."""
    after = dt.datetime(*last, tzinfo=UTC) + dt.timedelta(seconds=1)  # type: ignore[misc, arg-type]
    at(*after.timetuple()[:6])
    with pytest.raises(StateConflict):
        desk.portal.case_file.extend(in_utc(desk, who), case_id, ExtensionReason.COMPLEXITY, LETTER)
    at(*last)
    desk.portal.case_file.extend(in_utc(desk, who), case_id, ExtensionReason.COMPLEXITY, LETTER)
    assert (row(desk, case_id).extended_to, row(desk, case_id).due_on) == (dt.date(2026, 6, 5), dt.date(2026, 6, 5))
    with pytest.raises(StateConflict):
        desk.portal.case_file.extend(in_utc(desk, "maya"), case_id, ExtensionReason.COMPLEXITY, LETTER)
    assert acts(desk, case_id).count("case:extend") == 1


@pytest.mark.parametrize("until", [dt.date(2026, 4, 5), dt.date(2026, 6, 6)])
def test_more_time_ends_within_what_the_law_allows_and_needs_its_letter(
    desk: Any, case_id: str, until: dt.date
) -> None:
    for letter, day, field in ((LETTER, until, "until"), (" \n", None, "letter")):
        with pytest.raises(InputError) as refused:
            desk.portal.case_file.extend(in_utc(desk), case_id, ExtensionReason.MANY_REQUESTS, letter, until=day)
        assert refused.value.field == field
    assert row(desk, case_id).extended_to is None


@pytest.mark.parametrize(("moment", "late"), [((2026, 4, 6, 23, 59, 59), None), ((2026, 4, 7, 0, 0, 0), "yes")])
def test_a_refusal_after_the_first_period_is_marked_late_even_with_more_time(
    desk: Any, case_id: str, at: Callable[..., None], moment: tuple[int, ...], late: str | None
) -> None:
    """CLK-4."""
    desk.portal.case_file.extend(in_utc(desk), case_id, ExtensionReason.COMPLEXITY, LETTER)
    at(*moment)
    with pytest.raises(NotPermitted):
        desk.portal.case_file.refuse(in_utc(desk), case_id, RefusalReason.UNFOUNDED, LETTER)
    with pytest.raises(InputError):
        desk.portal.case_file.refuse(in_utc(desk, "maya"), case_id, RefusalReason.UNFOUNDED, "")
    desk.portal.case_file.refuse(in_utc(desk, "maya"), case_id, RefusalReason.UNFOUNDED, LETTER)
    view = desk.portal.case_register.show(in_utc(desk), case_id)
    assert (view.row.state, view.facts[-1].codes.get("late")) == ("refused", late)
    assert view.clock.outcome is not None and view.clock.outcome.late is bool(late)


@pytest.mark.keeps("LAW-18")
def test_a_note_is_sealed_and_an_auditor_sees_that_it_is_there(desk: Any, case_id: str) -> None:
    words = "Canary: she rang twice about her mother's card"
    desk.portal.case_file.note(in_utc(desk), case_id, f"  {words} ")
    assert desk.portal.case_register.show(in_utc(desk), case_id).facts[-1].text == words
    hidden = desk.portal.case_register.show(in_utc(desk, "iris"), case_id)
    assert (hidden.facts[-1].kind, hidden.facts[-1].text, hidden.may) == (FactKind.NOTE, "", frozenset())
    with desk.portal.db.read() as session:
        kept = session.execute(select(CaseFact.__table__).where(CaseFact.__table__.c.case_id == case_id)).all()
        entries = session.scalars(select(AuditEntry.facts).where(AuditEntry.object_id == case_id)).all()
    assert "Canary" not in repr(kept) and "Canary" not in repr(entries)
    for text in (" ", "x" * 4001):
        with pytest.raises(InputError):
            desk.portal.case_file.note(in_utc(desk), case_id, text)


ACTS = {
    "case:acknowledge": lambda file, user, case_id, letter: file.acknowledge(user, case_id, letter),
    "case:extend": lambda file, user, case_id, letter: file.extend(user, case_id, ExtensionReason.COMPLEXITY, letter),
    "case:refuse": lambda file, user, case_id, letter: file.refuse(user, case_id, RefusalReason.EXCESSIVE, letter),
    "case:not_identified": lambda file, user, case_id, letter: file.close_not_identified(user, case_id, letter),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_letters_words_are_sealed_and_their_hash_is_the_services_own(desk: Any, case_id: str, act: str) -> None:
    letter = "Canary: your request has come.\n  As it was typed ü \n"
    ACTS[act](desk.portal.case_file, in_utc(desk, "maya"), case_id, letter)
    taken = sha256(letter.encode()).hexdigest()
    fact = desk.portal.case_register.show(in_utc(desk), case_id).facts[-1]
    assert (fact.text, fact.codes["sha256"]) == (letter, taken)
    assert desk.portal.case_register.show(in_utc(desk, "iris"), case_id).facts[-1].text == ""
    with desk.portal.db.read() as session:
        kept = session.execute(select(CaseFact.__table__).where(CaseFact.__table__.c.case_id == case_id)).all()
        entries = session.execute(
            select(AuditEntry.action, AuditEntry.facts).where(AuditEntry.object_id == case_id)
        ).tuples()
        told = [facts["sha256"] for action, facts in entries if action == act]
    assert told == [taken] and "Canary" not in repr(kept)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("letter", ["", " \n\t", "x" * 20_001, "half a pair \ud83d"])
def test_what_is_no_letter_records_nothing(desk: Any, case_id: str, act: str, letter: str) -> None:
    with pytest.raises(InputError) as refused:
        ACTS[act](desk.portal.case_file, in_utc(desk, "maya"), case_id, letter)
    assert refused.value.field == "letter" and acts(desk, case_id) == ["case:open"]


def test_an_acknowledgement_moves_neither_state_nor_day(desk: Any, case_id: str) -> None:
    before = row(desk, case_id)
    desk.portal.case_file.acknowledge(in_utc(desk), case_id, "x" * 20_000)
    after = row(desk, case_id)
    assert (after.state, after.due_on, after.target_on) == (before.state, before.due_on, before.target_on)
    with pytest.raises(NotPermitted):
        desk.portal.case_file.acknowledge(in_utc(desk, "iris"), case_id, LETTER)


def test_a_case_is_given_to_a_colleague_of_the_merchant_and_handed_back(desk: Any, case_id: str) -> None:
    file, sam = desk.portal.case_file, in_utc(desk)
    file.assign(sam, case_id, desk.user("maya").account_id)
    assert row(desk, case_id).assignee == desk.user("maya").account_id
    assert desk.portal.case_register.show(sam, case_id).row.assignee
    file.hand_over(sam, case_id, sam.account_id)
    mine = desk.portal.case_register.list(sam, CaseFilter(mine=True))
    assert case_id in {one.id for one in mine.rows}
    file.hand_over(sam, case_id)
    assert row(desk, case_id).assignee is None
    with pytest.raises(NotFound):
        file.assign(sam, case_id, desk.user("sam", "two").account_id)
    with pytest.raises(InputError):
        file.assign(sam, case_id, desk.user("iris").account_id)  # auditors record nothing


@pytest.mark.keeps("LAW-5")
def test_how_the_person_was_recognised_is_recorded_without_values(desk: Any, case_id: str) -> None:
    file, sam = desk.portal.case_file, in_utc(desk)
    for method, because in (
        (IdentityMethod.QUESTIONS, None),  # compared by the portal alone
        (IdentityMethod.NOT_NEEDED, None),
        (IdentityMethod.IN_PERSON, NotNeeded.SIGNED_IN),
    ):
        with pytest.raises(InputError):
            file.record_identity(sam, case_id, method, IdentityResult.PROVED, because=because)
    file.record_identity(sam, case_id, IdentityMethod.IN_PERSON, IdentityResult.FAILED)
    assert row(desk, case_id).state == "identifying"
    file.record_identity(sam, case_id, IdentityMethod.CALLBACK, IdentityResult.PROVED)
    shown = desk.portal.case_register.show(sam, case_id)
    assert shown.row.state == "collecting"
    assert shown.facts[-1].codes == {"method": "callback", "result": "proved"}


def test_who_could_not_be_identified_is_told_and_a_proof_opens_the_case_again(desk: Any, case_id: str) -> None:
    file, maya = desk.portal.case_file, in_utc(desk, "maya")
    with pytest.raises(NotPermitted):
        file.close_not_identified(in_utc(desk), case_id, LETTER)
    file.close_not_identified(maya, case_id, LETTER)
    assert row(desk, case_id).state == "closed_not_identified" and row(desk, case_id).closed_at is not None
    file.record_identity(maya, case_id, IdentityMethod.ACCOUNT, IdentityResult.PROVED)
    assert (row(desk, case_id).state, row(desk, case_id).closed_at) == ("collecting", None)


@pytest.mark.keeps("LAW-4")
def test_a_pause_is_a_pair_and_the_case_waits_between(desk: Any, at: Callable[..., None]) -> None:
    """UK: the days from the question to the answer do not count (art. 12A)."""
    at(2026, 3, 5, 10)
    case_id = opened(desk, person(), profile="UK", calendar="GB-ENG")
    file, sam, before = desk.portal.case_file, in_utc(desk), row(desk, case_id).target_on
    with pytest.raises(StateConflict):
        file.resume(sam, case_id, PauseKind.CLARIFICATION)
    at(2026, 3, 8, 10)
    file.pause(sam, case_id, PauseKind.CLARIFICATION)
    assert (row(desk, case_id).state, row(desk, case_id).target_on) == ("waiting_person", before)
    with pytest.raises(StateConflict):
        file.pause(sam, case_id, PauseKind.CLARIFICATION)
    at(2026, 3, 12, 10)
    file.resume(sam, case_id, PauseKind.CLARIFICATION)
    assert (row(desk, case_id).state, row(desk, case_id).target_on) == ("received", before + dt.timedelta(days=4))
    file.pause(sam, case_id, PauseKind.IDENTITY)
    with pytest.raises(InputError):
        file.resume(sam, case_id, PauseKind.IDENTITY)


def test_a_case_is_closed_with_a_reason_that_fits_and_nothing_of_it_goes(desk: Any, case_id: str) -> None:
    """CASE-5."""
    file, sam = desk.portal.case_file, in_utc(desk)
    for reason in (ClosingReason.DONE, ClosingReason.BEFORE_RECORDS):
        with pytest.raises(InputError):
            file.close(sam, case_id, reason)
    file.close(sam, case_id, ClosingReason.TAKEN_BACK)
    assert row(desk, case_id).state == "withdrawn"
    with pytest.raises(InputError):
        file.close(sam, case_id, ClosingReason.ELSEWHERE)
    file.close(sam, case_id, ClosingReason.DONE)
    assert (row(desk, case_id).state, row(desk, case_id).closed_as) == ("closed", "withdrawn")
    assert [fact.kind for fact in desk.portal.case_register.show(sam, case_id).facts] == [
        "received", "withdrawn", "closed",
    ]  # fmt: skip
    with pytest.raises(StateConflict):
        file.pause(sam, case_id, PauseKind.FEE)


def test_a_mistake_is_taken_back_and_stays_in_sight(desk: Any, case_id: str) -> None:
    file, sam = desk.portal.case_file, in_utc(desk)
    file.extend(sam, case_id, ExtensionReason.COMPLEXITY, LETTER)
    file.take_back(sam, case_id, 2)
    assert row(desk, case_id).extended_to is None and row(desk, case_id).due_on == dt.date(2026, 4, 5)
    facts = desk.portal.case_register.show(sam, case_id).facts
    assert [(fact.kind.value, fact.holds) for fact in facts] == [
        ("received", True), ("extended", False), ("taken_back", False),
    ]  # fmt: skip
    for number in (1, 2, 3, 9):  # the receipt, what is taken back already, the taking back, none
        with pytest.raises(StateConflict):
            file.take_back(sam, case_id, number)


def test_what_an_agent_takes_back_moves_no_day_later(desk: Any, case_id: str) -> None:
    """CLK-9: a second message that came earlier is a mistake only when a manager says so."""
    file, email = desk.portal.case_file, person()
    later = opened(desk, email, received_on=CAME)
    opened(desk, email, received_on=CAME - dt.timedelta(days=3))
    assert row(desk, later).target_on == dt.date(2026, 4, 2)
    with pytest.raises(NotPermitted):
        file.take_back(in_utc(desk), later, 2)
    assert row(desk, later).target_on == dt.date(2026, 4, 2)
    file.take_back(in_utc(desk, "maya"), later, 2)
    assert row(desk, later).target_on == dt.date(2026, 4, 5)


def test_what_was_recorded_at_an_export_is_taken_back_there(desk: Any) -> None:
    user = desk.user()
    export_id = desk.ask(person())
    desk.portal.answers.record_closed(user, export_id, "elsewhere")
    with desk.portal.db.read() as session:
        case_id = session.get_one(Export, export_id).case_id
    with pytest.raises(StateConflict):
        desk.portal.case_file.take_back(user, case_id, 3)


def test_who_asked_before_is_told_with_the_count_and_the_last_answer(desk: Any, at: Callable[..., None]) -> None:
    """CASE-6: the same person and demand within twelve months."""
    email, sam = person(), in_utc(desk)
    for year, month in ((2025, 1), (2025, 9), (2025, 12)):
        at(year, month, 10, 10)
        desk.portal.case_file.close(sam, opened(desk, email), ClosingReason.ELSEWHERE)
    at(2026, 3, 5, 10)
    new = opened(desk, email)
    asked = desk.portal.asked_before.since(sam, new)
    assert (asked.count, asked.last_answered_on) == (2, None)
    assert desk.portal.asked_before.since(sam, opened(desk, person())).count == 0


def test_the_list_is_masked_soonest_due_first_and_turns_by_key(desk: Any, at: Callable[..., None]) -> None:
    at(2026, 3, 5, 10)
    email, sam = person(), in_utc(desk)
    made = opened(desk, email, reference="T-LIST")
    seen, after = [], None
    while True:
        page = desk.portal.case_register.list(sam, after=after, size=2)
        seen += page.rows
        after = page.after
        if after is None:
            break
    assert [(one.due_on, one.id) for one in seen] == sorted({(one.due_on, one.id) for one in seen})
    row = next(one for one in seen if one.id == made)
    assert (row.person, row.rights, row.reference, row.state) == ("p•••@example.com", ("access",), "T-LIST", "received")
    assert row.name.startswith("2026-") and email not in repr(seen)
    found = desk.portal.case_register.list(sam, CaseFilter(text=email.upper()))
    assert [one.id for one in found.rows] == [made]
    assert desk.portal.case_register.list(in_utc(desk, "sam", "two"), CaseFilter(text=email)).rows == ()
    assert made not in {one.id for one in desk.portal.case_register.list(sam, CaseFilter(ended=True)).rows}


def test_another_merchants_case_is_not_there(desk: Any, case_id: str) -> None:
    stranger = in_utc(desk, "maya", "two")
    for act in (
        lambda: desk.portal.case_register.show(stranger, case_id),
        lambda: desk.portal.case_file.note(stranger, case_id, "mine now"),
        lambda: desk.portal.case_file.close(stranger, case_id, ClosingReason.ELSEWHERE),
    ):
        with pytest.raises(NotFound):
            act()
    with desk.portal.db.read() as session:
        entries = session.execute(
            select(AuditEntry.merchant_id, AuditEntry.action).where(AuditEntry.object_id == case_id)
        ).tuples()
        assert sorted(entries) == sorted(
            [(desk.user().merchant_id, "case:open"), *[(stranger.merchant_id, "gate:foreign_object")] * 3]
        )
