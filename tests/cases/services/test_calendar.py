"""The secret address of a calendar: what it gives, to whom, and when it ends."""

from __future__ import annotations

import dataclasses
import datetime as dt
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from portal.cases.facts import Channel, ClosingReason, Right
from portal.cases.ical import as_text, calendar_file
from portal.cases.services.calendar import MOST_EVENTS
from portal.cases.services.intake import IdentifierKind, NewCase
from portal.errors import NotFound, StateConflict
from portal.identity import PERMISSIONS, Permission, Role
from portal.identity.lookup import digest
from portal.storage.case_tables import CalendarAddress, Case
from portal.storage.tables import Account, AuditEntry, utc_now


@pytest.fixture
def guest(desk: Any) -> Iterator[Callable[..., Any]]:
    """A new account at a merchant, as the services know it."""

    def make(role: str = "agent", merchant: str = "one") -> Any:
        email = f"guest.{secrets.token_hex(4)}@example.com"
        desk.portal.accounts.add_account(
            merchant_id=desk.user("maya", merchant).merchant_id, email=email, name="Guest", role=role,
            password="violet-tractor-pond-91", actor="cli", origin="cli",
        )  # fmt: skip
        return desk.portal.accounts.user_for_account(email, origin="cli")

    yield make


def opened(desk: Any, who: str = "sam", merchant: str = "one") -> Case:
    person = (IdentifierKind.EMAIL, SecretStr(f"canary.{secrets.token_hex(6)}@example.com"))
    new = NewCase((person,), frozenset({Right.ACCESS}), Channel.EMAIL, reference="CANARY-REF", name=SecretStr("Canary"))
    case_id = desk.portal.case_intake.open(desk.user(who, merchant), new).case_id
    with desk.portal.db.read() as session:
        case: Case = session.get_one(Case, case_id)
        session.expunge(case)
        return case


def read(desk: Any, token: str) -> str:
    content: bytes = desk.portal.case_calendar.by_token(token)
    return content.decode().replace("\r\n ", "")


def gone(desk: Any, token: str) -> tuple[str, str, str]:
    with pytest.raises(NotFound) as refused:
        desk.portal.case_calendar.by_token(token)
    return refused.value.message, refused.value.next_step, refused.value.detail


def test_open_cases_are_days_in_it_and_no_person(desk: Any, guest: Callable[..., Any]) -> None:
    case, ended = opened(desk), opened(desk)
    desk.portal.case_file.close(desk.user("sam"), ended.id, ClosingReason.NO_REQUEST)
    token = desk.portal.case_calendar.new_address(guest("auditor"))
    said = read(desk, token)
    assert said.startswith("BEGIN:VCALENDAR\r\n") and said.endswith("END:VCALENDAR\r\n")
    after = f"{case.due_on + dt.timedelta(days=1):%Y%m%d}"
    assert f"DTSTART;VALUE=DATE:{case.due_on:%Y%m%d}\r\nDTEND;VALUE=DATE:{after}\r\n" in said
    assert f"SUMMARY:Case {case.year}-{case.number:04} is due\r\nDESCRIPTION:" in said
    assert f"last lawful day {case.last_lawful_on}\\; received\r\n" in said
    assert case.id in said and ended.id not in said
    assert "canary" not in said.lower() and "@example.com" not in said


def test_a_secret_is_kept_as_its_hash_and_never_told_again(desk: Any, guest: Callable[..., Any]) -> None:
    user, calendar = guest(), desk.portal.case_calendar
    assert calendar.standing(user) is None
    token = calendar.new_address(user)
    assert len(token) == 43 and token not in repr(calendar.standing(user))
    with desk.portal.db.read() as session:
        row = session.scalars(select(CalendarAddress).where(CalendarAddress.account_id == user.account_id)).one()
        entries = session.scalars(select(AuditEntry).where(AuditEntry.object_id == row.id)).all()
    assert row.token_sha256 == digest(token)
    assert [(entry.action, entry.actor) for entry in entries] == [("calendar:address", user.account_id)]
    assert token not in repr(entries[0].facts)


