"""A verdict says only what the file establishes: whose record, in every wrapping, and when nothing is held."""

import json
from types import ModuleType
from typing import Any

import pytest

from portal.preview import AskedPerson, Inspection, inspect, read
from portal.preview.inspection.addresses import address_in, normal_id

pytestmark = pytest.mark.keeps("LAW-14", "LAW-23")

ANNA = AskedPerson(email="anna@example.com")
MINE, OTHER = "64b7aa5a86d9755df3a6c501", "64b7aa5a86d9755df3a6c599"


def look(value: Any, asked: AskedPerson = ANNA) -> Inspection:
    return inspect(read(json.dumps(value).encode(), "json"), asked)


def look_at_csv(text: str, asked: AskedPerson = ANNA) -> Inspection:
    return inspect(read(text.encode(), "csv"), asked)


def test_a_strangers_record_never_passes_in_any_shape(stranger_shapes: ModuleType) -> None:
    result = stranger_shapes.measure()
    assert result.shapes >= 78
    assert result.passed == ()


def test_the_customer_alone_is_one_person_in_nearly_every_shape(stranger_shapes: ModuleType) -> None:
    result = stranger_shapes.measure()
    assert result.own["one_person"] >= 0.95 * result.shapes, result.own_missed


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("Anna Meyer <anna@example.com>", "anna@example.com"),
        ('"Meyer, Anna" <ANNA@example.com>', "anna@example.com"),
        ("mailto:anna@example.com", "anna@example.com"),
        ('="anna@example.com"', "anna@example.com"),
        ("'anna@example.com'", "anna@example.com"),
        ("anna@example.com\u200b", "anna@example.com"),
        ("\ufeffanna@example.com ", "anna@example.com"),
        ("zoe\u0308@example.com", "zo\u00eb@example.com"),
        ("anna@m\u00fcller.example", "anna@xn--mller-kva.example"),
        ("anna@MU\u0308LLER.example", "anna@xn--mller-kva.example"),
        ("write to anna@example.com", ""),
        ("anna", ""),
    ],
)
def test_the_address_inside_is_compared_not_what_is_around_it(written: str, address: str) -> None:
    assert address_in(written) == address


def test_letters_that_casefold_would_merge_are_two_people() -> None:
    rows = [{"customerEmail": "stra\u00dfe@example.com"}, {"customerEmail": "strasse@example.com"}]
    assert look(rows, AskedPerson(email="strasse@example.com")).verdict == "other_person"
    assert address_in("a@stra\u00dfe.example") != address_in("a@strasse.example")


@pytest.mark.parametrize(
    "written",
    [
        "5F0C1B1E-1111-4222-8333-444455556666",
        "{5f0c1b1e-1111-4222-8333-444455556666}",
        "5f0c1b1e111142228333444455556666",
        "urn:uuid:5f0c1b1e-1111-4222-8333-444455556666",
    ],
)
def test_every_form_of_a_uuid_is_the_same_id(written: str) -> None:
    assert normal_id(written) == "5f0c1b1e111142228333444455556666"


@pytest.mark.parametrize("written", [12345, "12345", 12345.0])
def test_a_number_is_the_same_id_however_it_is_written(written: object) -> None:
    file = {"customer": {"id": 12345, "email": "anna@example.com"}, "cards": [{"customerId": written}]}
    assert look(file).verdict == "one_person"


@pytest.mark.parametrize(
    "key", ["email", "customerEmail", "contact_email", "ownerEmail", "holder.email", "subscriber.email"]
)
def test_a_file_of_a_stranger_alone_is_not_opened(key: str) -> None:
    assert look([{key: "otto@example.net", "points": 3}]).verdict == "other_person"
    assert look_at_csv(f"{key},points\notto@example.net,3\n").verdict == "other_person"


def test_an_email_that_is_not_the_asked_one_keeps_a_file_from_being_unnamed() -> None:
    assert look({"cards": [{"recipientEmail": "otto@example.net", "balance": "1"}]}).verdict == "unsure"


