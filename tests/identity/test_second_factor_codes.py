from __future__ import annotations

import dataclasses

import pyotp
import pytest
import time_machine
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from portal.errors import NotPermitted, StateConflict, StepUpNeeded, TryLater
from portal.identity import CodeRefused, KnownAccount, SignInRefused, require_fresh_proof
from portal.identity.factors.one_time_code import matching_step, new_recovery_code
from portal.storage.engine import Database
from portal.storage.tables import Account
from tests.identity.services import Services

pytestmark = pytest.mark.keeps("SEC-38", "SEC-39")

PASSWORD = "violet-tractor-pond-91"
HERE = "203.0.113.5"
NOON = "2026-11-23T12:00:00Z"


def manager_account(identity: Services) -> KnownAccount:
    return identity.password_sign_in.check_password("manager@one.example", PASSWORD, address=HERE)


def enrolled(identity: Services) -> tuple[pyotp.TOTP, list[str]]:
    account = manager_account(identity)
    enrolment = identity.second_factor.new_totp(account)
    totp = pyotp.TOTP(enrolment.secret)
    return totp, identity.second_factor.confirm_totp(account, enrolment, totp.now(), address=HERE)


def test_managers_must_enrol_and_agents_need_not(identity: Services, people) -> None:
    assert manager_account(identity).second_factor == "enrol"
    assert identity.password_sign_in.check_password("agent@one.example", PASSWORD, address=HERE).second_factor == "none"


def test_the_policy_can_ask_everyone_or_no_one(identity: Services, people) -> None:
    identity.second_factor.set_second_factor_policy(people.user("manager"), "all")
    assert (
        identity.password_sign_in.check_password("agent@one.example", PASSWORD, address=HERE).second_factor == "enrol"
    )
    identity.second_factor.set_second_factor_policy(people.user("manager"), "off")
    assert manager_account(identity).second_factor == "none"
    with pytest.raises(NotPermitted):
        identity.second_factor.set_second_factor_policy(people.user("agent"), "off")


def test_a_secret_counts_only_after_its_first_code(identity: Services, people) -> None:
    account = manager_account(identity)
    enrolment = identity.second_factor.new_totp(account)
    with pytest.raises(CodeRefused):
        identity.second_factor.confirm_totp(account, enrolment, "000000x", address=HERE)
    assert manager_account(identity).second_factor == "enrol"


def test_a_code_works_once(identity: Services, people) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        totp, _ = enrolled(identity)
        assert manager_account(identity).second_factor == "code"
        clock.shift(60)
        code = totp.now()
        assert (
            identity.second_factor.check_code(people.ids["manager@one"], f"{code[:3]} {code[3:]}", address=HERE)
            == "totp"
        )
        with pytest.raises(CodeRefused):
            identity.second_factor.check_code(people.ids["manager@one"], code, address=HERE)


def test_a_code_from_before_the_last_used_one_is_dead(identity: Services, people) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        totp, _ = enrolled(identity)
        clock.shift(60)
        earlier = totp.now()
        clock.shift(30)
        identity.second_factor.check_code(people.ids["manager@one"], totp.now(), address=HERE)
        with pytest.raises(CodeRefused):
            identity.second_factor.check_code(people.ids["manager@one"], earlier, address=HERE)


def test_the_enrolment_code_cannot_be_used_again(identity: Services, people) -> None:
    with time_machine.travel(NOON, tick=False):
        totp, _ = enrolled(identity)
        with pytest.raises(CodeRefused):
            identity.second_factor.check_code(people.ids["manager@one"], totp.now(), address=HERE)


def test_a_recovery_code_works_once_and_only_its_hash_is_kept(
    identity: Services, people, database: Database, trail
) -> None:
    _, codes = enrolled(identity)
    assert len(set(codes)) == 10
    with database.read() as db:
        row = db.get_one(Account, people.ids["manager@one"])
        assert not any(code.replace("-", "") in repr(row.recovery_hashes) for code in codes)
    assert identity.second_factor.check_code(people.ids["manager@one"], codes[3].lower(), address=HERE) == "recovery"
    with pytest.raises(CodeRefused):
        identity.second_factor.check_code(people.ids["manager@one"], codes[3], address=HERE)
    assert [e.facts["left"] for e in trail("account:recovery_used")] == [9]


