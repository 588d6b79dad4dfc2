"""People whose data lie apart: every route says the same of them, and no look changes anything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

import httpx
import pytest

from portal.practice.invented.loyalty import CLUB, MANY_MEMBERS
from portal.practice.invented.people import (
    EXPORT_ONLY,
    FAMILY_IDS,
    LOGGED,
    LOOKALIKE_IDS,
    MAILBOX,
    MERGED,
    MERGED_ID,
    MERGED_OLD,
    MERGED_OLD_ID,
    PAGE_THREE,
    PEOPLE,
    SEARCH_ONLY,
    TWO_IDS,
    TWO_IDS_IDS,
    UNLOGGED,
)
from portal.practice.server import create_app
from portal.practice.settings import MERCHANT_ONE_TOKEN, MERCHANT_TWO_TOKEN, PracticeSettings
from portal.practice.state import State

CARDS = "/v2/giftcards/programs/search"
EXPORT = "/v2/giftcards/gdpr/export"
CONSENT = "/v2/giftcards/gdpr/consent/lookup"
LOG = "/v2/giftcards/audit-logs"
ID_OF = {person.email: person.customer_id for person in PEOPLE}
Export = Callable[..., dict[str, Any]]


@pytest.fixture
def client(practice: Any) -> Iterator[httpx.Client]:
    with practice.client() as client:
        yield client


@pytest.fixture
def exported(practice: Any, client: httpx.Client) -> Export:
    """The JSON export by ``customerEmail=…`` or ``customerId=…``."""

    def export(**by: str) -> dict[str, Any]:
        link = client.post(EXPORT, json={**by, "format": "json"}).raise_for_status().json()["downloadUrl"]
        opened = client.get(link) if link.startswith(practice.base) else httpx.get(link, trust_env=False)
        record: dict[str, Any] = opened.raise_for_status().json()
        return record

    return export


def found(client: httpx.Client, wanted: str) -> list[dict[str, Any]]:
    cards: list[dict[str, Any]] = client.get(CARDS, params={"q": wanted}).raise_for_status().json()
    return cards


def numbers(cards: list[dict[str, Any]]) -> set[str]:
    return {card["cardNumber"] for card in cards}


def program_called(client: httpx.Client, name: str) -> str:
    return next(str(one["id"]) for one in client.get("/v2/loyalty/programs").json() if one["name"] == name)


def in_club(client: httpx.Client, **by: str) -> list[dict[str, Any]]:
    club = program_called(client, CLUB)
    members: list[dict[str, Any]] = client.get(f"/v2/loyalty/programs/{club}/customers", params=by).json()
    return members


def test_the_people_are_listed_beside_the_situations(practice: Any) -> None:
    with practice.client(None) as client:
        listed = client.get("/_practice/people").json()
    assert [one["key"] for one in listed] == [person.key for person in PEOPLE]
    assert all(one["practice"] is True and one["what_happens"].endswith(".") for one in listed)
    assert len({one["key"] for one in listed}) == len({one["email"] for one in listed}) == len(PEOPLE)


def test_two_ids_of_one_address_are_two_exports_and_one_search(client: httpx.Client, exported: Export) -> None:
    by_email = exported(customerEmail=TWO_IDS)
    by_id = [exported(customerId=one) for one in TWO_IDS_IDS]
    assert [record["customer"]["id"] for record in (by_email, *by_id)] == [TWO_IDS_IDS[0], *TWO_IDS_IDS]
    assert {record["customer"]["email"] for record in by_id} == {TWO_IDS}
    assert len({record["customer"]["phone"] for record in by_id}) == 1
    apart = [numbers(record["giftCards"]) for record in by_id]
    assert not apart[0] & apart[1] and numbers(found(client, TWO_IDS)) == apart[0] | apart[1]
    consents = [client.get(CONSENT, params={"customerId": one}).json()["purposes"] for one in TWO_IDS_IDS]
    assert client.get(CONSENT, params={"customerEmail": TWO_IDS}).json()["purposes"] == consents[0] != consents[1]


def test_id_and_address_together_name_the_newer_record_too(exported: Export, client: httpx.Client) -> None:
    assert exported(customerId=TWO_IDS_IDS[1], customerEmail=TWO_IDS)["customer"]["id"] == TWO_IDS_IDS[1]
    other = {"customerId": TWO_IDS_IDS[1], "customerEmail": MAILBOX, "format": "json"}
    assert client.post(EXPORT, json=other).status_code == 404


def test_a_family_mailbox_is_two_people_in_every_answer(client: httpx.Client, exported: Export) -> None:
    record = exported(customerEmail=MAILBOX)
    both = [record["customer"], *(one["customer"] for one in record["mergedRecords"])]
    assert [one["id"] for one in both] == list(FAMILY_IDS)
    for different in ("name", "phone"):
        assert len({one[different] for one in both}) == 2
    assert {card["customerId"] for card in found(client, MAILBOX)} == set(FAMILY_IDS)
    members = in_club(client, email=MAILBOX)
    assert {(one["name"], one["phone"]) for one in members} == {(one["name"], one["phone"]) for one in both}
    assert len({one["id"] for one in members}) == 2
    for one in both:
        alone = exported(customerId=one["id"])
        assert alone["customer"] == one and "mergedRecords" not in alone
        assert [member["name"] for member in in_club(client, phone=one["phone"])] == [one["name"]]


@pytest.mark.parametrize(
    "by",
    [
        {"customerId": MERGED_ID},
        {"customerId": MERGED_OLD_ID},
        {"customerEmail": MERGED},
        {"customerEmail": MERGED_OLD},
    ],
)
def test_a_merged_customer_is_the_new_record_by_old_and_new(
    client: httpx.Client, exported: Export, by: dict[str, str]
) -> None:
    record = exported(**by)
    customer = record["customer"]
    assert (customer["id"], customer["email"]) == (MERGED_ID, MERGED)
    assert (customer["mergedFrom"], customer["previousEmails"]) == ([MERGED_OLD_ID], [MERGED_OLD])
    assert {card["customerId"] for card in record["giftCards"]} == {MERGED_ID, MERGED_OLD_ID}
    assert client.get(CONSENT, params=by).json()["customerId"] == MERGED_ID


def test_the_merged_customers_cards_are_found_by_both_addresses(client: httpx.Client, exported: Export) -> None:
    cards = numbers(exported(customerId=MERGED_ID)["giftCards"])
    assert numbers(found(client, MERGED)) == numbers(found(client, MERGED_OLD)) == cards
    assert [one["name"] for one in in_club(client, email=MERGED_OLD)] == ["Mina Oldman"]
    assert in_club(client, email=MERGED) == []


@pytest.mark.parametrize(("email", "search_has_more"), [(SEARCH_ONLY, True), (EXPORT_ONLY, False)])
def test_one_card_is_known_to_one_side_only(
    client: httpx.Client, exported: Export, email: str, search_has_more: bool
) -> None:
    by_email, by_id = (numbers(exported(**by)["giftCards"]) for by in ({"customerEmail": email},
                                                                      {"customerId": ID_OF[email]}))  # fmt: skip
    searched = numbers(found(client, email))
    assert by_email == by_id
    more, less = (searched, by_email) if search_has_more else (by_email, searched)
    assert less < more and len(more - less) == 1
    (odd,) = more - less
    assert len(found(client, odd[-4:])) == (1 if search_has_more else 0)


def test_three_of_one_name_differ_in_program_balance_and_last_use(client: httpx.Client) -> None:
    cards = found(client, "Robin Ash")
    assert {card["customerId"] for card in cards} == set(LOOKALIKE_IDS) and len(cards) == 3
    for apart in ("programId", "balance", "updatedAt", "customerEmail", "customerPhone"):
        assert len({card[apart] for card in cards}) == 3, apart


def test_who_is_on_the_third_page_is_nowhere_else(client: httpx.Client, exported: Export) -> None:
    regulars = f"/v2/loyalty/programs/{program_called(client, 'Morning Regulars')}/customers"
    pages = [
        client.get(regulars, params={"email": PAGE_THREE, "page": page, "limit": 250}).json() for page in (1, 2, 3)
    ]
    hits = [[one for one in page["customers"] if one["email"] == PAGE_THREE] for page in pages]
    assert [len(one) for one in hits] == [0, 0, 1] and {page["total"] for page in pages} == {MANY_MEMBERS}
    data = client.get(f"{regulars}/{hits[2][0]['id']}/export").json()
    assert data["customer"] == hits[2][0]
    assert exported(customerEmail=PAGE_THREE) == {"customer": None, "giftCards": []}
    assert found(client, PAGE_THREE) == [] and in_club(client, email=PAGE_THREE) == []


def test_consents_and_log_are_there_for_one_and_not_for_another(client: httpx.Client) -> None:
    club = program_called(client, CLUB)
    for email, purposes, loyalty, looks in ((LOGGED, 3, 4, 230), (UNLOGGED, 0, 0, 0)):
        record = client.get(CONSENT, params={"customerEmail": email})
        assert (record.status_code, len(record.json().get("purposes", ()))) == (200 if purposes else 404, purposes)
        (member,) = in_club(client, email=email)
        consents = client.get(f"/v2/loyalty/programs/{club}/customers/{member['id']}/consents").json()
        assert len(consents) == loyalty
        log = client.get(LOG, params={"subjectId": ID_OF[email], "limit": 200}).json()
        assert (log["total"], log["pages"]) == (looks, -(-looks // 200))


def test_the_log_of_before_a_merge_stands_under_the_old_id(practice: Any, client: httpx.Client) -> None:
    totals = [client.get(LOG, params={"subjectId": one}).json()["total"] for one in (MERGED_ID, MERGED_OLD_ID)]
    assert totals == [1, 2]
    with practice.client(MERCHANT_TWO_TOKEN) as two:
        assert two.get(LOG).json()["total"] == 0


# Nothing changes by looking (ANS-6) ----------------------------------------------------------------------

MOVES = {"exports", "object_keys", "audit", "counts", "by_situation"}
"""What an export adds to: its own record, how often it was asked for, and the log's entry of it."""


