"""Sign in with LoyaltyDog against the practice merchant: a real server that speaks the documented API."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest

from portal.config import Settings
from portal.errors import NotConfigured, TryLater
from portal.identity import CodeRefused, Role, SignInRefused, VendorPending, VendorSignedIn
from portal.identity.factors.bound_token import token_for
from portal.identity.factors.loyaltydog_sign_in import VendorUnavailable
from portal.practice.settings import PRACTICE_PASSWORD, TOTP_SECRET
from portal.storage.engine import Database
from portal.storage.tables import Account, Merchant, utc_now
from tests.identity.services import Services

ROOT = Path(__file__).resolve().parents[2]
OWNER, OWNER_WITH_CODE = "owner@brookandbean.example.com", "owner-mfa@brookandbean.example.com"
HERE = "203.0.113.5"


def free_pair() -> int:
    """A port whose neighbour is free too: the practice server takes both."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            try:
                two.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


@pytest.fixture(scope="module")
def vendor_url() -> Iterator[str]:
    port = free_pair()
    process = subprocess.Popen(
        [sys.executable, "-m", "portal.practice", "--port", str(port)], cwd=ROOT, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(240):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        else:
            pytest.fail("the practice merchant did not start")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture
def closed_url() -> str:
    """Nothing listens there."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{closed.getsockname()[1]}"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, allow_loopback_http=True, answer_seconds=10)


@pytest.fixture(autouse=True)
def _short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.identity.factors.loyaltydog_sign_in.REFUSED_STEP_SECONDS", 0.01)


@pytest.fixture
def operators(invited: Services, vendor_url: str, monkeypatch: pytest.MonkeyPatch) -> Services:
    """The same portal with the vendor's address named by the operator."""
    monkeypatch.setattr(
        invited.loyaltydog_sign_in, "settings", invited.settings.model_copy(update={"api_url": vendor_url})
    )
    return invited


@pytest.fixture
def invited(identity: Services, people, database: Database, vendor_url: str) -> Services:
    """Two owners of the vendor's merchant one, invited by a manager of shop one."""
    with database.write() as db:
        db.get_one(Merchant, people.merchants["one"]).api_url = vendor_url
    for email in (OWNER, OWNER_WITH_CODE):
        identity.accounts.invite(
            people.user("manager"), email=email, name="", role=Role.MANAGER, password=None, method="loyaltydog"
        )
    return identity


def test_an_invited_person_comes_in_with_the_vendors_password(invited: Services, people) -> None:
    answer = invited.loyaltydog_sign_in.vendor_sign_in(OWNER, PRACTICE_PASSWORD, address=HERE)
    assert isinstance(answer, VendorSignedIn)
    assert (answer.account.email, answer.account.merchant_id) == (OWNER, people.merchants["one"])
    assert answer.account.second_factor == "enrol", "the vendor asked for no code, so our own policy holds"
    assert answer.token.get_secret_value() not in repr(answer)


def test_the_code_of_the_operators_vendor_counts_as_second_factor(operators: Services) -> None:
    pending = operators.loyaltydog_sign_in.vendor_sign_in(OWNER_WITH_CODE, PRACTICE_PASSWORD, address=HERE)
    assert isinstance(pending, VendorPending)
    with pytest.raises(CodeRefused):
        operators.loyaltydog_sign_in.vendor_code(pending, "000000", address=HERE)
    answer = operators.loyaltydog_sign_in.vendor_code(pending, pyotp.TOTP(TOTP_SECRET).now(), address=HERE)
    assert answer.second_factor
    assert answer.account.second_factor == "none"


def test_a_code_checked_by_a_merchants_server_counts_for_nothing(invited: Services) -> None:
    pending = invited.loyaltydog_sign_in.vendor_sign_in(OWNER_WITH_CODE, PRACTICE_PASSWORD, address=HERE)
    assert isinstance(pending, VendorPending)
    answer = invited.loyaltydog_sign_in.vendor_code(pending, pyotp.TOTP(TOTP_SECRET).now(), address=HERE)
    assert not answer.second_factor
    assert answer.account.second_factor == "enrol"


@pytest.mark.keeps("ASVS-10.1.1")
def test_the_token_lives_with_the_session_only(invited: Services, vendor_url: str) -> None:
    answer = invited.loyaltydog_sign_in.vendor_sign_in(OWNER, PRACTICE_PASSWORD, address=HERE)
    assert isinstance(answer, VendorSignedIn)
    ticket = invited.tickets.issue_ticket(
        answer.account.id, browser="b" * 64, vendor_token=answer.token.get_secret_value()
    )
    redeemed = invited.tickets.redeem_ticket(ticket, browser="b" * 64)
    assert redeemed is not None
    cookie = invited.sessions.start_session(
        redeemed.account_id,
        method="loyaltydog",
        address=HERE,
        second_factor=False,
        vendor_token=redeemed.vendor_token,
    )
    user = invited.sessions.check_cookie(cookie, touch=False).user
    assert user is not None
    kept = invited.sessions.vendor_token(user)
    assert kept == answer.token.get_secret_value()
    assert token_for(kept, vendor_url) and token_for(kept, "https://elsewhere.example") is None
    invited.sessions.end_session(user.session_hash)
    assert invited.sessions.vendor_token(user) is None


def test_wrong_uninvited_and_disabled_read_the_same(invited: Services, database: Database, trail) -> None:
    with database.write() as db:
        account = db.query(Account).filter_by(email=OWNER).one()
        account.disabled_at = utc_now()
    words = set()
    for username, password in (
        (OWNER_WITH_CODE, "wrong-password"),
        ("owner@northwindbooks.example.com", PRACTICE_PASSWORD),
        (OWNER, PRACTICE_PASSWORD),
    ):
        with pytest.raises(SignInRefused) as refused:
            invited.loyaltydog_sign_in.vendor_sign_in(username, password, address=HERE)
        words.add(refused.value.message)
    assert len(words) == 1
    assert {e.facts["reason"] for e in trail("session:refused")} == {"vendor", "not_invited"}


@pytest.mark.keeps("ASVS-6.3.4", "ASVS-6.8.1")
def test_an_account_with_a_password_is_not_opened_by_the_vendor(invited: Services, people, database: Database) -> None:
    with database.write() as db:
        db.query(Account).filter_by(email=OWNER).one().method = "password"
    with pytest.raises(SignInRefused):
        invited.loyaltydog_sign_in.vendor_sign_in(OWNER, PRACTICE_PASSWORD, address=HERE)


def test_guessing_at_the_vendor_through_us_soon_means_waiting(invited: Services) -> None:
    with pytest.raises(TryLater):
        for number in range(12):
            try:
                invited.loyaltydog_sign_in.vendor_sign_in(OWNER, f"guess-{number}", address=HERE)
            except SignInRefused:
                continue


@pytest.mark.keeps("ASVS-16.5.2")
def test_a_silent_operators_vendor_is_said_in_plain_words(
    invited: Services, closed_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        invited.loyaltydog_sign_in, "settings", invited.settings.model_copy(update={"api_url": closed_url})
    )
    for email in (OWNER, "stranger@shop.example"):
        with pytest.raises(VendorUnavailable) as silent:
            invited.loyaltydog_sign_in.vendor_sign_in(email, PRACTICE_PASSWORD, address=HERE)
        assert silent.value.message
        assert PRACTICE_PASSWORD not in str(silent.value)


def test_a_merchants_silent_server_does_not_tell_who_is_invited(
    invited: Services, database: Database, people, closed_url: str
) -> None:
    with database.write() as db:
        db.get_one(Merchant, people.merchants["one"]).api_url = closed_url
    words = set()
    for email in (OWNER, "stranger@shop.example"):
        with pytest.raises(SignInRefused) as refused:
            invited.loyaltydog_sign_in.vendor_sign_in(email, PRACTICE_PASSWORD, address=HERE)
        words.add((refused.value.message, refused.value.next_step))
    assert len(words) == 1


def test_a_portal_without_an_address_says_so(identity: Services, people) -> None:
    with pytest.raises(NotConfigured):
        identity.loyaltydog_sign_in.vendor_sign_in(OWNER, PRACTICE_PASSWORD, address=HERE)


def test_the_field_names_of_the_vendors_code_step_are_configuration(
    invited: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With names the server does not know it refuses: the names sent are the names configured."""
    pending = invited.loyaltydog_sign_in.vendor_sign_in(OWNER_WITH_CODE, PRACTICE_PASSWORD, address=HERE)
    assert isinstance(pending, VendorPending)
    monkeypatch.setattr(
        invited.loyaltydog_sign_in, "settings", invited.settings.model_copy(update={"vendor_mfa_code_field": "otp"})
    )
    with pytest.raises(CodeRefused):
        invited.loyaltydog_sign_in.vendor_code(pending, pyotp.TOTP(TOTP_SECRET).now(), address=HERE)
