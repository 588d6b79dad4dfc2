from __future__ import annotations

import datetime as dt
import statistics
import threading
import time
from collections.abc import Callable

import pytest
import time_machine
from sqlalchemy import func, select

from portal.errors import NotFound, TryLater
from portal.identity import SignInRefused, throttle
from portal.storage.engine import Database
from portal.storage.tables import Account, AuditEntry, Throttle, utc_now
from tests.identity.services import Services

pytestmark = pytest.mark.keeps("SEC-37")

PASSWORD = "violet-tractor-pond-91"
HERE = "203.0.113.5"


def test_the_right_password_opens_the_account_in_any_case_of_email(identity: Services, people) -> None:
    account = identity.password_sign_in.check_password("  AGENT@One.example ", PASSWORD, address=HERE)
    assert account.id == people.ids["agent@one"]
    assert account.merchant_id == people.merchants["one"]


def test_every_refusal_reads_the_same(identity: Services, people, database: Database, trail) -> None:
    with database.write() as db:
        db.get_one(Account, people.ids["auditor@one"]).disabled_at = utc_now()
        db.get_one(Account, people.ids["deputy@one"]).method = "loyaltydog"
    words = set()
    for email, password in (
        ("nobody@one.example", PASSWORD),
        ("agent@one.example", "not-the-password-at-all"),
        ("auditor@one.example", PASSWORD),
        ("deputy@one.example", PASSWORD),
    ):
        with pytest.raises(SignInRefused) as refused:
            identity.password_sign_in.check_password(email, password, address=HERE)
        words.add((refused.value.message, refused.value.next_step, refused.value.code))
    assert len(words) == 1
    reasons = [e.facts["reason"] for e in trail("session:refused")]
    assert sorted(reasons) == ["not_allowed", "not_allowed", "password", "unknown"]


@pytest.mark.parametrize(
    "email", ["\ud800@one.example", "agent\x00@one.example\x00x", "", "x" * 100_000, "' OR 1=1 --"]
)
def test_odd_emails_are_only_ever_unknown(identity: Services, people, email: str) -> None:
    with pytest.raises(SignInRefused):
        identity.password_sign_in.check_password(email, PASSWORD, address=HERE)


def test_no_refusal_puts_the_email_or_password_in_error_or_trail(identity: Services, people, trail) -> None:
    with pytest.raises(SignInRefused) as refused:
        identity.password_sign_in.check_password("canary.person@one.example", "canary-password-value", address=HERE)
    written = repr(refused.value) + str(refused.value) + repr([vars(e) for e in trail("session:refused")])
    assert "canary" not in written


def test_delays_grow_and_end_by_themselves(identity: Services, people) -> None:
    start = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    waits: list[float] = []
    with time_machine.travel(start, tick=False) as clock:
        for _ in range(throttle.ACCOUNT.free + 3):
            try:
                identity.password_sign_in.check_password("agent@one.example", "wrong-password-here", address=HERE)
            except TryLater as later:
                waits.append(later.wait_seconds)
                clock.shift(later.wait_seconds + 0.001)
            except SignInRefused:
                continue
        assert waits == sorted(waits)
        assert len(waits) >= 1
        clock.shift(throttle.ACCOUNT.longest)
        assert (
            identity.password_sign_in.check_password("agent@one.example", PASSWORD, address=HERE).id
            == people.ids["agent@one"]
        )


def test_no_delay_is_ever_longer_than_its_ceiling() -> None:
    for policy in (throttle.ACCOUNT, throttle.ADDRESS, throttle.CODE):
        delays = [policy.delay(n).total_seconds() for n in range(200)]
        assert delays == sorted(delays)
        assert delays[policy.free] == 0
        assert max(delays) == policy.longest


def test_a_success_does_not_buy_the_address_free_guesses(identity: Services, people, database: Database) -> None:
    for _ in range(3):
        with pytest.raises(SignInRefused):
            identity.password_sign_in.check_password("manager@two.example", "wrong-password-here", address=HERE)
    identity.password_sign_in.check_password("agent@one.example", PASSWORD, address=HERE)
    with database.read() as db:
        row = db.get_one(Throttle, throttle.key_of("address", HERE))
    assert row.failures == 3


