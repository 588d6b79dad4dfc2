"""The documented contract against the running server: every operation, generated input, nothing ever a 500."""

from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from portal.practice.invented.builder import build_world
from portal.practice.settings import MERCHANT_ONE_TOKEN, PRACTICE_PASSWORD, USERS

CONTRACT = Path(__file__).resolve().parents[2] / "portal" / "practice" / "contract" / "openapi.yaml"
# Answers that the vendor gives without declaring them; the practice server words them as FastAPI does.
UNDECLARED = ("400", "401", "403", "404", "405", "410", "429")
PLAIN_DETAIL = {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]}
# One body for each operation that works, so that the documented 200 is checked too.
WORKING_BODIES: dict[str, dict[str, Any]] = {
    "/v2/giftcards/gdpr/export": {"customerEmail": "ada@example.com", "format": "csv"},
    "/v2/giftcards/gdpr/erasure": {"customerEmail": "flat.list@example.com", "reason": "They asked"},
    "/v2/giftcards/gdpr/consent": {"customerEmail": "ada@example.com", "purposes": ["receipts"]},
    "/v2/giftcards/gdpr/consent/{customerId}": {"purposes": ["receipts"], "ipAddress": "192.0.2.7"},
    "/v2/token": {"username": USERS[0].email, "password": PRACTICE_PASSWORD, "grant_type": "password"},
}
CSV_TOO = ("/v2/giftcards/gdpr/download", "/v2/loyalty/programs/{programId}/customers/{customerId}/export")


def contract_with_undeclared_answers() -> dict[str, Any]:
    """The contract file, plus the answers that only prose names, and real ids to try."""
    contract: dict[str, Any] = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    contract["components"]["schemas"]["HTTPValidationError"]["properties"]["detail"] = {
        "anyOf": [contract["components"]["schemas"]["HTTPValidationError"]["properties"]["detail"], {"type": "string"}]
    }
    world = build_world()
    merchant = world.merchant("one")
    customer = world.customer_by_email(merchant.id, "ada@example.com")
    assert customer is not None
    card = world.cards_of_customer[customer.id][0]
    known = {
        "programId": card.program_id,
        "cardId": card.id,
        "customerId": customer.id,
        "customerEmail": customer.email,
        "format": "json",
        "merchant_id": merchant.id,
    }
    for parameter in contract["components"]["parameters"].values():
        if parameter["name"] in known:
            parameter["example"] = known[parameter["name"]]
    for path, operations in contract["paths"].items():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                if parameter.get("name") in known:
                    parameter["example"] = known[parameter["name"]]
            if "requestBody" in operation and path in WORKING_BODIES:
                for content in operation["requestBody"]["content"].values():
                    content["example"] = WORKING_BODIES[path]
            responses = operation["responses"]
            for status in UNDECLARED:
                responses[status] = {
                    "description": "Undeclared",
                    "content": {"application/json": {"schema": PLAIN_DETAIL}},
                }
            responses.setdefault("422", {"description": "Undeclared", "content": {"application/json": {"schema": {}}}})
            if path in CSV_TOO:
                responses["200"]["content"]["text/csv"] = {"schema": {}}
    return contract


schema = schemathesis.openapi.from_dict(contract_with_undeclared_answers())


