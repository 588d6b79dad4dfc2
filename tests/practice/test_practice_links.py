"""Download links on both hosts, and what narrows an export."""

import time
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import httpx
import pytest


def get(url: str, **headers: str) -> httpx.Response:
    return httpx.get(url, headers=headers, trust_env=False, verify=False)


def test_half_of_the_ordinary_customers_get_presigned_links(practice: Any) -> None:
    hosts = set()
    with practice.client() as client:
        cards = client.get("/v2/giftcards/programs/cards").json()
        emails = sorted({card["customerEmail"] for card in cards if "." in card["customerEmail"].split("@")[0]})
        for email in emails[:40:4]:
            body = {"customerEmail": email, "format": "csv"}
            answer = client.post("/v2/giftcards/gdpr/export", json=body)
            if answer.headers["content-type"] == "application/json" and "downloadUrl" in answer.json():
                hosts.add(urlsplit(answer.json()["downloadUrl"]).netloc)
    with practice.client(None) as client:
        health = client.get("/_practice/health").json()
    assert {urlsplit(health["api"]).netloc, urlsplit(health["downloads"]).netloc} <= hosts


@pytest.mark.parametrize("header", ["Authorization", "X-Eposn-Merchant-Token", "X-Eposn-Customer-Token"])
def test_presigned_link_refuses_a_caller_who_sends_credentials(practice: Any, header: str) -> None:
    url = practice.ask("many_cards").json()["downloadUrl"]
    refused = get(url, **{header: "Bearer anything"})
    assert refused.status_code == 400
    assert refused.headers["content-type"] == "application/xml"
    assert get(url).status_code == 200
    assert practice.counts()["presigned_with_credentials"] == 1


def test_presigned_link_works_more_than_once_with_the_same_bytes(practice: Any) -> None:
    url = practice.ask("many_cards").json()["downloadUrl"]
    assert get(url).content == get(url).content


@pytest.mark.parametrize("change", ["signature", "expiry", "key", "bare"])
def test_presigned_link_cannot_be_changed(practice: Any, change: str) -> None:
    parts = urlsplit(practice.ask("many_cards").json()["downloadUrl"])
    query = dict(parse_qsl(parts.query))
    path = parts.path
    if change == "signature":
        query["X-Signature"] = "0" * 64
    elif change == "expiry":
        query["X-Expires"] = str(int(query["X-Expires"]) + 60)
    elif change == "key":
        path = path[:-1] + ("A" if path[-1] != "A" else "B")
    else:
        query = {}
    refused = get(urlunsplit(parts._replace(path=path, query="&".join(f"{k}={v}" for k, v in query.items()))))
    assert refused.status_code == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in refused.text


def test_presigned_link_is_refused_with_xml_after_expiry(start_practice: Any) -> None:
    with start_practice("--export-lifetime", "0.01") as practice:
        address = practice.ask("many_cards").json()["downloadUrl"]
        for _ in range(50):
            refused = get(address)
            if refused.status_code == 403:
                break
            time.sleep(0.1)
    assert refused.status_code == 403
    assert "<Code>AccessDenied</Code>" in refused.text


def test_api_link_needs_the_bearer_of_the_same_merchant(practice: Any) -> None:
    url = practice.ask("ordinary").json()["downloadUrl"]
    assert get(url).status_code == 401
    assert get(url, Authorization="Bearer practice-token-merchant-two").status_code == 404
    assert get(url, Authorization="Bearer practice-token-merchant-one").status_code == 200


@pytest.mark.parametrize(
    "change", [{"format": "csv"}, {"customerEmail": "other@example.com"}, {"exportId": "exp_none"}]
)
def test_api_link_must_repeat_what_the_export_was_made_with(practice: Any, change: dict[str, str]) -> None:
    parts = urlsplit(practice.ask("ordinary").json()["downloadUrl"])
    asked = {**dict(parse_qsl(parts.query)), **change}
    with practice.client() as client:
        assert client.get(parts.path, params=asked).status_code == 404


def test_program_and_card_narrow_the_export(practice: Any) -> None:
    whole = practice.file_of("ordinary").json()["giftCards"]
    program, card = whole[0]["programId"], whole[1]["id"]
    in_program = practice.file_of("ordinary", programId=program).json()["giftCards"]
    assert [c["id"] for c in in_program] == [c["id"] for c in whole if c["programId"] == program]
    assert [c["id"] for c in practice.file_of("ordinary", cardId=card).json()["giftCards"]] == [card]
    assert practice.file_of("ordinary", programId=program, cardId=card).json()["giftCards"] == []