def snapshot(state: State) -> dict[str, str]:
    kept = {one.name for one in fields(State)} - MOVES
    return {name: repr(getattr(state, name)) for name in sorted(kept)}


def gets_of(app: Any) -> set[str]:
    return {path for path, operations in app.openapi()["paths"].items() if "get" in operations}


def looks(state: State) -> Iterator[tuple[str, dict[str, str], dict[str, Any]]]:
    """Every GET of the API about everybody of the list: the route's path, its parts, its query."""
    everybody = {customer.id: customer for customer in state.world.customers.values() if customer.email in ID_OF}
    loyalty = state.loyalty.of_merchant(state.world.merchant("one").id)
    programs = [*(one.id for one in state.world.merchant("one").programs), *(one.id for one in loyalty)]
    cards = [card for one in everybody for card in state.world.cards_of_customer[one]]
    for path in ("/v2/loyalty/programs", "/v2/token", LOG):
        yield path, {}, {}
    for card in cards[:4]:
        part = {"programId": card.program_id, "cardId": card.id}
        for what in ("", "/transactions"):
            yield f"/v2/giftcards/programs/{{programId}}/cards/{{cardId}}{what}", part, {}
    for email in (*ID_OF, MERGED_OLD):
        for path in (CARDS, "/v2/giftcards/programs/cards"):
            yield path, {}, {"q": email}
        yield CONSENT, {}, {"customerEmail": email}
        for program in programs:
            for what in ("search", "cards"):
                yield f"/v2/giftcards/programs/{{programId}}/{what}", {"programId": program}, {"q": email}
            yield "/v2/loyalty/programs/{programId}/customers", {"programId": program}, {"email": email}
    for customer_id in (*everybody, MERGED_OLD_ID):
        yield CONSENT, {}, {"customerId": customer_id}
        yield "/v2/giftcards/gdpr/consent/{customerId}", {"customerId": customer_id}, {}
        yield LOG, {}, {"subjectId": customer_id, "limit": 200}
        for program in programs:
            members = [one.id for one in state.loyalty.members.get(program, {}).values() if one.email.lower() in ID_OF]
            for known in (customer_id, *members):
                for what in ("export", "consents"):
                    path = f"/v2/loyalty/programs/{{programId}}/customers/{{customerId}}/{what}"
                    yield path, {"programId": program, "customerId": known}, {}


