from __future__ import annotations

import pytest
from sqlalchemy import func, select

from portal.audit import verify_chain
from portal.errors import InputError, NotFound, NotPermitted, StateConflict, StepUpNeeded
from portal.identity import Role, SignInRefused
from portal.storage.engine import Database
from portal.storage.tables import Account
from tests.identity.services import Services

pytestmark = pytest.mark.keeps("SEC-34")

PASSWORD, NEW_PASSWORD = "violet-tractor-pond-91", "harbour-mustard-kite-38"
HERE = "203.0.113.5"


def session_of(identity: Services, people, who: str, shop: str = "one") -> str:
    return identity.sessions.start_session(
        people.ids[f"{who}@{shop}"], method="password", address=HERE, second_factor=False
    )


def test_making_a_merchant_twice_gives_the_same_one(identity: Services) -> None:
    first = identity.accounts.create_merchant(" Corner Shop ")
    assert identity.accounts.create_merchant("Corner Shop") == first


def test_a_practice_merchant_asks_for_no_second_factor(identity: Services) -> None:
    merchant = identity.accounts.create_merchant("Practice", practice=True)
    identity.accounts.add_account(
        merchant_id=merchant,
        email="pat@practice.example",
        name="Pat",
        role="manager",
        password=NEW_PASSWORD,
        actor="system",
        origin="cli",
    )
    assert (
        identity.password_sign_in.check_password("pat@practice.example", NEW_PASSWORD, address=HERE).second_factor
        == "none"
    )


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("email", "not an email"),
        ("email", "agent@one.example"),
        ("role", "owner"),
        ("password", "short"),
        ("password", None),
        ("method", "carrier-pigeon"),
        ("name", "n" * 201),
    ],
)
def test_each_wrong_field_of_a_new_account_is_named(identity: Services, people, field: str, wrong: str | None) -> None:
    given = {"email": "new@one.example", "name": "New", "role": "agent", "password": NEW_PASSWORD, "method": "password"}
    with pytest.raises(InputError) as problem:
        identity.accounts.invite(people.user("manager"), **{**given, field: wrong})
    assert problem.value.field == field


def test_an_invited_person_can_sign_in(identity: Services, people) -> None:
    made = identity.accounts.invite(
        people.user("manager"), email="New.Person@One.example", name="New", role=Role.AUDITOR, password=NEW_PASSWORD
    )
    account = identity.password_sign_in.check_password("new.person@one.example", NEW_PASSWORD, address=HERE)
    assert (account.id, account.role, account.merchant_id) == (made, Role.AUDITOR, people.merchants["one"])


def test_disabling_ends_every_tab_and_bars_the_door(identity: Services, people) -> None:
    tabs = [session_of(identity, people, "agent") for _ in range(2)]
    identity.accounts.disable_account(people.user("manager"), people.ids["agent@one"])
    assert not any(identity.sessions.check_cookie(tab, touch=False).user for tab in tabs)
    with pytest.raises(SignInRefused):
        identity.password_sign_in.check_password("agent@one.example", PASSWORD, address=HERE)
    identity.accounts.enable_account(people.user("manager"), people.ids["agent@one"])
    assert identity.password_sign_in.check_password("agent@one.example", PASSWORD, address=HERE)
    assert not any(identity.sessions.check_cookie(tab, touch=False).user for tab in tabs), (
        "old sessions must not come back to life"
    )


def test_a_new_role_or_password_ends_the_sessions_it_makes_stale(identity: Services, people) -> None:
    before = session_of(identity, people, "agent")
    identity.accounts.set_role(people.user("manager"), people.ids["agent@one"], "auditor")
    assert identity.sessions.check_cookie(before, touch=False).user is None
    between = session_of(identity, people, "agent")
    identity.accounts.set_password(people.user("manager"), people.ids["agent@one"], NEW_PASSWORD)
    assert identity.sessions.check_cookie(between, touch=False).user is None
    assert (
        identity.password_sign_in.check_password("agent@one.example", NEW_PASSWORD, address=HERE).role is Role.AUDITOR
    )
    with pytest.raises(SignInRefused):
        identity.password_sign_in.check_password("agent@one.example", PASSWORD, address=HERE)


