"""The right person: a record of somebody else's stops the export, a mention of somebody does not."""

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from portal.preview import AskedPerson, Inspection, inspect, read

pytestmark = pytest.mark.keeps("LAW-14", "LAW-23")

ANNA = AskedPerson(email="anna@example.com")
ANNA_BY_ID = AskedPerson(customer_id="c1")


def look(value: Any, asked: AskedPerson = ANNA) -> Inspection:
    return inspect(read(json.dumps(value).encode(), "json"), asked)


def look_at_csv(text: str, asked: AskedPerson = ANNA) -> Inspection:
    return inspect(read(text.encode(), "csv"), asked)


@pytest.mark.parametrize("key", ["ordinary", "many_cards", "flat_json", "stacked_csv", "semicolon_csv", "tricky_text"])
@pytest.mark.parametrize("format", ["json", "csv"])
def test_practice_exports_of_one_customer_pass(served: Callable[..., Any], key: str, format: str) -> None:
    data, by_email, by_id = served(key, format)
    for asked in (by_email, by_id):
        seen = inspect(read(data, format), asked)  # type: ignore[arg-type]
        assert (seen.verdict, seen.people, seen.findings) == ("one_person", 1, ())
        assert all(check.ok for check in seen.checks)


@pytest.mark.parametrize("format", ["json", "csv"])
def test_the_practice_export_with_two_customers_stops_and_says_where(served: Callable[..., Any], format: str) -> None:
    data, by_email, by_id = served("two_people", format)
    for asked in (by_email, by_id):
        seen = inspect(read(data, format), asked)  # type: ignore[arg-type]
        assert (seen.verdict, seen.people) == ("other_person", 2)
        assert seen.findings[0].place.table in ("mergedRecords", "rows")
        assert "customer" in seen.findings[0].place.column


@pytest.mark.parametrize("format", ["json", "csv"])
def test_the_practice_export_with_nothing_in_it_is_nobody(served: Callable[..., Any], format: str) -> None:
    data, by_email, _ = served("none_found", format)
    seen = inspect(read(data, format), by_email)  # type: ignore[arg-type]
    assert (seen.verdict, seen.people) == ("nobody", 0)
    assert all(check.ok for check in seen.checks)


