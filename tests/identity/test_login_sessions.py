from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from sqlalchemy import select

from portal.identity import Role
from portal.identity.lookup import digest
from portal.identity.sessions import TOUCH_SECONDS, end_account_sessions
from portal.storage.engine import Database
from portal.storage.tables import Account, Base, LoginSession
from tests.identity.services import Services

pytestmark = pytest.mark.keeps("SEC-33", "SEC-34", "SEC-35")

HERE = "203.0.113.5"
NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


@pytest.fixture
def cookie(identity: Services, people) -> str:
    return identity.sessions.start_session(
        people.ids["agent@one"], method="password", address=HERE, second_factor=False
    )


def test_a_cookie_stands_for_its_person_and_merchant(identity: Services, people, cookie: str) -> None:
    user = identity.sessions.check_cookie(cookie, touch=True).user
    assert user is not None
    assert (user.account_id, user.merchant_id, user.role) == (
        people.ids["agent@one"],
        people.merchants["one"],
        Role.AGENT,
    )
    assert user.origin == HERE
    assert identity.sessions.resolve_hash(user.session_hash) == user


def test_the_cookie_value_is_random_and_stored_as_a_hash(
    identity: Services, people, cookie: str, database: Database
) -> None:
    other = identity.sessions.start_session(
        people.ids["agent@one"], method="password", address=HERE, second_factor=False
    )
    assert len(cookie) == 43
    assert cookie != other
    with database.read() as db:
        everything = [repr(row) for table in Base.metadata.sorted_tables for row in db.execute(select(table)).all()]
    assert not any(cookie in row for row in everything)
    assert any(digest(cookie) in row for row in everything)


@pytest.mark.parametrize("guess", ["", "x", "A" * 43, "\ud800", "' OR 1=1 --"])
def test_a_made_up_cookie_stands_for_nobody(identity: Services, people, cookie: str, guess: str) -> None:
    assert identity.sessions.check_cookie(guess, touch=True).user is None


def test_the_hash_from_the_table_is_no_cookie(identity: Services, cookie: str) -> None:
    assert identity.sessions.check_cookie(digest(cookie), touch=True).user is None


def test_an_idle_session_ends_and_says_why(identity: Services, people) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        cookie = identity.sessions.start_session(
            people.ids["agent@one"], method="password", address=HERE, second_factor=False
        )
        clock.shift(14 * 60)
        assert identity.sessions.check_cookie(cookie, touch=True).user is not None
        clock.shift(14 * 60)
        assert identity.sessions.check_cookie(cookie, touch=False).user is not None, (
            "the act before must have put the end off"
        )
        clock.shift(60)
        assert identity.sessions.check_session(digest(cookie), touch=True).ended == "idle"


def test_looking_without_an_act_does_not_keep_a_session_alive(identity: Services, people) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        cookie = identity.sessions.start_session(
            people.ids["agent@one"], method="password", address=HERE, second_factor=False
        )
        for _ in range(15):
            clock.shift(60)
            state = identity.sessions.check_session(digest(cookie), touch=False)
        assert state.ended == "idle"


def test_acts_do_not_carry_a_session_past_its_absolute_end(identity: Services, people) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        cookie = identity.sessions.start_session(
            people.ids["agent@one"], method="password", address=HERE, second_factor=False
        )
        for _ in range(47):
            clock.shift(600)
            assert identity.sessions.check_cookie(cookie, touch=True).user is not None
        clock.shift(600)
        assert identity.sessions.check_session(digest(cookie), touch=True).ended == "expired"


def test_an_ended_session_stays_ended_when_the_clock_goes_back(identity: Services, people) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        cookie = identity.sessions.start_session(
            people.ids["agent@one"], method="password", address=HERE, second_factor=False
        )
        clock.shift(3600)
        assert identity.sessions.check_cookie(cookie, touch=True).user is None
        clock.move_to(NOON)
        assert identity.sessions.check_cookie(cookie, touch=True).user is None


def test_touching_is_finer_than_any_sensible_idle_limit(identity: Services) -> None:
    assert identity.settings.idle_minutes * 60 > 10 * TOUCH_SECONDS