@pytest.mark.keeps("ASVS-6.2.2", "ASVS-6.2.3", "ASVS-7.5.1")
def test_anyone_may_set_their_own_password_after_proving_who_they_are(identity: Services, people) -> None:
    with pytest.raises(StepUpNeeded):
        identity.accounts.set_password(people.user("agent", fresh=False), people.ids["agent@one"], NEW_PASSWORD)
    identity.accounts.set_password(people.user("agent"), people.ids["agent@one"], NEW_PASSWORD)
    with pytest.raises(NotPermitted):
        identity.accounts.set_password(people.user("agent"), people.ids["auditor@one"], NEW_PASSWORD)


@pytest.mark.keeps("ASVS-6.4.3")
def test_a_new_password_leaves_the_second_factor_as_it_was(identity: Services, database: Database, people) -> None:
    agent = people.ids["agent@one"]
    with database.write() as db:
        db.get_one(Account, agent).sealed_totp = b"sealed"
        db.get_one(Account, agent).recovery_hashes = ["a"]
    identity.accounts.set_password(people.user("manager"), agent, NEW_PASSWORD)
    with database.read() as db:
        account = db.get_one(Account, agent)
        assert (account.sealed_totp, account.recovery_hashes) == (b"sealed", ["a"])


@pytest.mark.keeps("ASVS-6.3.2")
def test_without_an_account_nobody_can_sign_in(identity: Services, database: Database) -> None:
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(Account)) == 0
    for name in ("admin@example.com", "root", "manager@example.com"):
        with pytest.raises(SignInRefused):
            identity.password_sign_in.check_password(name, "admin", address=HERE)


def test_the_last_manager_cannot_be_lost(identity: Services, people) -> None:
    identity.accounts.disable_account(people.user("manager"), people.ids["deputy@one"])
    with pytest.raises(StateConflict):
        identity.accounts.set_role(people.user("manager"), people.ids["manager@one"], Role.AGENT)
    with pytest.raises(StateConflict):
        identity.accounts.disable_account(people.user("manager"), people.ids["manager@one"])


def test_a_manager_sees_the_people_of_one_merchant_only(identity: Services, people) -> None:
    emails = {row.email for row in identity.accounts.rows(people.user("manager"))}
    assert emails == {f"{who}@one.example" for who in ("agent", "manager", "deputy", "auditor")}


def test_managing_needs_a_fresh_proof(identity: Services, people) -> None:
    with pytest.raises(StepUpNeeded):
        identity.accounts.disable_account(people.user("manager", fresh=False), people.ids["agent@one"])


def test_another_merchants_account_and_none_at_all_read_the_same(identity: Services, people) -> None:
    words = set()
    for target in (people.ids["agent@two"], "0" * 32):
        with pytest.raises(NotFound) as missing:
            identity.accounts.disable_account(people.user("manager"), target)
        words.add((missing.value.message, missing.value.next_step, missing.value.detail))
    assert len(words) == 1


def test_every_change_is_in_an_unbroken_chain(identity: Services, people, database: Database, trail) -> None:
    manager, target = people.user("manager"), people.ids["agent@one"]
    identity.accounts.set_role(manager, target, "auditor")
    identity.accounts.disable_account(manager, target)
    identity.accounts.enable_account(manager, target)
    identity.accounts.set_password(manager, target, NEW_PASSWORD)
    for action in ("account:role", "account:disable", "account:enable", "account:password"):
        entry = trail(action)[0]
        assert (entry.actor, entry.object_id, entry.origin) == (manager.account_id, target, manager.origin)
    with database.read() as db:
        sound, fault = verify_chain(db, people.merchants["one"])
    assert fault is None
    assert sound >= 5
