from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.errors import InputError, NotFound
from portal.identity import Role
from portal.identity.account_exchange import read_credentials
from tests.identity.services import Services

PASSWORD = "violet-tractor-pond-91"
HERE = "203.0.113.5"


def credentials(password_hash: str) -> str:
    return yaml.safe_dump(
        {
            "cookie": {"expiry_days": 30, "key": "some_key", "name": "some_cookie_name"},
            "credentials": {
                "usernames": {
                    "jdoe": {
                        "email": "J.Doe@One.example",
                        "first_name": "Jo",
                        "last_name": "Doe",
                        "password": password_hash,
                        "roles": ["viewer", "manager"],
                        "failed_login_attempts": 0,
                        "logged_in": False,
                    },
                    "old.style@one.example": {"name": "Old Style", "password": password_hash},
                    "plain": {"email": "plain@one.example", "password": "violet-tractor-pond-91"},
                    "nameless": {"password": password_hash},
                    "twice": {"email": "agent@one.example", "password": password_hash},
                }
            },
        }
    )


def test_a_credentials_file_becomes_accounts_that_can_sign_in(
    identity: Services, people, password_hash: str, trail
) -> None:
    report = identity.account_exchange.import_accounts(
        credentials(password_hash), merchant_id=people.merchants["one"], actor="cli", origin="cli"
    )
    assert report.added == 2
    assert dict(report.skipped).keys() == {"plain", "nameless", "twice"}
    account = identity.password_sign_in.check_password("j.doe@one.example", PASSWORD, address=HERE)
    assert (account.name, account.role) == ("Jo Doe", Role.MANAGER)
    assert identity.password_sign_in.check_password("old.style@one.example", PASSWORD, address=HERE).role is Role.AGENT
    assert trail("account:import")[0].facts == {"count": 2}


def test_importing_twice_adds_nobody_and_changes_nobody(identity: Services, people, password_hash: str) -> None:
    for expected in (2, 0):
        report = identity.account_exchange.import_accounts(
            credentials(password_hash), merchant_id=people.merchants["one"], actor="cli", origin="cli"
        )
        assert report.added == expected


def test_an_export_is_a_file_streamlit_authenticator_accepts(identity: Services, people) -> None:
    from streamlit_authenticator.controllers import AuthenticationController

    text = identity.account_exchange.export_accounts(people.merchants["one"], actor="cli", origin="cli")
    tree = yaml.safe_load(text)
    controller = AuthenticationController(tree["credentials"], auto_hash=False)
    assert controller.authentication_model.check_credentials("agent@one.example", PASSWORD)
    assert not controller.authentication_model.check_credentials("agent@one.example", "something else")
    assert "two.example" not in text


def test_an_export_read_back_by_another_merchant_keeps_names_and_roles(identity: Services, people) -> None:
    text = identity.account_exchange.export_accounts(people.merchants["one"], actor="cli", origin="cli")
    elsewhere = identity.accounts.create_merchant("Shop three")
    moved = text.replace("@one.example", "@three.example")
    assert identity.account_exchange.import_accounts(moved, merchant_id=elsewhere, actor="cli", origin="cli").added == 4
    again = identity.account_exchange.export_accounts(elsewhere, actor="cli", origin="cli")
    assert again.replace("@three.example", "@one.example") == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "just words",
        "credentials: {usernames: [a, b]}",
        "credentials: {usernames: {a: 1}}",
        "a: &x [1]\ncredentials: {usernames: {a: {roles: *x}}}",
        "credentials: {usernames: {a: {email: x}, a: {email: y}}}",
        "credentials: !!python/object/apply:os.system ['true']",
        "{" * 600,
        "x" * (1024 * 1024 + 1),
    ],
)
def test_anything_else_is_refused_as_a_file(text: str) -> None:
    with pytest.raises(InputError) as problem:
        read_credentials(text)
    assert problem.value.field == "file"


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_arbitrary_text_never_breaks_the_reader(text: str) -> None:
    try:
        read_credentials(text)
    except InputError as problem:
        assert problem.field == "file"


def test_an_unknown_merchant_is_not_found(identity: Services, people, password_hash: str) -> None:
    with pytest.raises(NotFound):
        identity.account_exchange.import_accounts(
            credentials(password_hash), merchant_id="0" * 32, actor="cli", origin="cli"
        )
    with pytest.raises(NotFound):
        identity.account_exchange.export_accounts("0" * 32, actor="cli", origin="cli")