def test_use_is_noted_at_most_hourly(desk: Any, guest: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    user, calendar = guest(), desk.portal.case_calendar
    token, start = calendar.new_address(user), utc_now()
    for minutes, noted in ((1, 1), (59, 1), (62, 62)):
        now = start + dt.timedelta(minutes=minutes)
        monkeypatch.setattr("portal.cases.services.calendar.utc_now", lambda now=now: now)
        read(desk, token)
        assert calendar.standing(user).last_used_at == start + dt.timedelta(minutes=noted)


def test_a_new_address_ends_the_former_one_and_revoking_ends_it(desk: Any, guest: Callable[..., Any]) -> None:
    user, other, calendar = guest(), guest(), desk.portal.case_calendar
    former, others = calendar.new_address(user), calendar.new_address(other)
    token = calendar.new_address(user)
    never = gone(desk, secrets.token_urlsafe(32))
    assert gone(desk, former) == never and read(desk, token)
    calendar.revoke(user)
    assert gone(desk, token) == never and calendar.standing(user) is None
    assert read(desk, others)
    with pytest.raises(StateConflict):
        calendar.revoke(user)
    for wrong in ("", former[:-1], digest(others), "é" * 43, "\x00"):
        assert gone(desk, wrong) == never


def test_a_disabled_account_has_none_and_gets_none_back(desk: Any, guest: Callable[..., Any]) -> None:
    user = guest()
    token = desk.portal.case_calendar.new_address(user)
    desk.portal.accounts.disable_account(desk.user("maya"), user.account_id)
    assert gone(desk, token)
    desk.portal.accounts.enable_account(desk.user("maya"), user.account_id)
    assert gone(desk, token)


def test_a_disabled_row_alone_is_refused_too(desk: Any, guest: Callable[..., Any]) -> None:
    user = guest()
    token = desk.portal.case_calendar.new_address(user)
    with desk.portal.db.write() as session:
        session.execute(update(Account).where(Account.id == user.account_id).values(disabled_at=utc_now()))
    assert gone(desk, token)


def test_a_role_that_may_not_list_cases_reads_nothing(
    desk: Any, guest: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    user = guest()
    token = desk.portal.case_calendar.new_address(user)
    monkeypatch.setitem(PERMISSIONS, Role.AUDITOR, PERMISSIONS[Role.AUDITOR] - {Permission.CASE_LIST})
    assert read(desk, token)
    desk.portal.accounts.set_role(desk.user("maya"), user.account_id, "auditor")
    assert gone(desk, token)


@pytest.mark.keeps("SEC-41")
def test_one_merchants_secret_never_shows_anothers_cases(desk: Any, guest: Callable[..., Any]) -> None:
    ours, theirs = opened(desk), opened(desk, merchant="two")
    user, stranger = guest(), guest(merchant="two")
    said = read(desk, desk.portal.case_calendar.new_address(user))
    token = desk.portal.case_calendar.new_address(stranger)
    assert ours.id in said and theirs.id not in said
    assert theirs.id in read(desk, token) and ours.id not in read(desk, token)
    posing = dataclasses.replace(stranger, account_id=user.account_id)  # a row that no service writes
    mixed = desk.portal.case_calendar.new_address(posing)
    assert gone(desk, mixed)


def test_the_calendar_is_bounded_and_its_words_are_marked(desk: Any) -> None:
    assert MOST_EVENTS <= 1_000
    assert as_text("a,b;c\\d\ne") == "a\\,b\\;c\\\\d\\ne"
    folded = calendar_file("x", [["SUMMARY:" + "y" * 200]]).decode()
    assert max(map(len, folded.split("\r\n"))) == 75 and "y" * 200 in folded.replace("\r\n ", "")
