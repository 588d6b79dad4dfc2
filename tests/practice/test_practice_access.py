"""Bearer tokens, roles, merchants and sign-in."""

from typing import Any

import httpx
import pyotp
import pytest

from portal.practice.settings import (
    LOW_PRIVILEGE_TOKEN,
    MERCHANT_TWO_TOKEN,
    PRACTICE_PASSWORD,
    TOTP_SECRET,
    USERS,
)

EXPORT = "/v2/giftcards/gdpr/export"
BODY = {"customerEmail": "ada@example.com", "format": "json"}


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer wrong", "Basic practice-token-merchant-one"])
def test_caller_without_a_known_bearer_is_answered_401(practice: Any, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    with practice.client(None) as client:
        refused = client.post(EXPORT, json=BODY, headers=headers)
    assert refused.status_code == 401
    assert isinstance(refused.json()["detail"], str)
    assert practice.counts()["export_posts"] == 1


def test_bearer_is_checked_before_the_body(practice: Any) -> None:
    with practice.client(None) as client:
        assert client.post(EXPORT, json={"format": "xml"}).status_code == 401


def test_cashier_cannot_use_gdpr_or_audit_but_can_list_programs(practice: Any) -> None:
    with practice.client(LOW_PRIVILEGE_TOKEN) as client:
        assert client.post(EXPORT, json=BODY).status_code == 403
        assert client.get("/v2/giftcards/audit-logs").status_code == 403
        assert client.get("/v2/loyalty/programs").status_code == 200


def test_merchants_cannot_see_each_other(practice: Any) -> None:
    with practice.client() as one, practice.client(MERCHANT_TWO_TOKEN) as two:
        theirs = two.get("/v2/giftcards/programs/cards").json()["items"][0]
        query = {"programId": theirs["programId"]}
        assert one.post(EXPORT, json=BODY, params=query).status_code == 403
        assert one.get("/v2/giftcards/programs/cards", params=query).status_code == 403
        assert one.post(EXPORT, json=BODY, params={"cardId": theirs["id"]}).status_code == 404
        body = {"customerId": theirs["customerId"], "format": "json"}
        assert one.post(EXPORT, json=body).status_code == 404
        mine = {program["id"] for program in one.get("/v2/loyalty/programs").json()}
        assert mine.isdisjoint(program["id"] for program in two.get("/v2/loyalty/programs").json())


def test_neither_identifier_is_refused_with_a_plain_sentence(practice: Any) -> None:
    with practice.client() as client:
        refused = client.post(EXPORT, json={"format": "json"})
    assert refused.status_code == 422
    assert isinstance(refused.json()["detail"], str)


def test_identifiers_of_two_different_people_find_nobody(practice: Any) -> None:
    with practice.client() as client:
        mixed = {**BODY, "customerId": practice.situation("slow").customer_id}
        assert client.post(EXPORT, json=mixed).status_code == 404
        agreed = {**BODY, "customerId": practice.situation("ordinary").customer_id}
        assert client.post(EXPORT, json=agreed).status_code == 200


@pytest.mark.parametrize(
    ("query", "body", "location"),
    [
        ({"programId": "nope"}, BODY, ["query", "programId"]),
        ({"cardId": "5EB7CF5A86D9755DF3A6C593"}, BODY, ["query", "cardId"]),
        ({}, {**BODY, "format": "xml"}, ["body", "format"]),
        ({}, {**BODY, "customerEmail": "not an address"}, ["body", "customerEmail"]),
        ({}, {}, ["body", "format"]),
    ],
)
def test_wrong_input_is_answered_with_its_place(
    practice: Any, query: dict[str, str], body: dict[str, str], location: list[str]
) -> None:
    with practice.client() as client:
        refused = client.post(EXPORT, params=query, json=body)
    assert refused.status_code == 422
    assert [error["loc"] for error in refused.json()["detail"]] == [location]


def sign_in(client: httpx.Client, email: str, password: str = PRACTICE_PASSWORD) -> httpx.Response:
    return client.post("/v2/token", data={"username": email, "password": password, "grant_type": "password"})


@pytest.mark.parametrize("user", [u for u in USERS if not u.mfa], ids=lambda user: user.merchant)
def test_user_without_a_second_factor_gets_a_token_that_works(practice: Any, user: Any) -> None:
    with practice.client(None) as client:
        token = sign_in(client, user.email).json()
        assert token["mfaPending"] is False
        described = client.get("/v2/token", headers={"Authorization": f"Bearer {token['accessToken']}"}).json()
    assert described["email"] == user.email
    assert "role" not in described


@pytest.mark.parametrize("user", [u for u in USERS if u.mfa], ids=lambda user: user.merchant)
def test_user_with_a_second_factor_needs_the_code(practice: Any, user: Any) -> None:
    with practice.client(None) as client:
        pending = sign_in(client, user.email).json()
        assert pending["accessToken"] is None
        assert pending["mfaPending"] is True
        wrong = {"pendingToken": pending["pendingToken"], "code": "abcdef"}
        assert client.post("/v2/token/mfa-verify", json=wrong).status_code == 401
        right = {**wrong, "code": pyotp.TOTP(TOTP_SECRET).now()}
        token = client.post("/v2/token/mfa-verify", json=right).json()["accessToken"]
        bearer = {"Authorization": f"Bearer {token}"}
        assert client.get("/v2/token", headers=bearer).json()["email"] == user.email
        assert client.post("/v2/token/mfa-verify", json=right).status_code == 401


def test_pending_sign_in_ends_after_five_wrong_codes(practice: Any) -> None:
    with practice.client(None) as client:
        pending = sign_in(client, USERS[1].email).json()["pendingToken"]
        for _ in range(5):
            client.post("/v2/token/mfa-verify", json={"pendingToken": pending, "code": "abcdef"})
        right = {"pendingToken": pending, "code": pyotp.TOTP(TOTP_SECRET).now()}
        assert client.post("/v2/token/mfa-verify", json=right).status_code == 401


def test_wrong_password_and_unknown_user_read_the_same(practice: Any) -> None:
    with practice.client(None) as client:
        wrong = sign_in(client, USERS[0].email, "wrong")
        unknown = sign_in(client, "nobody@example.com")
    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json()) == (401, wrong.json())
