"""Tables that stand under a person's key: `cardsByCustomer.c9` is the table of customer c9."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portal.preview import AskedPerson, find_others, inspect, read

ASKED = AskedPerson(email="mara.quist@example.org", customer_id=None)
MARA = {"id": "c1", "email": "mara.quist@example.org"}


def verdict(value: Any) -> str:
    return inspect(read(json.dumps(value).encode(), "json"), ASKED).verdict


CARDS: list[Any] = [
    [{"number": "1", "balance": 2}],
    {"number": "1", "balance": 2},
    [{"id": "card-7", "balance": 2}],
    {"cards": [{"number": "1"}]},
]


@pytest.mark.parametrize("name", ["cardsByCustomer", "customers", "members", "Kunden", "balances_by_customer"])
@pytest.mark.parametrize("cards", CARDS)
def test_a_strangers_key_beside_the_asked_customers_is_seen(name: str, cards: Any) -> None:
    assert verdict({"customer": MARA, name: {"c1": cards}}) == "one_person"
    assert verdict({"customer": MARA, name: {"c1": cards, "c9": cards}}) in ("other_person", "unsure")
    assert verdict({"customer": MARA, name: {"c9": cards}}) in ("other_person", "unsure")


def test_a_field_with_a_digit_in_its_name_is_no_key() -> None:
    assert verdict({"customer": {**MARA, "address2": {"city": "Leeds"}}}) == "one_person"


@pytest.mark.parametrize(
    ("link", "marked"),
    [
        ("https://x.example/u?email=otto%40vance.example&x=1", True),
        ("https://x.example/u?email=mara.quist%40example.org&x=1", False),
        ("https://x.example/u?email=mara.quist@example.org", False),
        ("saved 40%40 of it", False),
    ],
)
def test_an_email_in_a_links_query_is_marked_when_it_is_somebody_elses(link: str, marked: bool) -> None:
    preview = read(json.dumps({"customer": MARA, "events": [{"text": f"opened {link}"}]}).encode(), "json")
    kinds = {other.kind for other in find_others(preview, ASKED)}
    assert ("email" in kinds) is marked