def test_a_practice_export_that_is_cut_is_not_called_one_person(served: Callable[..., Any]) -> None:
    data, by_email, _ = served("ordinary", "json")
    seen = inspect(read(data[: len(data) * 2 // 3], "json"), by_email)
    assert seen.verdict == "unsure"
    assert [check.key for check in seen.checks if not check.ok] == ["one_person", "complete"]


@pytest.mark.parametrize("half", ["DEVELOPMENT", "HELD_OUT"])
def test_generated_exports_pass_for_their_customer_and_stop_for_anyone_else(corpus: ModuleType, half: str) -> None:
    for file in corpus.files(getattr(corpus, half), each=2, seed=11):
        preview = read(file.data, file.format)
        for asked in (AskedPerson(email=file.asked_email.upper() + " "), AskedPerson(customer_id=file.asked_id)):
            assert inspect(preview, asked).verdict == "one_person", (file.language, file.shape)
        for asked in (AskedPerson(email="zoe@example.com"), AskedPerson(customer_id="f" * 24)):
            assert inspect(preview, asked).verdict == "other_person", (file.language, file.shape)


def test_generated_exports_of_two_customers_stop_in_every_language(corpus: ModuleType) -> None:
    languages = corpus.DEVELOPMENT[0] + corpus.HELD_OUT[0]
    for language in languages:
        for shape in (corpus.nested, corpus.flat_list, corpus.related_tables):
            one, two = (next(corpus.files(((language,), (shape,)), each=1, seed=seed)) for seed in (1, 2))
            first, second = json.loads(one.data), json.loads(two.data)
            merged = [*first, *second] if isinstance(first, list) else {**first, "more": [second]}
            seen = look(merged, AskedPerson(email=one.asked_email))
            assert (seen.verdict, seen.people) == ("other_person", 2), (language, shape.__name__)
            assert look([second, first], AskedPerson(customer_id=one.asked_id)).verdict == "other_person"


@pytest.mark.parametrize(
    "mention",
    [
        {"senderEmail": "bob@example.org", "senderName": "Bob"},
        {"recipientEmail": "cleo@example.org", "recipientCustomerId": "c9"},
        {"cashierId": "17", "cashierEmail": "staff@example.org"},
        {"counterpartyCustomerId": "c9", "transferToEmail": "dan@example.org"},
        {"merchantId": "m1", "merchantEmail": "shop@example.org", "programId": "p1"},
        {"customMessage": "call eve@example.org"},
    ],
)
def test_a_mention_of_somebody_does_not_stop_the_export(mention: dict[str, str]) -> None:
    card = {"id": "g1", "customerId": "c1", "customerEmail": "Anna@Example.com ", **mention}
    seen = look({"customer": {"id": "c1", "email": "anna@example.com"}, "giftCards": [card]})
    assert (seen.verdict, seen.findings) == ("one_person", ())


@pytest.mark.parametrize("wrong", [{"customerEmail": "eve@example.com"}, {"customerId": "c9"}])
@pytest.mark.parametrize("asked", [ANNA, ANNA_BY_ID])
def test_one_row_of_somebody_elses_stops_the_export(wrong: dict[str, str], asked: AskedPerson) -> None:
    rows = [{"customerId": "c1", "customerEmail": "anna@example.com", "amount": "1"} for _ in range(50)]
    rows[37] |= wrong
    seen = look(rows, asked)
    assert seen.verdict == "other_person"
    (finding,) = seen.findings
    assert (finding.place.table, finding.place.row, finding.place.column) == ("rows", 37, next(iter(wrong)))
    assert str(finding.place).startswith("rows, row 38")


def test_asked_by_email_a_single_id_is_one_person_and_several_are_not() -> None:
    assert look([{"customerId": "c1"}, {"customerId": "c1"}]).verdict == "one_person"
    assert look([{"customerId": "c1"}, {"customerId": "c2"}]).verdict == "other_person"
    sentence = look([{"customerId": "c1"}]).checks[1].sentence
    assert "no email" in sentence


def test_asked_by_id_a_single_email_is_one_person_and_several_are_not() -> None:
    assert look_at_csv("email,amount\nx@example.com,1\nX@example.com,2\n", ANNA_BY_ID).verdict == "one_person"
    assert look_at_csv("email,amount\nx@example.com,1\ny@example.com,2\n", ANNA_BY_ID).verdict == "other_person"


def test_nobody_asked_for_is_never_one_person() -> None:
    assert look([{"customerId": "c1"}], AskedPerson()).verdict == "unsure"


def test_rows_that_name_no_owner_are_unnamed_and_say_so() -> None:
    seen = look([{"cardNumber": "6035000000000001", "balance": "1.00"}])
    assert seen.verdict == "unnamed"
    assert not seen.checks[1].ok


@pytest.mark.parametrize(
    "body", [{"error": {"code": "x", "message": "y"}}, {"detail": "Not found"}, {"errors": ["broken"]}]
)
def test_an_errors_body_is_unsure_not_an_export(body: object) -> None:
    assert look(body).verdict == "unsure"


def test_two_customers_named_without_email_or_id_are_unsure() -> None:
    assert look({"customers": [{"name": "Kim Lee"}, {"name": "Bo Li"}]}).verdict == "unsure"


def test_a_customer_named_without_email_or_id_beside_the_right_one_is_unsure() -> None:
    people = [{"email": "anna@example.com", "name": "Anna"}, {"name": "Eve Other", "phone": "+1 202-555-0109"}]
    assert look({"customers": people}).verdict == "unsure"


@pytest.mark.parametrize(
    "nothing",
    [
        [],
        {},
        None,
        {"customer": None, "giftCards": []},
        {"exportId": "e", "customerEmail": "anna@example.com", "cards": []},
    ],
)
def test_an_export_that_holds_nothing_is_nobody(nothing: Any) -> None:
    assert look(nothing).verdict == "nobody"


@pytest.mark.parametrize(
    "answer",
    [
        {"file": [{"x": None}, {"x": []}]},
        {"detail": "Not authenticated"},
        {"error": {"code": "x"}},
        {"message": "gone", "data": []},
        "gone",
        5,
    ],
)
def test_an_error_is_not_taken_for_nobody(answer: Any) -> None:
    assert look(answer).verdict == "unsure"


def test_a_header_alone_is_nobody_and_an_empty_file_is_unsure() -> None:
    assert look_at_csv("customerId,customerEmail,amount\n").verdict == "nobody"
    assert look_at_csv("").verdict == "unsure"
    assert look_at_csv("\n\n").verdict == "unsure"


def test_a_web_page_in_place_of_the_file_fails_the_format_check() -> None:
    seen = look_at_csv("<html>anna@example.com</html>")
    assert seen.verdict == "unsure"
    assert not seen.checks[0].ok


def test_a_table_of_fields_and_values_is_read_as_one_record() -> None:
    mine = "Kunde\nE-Mail;anna@example.com\nKundennummer;c1\nName;Anna\n"
    assert look_at_csv(mine).verdict == "one_person"
    seen = look_at_csv(mine.replace("anna@", "eve@"))
    assert seen.verdict == "other_person"
    assert (seen.findings[0].place.table, seen.findings[0].place.row) == ("Kunde", 0)


def test_customers_keyed_by_email_are_compared() -> None:
    assert look({"customers": {"anna@example.com": {"cards": [1]}}}).verdict == "one_person"
    both = {"customers": {"anna@example.com": {"cards": [1]}, "eve@example.com": {"cards": [2]}}}
    assert look(both).verdict == "other_person"


def test_words_like_user_name_nobody_where_the_file_says_customer() -> None:
    rows = [
        {"customerEmail": "anna@example.com", "userId": "u1"},
        {"customerEmail": "anna@example.com", "userId": "u2"},
    ]
    assert look(rows).verdict == "one_person"


def test_no_sentence_holds_a_value_of_the_file() -> None:
    seen = look([{"customerId": "c1", "customerEmail": "eve@example.com", "customerName": "Eve"}])
    said = " ".join(
        [*(check.sentence for check in seen.checks), *(found.sentence for found in seen.findings), repr(seen)]
    )
    for value in ("eve", "Eve", "c1", "anna"):
        assert value not in said
    assert "anna" not in repr(ANNA)