def test_signing_out_ends_one_session_and_leaves_the_other(identity: Services, people, cookie: str, trail) -> None:
    other = identity.sessions.start_session(
        people.ids["agent@one"], method="password", address=HERE, second_factor=False
    )
    identity.sessions.end_session(digest(cookie))
    identity.sessions.end_session(digest(cookie))
    assert identity.sessions.check_session(digest(cookie), touch=False).ended == "signed_out"
    assert identity.sessions.check_cookie(other, touch=False).user is not None
    assert [e.facts["reason"] for e in trail("session:end")] == ["signed_out"]


def test_signing_in_again_ends_the_session_the_browser_had(identity: Services, people, cookie: str) -> None:
    fresh = identity.sessions.start_session(
        people.ids["manager@one"], method="password", address=HERE, second_factor=False, replacing=cookie
    )
    assert identity.sessions.check_session(digest(cookie), touch=False).ended == "replaced"
    user = identity.sessions.check_cookie(fresh, touch=False).user
    assert user is not None
    assert user.role is Role.MANAGER


def test_a_role_changed_behind_the_session_holds_at_once(
    identity: Services, people, cookie: str, database: Database
) -> None:
    with database.write() as db:
        db.get_one(Account, people.ids["agent@one"]).role = "auditor"
    user = identity.sessions.check_cookie(cookie, touch=False).user
    assert user is not None
    assert user.role is Role.AUDITOR


def test_every_session_of_an_account_ends_together(identity: Services, people, cookie: str) -> None:
    others = [
        identity.sessions.start_session(people.ids["agent@one"], method="password", address=HERE, second_factor=False)
        for _ in range(3)
    ]
    stranger = identity.sessions.start_session(
        people.ids["agent@two"], method="password", address=HERE, second_factor=False
    )
    agent = people.ids["agent@one"]
    with identity.db.write() as db:
        assert end_account_sessions(db, agent, "disabled", actor=agent, origin=HERE) == 4
    assert not any(identity.sessions.check_cookie(value, touch=False).user for value in (cookie, *others))
    assert identity.sessions.check_cookie(stranger, touch=False).user is not None


def test_a_vendor_token_is_sealed_and_deleted_with_its_session(identity: Services, people, database: Database) -> None:
    cookie = identity.sessions.start_session(
        people.ids["agent@one"],
        method="loyaltydog",
        address=HERE,
        second_factor=True,
        vendor_token="canary-vendor-token",
    )
    user = identity.sessions.check_cookie(cookie, touch=False).user
    assert user is not None
    assert identity.sessions.vendor_token(user) == "canary-vendor-token"
    with database.read() as db:
        assert b"canary" not in bytes(db.get_one(LoginSession, user.session_hash).sealed_vendor_token or b"")
    identity.sessions.end_session(user.session_hash, "vendor_refused")
    assert identity.sessions.vendor_token(user) is None
    assert identity.sessions.check_session(digest(cookie), touch=False).ended == "vendor_refused"
    with database.read() as db:
        assert db.get_one(LoginSession, user.session_hash).sealed_vendor_token is None


def test_seconds_left_count_down_to_whichever_end_is_nearer(identity: Services, people) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        cookie = identity.sessions.start_session(
            people.ids["agent@one"], method="password", address=HERE, second_factor=False
        )
        user = identity.sessions.check_cookie(cookie, touch=False).user
        assert user is not None
        assert identity.sessions.idle_seconds_left(user) == 900
        clock.shift(600)
        assert identity.sessions.idle_seconds_left(user) == 300
        clock.shift(3600)
        assert identity.sessions.idle_seconds_left(user) == 0


def test_ended_idle_expired_and_disabled_sessions_are_not_live(identity: Services, people) -> None:
    def come_in(who: str) -> str:
        value = identity.sessions.start_session(people.ids[who], method="password", address=HERE, second_factor=False)
        return digest(value)

    with time_machine.travel(NOON, tick=False) as clock:
        idle = come_in("agent@one")
        clock.shift(10 * 60)
        ended, disabled, good = come_in("auditor@one"), come_in("agent@two"), come_in("manager@one")
        identity.sessions.end_session(ended)
        with identity.db.write() as db:
            db.get_one(Account, people.ids["agent@two"]).disabled_at = NOON
        asked = [idle, ended, disabled, good, "never heard of", *(f"{n:064x}" for n in range(1_200))]
        assert set(identity.sessions.live_sessions(asked)) == {idle, good}
        clock.shift(6 * 60)
        assert set(identity.sessions.live_sessions(asked)) == {good}
        clock.shift(9 * 3600)
        assert identity.sessions.live_sessions(asked) == {}
