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
from portal.identity import CodeRefused, Identity, Role, SignInRefused, VendorPending, VendorSignedIn
from portal.identity.vendor_sign_in import VendorSilent
from portal.practice.settings import PRACTICE_PASSWORD, TOTP_SECRET
from portal.storage.engine import Database
from portal.storage.tables import Account, Merchant, utc_now

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
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, allow_loopback_http=True, answer_seconds=10)


@pytest.fixture
def invited(identity: Identity, people, database: Database, vendor_url: str) -> Identity:
    """Two owners of the vendor's merchant one, invited by a manager of shop one."""
    with database.write() as db:
        db.get_one(Merchant, people.merchants["one"]).api_url = vendor_url
    for email in (OWNER, OWNER_WITH_CODE):
        identity.invite(
            people.user("manager"), email=email, name="", role=Role.MANAGER, password=None, method="loyaltydog"
        )
    return identity


def test_an_invited_person_comes_in_with_the_vendors_password(invited: Identity, people) -> None:
    answer = invited.vendor_sign_in(OWNER, PRACTICE_PASSWORD, address=HERE)
    assert isinstance(answer, VendorSignedIn)
    assert (answer.account.email, answer.account.merchant_id) == (OWNER, people.merchants["one"])
    assert answer.account.second_factor == "enrol", "the vendor asked for no code, so our own policy holds"
    assert answer.token.get_secret_value() not in repr(answer)


def test_the_vendors_code_counts_as_second_factor(invited: Identity) -> None:
    pending = invited.vendor_sign_in(OWNER_WITH_CODE, PRACTICE_PASSWORD, address=HERE)
    assert isinstance(pending, VendorPending)
    with pytest.raises(CodeRefused):
        invited.vendor_code(pending, OWNER_WITH_CODE, "000000", address=HERE)
    answer = invited.vendor_code(pending, OWNER_WITH_CODE, pyotp.TOTP(TOTP_SECRET).now(), address=HERE)
    assert answer.second_factor
    assert answer.account.second_factor == "none"


@pytest.mark.keeps("ASVS-10.1.1")
def test_the_token_lives_with_the_session_only(invited: Identity) -> None:
    answer = invited.vendor_sign_in(OWNER, PRACTICE_PASSWORD, address=HERE)
    assert isinstance(answer, VendorSignedIn)
    ticket = invited.issue_ticket(answer.account.id, browser="b" * 64, vendor_token=answer.token.get_secret_value())
    redeemed = invited.redeem_ticket(ticket, browser="b" * 64)
    assert redeemed is not None
    cookie = invited.start_session(
        redeemed.account_id,
        method="loyaltydog",
        address=HERE,
        second_factor=False,
        vendor_token=redeemed.vendor_token,
    )
    user = invited.resolve(cookie, touch=False)
    assert user is not None
    assert invited.vendor_token(user) == answer.token.get_secret_value()
    invited.end_session(user.session_hash)
    assert invited.vendor_token(user) is None


def test_wrong_uninvited_and_disabled_read_the_same(invited: Identity, database: Database, trail) -> None:
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
            invited.vendor_sign_in(username, password, address=HERE)
        words.add(refused.value.message)
    assert len(words) == 1
    assert {e.facts["reason"] for e in trail("session:refused")} == {"vendor", "not_invited"}


@pytest.mark.keeps("ASVS-6.3.4", "ASVS-6.8.1")
def test_an_account_with_a_password_is_not_opened_by_the_vendor(invited: Identity, people, database: Database) -> None:
    with database.write() as db:
        db.query(Account).filter_by(email=OWNER).one().method = "password"
    with pytest.raises(SignInRefused):
        invited.vendor_sign_in(OWNER, PRACTICE_PASSWORD, address=HERE)


def test_guessing_at_the_vendor_through_us_soon_means_waiting(invited: Identity) -> None:
    with pytest.raises(TryLater):
        for number in range(12):
            try:
                invited.vendor_sign_in(OWNER, f"guess-{number}", address=HERE)
            except SignInRefused:
                continue


@pytest.mark.keeps("ASVS-16.5.2")
def test_a_silent_vendor_is_said_in_plain_words(invited: Identity, database: Database, people) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with database.write() as db:
        db.get_one(Merchant, people.merchants["one"]).api_url = f"http://127.0.0.1:{port}"
    with pytest.raises(VendorSilent) as silent:
        invited.vendor_sign_in(OWNER, PRACTICE_PASSWORD, address=HERE)
    assert silent.value.message
    assert PRACTICE_PASSWORD not in str(silent.value)


def test_a_portal_without_an_address_says_so(identity: Identity, people) -> None:
    with pytest.raises(NotConfigured):
        identity.vendor_sign_in(OWNER, PRACTICE_PASSWORD, address=HERE)


def test_the_field_names_of_the_vendors_code_step_are_configuration(
    invited: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With names the server does not know it refuses: the names sent are the names configured."""
    pending = invited.vendor_sign_in(OWNER_WITH_CODE, PRACTICE_PASSWORD, address=HERE)
    assert isinstance(pending, VendorPending)
    monkeypatch.setattr(invited, "settings", invited.settings.model_copy(update={"vendor_mfa_code_field": "otp"}))
    with pytest.raises(CodeRefused):
        invited.vendor_code(pending, OWNER_WITH_CODE, pyotp.TOTP(TOTP_SECRET).now(), address=HERE)
