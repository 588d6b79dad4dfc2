"""An account is a merchant's: the same email elsewhere is another account, and neither speaks for the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import time_machine

from portal.config import Settings
from portal.errors import InputError, NotFound, TryLater
from portal.identity import KnownAccount, Role, SeveralAccounts, SignInRefused, throttle
from portal.identity.accounts import SeveralNamed
from portal.identity.factors import passwords
from portal.storage.engine import Database
from portal.storage.tables import Merchant, utc_now
from tests.identity.services import Services
from tests.identity.test_hostile_merchant_signs_in import SECRET, Liar, listening

pytestmark = pytest.mark.keeps("SEC-37", "SEC-41")

HERE = "203.0.113.5"
VICTIM, OTHERS = "agent@one.example", "harbour-mustard-kite-38"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, allow_loopback_http=True, answer_seconds=10)


@pytest.fixture(autouse=True)
def _short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.identity.factors.loyaltydog_sign_in.REFUSED_STEP_SECONDS", 0.01)


def invited_at_two(identity: Services, people: Any, password: str | None = OTHERS, method: str = "password") -> str:
    """Shop two's manager invites the email of shop one's agent."""
    return identity.accounts.invite(
        people.user("manager", "two"), email=VICTIM, name="", role=Role.MANAGER, password=password, method=method
    )


def test_inviting_an_email_tells_nothing_of_other_merchants(identity: Services, people: Any) -> None:
    assert invited_at_two(identity, people) != people.ids["agent@one"]
    with pytest.raises(InputError):
        invited_at_two(identity, people)


def test_each_password_opens_its_own_merchants_account(identity: Services, people: Any) -> None:
    theirs = invited_at_two(identity, people)
    for password, account in ((people.password, people.ids["agent@one"]), (OTHERS, theirs)):
        found = identity.password_sign_in.check_password(VICTIM, password, address=HERE)
        assert isinstance(found, KnownAccount) and found.id == account


def test_a_password_that_fits_both_asks_which_merchant(identity: Services, people: Any) -> None:
    invited_at_two(identity, people, people.password)
    found = identity.password_sign_in.check_password(VICTIM, people.password, address=HERE)
    assert isinstance(found, SeveralAccounts)
    assert {choice.merchant_name for choice in found.choices} == {"Shop one", "Shop two"}


def test_what_one_manager_changes_leaves_the_others_account_alone(identity: Services, people: Any) -> None:
    boss, theirs = people.user("manager", "two"), invited_at_two(identity, people)
    identity.accounts.set_password(boss, theirs, "another-lantern-river-55")
    identity.accounts.disable_account(boss, theirs)
    with pytest.raises(NotFound):
        identity.accounts.set_password(boss, people.ids["agent@one"], "another-lantern-river-55")
    found = identity.password_sign_in.check_password(VICTIM, people.password, address=HERE)
    assert isinstance(found, KnownAccount) and found.merchant_id == people.merchants["one"]


def test_a_right_password_elsewhere_wipes_no_guesses_here(identity: Services, people: Any) -> None:
    """Shop two's manager owns an account with the victim's email, and signs in with it between guesses."""
    invited_at_two(identity, people)
    with time_machine.travel(utc_now(), tick=False):
        for number in range(throttle.ACCOUNT.free + 1):
            with pytest.raises(SignInRefused):
                identity.password_sign_in.check_password(
                    VICTIM, f"guess-{number}-at-shop-one", address=f"198.51.100.{number}"
                )
            if number < throttle.ACCOUNT.free:
                assert identity.password_sign_in.check_password(VICTIM, OTHERS, address=f"198.51.100.{number}")
        with pytest.raises(TryLater):
            identity.password_sign_in.check_password(VICTIM, "one-more-guess-at-shop-one", address="198.51.100.99")


@pytest.mark.parametrize("email", [VICTIM, "nobody@elsewhere.example"])
def test_the_other_manager_cannot_tell_whether_the_email_is_known_here(
    identity: Services, people: Any, email: str
) -> None:
    """Neither by the counters nor by the number of comparisons, right or wrong."""
    identity.accounts.invite(
        people.user("manager", "two"), email=email, name="", role=Role.AGENT, password=OTHERS, method="password"
    )
    compared, seen = [], passwords.matches
    with pytest.MonkeyPatch.context() as patch, time_machine.travel(utc_now(), tick=False):
        patch.setattr(passwords, "matches", lambda *given: compared.append(1) or seen(*given))
        for number in range(throttle.ACCOUNT.free + 1):
            identity.password_sign_in.check_password(email, OTHERS, address=f"198.51.100.{number}")
        with pytest.raises(SignInRefused):
            identity.password_sign_in.check_password(email, "wrong-on-purpose-here", address="198.51.100.99")
    assert len(compared) == 2 * (throttle.ACCOUNT.free + 2)


def test_work_at_one_merchant_makes_nobody_wait_at_the_other(identity: Services, people: Any) -> None:
    invited_at_two(identity, people)
    with time_machine.travel(utc_now(), tick=False):
        for _ in range(throttle.ACCOUNT.free + 2):
            identity.password_sign_in.check_password(VICTIM, OTHERS, address=HERE)
        assert identity.password_sign_in.check_password(VICTIM, people.password, address=HERE)


def test_a_sign_in_at_one_merchant_leaves_no_entry_at_another(
    identity: Services, people: Any, trail: Callable[[str], Any]
) -> None:
    invited_at_two(identity, people)
    identity.password_sign_in.check_password(VICTIM, people.password, address=HERE)
    assert trail("session:refused") == []


def test_guesses_are_told_to_every_merchant_they_concern(
    identity: Services, people: Any, trail: Callable[[str], Any]
) -> None:
    invited_at_two(identity, people)
    with pytest.raises(SignInRefused):
        identity.password_sign_in.check_password(VICTIM, "a-guess-at-somebody", address=HERE)
    assert {entry.merchant_id for entry in trail("session:refused")} == set(people.merchants.values())


def test_the_command_line_wants_an_id_when_several_share_an_email(identity: Services, people: Any) -> None:
    theirs = invited_at_two(identity, people)
    with pytest.raises(SeveralNamed):
        identity.accounts.user_for_account(VICTIM, origin="cli")
    assert identity.accounts.user_for_account(theirs, origin="cli").merchant_id == people.merchants["two"]


def test_importing_skips_only_emails_of_the_same_merchant(identity: Services, people: Any, password_hash: str) -> None:
    text = f"credentials:\n  usernames:\n    a:\n      email: {VICTIM}\n      password: {password_hash}\n"
    for shop, added in (("one", 0), ("two", 1)):
        report = identity.account_exchange.import_accounts(
            text, merchant_id=people.merchants[shop], actor="cli", origin="cli"
        )
        assert report.added == added


def test_an_invitation_elsewhere_does_not_draw_a_loyaltydog_password_there(
    identity: Services, people: Any, database: Database
) -> None:
    """Somebody who signs in with LoyaltyDog at shop one is invited by hostile shop two as well."""
    with listening(Liar(owner="owner@one.example")) as honest, listening(Liar(owner="owner@one.example")) as liar:
        for shop, server in (("one", honest), ("two", liar)):
            identity.accounts.invite(
                people.user("manager", shop), email="owner@one.example", name="", role=Role.AGENT,
                password=None, method="loyaltydog",
            )  # fmt: skip
            with database.write() as db:
                db.get_one(Merchant, people.merchants[shop]).api_url = server.base_url
        with pytest.raises(SignInRefused) as refused:
            identity.loyaltydog_sign_in.vendor_sign_in("owner@one.example", SECRET, address=HERE)
        assert "name of the one" in refused.value.next_step
        assert honest.heard == liar.heard == [], "nobody is asked before a person says which"
        found = identity.loyaltydog_sign_in.vendor_sign_in(
            "owner@one.example", SECRET, address=HERE, merchant="shop ONE"
        )
        assert found.account.merchant_id == people.merchants["one"] and liar.heard == []


def test_a_used_account_of_a_hostile_merchant_draws_no_password(
    identity: Services, people: Any, database: Database
) -> None:
    """Its manager signed in as the email through its own server before the other merchant invited the person."""
    email = "new@one.example"
    with listening(Liar(owner=email)) as honest, listening(Liar(owner=email)) as liar:
        for shop, server in (("two", liar), ("one", honest)):
            with database.write() as db:
                db.get_one(Merchant, people.merchants[shop]).api_url = server.base_url
        for shop in ("two", "one"):
            identity.accounts.invite(
                people.user("manager", shop), email=email, name="", role=Role.AGENT, password=None, method="loyaltydog"
            )
            if shop == "two":
                mine = identity.loyaltydog_sign_in.vendor_sign_in(email, "anything", address=HERE).account.id
                identity.sessions.start_session(mine, method="loyaltydog", address=HERE, second_factor=False)
        liar.heard.clear()
        with pytest.raises(SignInRefused):
            identity.loyaltydog_sign_in.vendor_sign_in(email, SECRET, address="198.51.100.1")
        assert liar.heard == honest.heard == []


@pytest.mark.parametrize("invited", [True, False])
def test_a_try_is_charged_to_the_typed_email_invited_or_not(
    identity: Services, people: Any, database: Database, invited: bool
) -> None:
    email = "v@one.example"
    with listening(Liar(owner="somebody.else@one.example")) as server, time_machine.travel(utc_now(), tick=False):
        with database.write() as db:
            db.get_one(Merchant, people.merchants["one"]).api_url = server.base_url
        if invited:
            identity.accounts.invite(
                people.user("manager"), email=email, name="", role=Role.AGENT, password=None, method="loyaltydog"
            )
        said = []
        for merchant in ["Shop one"] * (throttle.ACCOUNT.free + 2) + ["shop ONE", "zzz"]:
            with pytest.raises((SignInRefused, TryLater)) as refused:
                identity.loyaltydog_sign_in.vendor_sign_in(
                    email, "guess", address=f"198.51.100.{len(said)}", merchant=merchant
                )
            said.append(refused.value.code)
    assert said == ["sign_in_refused"] * (throttle.ACCOUNT.free + 1) + ["try_later"] * 2 + ["sign_in_refused"]
