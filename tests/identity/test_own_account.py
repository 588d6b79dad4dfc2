from __future__ import annotations

import dataclasses

import pytest

from portal.errors import StateConflict, StepUpNeeded
from portal.identity import User
from tests.identity.services import Services

pytestmark = pytest.mark.keeps("SEC-34")

HERE, THERE = "203.0.113.5", "198.51.100.9"


def come_in(identity: Services, people, who: str = "agent@one", address: str = HERE) -> tuple[str, User]:
    cookie = identity.sessions.start_session(people.ids[who], method="password", address=address, second_factor=False)
    user = identity.sessions.check_cookie(cookie, touch=False).user
    assert user is not None
    return cookie, user


@pytest.mark.keeps("ASVS-7.5.2")
def test_a_person_sees_their_own_sign_ins_and_nobody_elses(identity: Services, people) -> None:
    come_in(identity, people, address=THERE)
    come_in(identity, people, "manager@one")
    _, user = come_in(identity, people)
    assert [(s.address, s.here) for s in identity.own_account.own_sessions(user)] == [(HERE, True), (THERE, False)]
    assert identity.own_account.row(user).email == "agent@one.example"


@pytest.mark.keeps("ASVS-7.5.2")
def test_signing_out_everywhere_else_leaves_this_browser_and_other_people(identity: Services, people) -> None:
    lost, _ = come_in(identity, people, address=THERE)
    others, _ = come_in(identity, people, "manager@one")
    here, user = come_in(identity, people)
    assert identity.own_account.end_other_sessions(user) == 1
    assert identity.sessions.check_cookie(lost, touch=False).user is None
    assert identity.sessions.check_cookie(lost, touch=False).ended == "ended_elsewhere"
    assert identity.sessions.check_cookie(here, touch=False).user is not None
    assert identity.sessions.check_cookie(others, touch=False).user is not None
    assert identity.own_account.end_other_sessions(user) == 0


def test_a_requested_second_factor_is_set_up_at_the_next_sign_in(identity: Services, people) -> None:
    cookie, user = come_in(identity, people)
    assert identity.password_sign_in.check_password(user.email, people.password, address=HERE).second_factor == "none"
    identity.own_account.request_second_factor(user)
    assert identity.sessions.check_cookie(cookie, touch=False).user is None
    assert identity.password_sign_in.check_password(user.email, people.password, address=HERE).second_factor == "enrol"


def test_requesting_a_second_factor_needs_a_fresh_proof_and_works_once(identity: Services, people) -> None:
    _, user = come_in(identity, people)
    with pytest.raises(StepUpNeeded):
        identity.own_account.request_second_factor(dataclasses.replace(user, proof_at=None))
    account = identity.password_sign_in.check_password(user.email, people.password, address=HERE)
    enrolment = identity.second_factor.new_totp(account)
    import pyotp

    identity.second_factor.confirm_totp(account, enrolment, pyotp.TOTP(enrolment.secret).now(), address=HERE)
    _, user = come_in(identity, people)
    with pytest.raises(StateConflict):
        identity.own_account.request_second_factor(user)
