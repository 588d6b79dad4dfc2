"""What a merchant sets for the clock counts for its new cases, and dates its open ones anew; nobody else's (CLK-9)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from portal.cases.facts import Channel, ClosingReason, LateEntry, Right
from portal.cases.services.intake import IdentifierKind, NewCase
from portal.cases.services.merchant_rules import DayKind
from portal.errors import InputError, InputErrors, NotPermitted, StateConflict, StepUpNeeded
from portal.storage.case_tables import Case, CaseFact
from portal.storage.clock_tables import ClockDay
from portal.storage.tables import AuditEntry, Export

pytestmark = pytest.mark.keeps("LAW-2")

TODAY = dt.date(2026, 11, 30)
CAME = dt.date(2026, 11, 25)
MONTH_END = dt.date(2026, 12, 25)  # a Friday: Christmas in every calendar but the empty one
DAY = dt.timedelta(days=1)
EU: dict[str, Any] = {"profile": "EU", "calendar": "", "house_limit_days": None, "post_days": None}


@pytest.fixture(autouse=True)
def as_it_was(desk: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A fixed day, and the module's merchants without settings of their own after each test."""
    now = dt.datetime(2026, 11, 30, 10, tzinfo=dt.UTC)
    for room in ("intake", "clock_settings"):
        monkeypatch.setattr(f"portal.cases.services.{room}.utc_now", lambda: now)
    yield
    for merchant in ("one", "two"):
        maya = desk.user("maya", merchant)
        for own in desk.portal.clock_settings.show(maya).days:
            desk.portal.clock_settings.withdraw_day(maya, own.day)
        desk.portal.clock_settings.save(maya, **EU)


def opened(desk: Any, merchant: str = "one", **given: Any) -> str:
    person = SecretStr(f"person.{secrets.token_hex(6)}@example.com")
    values = {"received_on": CAME, "late_entry": LateEntry.POST, "channel": Channel.EMAIL, **given}
    new = NewCase(((IdentifierKind.EMAIL, person),), frozenset({Right.ACCESS}), **values)
    found: str = desk.portal.case_intake.open(desk.user("sam", merchant), new).case_id
    return found


def row(desk: Any, case_id: str) -> Case:
    with desk.portal.db.read() as session:
        found = session.get_one(Case, case_id)
        session.expunge(found)
        return found


def last_lawful(desk: Any, case_id: str) -> dt.date:
    return row(desk, case_id).last_lawful_on


def entries(desk: Any, object_id: str, action: str) -> list[dict[str, Any]]:
    with desk.portal.db.read() as session:
        found = select(AuditEntry.facts).where(AuditEntry.object_id == object_id, AuditEntry.action == action)
        return list(session.scalars(found.order_by(AuditEntry.seq)))


def save(desk: Any, merchant: str = "one", **changed: Any) -> int:
    found: int = desk.portal.clock_settings.save(desk.user("maya", merchant), **{**EU, **changed})
    return found


def test_new_cases_take_the_merchants_rules_unless_others_are_named(desk: Any) -> None:
    save(desk, profile="EU", calendar="DE")
    by_hand, by_export = row(desk, opened(desk)), desk.ask(f"{secrets.token_hex(6)}@example.com")
    assert (by_hand.profile, by_hand.calendar) == ("EU", "DE") and by_hand.last_lawful_on == dt.date(2026, 12, 28)
    with desk.portal.db.read() as session:
        case = session.get_one(Case, session.get_one(Export, by_export).case_id)
        assert (case.profile, case.calendar) == ("EU", "DE")
    save(desk, house_limit_days=1)
    with desk.portal.db.read() as session:
        export = session.get_one(Export, by_export)
        case = session.get_one(Case, export.case_id)
        assert export.due_on == export.month_ends_on == case.due_on == case.received_on + DAY
    save(desk, profile="EU", calendar="DE")
    named = row(desk, opened(desk, profile="UK", calendar="GB-SCT"))
    assert (named.profile, named.calendar) == ("UK", "GB-SCT")
    assert (
        row(desk, opened(desk, profile="EU")).calendar == "" and row(desk, opened(desk, calendar="FR")).profile == "EU"
    )
    with pytest.raises(InputError):
        opened(desk, calendar="GB-SCT")


def test_without_settings_a_case_is_the_eus_without_a_calendar(desk: Any) -> None:
    shown = desk.portal.clock_settings.show(desk.user("iris"))
    assert (shown.profile, shown.calendar, shown.house_limit_days, shown.post_days, shown.days) == (
        "EU",
        "",
        None,
        3,
        (),
    )
    case = row(desk, opened(desk))
    assert (case.profile, case.calendar, case.last_lawful_on) == ("EU", "", MONTH_END)