def test_a_record_with_two_owners_is_unsure() -> None:
    body = '{"customer":{"email":"anna@example.com","email":"otto@example.net"},"cards":[{"balance":9}]}'
    assert inspect(read(body.encode(), "json"), ANNA).verdict == "unsure"
    assert look([{"customerEmail": "anna@example.com", "contact": {"email": "otto@example.net"}}]).verdict == "unsure"


def test_a_weaker_word_beside_the_customer_is_unsure_when_it_names_somebody_else() -> None:
    customer = {"id": MINE, "email": "anna@example.com"}
    assert look({"customer": customer, "cards": [{"memberId": OTHER}]}).verdict == "unsure"
    assert look({"customer": customer, "cards": [{"memberId": MINE}]}).verdict == "one_person"
    linked = {"customer": customer | {"memberId": "M-17"}, "cards": [{"memberId": "M-17"}]}
    assert look(linked).verdict == "one_person"


def test_a_customer_the_file_says_was_merged_into_the_asked_one_is_not_somebody_else() -> None:
    customer = {"id": "c7", "email": "anna@example.com", "mergedFrom": ["c3"], "previousEmails": ["old@example.com"]}
    assert look({"customer": customer, "cards": [{"customerId": "c3"}, {"customerId": "c7"}]}).verdict == "unsure"
    assert look({"customer": customer, "cards": [{"customerId": "c9"}]}).verdict == "other_person"


@pytest.mark.parametrize("key", ["personalData", "personalInformation", "personal_details", "persoonlijkeGegevens"])
def test_personal_data_is_the_customers_not_the_staffs(key: str) -> None:
    assert (
        look({key: {"email": "anna@example.com", "firstName": "Anna"}, "cards": [{"balance": 1}]}).verdict
        == "one_person"
    )


@pytest.mark.parametrize(
    "value",
    [
        {"cardNumber": "6012340000000001", "balance": "12.50", "transactions": []},
        {"cards": None, "points": 12},
    ],
)
def test_an_empty_list_beside_values_is_not_nothing(value: Any) -> None:
    assert look(value).verdict == "unnamed"


@pytest.mark.parametrize(
    "value",
    [
        {"exportId": "e1", "state": "processing", "progress": 10, "downloadUrl": None},
        {"status": "queued", "data": []},
        {"success": False, "data": None},
        {"data": {"customer": None}, "errors": [{"message": "timeout"}]},
        {"data": None, "errors": [{"message": "a"}, {"message": "b"}]},
        {"statusCode": 200, "headers": {}, "body": '{"customer": {"email": "anna@example.com"}}'},
        {
            "isBase64Encoded": True,
            "headers": {},
            "body": "eyJjdXN0b21lciI6IHsiZW1haWwiOiAiYW5uYUBleGFtcGxlLmNvbSJ9fQ==",
        },
    ],
)
def test_what_is_not_ready_failed_or_left_as_text_is_unsure(value: Any) -> None:
    assert look(value).verdict == "unsure"


@pytest.mark.parametrize(
    "value",
    [
        {"success": True, "data": {"customer": None, "giftCards": []}, "errors": [], "message": None},
        {"status": 200, "total": 0, "data": []},
        {"meta": {"page": 1, "total": 0}, "results": []},
        {"data": {"customer": None}},
        {"customer": {"id": None, "email": None}, "cards": []},
    ],
)
def test_an_envelope_of_empty_lists_is_nothing_held(value: Any) -> None:
    assert look(value).verdict == "nobody"


def test_a_strangers_id_in_a_text_that_is_json_is_looked_at() -> None:
    payload = json.dumps({"customer": {"id": OTHER}})
    file = {"customer": {"id": MINE, "email": "anna@example.com"}, "events": [{"payload": payload}]}
    assert look(file).verdict == "unsure"
    assert look(file | {"events": [{"payload": payload.replace(OTHER, MINE)}]}).verdict == "one_person"


def test_a_mention_stays_a_mention() -> None:
    file = {
        "member": [{"email_address": "anna@example.com"}],
        "conversations": [{"from_label": "Otto", "from_email": "otto@example.net"}],
        "cards": [{"previousOwner": {"email": "lena@example.com"}, "purchasedByEmail": "otto@example.net"}],
        "store": {"contact": {"email": "hello@shop.example.com"}},
    }
    assert look(file).verdict == "one_person"