@schema.parametrize()
@settings(
    max_examples=15,
    derandomize=True,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
def test_every_operation_keeps_to_the_contract(case: schemathesis.Case[Any], running_practice: Any) -> None:
    response = case.call(base_url=running_practice.base, headers={"Authorization": f"Bearer {MERCHANT_ONE_TOKEN}"})
    case.validate_response(
        response,
        checks=[
            not_a_server_error,
            status_code_conformance,
            content_type_conformance,
            response_schema_conformance,
        ],
    )
    assert response.headers["x-request-id"]


def test_the_contract_has_a_route_for_every_operation(practice: Any) -> None:
    contract = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    with practice.client() as client:
        for path, operations in contract["paths"].items():
            for method in operations:
                answer = client.request(method, path.replace("{programId}", "x").replace("{customerId}", "y"))
                assert answer.status_code != 405, (method, path)
                assert answer.json() != {"detail": "Not Found"}, (method, path)


HOSTILE_JSON = [
    b'{"format": "\\ud800"}',
    b'{"format": NaN, "customerId": Infinity}',
    b'{"format": 1e999}',
    b'{"format": "json", "customerId": "\\u0000\\ud83d"}',
    b"[" * 900 + b"]" * 900,
    b"[" * 100_000,
    b'{"format": ' + b"[" * 900 + b"]" * 900 + b"}",
    b'{"format": "json", "customerEmail": "a@\xff\xfe"}',
    b'{"format": "json", "customerId": ' + b"9" * 5000 + b"}",
    b"\xff\xfe\x00",
    b"null",
    b"",
]


@pytest.mark.parametrize("body", HOSTILE_JSON, ids=range(len(HOSTILE_JSON)))
@pytest.mark.parametrize("path", ["/v2/giftcards/gdpr/export", "/v2/giftcards/gdpr/consent", "/v2/token/mfa-verify"])
def test_hostile_json_is_refused_and_never_breaks_the_server(practice: Any, path: str, body: bytes) -> None:
    with practice.client() as client:
        answer = client.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert "detail" in answer.json()


def test_a_lone_surrogate_in_a_stored_text_is_refused(practice: Any) -> None:
    customer = practice.situation("ordinary").customer_id
    with practice.client() as client:
        address = f"/v2/giftcards/gdpr/consent/{customer}"
        body = b'{"purposes": ["\\ud800"]}'
        refused = client.post(address, content=body, headers={"Content-Type": "application/json"})
        assert refused.status_code == 422
        assert refused.json()["detail"][0]["loc"] == ["body", "purposes", 0]
        assert client.get(address).status_code == 200
        user = next(user for user in USERS if user.mfa)
        sign_in = {"username": user.email, "password": PRACTICE_PASSWORD}
        pending = client.post("/v2/token", data=sign_in).json()["pendingToken"]
        body = b'{"pendingToken": "%s", "code": "\\ud800"}' % pending.encode()
        refused = client.post("/v2/token/mfa-verify", content=body, headers={"Content-Type": "application/json"})
        assert refused.status_code == 422


header_bytes = st.binary(max_size=60).map(lambda raw: bytes(b for b in raw if b >= 0x20 and b != 0x7F).strip())


@settings(max_examples=20, deadline=None, database=None, derandomize=True)
@given(body=st.binary(max_size=200), value=header_bytes, text=st.text(max_size=40))
def test_hostile_headers_queries_and_bodies_never_break_the_server(
    running_practice: Any, body: bytes, value: bytes, text: str
) -> None:
    bearer = f"Bearer {MERCHANT_ONE_TOKEN}".encode()
    names = (b"X-Eposn-Merchant-Token", b"X-Request-Id", b"Content-Type", b"X-Forwarded-For")
    headers = [(b"Authorization", bearer), *((name, value) for name in names)]
    query = {"q": text, "customerId": text, "programId": text, "from": text}
    with running_practice.client(None) as client:
        answers = [
            client.post("/v2/giftcards/gdpr/export", content=body, headers=headers),
            client.post("/v2/token", content=body, headers=headers),
            client.get("/v2/giftcards/programs/search", params={"q": text}, headers=headers),
            client.get("/v2/giftcards/gdpr/consent/lookup", params={"customerPhone": text}, headers=headers),
            client.get("/v2/giftcards/audit-logs", params=query, headers=headers),
            client.get("/v2/token", headers={b"Authorization": value}),
        ]
    assert all(answer.status_code < 500 for answer in answers)


@settings(max_examples=30, deadline=None, database=None, derandomize=True)
@given(username=st.text(max_size=30), password=st.text(max_size=30))
def test_no_invented_password_signs_anybody_in(running_practice: Any, username: str, password: str) -> None:
    with running_practice.client(None) as client:
        for name in (username, USERS[0].email):
            answer = client.post("/v2/token", data={"username": name, "password": password})
            assert answer.status_code in (401, 422)
