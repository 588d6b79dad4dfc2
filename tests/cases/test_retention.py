"""What was written in an ended case is destroyed when the merchant's period is over; nobody else's (LAW-17)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from portal.cases.facts import Channel, ClosingReason, IdentityMethod, IdentityResult, Right
from portal.cases.retention import destroy_after
from portal.cases.services.intake import IdentifierKind, NewCase
from portal.cases.services.ledger import FORGOTTEN
from portal.comparison.retention import cases_due, forget_case
from portal.errors import InputErrors, NotPermitted, StateConflict, StepUpNeeded
from portal.exports.core.download import DocumentKind
from portal.operations import reindexing
from portal.storage.answering.retention_tables import CaseRetentionRules
from portal.storage.answering.source_tables import CaseMatch, CaseSource
from portal.storage.case_tables import Case, CaseFact, CaseIdentifier
from portal.storage.months import months_after
from portal.storage.tables import AuditEntry, Export, ExportAsked, ExportResponse, utc_now
from tests.exports.conftest import desk as desk

pytestmark = pytest.mark.keeps("LAW-17")

WHY = "Claims about an answer can be raised for two years."


@pytest.fixture(autouse=True)
def as_it_was(desk: Any) -> Iterator[None]:
    yield
    with desk.portal.db.write() as session:
        for row in session.scalars(select(CaseRetentionRules)):
            session.delete(row)


def opened(desk: Any, merchant: str = "one", **given: Any) -> str:
    person = SecretStr(f"person.{secrets.token_hex(6)}@example.com")
    new = NewCase(
        ((IdentifierKind.EMAIL, person),), frozenset({Right.ACCESS}), channel=Channel.EMAIL,
        name=SecretStr("Canary Person"), **given,
    )  # fmt: skip
    found: str = desk.portal.case_intake.open(desk.user("sam", merchant), new).case_id
    return found


def ended(desk: Any, merchant: str = "one", **given: Any) -> str:
    case_id = opened(desk, merchant, **given)
    sam = desk.user("sam", merchant)
    desk.portal.case_file.note(sam, case_id, "canary note")
    desk.portal.case_file.close(sam, case_id, ClosingReason.ELSEWHERE)
    return case_id


def row(desk: Any, case_id: str) -> Case:
    with desk.portal.db.read() as session:
        found = session.get_one(Case, case_id)
        session.expunge(found)
        return found


def day_of(desk: Any, case_id: str) -> dt.date | None:
    until = row(desk, case_id).destroy_facts_after
    return until.date() if until else None


def in_months(months: int) -> dt.date:
    return months_after(utc_now().date(), months)


def save(desk: Any, months: int, merchant: str = "one") -> int:
    found: int = desk.portal.case_retention.save(desk.user("maya", merchant), months=months, reason=WHY)
    return found


def words(desk: Any, case_id: str) -> list[str]:
    return [fact.text for fact in desk.portal.case_register.show(desk.user("sam"), case_id).facts if fact.text]


def past_its_time(desk: Any, *case_ids: str) -> None:
    with desk.portal.db.write() as session:
        for case_id in case_ids:
            session.get_one(Case, case_id).destroy_facts_after = utc_now() - dt.timedelta(seconds=1)


def acts(desk: Any, object_id: str, action: str) -> list[dict[str, Any]]:
    with desk.portal.db.read() as session:
        found = select(AuditEntry.facts).where(AuditEntry.object_id == object_id, AuditEntry.action == action)
        return list(session.scalars(found.order_by(AuditEntry.seq)))


def test_a_case_that_ends_has_its_day_and_an_open_one_none(desk: Any) -> None:
    assert day_of(desk, opened(desk)) is None
    case_id = ended(desk)
    assert day_of(desk, case_id) == in_months(24)
    assert desk.portal.case_register.show(desk.user("iris"), case_id).kept_until is not None


def test_a_case_that_opens_again_has_no_day(desk: Any) -> None:
    case_id = opened(desk)
    desk.portal.case_file.close_not_identified(desk.user("maya"), case_id, "We could not tell who you are.")
    assert day_of(desk, case_id) == in_months(24)
    desk.portal.case_file.record_identity(desk.user("sam"), case_id, IdentityMethod.IN_PERSON, IdentityResult.PROVED)
    assert day_of(desk, case_id) is None


def test_another_period_dates_ended_cases_anew(desk: Any) -> None:
    before, still_open = ended(desk), opened(desk)
    assert save(desk, 36) >= 1
    assert day_of(desk, before) == in_months(36) and day_of(desk, still_open) is None
    assert day_of(desk, ended(desk)) == in_months(36)
    entry = acts(desk, desk.user().merchant_id, "case:retention")[-1]
    assert (entry["was"], entry["now"]) == (24, 36) and WHY not in str(entry)
    shown = desk.portal.case_retention.show(desk.user("iris"))
    assert (shown.months, shown.reason) == (36, WHY) and shown.updated_by
    assert save(desk, 36) == 0


def test_a_californian_case_is_kept_two_years_whatever_was_set(desk: Any) -> None:
    save(desk, 6)
    assert day_of(desk, ended(desk)) == in_months(6)
    assert day_of(desk, ended(desk, profile="US-CA")) == in_months(24)
    ends = dt.datetime(2027, 8, 31, 23, 59, tzinfo=dt.UTC)
    assert destroy_after(ends, "EU", 6) == dt.datetime(2028, 2, 29, 23, 59, tzinfo=dt.UTC)
    assert destroy_after(None, "EU", 6) is None


@pytest.mark.parametrize(("field", "months", "reason"), [
    ("months", 5, WHY), ("months", 121, WHY), ("reason", 24, " \n"), ("reason", 24, "x" * 401),
])  # fmt: skip
def test_a_period_without_reason_or_sense_is_refused(desk: Any, field: str, months: int, reason: str) -> None:
    with pytest.raises(InputErrors) as refused:
        desk.portal.case_retention.save(desk.user(), months=months, reason=reason)
    assert [problem.field for problem in refused.value.problems] == [field]
    assert desk.portal.case_retention.show(desk.user()).months == 24


def test_only_a_manager_with_a_fresh_proof_sets_it(desk: Any) -> None:
    for who in ("sam", "iris"):
        with pytest.raises(NotPermitted):
            desk.portal.case_retention.save(desk.user(who), months=12, reason=WHY)
    stale = dataclasses.replace(desk.user(), origin="198.51.100.7", proof_at=None)
    with pytest.raises(StepUpNeeded):
        desk.portal.case_retention.save(stale, months=12, reason=WHY)


def test_what_was_written_is_destroyed_and_the_facts_stay(desk: Any) -> None:
    case_id, later = ended(desk), ended(desk)
    before = desk.portal.case_register.show(desk.user("sam"), case_id)
    assert words(desk, case_id) == ["canary note"]
    past_its_time(desk, case_id)
    desk.portal.fingerprints.forget_due()  # the desk's worker may be first
    after = desk.portal.case_register.show(desk.user("sam"), case_id)
    assert words(desk, case_id) == [] and words(desk, later) == ["canary note"]
    assert [(fact.kind, fact.at, fact.codes) for fact in after.facts] == [
        (fact.kind, fact.at, fact.codes) for fact in before.facts
    ]
    assert after.row == dataclasses.replace(before.row, person="•••") and after.closed_as == before.closed_as
    assert row(desk, case_id).sealed_name is None and row(desk, case_id).facts_destroyed_at is not None
    assert acts(desk, case_id, "case:facts_destroy") == [{"texts": 2, "identifiers": 1, "reason": "retention"}]
    assert desk.portal.fingerprints.forget_due() == 0
    assert len(acts(desk, case_id, "case:facts_destroy")) == 1


def sealed_of(desk: Any, case_id: str) -> list[str]:
    """The columns in which something of the case's person is still sealed."""
    of_exports = select(Export.id).where(Export.case_id == case_id)
    places: dict[Any, Any] = {
        Case.sealed_name: Case.id == case_id,
        CaseFact.sealed_text: CaseFact.case_id == case_id,
        CaseIdentifier.sealed_value: CaseIdentifier.case_id == case_id,
        CaseSource.sealed_member: CaseSource.case_id == case_id,
        CaseMatch.sealed_item: CaseMatch.case_id == case_id,
        ExportAsked.sealed_subject: ExportAsked.export_id.in_(of_exports),
        ExportAsked.sealed_card_id: ExportAsked.export_id.in_(of_exports),
        ExportResponse.sealed_refusal: ExportResponse.export_id.in_(of_exports),
        ExportResponse.sealed_download_url: ExportResponse.export_id.in_(of_exports),
    }
    with desk.portal.db.read() as session:
        return [
            str(column) for column, which in places.items()
            if session.scalars(select(column).where(which, column.is_not(None))).first() is not None
        ]  # fmt: skip