def test_a_stranger_cannot_keep_the_owner_out(identity: Services, people) -> None:
    identity.sessions.start_session(people.ids["agent@one"], method="password", address=HERE, second_factor=False)
    with time_machine.travel(utc_now(), tick=False):  # comparisons take as long as the first waits
        for _ in range(throttle.ACCOUNT.free + 1):
            with pytest.raises(SignInRefused):
                identity.password_sign_in.check_password(
                    "agent@one.example", "wrong-password-here", address="192.0.2.66"
                )
        with pytest.raises(TryLater):
            identity.password_sign_in.check_password("agent@one.example", PASSWORD, address="192.0.2.66")
        assert (
            identity.password_sign_in.check_password("agent@one.example", PASSWORD, address=HERE).id
            == people.ids["agent@one"]
        )


def test_ten_thousand_guesses_find_nothing_and_leave_little_behind(
    identity: Services, people, database: Database, trail: Callable[[str], list[AuditEntry]]
) -> None:
    outcomes = {"in": 0, "refused": 0, "later": 0}
    for number in range(10_000):
        try:
            identity.password_sign_in.check_password(
                "agent@one.example", f"guess-number-{number:06d}-x", address=f"192.0.2.{number % 9}"
            )
            outcomes["in"] += 1
        except TryLater:
            outcomes["later"] += 1
        except SignInRefused:
            outcomes["refused"] += 1
    assert outcomes["in"] == 0
    assert outcomes["refused"] < 20
    with database.read() as db:
        assert (db.scalar(select(func.count()).select_from(Throttle)) or 0) <= 10
    assert len(trail("session:refused")) == outcomes["refused"]


def test_guesses_at_once_are_charged_before_they_are_checked(identity: Services, people) -> None:
    outcomes: list[str] = []

    def guess(number: int) -> None:
        try:
            identity.password_sign_in.check_password(
                "agent@one.example", f"guess-number-{number:06d}-x", address="192.0.2.1"
            )
        except (TryLater, SignInRefused) as refused:
            outcomes.append(refused.code)

    threads = [threading.Thread(target=guess, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 16
    assert outcomes.count("sign_in_refused") <= throttle.ACCOUNT.free + 1


def test_the_throttle_table_stays_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "MAX_ROWS", 50)
    for number in range(120):
        with database.write() as db:
            throttle.charge(db, {throttle.key_of("account", f"nobody{number}"): throttle.ACCOUNT})
    with database.read() as db:
        assert (db.scalar(select(func.count()).select_from(Throttle)) or 0) <= 50


def mann_whitney_z(first: list[float], second: list[float]) -> float:
    """Normal approximation of the rank-sum test; both samples without ties."""
    ranked = sorted([(v, 0) for v in first] + [(v, 1) for v in second])
    rank_sum = sum(i + 1 for i, (_, which) in enumerate(ranked) if which == 0)
    n, m = len(first), len(second)
    u = rank_sum - n * (n + 1) / 2
    return (u - n * m / 2) / (n * m * (n + m + 1) / 12) ** 0.5


def test_unknown_and_known_emails_take_times_of_one_distribution(identity: Services, people) -> None:
    samples: dict[str, list[float]] = {"known": [], "unknown": []}
    known = ["agent@one.example", "manager@one.example", "agent@two.example", "manager@two.example"]
    for number in range(14):
        pair = [("known", known[number % 4]), ("unknown", f"nobody{number}@one.example")]
        for kind, email in pair if number % 2 else pair[::-1]:
            begin = time.perf_counter()
            with pytest.raises(SignInRefused):
                identity.password_sign_in.check_password(email, "wrong-password-here", address=f"198.51.100.{number}")
            samples[kind].append(time.perf_counter() - begin)
    assert abs(mann_whitney_z(samples["known"], samples["unknown"])) < 3.3  # p of a false alarm below 0.001
    # A refusal without the hash would be fifty times quicker: the shortcut this test exists for.
    assert statistics.median(samples["unknown"]) > statistics.median(samples["known"]) / 3


def test_the_command_line_acts_for_active_accounts_only(identity: Services, people, database: Database) -> None:
    assert identity.accounts.user_for_account(people.ids["agent@one"], origin="cli").email == "agent@one.example"
    with database.write() as db:
        db.get_one(Account, people.ids["agent@one"]).disabled_at = utc_now()
    for gone in (people.ids["agent@one"], "agent@one.example", "nobody@one.example"):
        with pytest.raises(NotFound):
            identity.accounts.user_for_account(gone, origin="cli")