async def look_at_everything(app: Any, state: State) -> tuple[set[str], set[int], int]:
    """The routes that were visited, the statuses they answered with, and how many exports were made."""
    transport = httpx.ASGITransport(app=app)
    headers = {"Authorization": f"Bearer {MERCHANT_ONE_TOKEN}"}
    visited, statuses, made = set(), set(), 0
    async with httpx.AsyncClient(transport=transport, base_url="http://practice.example", headers=headers) as client:
        for path, parts, query in looks(state):
            statuses.add((await client.get(path.format(**parts), params=query)).status_code)
            visited.add(path)
        asked = [{"customerEmail": one} for one in (*ID_OF, MERGED_OLD)]
        asked += [{"customerId": one} for one in (*ID_OF.values(), MERGED_OLD_ID)]
        for who in asked:
            for format_ in ("json", "csv"):
                answer = (await client.post(EXPORT, json={**who, "format": format_})).raise_for_status().json()
                made += 1
                query = {"exportId": answer["exportId"], "format": format_, **who}
                assert (await client.get("/v2/giftcards/gdpr/download", params=query)).status_code == 200
        visited.add("/v2/giftcards/gdpr/download")
    return visited, statuses, made


def test_no_look_at_anybody_changes_anything_but_the_exports_records() -> None:
    state = State.fresh(PracticeSettings(port=0, download_port=0))
    app = create_app(state.settings, state)
    before, digest = snapshot(state), state.digest()
    visited, statuses, made = asyncio.run(look_at_everything(app, state))
    assert snapshot(state) == before and state.digest() == digest
    assert visited == {path for path in gets_of(app) if path.startswith("/v2/")}, "a GET that is not looked at"
    assert statuses == {200, 403, 404}
    assert len(state.exports) == made > 50
    assert {entry["action"] for entry in state.audit} == {"gdpr_export"}