def answered(desk: Any, email: str) -> Any:
    """An export of a case that is answered and past its time. Gives its view."""
    view = desk.run(email)
    desk.portal.answers.record_sent(desk.user(), view.id, "email")
    past_its_time(desk, view.case_id)
    return view


def test_what_the_person_is_known_by_goes_too_and_asking_again_is_still_told(desk: Any) -> None:
    view = answered(desk, "many.cards@example.com")
    assert {"CaseIdentifier.sealed_value", "ExportAsked.sealed_subject"} <= set(sealed_of(desk, view.case_id))
    desk.portal.fingerprints.forget_due()
    assert sealed_of(desk, view.case_id) == []
    shown = desk.portal.case_register.show(desk.user("sam"), view.case_id)
    assert shown.row.person == "•••" and desk.portal.case_register.reveal(desk.user("sam"), view.case_id) == ()
    assert desk.portal.history.get(desk.user("sam"), view.id).customer == "•••"
    known = ((IdentifierKind.EMAIL, SecretStr("Many.Cards@example.com")),)
    before = desk.portal.asked_before.before_opening(desk.user("sam"), known, frozenset({Right.ACCESS}))
    assert [one.id for one in before.earlier] == [view.case_id]
    told = desk.portal.person_records.about_person(
        desk.user(), person="many.cards@example.com", kind=DocumentKind.JSON
    )  # fmt: skip
    (case,) = [one for one in json.loads(b"".join(told.chunks))["cases"] if one["request"] == shown.row.name]
    assert (case["kept_encrypted"], case["kept_as_keyed_code"]) == ("", "your email address")


