"""The invented loyalty programs: one answers as documented, one refuses, one sends all; a look changes nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest

from portal.practice.invented.builder import build_world
from portal.practice.invented.loyalty import (
    IN_SEVERAL,
    MANY_MEMBERS,
    ONLY_CARDS,
    ONLY_LOYALTY,
    SHARED_PHONE,
    Loyalty,
    LoyaltyProgram,
    build_loyalty,
)
from portal.practice.settings import MERCHANT_TWO_TOKEN


@pytest.fixture(scope="module")
def loyalty() -> Loyalty:
    return build_loyalty(build_world(), 20261123)


def named(loyalty: Loyalty, name: str) -> LoyaltyProgram:
    return next(program for program in loyalty.programs.values() if program.name == name)


@pytest.fixture
def client(practice: Any) -> Any:
    with practice.client() as client:
        yield client


def customers(loyalty: Loyalty, name: str) -> str:
    return f"/v2/loyalty/programs/{named(loyalty, name).id}/customers"


def test_the_same_seed_gives_the_same_members_and_nobody_can_be_reached(loyalty: Loyalty) -> None:
    assert repr(build_loyalty(build_world(), 20261123)) == repr(loyalty)
    members = [member for found in loyalty.members.values() for member in found.values()]
    assert len(members) > MANY_MEMBERS
    for member in members:
        assert re.fullmatch(r"[a-z0-9.]+@example\.(com|org|net)", member.email.lower())
        assert re.fullmatch(r"\+1 202-555-01\d\d|\+44 20 7946 0\d{3}", member.phone)
    consents = [member.consents for member in members]
    assert any(consents) and not all(consents)


def test_one_person_is_in_several_programs_one_has_only_cards_and_one_no_card(loyalty: Loyalty) -> None:
    of = {
        email: {m.program_id for found in loyalty.members.values() for m in found.values() if m.email.lower() == email}
        for email in (IN_SEVERAL, ONLY_CARDS, ONLY_LOYALTY)
    }
    names = {email: sorted(loyalty.programs[program].name for program in found) for email, found in of.items()}
    assert names[IN_SEVERAL] == ["Coffee Club", "Morning Regulars", "Tea Club"]
    assert names[ONLY_CARDS] == [] and "Coffee Club" in names[ONLY_LOYALTY]
    world = build_world()
    holder = world.customer_by_email(world.merchant("one").id, ONLY_LOYALTY)
    assert holder is not None and world.cards_of_customer[holder.id] == []


def test_a_search_finds_by_email_in_any_case_and_by_a_phone_two_share(client: Any, loyalty: Loyalty) -> None:
    club = customers(loyalty, "Coffee Club")
    assert [c["email"] for c in client.get(club, params={"email": IN_SEVERAL.upper()}).json()] == [IN_SEVERAL]
    assert len(client.get(club, params={"phone": SHARED_PHONE}).json()) == 2
    assert client.get(club, params={"email": "nobody@example.com"}).json() == []


def test_the_unfiltered_program_pages_through_everybody(client: Any, loyalty: Loyalty) -> None:
    pages = [
        client.get(customers(loyalty, "Morning Regulars"), params={"email": IN_SEVERAL, "page": page}).json()
        for page in (1, 2, 3, 4)
    ]
    assert [len(page["customers"]) for page in pages] == [250, 250, 100, 0]
    assert {page["total"] for page in pages} == {MANY_MEMBERS}
    assert len({one["id"] for page in pages for one in page["customers"]}) == MANY_MEMBERS


def test_data_and_consents_of_a_member_are_given_and_of_a_stranger_not(client: Any, loyalty: Loyalty) -> None:
    club = named(loyalty, "Coffee Club")
    member = next(one for one in loyalty.members[club.id].values() if one.consents)
    place = f"{customers(loyalty, 'Coffee Club')}/{member.id}"
    data = client.get(f"{place}/export").json()
    assert (data["customer"]["id"], data["customer"]["email"]) == (member.id, member.email)
    consents = client.get(f"{place}/consents").json()
    assert [one["consentType"] for one in consents] == [one.consent_type for one in member.consents]
    stranger = f"{customers(loyalty, 'Coffee Club')}/{'0' * 24}"
    assert {client.get(f"{stranger}/{what}").status_code for what in ("export", "consents")} == {404}


def test_the_refusing_program_refuses_and_another_merchants_is_forbidden(
    practice: Any, client: Any, loyalty: Loyalty
) -> None:
    assert client.get(customers(loyalty, "Tea Club")).status_code == 403
    with practice.client(MERCHANT_TWO_TOKEN) as two:
        assert two.get(customers(loyalty, "Coffee Club")).status_code == 403
        assert {program["name"] for program in two.get("/v2/loyalty/programs").json()} >= {"Reading Circle"}


def test_looking_changes_nothing_about_anybody(client: Any, loyalty: Loyalty) -> None:
    before = client.get("/_practice/digest").json()["sha256"]
    club = named(loyalty, "Coffee Club")
    member = next(iter(loyalty.members[club.id]))
    for path in (customers(loyalty, "Coffee Club"), f"{customers(loyalty, 'Coffee Club')}/{member}/export"):
        assert client.get(path).status_code == 200
    assert client.get("/_practice/digest").json()["sha256"] == before
    wrote = client.post("/v2/giftcards/gdpr/consent", json={"customerEmail": IN_SEVERAL, "purposes": ["receipts"]})
    assert wrote.status_code == 200
    assert client.get("/_practice/digest").json()["sha256"] != before
    client.post("/_practice/reset")
