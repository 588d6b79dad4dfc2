"""Marked cells become people: the same person once, staff as one group, tills as nobody."""

from __future__ import annotations

import json
from typing import Any

from portal.preview import AskedPerson, Preview, read
from portal.redaction.reasons import Reason
from portal.review.deciding import proposed_places
from portal.review.defaults import Proposals
from portal.review.found.cards import card_parts
from portal.review.found.credentials import names_a_secret
from portal.review.found.people import Person, people_in
from portal.review.kinds import Attribute, GroupKind

ASKED = AskedPerson(email="ada@example.com")
OWNER = {"id": "c1", "email": "ada@example.com", "name": "Ada Quill"}


def preview_of(cards: list[dict[str, Any]], **more: Any) -> Preview:
    return read(json.dumps({"customer": OWNER, "giftCards": cards, **more}).encode(), "json")


def people(cards: list[dict[str, Any]], **more: Any) -> list[Person]:
    return people_in(preview_of(cards, **more), ASKED, sha256="f" * 64)


def sale(number: int, cashier: str, note: str = "") -> dict[str, Any]:
    return {
        "id": f"t{number}",
        "amount": "5.00",
        "cashierName": cashier,
        "terminalId": f"TILL-{number % 3}",
        "note": note,
    }


def test_nine_hundred_sales_by_six_cashiers_are_one_group_of_six_people() -> None:
    cashiers = ["Paolo Neri", "Deniz Kaya", "Ingrid Moe", "Hye Park", "Oke Ade", "Lena Ott"]
    found = people([], transactions=[sale(number, cashiers[number % 6]) for number in range(900)])
    assert [(one.kind, one.people, len(one.places), one.label) for one in found] == [(GroupKind.STAFF, 6, 900, "")]
    assert {one.who for one in found[0].places} == set(range(1, 7))


def test_a_cashier_named_in_a_note_is_the_same_staff_member() -> None:
    found = people([], transactions=[sale(1, "Paolo"), sale(2, "Deniz", "Served by Paolo today")])
    spans = [one for one in found[0].places if one.span]
    assert len(found) == 1 and [(one.who, one.span) for one in spans] == [(1, (10, 15))]


def giver(name: str, email: str, message: str | None = None) -> dict[str, Any]:
    return {"id": f"{len(name)}-{len(email)}", "senderName": name, "senderEmail": email, "customMessage": message}


def test_one_giver_by_email_or_by_name_over_many_cards_is_one_person() -> None:
    same_email = people([giver("Dawid Goliasz", "d@example.org"), giver("D. Goliasz", "D@example.org")])
    same_name = people([giver("Dawid Goliasz", "d@example.org"), giver("Dawid  GOLIASZ", "other@example.org")])
    for found in (same_email, same_name):
        assert [(one.kind, len(one.places)) for one in found] == [(GroupKind.GIVER, 4)]
        assert found[0].label == "Dawid G."


def test_two_givers_are_two_people_and_the_customer_is_none() -> None:
    found = people([
        giver("Dawid Goliasz", "d@example.org"), giver("Mei Tan", "mei@example.net"),
        giver("Ada Quill", "ada@example.com"),
    ])  # fmt: skip
    assert [one.label for one in found] == ["Dawid G.", "Mei T."]


def test_an_email_in_a_message_is_somebody_and_the_rest_of_the_message_stays() -> None:
    message = "Write to rosa@example.org when it has come, love"
    found = people([giver("Dawid Goliasz", "d@example.org", message)])
    named = next(one for one in found if one.kind is GroupKind.IN_TEXT)
    assert [(one.attribute, one.span) for one in named.places] == [(Attribute.EMAIL, (9, 25))]
    assert not [one for one in found if one.kind is GroupKind.MESSAGE]


def test_a_message_that_names_nobody_is_a_message() -> None:
    found = people([giver("Dawid Goliasz", "d@example.org", "Happy birthday to you, enjoy it!")])
    assert [one.kind for one in found] == [GroupKind.GIVER, GroupKind.MESSAGE]


def test_groups_are_called_the_same_for_the_same_file_and_by_no_value() -> None:
    cards = [giver("Dawid Goliasz", "d@example.org"), giver("Mei Tan", "mei@example.net")]
    one, two = people(cards), people(cards)
    assert [p.id for p in one] == [p.id for p in two] and len({p.id for p in one}) == 2
    renamed = [giver("Rosa Luz", "r@example.org"), giver("Mei Tan", "mei@example.net")]
    assert people(renamed)[0].id == one[0].id
    assert "Dawid" not in repr(one[0].places[0]) and "Dawid" not in repr(one[0])


def test_a_field_that_holds_a_secret_is_told_by_its_name() -> None:
    secrets = ("password", "passwordHash", "api_token", "refreshToken", "apiKey", "clientSecret", "securityCode")
    assert [name for name in secrets if not names_a_secret(name)] == []
    others = ("passwordChangedAt", "tokenType", "postCode", "keyword", "cardNumber", "codeCount", "hashtag", "note")
    assert [name for name in others if names_a_secret(name)] == []


def test_a_link_with_a_key_in_it_is_a_secret() -> None:
    link = "https://pass.example.com/v1/p?authToken=9f8e7d6c5b4a"
    found = people([{"id": "g1", "passUrl": link}, {"id": "g2", "passUrl": "https://pass.example.com/about"}])
    assert [(one.kind, len(one.places)) for one in found] == [(GroupKind.CREDENTIALS, 1)]


def test_a_card_number_is_found_in_its_column_and_in_every_other_text() -> None:
    preview = preview_of([{"id": "g1", "cardNumber": "6006491234567890", "note": "was 6006 4912 3456 7890 before"}])
    found = {part.cell.column: (part.span, part.number) for part in card_parts(preview)}
    assert found["cardNumber"] == ((0, 12), "6006491234567890")
    assert found["note"] == ((4, 19), "6006 4912 3456 7890")


def test_what_is_left_out_of_a_giver_is_left_out_where_the_same_person_got_a_card() -> None:
    rosa = {"name": "Rosa Martinez", "phone": "+44 20 7946 0427"}
    (person,) = people([{"id": "c1", "sender": rosa}, {"id": "c2", "recipient": rosa}])
    out = proposed_places(person, Proposals())
    assert {one.place.column for one, _ in out} == {"sender.phone", "recipient.phone"}
    assert {reason for _, reason in out} == {Reason.OTHER_CONTACT}, "names stay"
