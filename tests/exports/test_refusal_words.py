"""What is said about a request that LoyaltyDog refused: our words for known kinds, its own as a quotation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portal.exports.core.vendor_refusal import FIELDS, VendorRefusal, refusal_of
from portal.language.catalogues import catalogue_of
from portal.loyaltydog.status_errors import error_for

TYPED = "typed.by.hand@example.com"


def refusal(status: int, body: object) -> VendorRefusal:
    return refusal_of(error_for(status, {}, json.dumps(body).encode()))


def of_field(name: str, **entry: object) -> VendorRefusal:
    return refusal(422, {"detail": [{"loc": ["body", name], "msg": "m", "type": "t", "input": TYPED} | entry]})


@pytest.mark.parametrize(("name", "ours"), FIELDS.items())
@pytest.mark.parametrize("where", ["body", "query"])
def test_each_documented_field_leads_to_ours(name: str, ours: str, where: str) -> None:
    found = refusal(422, {"detail": [{"loc": [where, name], "msg": "x", "type": "missing"}]})
    assert [entry.field for entry in found.fields] == [ours]


@pytest.mark.parametrize(
    ("name", "kind", "sentence"),
    [
        ("customerEmail", "missing", "LoyaltyDog needs a value here."),
        ("customerEmail", "value_error", "LoyaltyDog does not take this as an email address."),
        ("customerEmail", "value_error.email", "LoyaltyDog does not take this as an email address."),
        ("programId", "string_pattern_mismatch", "LoyaltyDog does not take this as an ID."),
        ("cardId", "value_error", "LoyaltyDog does not take this as an ID."),
        ("format", "literal_error", "LoyaltyDog does not know this choice."),
        ("customerId", "string_too_long", "This is too long for LoyaltyDog."),
        ("customerId", "extra_forbidden", "LoyaltyDog does not take this here."),
    ],
)
def test_a_known_kind_of_error_is_said_in_our_words(name: str, kind: str, sentence: str) -> None:
    found = of_field(name, type=kind, msg="value is not a valid thing")
    assert [entry.sentence for entry in found.fields] == [sentence]
    assert catalogue_of("de").sentence(sentence) != sentence, "translated"


def test_an_unknown_kind_quotes_the_vendors_own_words() -> None:
    (entry,) = of_field("cardId", type="card_blocked", msg="Card is blocked since May").fields
    assert entry.sentence == "LoyaltyDog says about it: “Card is blocked since May”."


@pytest.mark.parametrize("msg", ["<b>bold</b>", "x" * 201, '{"input": "a"}', "", None, [7]])
def test_words_that_are_no_short_plain_text_are_not_quoted(msg: Any) -> None:
    (entry,) = of_field("cardId", type="odd", msg=msg).fields
    assert entry.sentence == "LoyaltyDog refused the field body.cardId."


def test_what_was_typed_is_never_taken_from_the_answer() -> None:
    found = of_field("customerEmail", type="value_error", ctx={"reason": TYPED})
    assert TYPED not in found.as_json()


def test_a_field_of_none_of_ours_is_said_without_one() -> None:
    found = refusal(422, {"detail": [{"loc": ["header", "x"], "msg": "no", "type": "odd"}]})
    assert [entry.field for entry in found.fields] == [""]


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 422])
def test_short_words_about_the_whole_request_are_kept(status: int) -> None:
    assert refusal(status, {"detail": "Exports are paused for this program"}).says == (
        "Exports are paused for this program"
    )
    assert not refusal(status, {"detail": "<html>a page</html>"})
    assert not refusal(status, {})


def test_a_refusal_survives_being_kept() -> None:
    found = of_field("cardId", type="odd", msg="Karte “gesperrt”")
    assert VendorRefusal.from_json(found.as_json()) == found
