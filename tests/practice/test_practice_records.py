"""Programs, cards, consent, erasure, the loyalty export and the audit log."""

from typing import Any

import pytest

from portal.practice.settings import MERCHANT_TWO_TOKEN

CARDS = "/v2/giftcards/programs/cards"
SEARCH = "/v2/giftcards/programs/search"
CONSENT = "/v2/giftcards/gdpr/consent"


@pytest.fixture
def client(practice: Any) -> Any:
    with practice.client() as client:
        yield client


def test_merchant_one_lists_a_bare_array_and_merchant_two_an_envelope(practice: Any, client: Any) -> None:
    bare = client.get(CARDS, params={"limit": 3}).json()
    assert isinstance(bare, list)
    assert len(bare) == 3
    with practice.client(MERCHANT_TWO_TOKEN) as two:
        envelope = two.get(CARDS, params={"limit": 3, "page": 2}).json()
    assert set(envelope) == {"items", "total", "page", "limit"}
    assert (len(envelope["items"]), envelope["page"], envelope["limit"]) == (3, 2, 3)
    assert envelope["total"] > 6


def test_pages_and_offsets_cover_every_card_once(client: Any) -> None:
    whole = [card["id"] for card in client.get(CARDS, params={"limit": 1000}).json()]
    pages = []
    for page in range(1, len(whole) // 100 + 2):
        pages += [card["id"] for card in client.get(CARDS, params={"limit": 100, "page": page}).json()]
    assert pages == whole
    assert len(set(whole)) == len(whole)
    offset = client.get(CARDS, params={"limit": 5, "page": 9, "offset": 7}).json()
    assert [card["id"] for card in offset] == whole[7:12]


@pytest.mark.parametrize("part", ["cardNumber", "lastFourDigits", "customerName", "customerEmail"])
def test_search_finds_a_card_by_any_of_its_four_texts(client: Any, part: str) -> None:
    card = client.get(CARDS, params={"q": "ada@example.com"}).json()[0]
    found = client.get(SEARCH, params={"q": card[part].upper(), "limit": 1000}).json()
    assert card["id"] in [c["id"] for c in found]
    in_program = f"/v2/giftcards/programs/{card['programId']}/search"
    assert card["id"] in [c["id"] for c in client.get(in_program, params={"q": card[part]}).json()]


def test_search_for_text_that_is_nowhere_finds_nothing(client: Any) -> None:
    assert client.get(SEARCH, params={"q": "no such text anywhere"}).json() == []


def test_card_lists_can_be_filtered(client: Any) -> None:
    suspended = client.get(CARDS, params={"status": "suspended"}).json()
    assert suspended
    assert {card["status"] for card in suspended} == {"suspended"}
    with_money = client.get(CARDS, params={"positive_balance": True, "status": "depleted"}).json()
    assert with_money == []
    program = suspended[0]["programId"]
    listed = client.get(f"/v2/giftcards/programs/{program}/cards").json()
    assert {card["programId"] for card in listed} == {program}


def test_card_details_hold_transactions_on_request_newest_first(client: Any) -> None:
    card = client.get(CARDS, params={"q": "ada@example.com"}).json()[1]
    address = f"/v2/giftcards/programs/{card['programId']}/cards/{card['id']}"
    assert client.get(address).json() == card
    with_history = client.get(address, params={"include_transactions": True}).json()["transactions"]
    assert [t["createdAt"] for t in with_history] == sorted((t["createdAt"] for t in with_history), reverse=True)
    assert client.get(f"{address}/transactions", params={"limit": 2}).json() == with_history[:2]


def test_consent_is_stored_and_replaced(practice: Any, client: Any) -> None:
    customer = practice.situation("ordinary")
    written = client.post(f"{CONSENT}/{customer.customer_id}", json={"purposes": ["newsletter"], "ipAddress": None})
    assert written.status_code == 200
    body = {"purposes": ["post", "émoji 🎁"], "customerEmail": customer.email}
    replaced = client.post(CONSENT, json=body).json()
    assert replaced["purposes"] == ["post", "émoji 🎁"]
    assert client.get(f"{CONSENT}/{customer.customer_id}").json() == replaced
    assert client.get(f"{CONSENT}/lookup", params={"customerEmail": customer.email}).json() == replaced


def test_consent_without_an_identifier_or_of_a_stranger_is_refused(client: Any) -> None:
    assert client.get(f"{CONSENT}/lookup").status_code == 422
    assert client.post(CONSENT, json={"purposes": []}).status_code == 422
    assert client.get(f"{CONSENT}/nobody").status_code == 404


def test_erased_customer_leaves_lists_and_files(practice: Any, client: Any) -> None:
    customer = practice.situation("ordinary")
    cards = [card["id"] for card in client.get(CARDS, params={"q": customer.email}).json()]
    erased = client.post("/v2/giftcards/gdpr/erasure", json={"customerEmail": customer.email, "reason": "asked"}).json()
    assert erased["affectedCards"] == cards
    assert client.get(CARDS, params={"q": customer.email}).json() == []
    assert practice.file_of("ordinary").json() == {"customer": None, "giftCards": []}
    assert client.get(f"{CONSENT}/{customer.customer_id}").status_code == 404


def test_erasure_with_an_empty_body_is_refused(client: Any) -> None:
    refused = client.post("/v2/giftcards/gdpr/erasure", json={})
    assert refused.status_code == 422
    assert isinstance(refused.json()["detail"], str)


def test_loyalty_export_is_the_data_itself_in_both_formats(practice: Any, client: Any) -> None:
    customer = practice.situation("ordinary")
    program = client.get(CARDS, params={"q": customer.email}).json()[1]["programId"]
    customers = f"/v2/loyalty/programs/{program}/customers"
    assert [c["id"] for c in client.get(customers, params={"email": "ADA@example.com"}).json()] == [
        customer.customer_id
    ]
    address = f"{customers}/{customer.customer_id}/export"
    assert client.get(address).json()["customer"]["email"] == customer.email
    as_csv = client.get(address, params={"format": "csv"})
    assert as_csv.headers["content-type"] == "text/csv; charset=utf-8"
    assert as_csv.text.startswith("id,email,")
    assert client.get(f"{customers}/nobody/export").status_code == 404
    assert client.get(address, params={"format": "xml"}).status_code == 422


def test_audit_log_lists_exports_newest_first_in_its_envelope(practice: Any, client: Any) -> None:
    ids = [practice.ask("ordinary").json()["exportId"] for _ in range(3)]
    practice.ask("other_merchant")
    page = client.get("/v2/giftcards/audit-logs", params={"limit": 2, "action": "gdpr_export"}).json()
    assert (page["total"], page["page"], page["pages"], page["limit"]) == (3, 1, 2, 2)
    assert [entry["resourceId"] for entry in page["items"]] == ids[:0:-1]
    assert {entry["action"] for entry in page["items"]} == {"gdpr_export"}


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"action": ["login_failed", "gdpr_export"]}, 1),
        ({"action": "login_failed"}, 0),
        ({"actorName": "APP KEY"}, 1),
        ({"subjectId": "nobody"}, 0),
        ({"from": "2026-01-01T00:00:00", "action": "gdpr_export"}, 1),
        ({"to": "2026-01-01T00:00:00+02:00", "action": "gdpr_export"}, 0),
    ],
)
def test_audit_log_can_be_filtered(practice: Any, client: Any, query: dict[str, Any], count: int) -> None:
    practice.ask("ordinary")
    assert client.get("/v2/giftcards/audit-logs", params=query).json()["total"] == count