def test_a_change_redates_open_cases_under_the_former_law_and_leaves_entries(desk: Any) -> None:
    follows, stays, ended = opened(desk), opened(desk, profile="EU", calendar="FR"), opened(desk)
    desk.portal.case_file.close(desk.user("sam"), ended, ClosingReason.ELSEWHERE)
    before = row(desk, ended)
    assert save(desk, profile="EU", calendar="DE") >= 1
    case = row(desk, follows)
    assert (case.calendar, case.target_on, case.last_lawful_on) == ("DE", MONTH_END, dt.date(2026, 12, 28))
    assert entries(desk, follows, "case:redate") == [
        {"was": {"last_lawful_on": "2026-12-25"}, "now": {"last_lawful_on": "2026-12-28"}}
    ]
    assert row(desk, stays).calendar == "FR" and entries(desk, stays, "case:redate") == []
    after = row(desk, ended)
    assert (after.calendar, after.last_lawful_on) == (before.calendar, before.last_lawful_on) == ("", MONTH_END)
    said = entries(desk, desk.user().merchant_id, "clock:rules")[-1]
    assert said == {"was": {"calendar": ""}, "now": {"calendar": "DE"}}


def test_saving_the_same_again_changes_nothing(desk: Any) -> None:
    save(desk, calendar="DE")
    case_id = opened(desk)
    before = len(entries(desk, desk.user().merchant_id, "clock:rules"))
    assert save(desk, calendar="DE") == 0
    assert len(entries(desk, desk.user().merchant_id, "clock:rules")) == before
    assert entries(desk, case_id, "case:redate") == []


def test_a_limit_of_the_house_moves_the_target_and_leaves_the_law_alone(desk: Any) -> None:
    case_id, other_law = opened(desk), opened(desk, profile="US-CA")
    assert save(desk, house_limit_days=20) >= 2
    case = row(desk, case_id)
    assert (case.target_on, case.due_on, case.last_lawful_on) == (
        dt.date(2026, 12, 15),
        dt.date(2026, 12, 15),
        MONTH_END,
    )
    assert row(desk, other_law).target_on == dt.date(2026, 12, 15)
    assert row(desk, opened(desk)).target_on == dt.date(2026, 12, 15)
    shown = desk.portal.case_register.show(desk.user("sam"), case_id)
    assert shown.clock.target_on == dt.date(2026, 12, 15)


def test_an_added_day_moves_the_last_day_and_withdrawing_it_moves_it_back(desk: Any) -> None:
    maya, case_id = desk.user(), opened(desk)
    assert desk.portal.clock_settings.add_day(maya, MONTH_END) >= 1
    assert last_lawful(desk, case_id) == dt.date(2026, 12, 28)
    assert row(desk, case_id).target_on == MONTH_END
    assert last_lawful(desk, opened(desk)) == dt.date(2026, 12, 28)
    (own,) = desk.portal.clock_settings.show(desk.user("iris")).days
    assert (own.day, own.kind, bool(own.by)) == (MONTH_END, DayKind.ADDED, True)
    assert desk.portal.clock_settings.withdraw_day(maya, MONTH_END) >= 1
    assert last_lawful(desk, case_id) == MONTH_END and desk.portal.clock_settings.show(maya).days == ()
    with desk.portal.db.read() as session:
        kept = session.scalars(select(ClockDay).where(ClockDay.merchant_id == maya.merchant_id)).all()
        assert kept and all(day.withdrawn_by == maya.account_id and day.withdrawn_at for day in kept)
    assert len(entries(desk, case_id, "case:redate")) == 2


def test_a_struck_holiday_is_a_working_day(desk: Any) -> None:
    save(desk, calendar="DE")
    case_id = opened(desk)
    assert last_lawful(desk, case_id) == dt.date(2026, 12, 28)
    desk.portal.clock_settings.strike_day(desk.user(), MONTH_END)
    assert last_lawful(desk, case_id) == MONTH_END
    assert entries(desk, desk.user().merchant_id, "clock:day_strike")[-1] == {"day": "2026-12-25"}


def test_a_day_that_cannot_be_added_or_struck_is_refused(desk: Any) -> None:
    settings, maya = desk.portal.clock_settings, desk.user()
    for day in (dt.date(2026, 12, 26), dt.date(2020, 1, 1), dt.date(2200, 1, 1)):  # a Saturday, too old, too far
        with pytest.raises(InputError) as refused:
            settings.add_day(maya, day)
        assert refused.value.field == "day"
    for day in (MONTH_END, dt.date(2200, 12, 25)):  # no calendar is set
        with pytest.raises(InputError):
            settings.strike_day(maya, day)
    settings.add_day(maya, TODAY)
    with pytest.raises(InputError):
        settings.add_day(maya, TODAY)
    with pytest.raises(StateConflict):
        settings.withdraw_day(maya, TODAY + DAY)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("regime", {"profile": "MARS"}),
        ("calendar", {"calendar": "FR-GES"}),
        ("calendar", {"profile": "UK", "calendar": "DE"}),
        ("house_limit_days", {"house_limit_days": 0}),
        ("house_limit_days", {"house_limit_days": 91}),
        ("post_days", {"post_days": 15}),
    ],
)
def test_wrong_settings_are_refused_by_field(desk: Any, field: str, wrong: dict[str, Any]) -> None:
    case_id = opened(desk)
    with pytest.raises(InputErrors) as refused:
        save(desk, **wrong)
    assert [problem.field for problem in refused.value.problems] == [field]
    assert last_lawful(desk, case_id) == MONTH_END