def test_recovery_codes_hold_at_least_112_bits() -> None:
    code = new_recovery_code()
    assert len(code.replace("-", "")) * 5 >= 112


def test_guessing_codes_soon_means_waiting(identity: Services, people) -> None:
    enrolled(identity)
    with pytest.raises(TryLater):
        for number in range(10):
            try:
                identity.second_factor.check_code(people.ids["manager@one"], f"{number:06d}", address=HERE)
            except CodeRefused:
                continue


def test_the_secret_is_sealed(identity: Services, people, database: Database) -> None:
    account = manager_account(identity)
    enrolment = identity.second_factor.new_totp(account)
    identity.second_factor.confirm_totp(account, enrolment, pyotp.TOTP(enrolment.secret).now(), address=HERE)
    with database.read() as db:
        sealed = db.get_one(Account, account.id).sealed_totp
    assert sealed is not None
    assert enrolment.secret.encode() not in sealed


def test_enrolling_twice_is_refused_and_a_reset_asks_for_it_anew(identity: Services, people) -> None:
    account = manager_account(identity)
    enrolled(identity)
    again = identity.second_factor.new_totp(account)
    with pytest.raises(StateConflict):
        identity.second_factor.confirm_totp(account, again, pyotp.TOTP(again.secret).now(), address=HERE)
    cookie = identity.sessions.start_session(account.id, method="password", address=HERE, second_factor=True)
    identity.second_factor.reset_second_factor(people.user("deputy"), account.id)
    assert identity.sessions.check_cookie(cookie, touch=False).user is None
    assert manager_account(identity).second_factor == "enrol"


@hypothesis_settings(max_examples=60, deadline=None)
@given(st.text(max_size=12), st.integers(0, 2**32))
def test_no_text_but_the_code_of_a_near_step_matches(text: str, now: int) -> None:
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    step = matching_step(secret, text, now, None)
    assert step is None or pyotp.TOTP(secret).at(step * 30) == text


def signed_in(identity: Services, people, who: str, clock) -> object:
    cookie = identity.sessions.start_session(
        people.ids[f"{who}@one"], method="password", address=HERE, second_factor=False
    )
    clock.shift(14 * 60)
    identity.sessions.check_cookie(cookie, touch=True)
    clock.shift(2 * 60)
    return cookie


def test_a_proof_grows_stale_and_the_password_renews_it(identity: Services, people, trail) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        cookie = signed_in(identity, people, "agent", clock)
        stale = identity.sessions.check_cookie(str(cookie), touch=True).user
        assert stale is not None
        with pytest.raises(StepUpNeeded):
            require_fresh_proof(stale, identity.settings)
        with pytest.raises(SignInRefused):
            identity.step_up.confirm_identity(stale, "not-the-password-at-all")
        identity.step_up.confirm_identity(stale, PASSWORD)
        fresh = identity.sessions.check_cookie(str(cookie), touch=True).user
        assert fresh is not None
        require_fresh_proof(fresh, identity.settings)
    assert [e.facts["method"] for e in trail("session:step_up")] == ["password"]


def test_a_code_renews_the_proof_too(identity: Services, people) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        totp, _ = enrolled(identity)
        cookie = signed_in(identity, people, "manager", clock)
        user = identity.sessions.check_cookie(str(cookie), touch=True).user
        assert user is not None
        assert identity.step_up.step_up_methods(user) == ("password", "code")
        identity.step_up.confirm_identity(user, totp.now())
        fresh = identity.sessions.check_cookie(str(cookie), touch=True).user
        assert fresh is not None
        require_fresh_proof(fresh, identity.settings)


def test_guessing_the_password_at_the_step_up_means_waiting(identity: Services, people) -> None:
    user = people.user("agent")
    with pytest.raises(TryLater):
        for number in range(12):
            try:
                identity.step_up.confirm_identity(user, f"guess-number-{number:05d}")
            except SignInRefused:
                continue


def test_only_the_command_line_itself_needs_no_fresh_proof(identity: Services, people) -> None:
    operator = dataclasses.replace(people.user("agent", fresh=False), origin="cli")
    require_fresh_proof(operator, identity.settings)
    with pytest.raises(StepUpNeeded):
        require_fresh_proof(dataclasses.replace(operator, session_hash="a" * 64), identity.settings)
