"""Somebody signed in with LoyaltyDog: their own token is used for their calls, and dies with the session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from portal.errors import StateConflict
from portal.exports import State, parse_request
from portal.identity import User
from portal.identity.factors.bound_token import bind_token
from portal.loyaltydog import Connection, LoyaltyDog, NotAuthenticated
from portal.practice.settings import PRACTICE_PASSWORD, USERS
from portal.storage.tables import Export, Merchant

pytestmark = pytest.mark.keeps("SEC-18")

ASK = parse_request(email="ada@example.com")


@pytest.fixture
def without_saved_token(desk: Any) -> Iterator[None]:
    """The merchant's saved token is one LoyaltyDog does not know, so only a session's own can work."""
    merchant_id = desk.user().merchant_id

    def save(token: bytes | None) -> bytes | None:
        with desk.portal.db.write() as session:
            merchant = session.get_one(Merchant, merchant_id)
            before = merchant.sealed_api_token
            merchant.sealed_api_token = token
            return before

    nonsense = desk.portal.sealer.seal(
        "nobody-knows-this", merchant_id=merchant_id, table="merchants", column="api_token", row=merchant_id
    )
    before = save(nonsense)
    yield
    save(before)


def signed_in(desk: Any, token: str) -> User:
    account = desk.user("sam").account_id
    address = desk.portal.connection.merchant_settings(desk.user("maya")).api_url
    kept = bind_token(SecretStr(token), address).get_secret_value()
    cookie = desk.portal.sessions.start_session(
        account, method="loyaltydog", address="192.0.2.7", second_factor=False, vendor_token=kept
    )
    user = desk.portal.sessions.check_cookie(cookie, touch=False).user
    assert user is not None
    found: User = user
    return found


@pytest.fixture
def own_token(desk: Any) -> str:
    owner = next(user for user in USERS if user.merchant == "one" and not user.mfa and user.token is None)
    connection = Connection(base_url=desk.shop.base, token="", allow_loopback_http=True)
    answer = LoyaltyDog(connection).sign_in(owner.email, PRACTICE_PASSWORD)
    assert answer.access_token is not None
    token: str = answer.access_token.get_secret_value()
    return token


@pytest.mark.usefixtures("without_saved_token")
def test_a_sessions_own_token_is_used_for_look_ups_and_exports(desk: Any, own_token: str) -> None:
    user = signed_in(desk, own_token)
    assert desk.portal.lookups.programs(user)
    export = desk.portal.submissions.submit(user, ASK, force=True)
    assert desk.settled(export).state is State.READY


@pytest.mark.usefixtures("without_saved_token")
def test_a_refused_token_signs_the_person_out_and_says_why(desk: Any) -> None:
    user = signed_in(desk, "no-longer-good")
    with pytest.raises(NotAuthenticated):
        desk.portal.lookups.programs(user)
    assert desk.portal.sessions.resolve_hash(user.session_hash) is None
    assert desk.portal.sessions.check_session(user.session_hash, touch=False).ended == "vendor_refused"


@pytest.mark.usefixtures("without_saved_token")
def test_an_export_refused_for_its_token_signs_the_person_out(desk: Any) -> None:
    user = signed_in(desk, "no-longer-good")
    view = desk.settled(desk.portal.submissions.submit(user, ASK, force=True))
    assert (view.state, view.problem_code) == (State.REJECTED, "not_authenticated")
    assert desk.portal.sessions.check_session(user.session_hash, touch=False).ended == "vendor_refused"


@pytest.mark.usefixtures("without_saved_token")
def test_the_token_dies_with_the_session(desk: Any, own_token: str) -> None:
    user = signed_in(desk, own_token)
    desk.portal.sessions.end_session(user.session_hash)
    with pytest.raises(NotAuthenticated):  # the merchant's saved one, which is no good here
        desk.portal.lookups.programs(user)


def test_a_saved_token_that_is_refused_signs_nobody_out(desk: Any, own_token: str) -> None:
    user = signed_in(desk, own_token)
    desk.portal.sessions.end_session(user.session_hash)
    assert desk.portal.lookups.programs(user)


def test_a_new_address_ends_sessions_whose_token_belongs_to_the_old_one(desk: Any, own_token: str) -> None:
    user, manager = signed_in(desk, own_token), desk.user("maya")
    now = desk.portal.connection.merchant_settings(manager)
    wanted = {
        "download_hosts": "\n".join(now.download_hosts),
        "retention_days": now.retention_days,
        "time_zone": now.time_zone,
        "requests_per_minute": None,
    }
    old, new = now.api_url, desk.shop.base.replace("127.0.0.1", "localhost")
    desk.portal.connection.save_settings(manager, api_url=new, tokens={"api_token": "another"}, **wanted)
    try:
        assert desk.portal.sessions.resolve_hash(user.session_hash) is None
    finally:
        desk.portal.connection.save_settings(
            manager, api_url=old, tokens={"api_token": "practice-token-merchant-one"}, **wanted
        )


def test_an_export_remembers_the_session_it_was_asked_in_and_nothing_of_its_token(desk: Any, own_token: str) -> None:
    user = signed_in(desk, own_token)
    export = desk.portal.submissions.submit(user, ASK, force=True)
    desk.settled(export)
    with desk.portal.db.read() as session:
        row = session.scalars(select(Export).where(Export.id == export)).one()
    assert row.asked.asked_in == user.session_hash
    assert own_token not in repr(vars(row))
    with pytest.raises(StateConflict):
        desk.portal.decisions.stop_waiting(user, export)