def test_only_a_manager_with_a_fresh_proof_changes_them(desk: Any) -> None:
    for who in ("sam", "iris"):
        with pytest.raises(NotPermitted):
            desk.portal.clock_settings.save(desk.user(who), **EU)
        with pytest.raises(NotPermitted):
            desk.portal.clock_settings.add_day(desk.user(who), TODAY)
    stale = dataclasses.replace(desk.user(), origin="198.51.100.7", proof_at=None)
    with pytest.raises(StepUpNeeded):
        desk.portal.clock_settings.withdraw_day(stale, TODAY)


def test_what_one_merchant_sets_moves_no_day_of_another(desk: Any) -> None:
    """Hostile: everything a manager can set, against the same case of a neighbour."""
    theirs = opened(desk, "two")
    before = row(desk, theirs)
    save(desk, profile="BR", calendar="BR", house_limit_days=1, post_days=14)
    desk.portal.clock_settings.add_day(desk.user(), MONTH_END)
    desk.portal.clock_settings.strike_day(desk.user(), dt.date(2027, 1, 1))
    after, fresh = row(desk, theirs), row(desk, opened(desk, "two"))
    for found in (after, fresh):
        for name in ("profile", "calendar", "zone", "received_on", "target_on", "last_lawful_on", "due_on"):
            assert getattr(found, name) == getattr(before, name), name
    assert entries(desk, theirs, "case:redate") == []
    shown = desk.portal.clock_settings.show(desk.user("maya", "two"))
    assert (shown.profile, shown.calendar, shown.house_limit_days, shown.days) == ("EU", "", None, ())
    with pytest.raises(StateConflict):
        desk.portal.clock_settings.withdraw_day(desk.user("maya", "two"), MONTH_END)


def test_a_case_recorded_in_after_a_change_keeps_the_merchants_rules(desk: Any) -> None:
    case_id = opened(desk)
    desk.portal.clock_settings.add_day(desk.user(), MONTH_END)
    desk.portal.case_file.note(desk.user("sam"), case_id, "seen")
    assert last_lawful(desk, case_id) == dt.date(2026, 12, 28)


def test_the_trail_holds_after_many_changes(desk: Any) -> None:
    opened(desk)
    save(desk, calendar="DE")
    save(desk, calendar="AT")
    assert desk.portal.trail.verify_trail(desk.user("iris")).holds


def test_a_new_time_zone_redates_open_cases_of_the_former_one(desk: Any) -> None:
    maya, case_id, elsewhere = desk.user(), opened(desk), opened(desk)
    now = desk.portal.connection.merchant_settings(maya)
    with desk.portal.db.write() as session:  # received at an instant: half past eleven in the evening, in UTC
        evening = dt.datetime(2026, 11, 25, 23, 30, tzinfo=dt.UTC)
        session.execute(update(CaseFact).where(CaseFact.case_id == case_id).values(at=evening, told_on=None))
        session.execute(update(Case).where(Case.id == case_id).values(zone=now.time_zone or "UTC"))
        session.execute(update(Case).where(Case.id == elsewhere).values(zone="Asia/Tokyo"))

    def in_zone(name: str) -> None:
        desk.portal.connection.save_settings(
            maya, api_url=now.api_url, tokens={}, download_hosts="\n".join(now.download_hosts),
            retention_days=now.retention_days, time_zone=name, requests_per_minute=now.requests_per_minute,
        )  # fmt: skip

    try:
        in_zone("America/New_York")
        case = row(desk, case_id)
        assert (case.zone, case.received_on, case.target_on) == ("America/New_York", CAME, MONTH_END)
        in_zone("Asia/Tokyo")
        case = row(desk, case_id)
        assert (case.zone, case.received_on, case.target_on) == ("Asia/Tokyo", CAME + DAY, MONTH_END + DAY)
        assert entries(desk, case_id, "case:redate")[-1]["was"]["received_on"] == CAME.isoformat()
        assert row(desk, elsewhere).zone == "Asia/Tokyo"
    finally:
        in_zone(now.time_zone)


def test_a_request_by_post_is_due_the_days_for_the_post_earlier(desk: Any) -> None:
    by_post, by_email = opened(desk, channel=Channel.POST), opened(desk)
    usual = row(desk, by_email).target_on
    assert row(desk, by_post).target_on == usual - 3 * DAY
    save(desk, post_days=10)
    assert (row(desk, by_post).target_on, row(desk, by_email).target_on) == (usual - 10 * DAY, usual)
    assert row(desk, by_post).last_lawful_on == row(desk, by_email).last_lawful_on