def test_nothing_is_asked_again_and_no_case_opens_again_once_the_person_is_destroyed(desk: Any) -> None:
    view = answered(desk, "flat.list@example.com")
    refused = opened(desk)
    desk.portal.case_file.close_not_identified(desk.user("maya"), refused, "We could not tell who you are.")
    past_its_time(desk, refused)
    desk.portal.fingerprints.forget_due()
    posts = desk.shop.counts()["export_posts"]
    for act in (
        lambda: desk.portal.submissions.reorder(desk.user("sam"), view.id),
        lambda: desk.portal.submissions.request_of(desk.user("sam"), view.id),
        lambda: desk.portal.case_file.record_identity(
            desk.user("sam"), refused, IdentityMethod.IN_PERSON, IdentityResult.PROVED
        ),
    ):  # fmt: skip
        with pytest.raises(StateConflict) as destroyed:
            act()
        assert destroyed.value.message == FORGOTTEN
    assert desk.shop.counts()["export_posts"] == posts
    assert row(desk, refused).state == "closed_not_identified"


def test_changed_index_keys_wait_for_nobody_who_is_destroyed(desk: Any) -> None:
    view = answered(desk, "stacked@example.com")
    desk.portal.fingerprints.forget_due()
    db, sealer = desk.portal.db, desk.portal.sealer
    reindexing.add_index_keys(db, sealer)
    reindexing.use_newest_index_keys(db, sealer)
    assert not reindexing.unfinished(db, sealer)
    assert reindexing.drop_index_keys(db, sealer) >= 1 and reindexing.rows_under_lost_keys(db, sealer) == 0
    known = ((IdentifierKind.EMAIL, SecretStr("stacked@example.com")),)
    before = desk.portal.asked_before.before_opening(desk.user("sam"), known, frozenset({Right.ACCESS}))
    assert view.case_id not in [one.id for one in before.earlier], "its index ends with its key"


def test_a_case_opened_again_in_the_last_moment_keeps_its_words(desk: Any) -> None:
    case_id = ended(desk)
    now = utc_now()
    with desk.portal.db.write() as session:
        case = session.get_one(Case, case_id)
        case.destroy_facts_after = now + dt.timedelta(days=1)
        assert (case.merchant_id, case_id) not in cases_due(session, now, 10_000)
        assert forget_case(session, case.merchant_id, case_id, now) == 0
    assert words(desk, case_id) == ["canary note"]


def test_a_longer_period_brings_nothing_back(desk: Any) -> None:
    case_id = ended(desk)
    past_its_time(desk, case_id)
    desk.portal.fingerprints.forget_due()
    destroyed = day_of(desk, case_id)
    save(desk, 60)
    assert day_of(desk, case_id) == destroyed and words(desk, case_id) == []


def test_what_one_merchant_sets_destroys_nothing_of_another(desk: Any) -> None:
    """Hostile: the shortest period, with words that name the neighbour's case."""
    theirs, mine = ended(desk, "two"), ended(desk)
    before = row(desk, theirs)
    desk.portal.case_retention.save(desk.user(), months=6, reason=f"case {theirs} of merchant {before.merchant_id}")
    assert day_of(desk, mine) == in_months(6)
    assert row(desk, theirs).destroy_facts_after == before.destroy_facts_after
    past_its_time(desk, mine)
    desk.portal.fingerprints.forget_due()
    with desk.portal.db.read() as session:
        kept = select(CaseFact).where(CaseFact.case_id == theirs, CaseFact.sealed_text.is_not(None))
        assert len(session.scalars(kept).all()) == 1 and session.get_one(Case, theirs).sealed_name is not None
    shown = desk.portal.case_retention.show(desk.user("maya", "two"))
    assert (shown.months, shown.reason, shown.updated_at) == (24, "", None)
