"""Every wrong input gets its own sentence on its own field; nothing but InputErrors ever comes out."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.errors import InputErrors
from portal.exports import parse_request, suggested_email

pytestmark = pytest.mark.keeps("LAW-23")

GOOD_ID = "5eed00000000000000000001"
TODAY = dt.date(2026, 11, 20)


def problems_of(**asked: Any) -> list[tuple[str, str]]:
    with pytest.raises(InputErrors) as caught:
        parse_request(**asked)
    assert caught.value.problems, "an error without a problem"
    return [(p.field, p.message) for p in caught.value.problems]


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "nobody named": ({}, "email", "Enter the customer's email or customer ID."),
    "only blanks": ({"email": "  ", "customer_id": "\t"}, "email", "Enter the customer's email or customer ID."),
    "both named": (
        {"email": "ada@example.com", "customer_id": "c1"},
        "email",
        "Enter an email or a customer ID, not both.",
    ),
    "email without an at": (
        {"email": "ada.example.com"},
        "email",
        "Enter the customer's email in full, like name@example.com.",
    ),
    "customer ID with a tab": (
        {"customer_id": "a\tb"},
        "customer_id",
        "Customer ID must not hold control characters (found U+0009).",
    ),
    "customer ID with a zero byte": (
        {"customer_id": "a\x00b"},
        "customer_id",
        "Customer ID must not hold control characters (found U+0000).",
    ),
    "customer ID with a broken character": (
        {"customer_id": "a\ud800"},
        "customer_id",
        "Customer ID must not hold control characters (found U+D800).",
    ),
    "customer ID ending its line": (
        {"customer_id": "c1\n"},
        "customer_id",
        "Customer ID must not hold control characters (found U+000A).",
    ),
    "customer ID too long": (
        {"customer_id": "x" * 201},
        "customer_id",
        "Customer ID must be 200 characters or less.",
    ),
    "program and card": (
        {"email": "ada@example.com", "program_id": GOOD_ID, "card_id": GOOD_ID},
        "card_id",
        "Choose a program or a card, not both.",
    ),
    "unknown format": ({"email": "ada@example.com", "format": "pdf"}, "format", "Choose JSON or CSV as the format."),
    "format in capitals": (
        {"email": "ada@example.com", "format": "JSON"},
        "format",
        "Choose JSON or CSV as the format.",
    ),
    "reference too long": (
        {"email": "ada@example.com", "reference": "r" * 101},
        "reference",
        "Reference must be 100 characters or less.",
    ),
    "reference of two lines": (
        {"email": "ada@example.com", "reference": "a\nb"},
        "reference",
        "Reference must be one line of text.",
    ),
    "reference with a broken character": (
        {"email": "ada@example.com", "reference": "a\udcff"},
        "reference",
        "Reference must be one line of text.",
    ),
    "received in the future": (
        {"email": "ada@example.com", "received_on": TODAY + dt.timedelta(days=2), "today": TODAY},
        "received_on",
        "Received on must be today or earlier.",
    ),
    "received longer ago than anybody waits": (
        {
            "email": "ada@example.com",
            "received_on": dt.date(TODAY.year - 5, TODAY.month, TODAY.day - 1),
            "today": TODAY,
        },
        "received_on",
        "Received on must be within the last five years.",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_input_gets_its_own_sentence_on_its_own_field(case: str) -> None:
    asked, field, sentence = WRONG[case]
    assert problems_of(**asked) == [(field, sentence)]


def test_no_two_mistakes_share_a_sentence() -> None:
    by_sentence = {sentence for _, _, sentence in WRONG.values()}
    assert len(by_sentence) == len(WRONG) - 3  # blanks say what nothing says; capitals as unknown; broken as two lines


@pytest.mark.parametrize(
    "email",
    [
        "@example.com",
        "ada@",
        "ada@example",
        "ada@@example.com",
        "ada@exa mple.com",
        "ada @example.com",
        "a..da@example.com",
        ".ada@example.com",
        "ada@-example.com",
        "ada@example..com",
        "ada@example.com, bob@example.com",
        "Ada <ada@example.com>",
        '"ada lovelace"@example.com',
        "ada@[192.0.2.1]",
        "ada@192.0.2.1",
        "ada@example.com\r\nBcc: bob@example.com",
        "ada\x00@example.com",
        "ada\u200b@example.com",
        "ada\u202e@example.com",
        "ada\ud800@example.com",
        "ada@exam\udfffple.com",
        "ada@" + "x" * 64 + ".com",
        "a@" + ".".join(["x" * 60] * 5) + ".com",
    ],
)
def test_an_email_that_cannot_be_one_is_told_how_one_looks(email: str) -> None:
    found = problems_of(email=email)
    assert [field for field, _ in found] == ["email"]
    assert found[0][1].startswith("Enter the customer's email like name@example.com.")
    assert "\n" not in found[0][1]


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("ada@example.com", "ada@example.com"),
        ("  ada@example.com ", "ada@example.com"),
        ("Ada@EXAMPLE.com", "Ada@example.com"),
        ("ada+cards@sub.example.com", "ada+cards@sub.example.com"),
        ("o'brien@example.com", "o'brien@example.com"),
        ("пётр@пример.example", "пётр@пример.example"),
        ("jose\u0301@example.com", "jos\u00e9@example.com"),
        ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ("ada@Bücher.example", "ada@bücher.example"),
    ],
)
def test_an_odd_but_good_email_is_taken(typed: str, sent: str) -> None:
    assert parse_request(email=typed).subject == sent


@pytest.mark.parametrize(("field", "thing"), [("program_id", "Program ID"), ("card_id", "Card ID")])
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda good: "A" + good[1:], "character 1 is “A”. Use lower-case letters."),
        (lambda good: good[:11] + "g" + good[12:], "character 12 is “g”."),
        (lambda good: good[:23] + "-", "character 24 is “-”."),
        (lambda good: good[:5] + " " + good[6:], "character 6 is “U+0020”."),
        (lambda good: good[:5] + "\u200b" + good[6:], "character 6 is “U+200B”."),
        (lambda good: good[:2] + "\n" + good[3:], "character 3 is “U+000A”."),
        (lambda good: good[:7] + "０" + good[8:], "character 8 is “０”."),
        (lambda good: good[:7] + "\ud800" + good[8:], "character 8 is “U+D800”."),
        (lambda good: good[:-1], "this has 23."),
        (lambda good: good + "0", "this has 25."),
        (lambda good: "5", "this has 1."),
    ],
)
def test_a_wrong_id_is_told_which_character_or_length(field: str, thing: str, change: Any, told: str) -> None:
    ((where, sentence),) = problems_of(email="ada@example.com", **{field: change(GOOD_ID)})
    assert where == field
    assert sentence.startswith(f"{thing} must be 24 characters of 0-9 and a-f;")
    assert sentence.endswith(told)
    sentence.encode()  # can be shown


def test_everything_wrong_is_said_at_once() -> None:
    found = problems_of(email="x", program_id="y", format="z", reference="r" * 101)
    assert [field for field, _ in found] == ["email", "program_id", "format", "reference"]


@pytest.mark.parametrize("customer_id", ["x" * 199, "x" * 200, "C 42/ä", "5eed00000000000000000001", "0", "кот"])
def test_a_customer_id_is_free_text(customer_id: str) -> None:
    request = parse_request(customer_id=customer_id)
    assert (request.subject_kind, request.subject) == ("customer_id", customer_id)


def test_a_request_received_today_or_in_a_zone_that_is_ahead_is_taken() -> None:
    for day in (TODAY, TODAY + dt.timedelta(days=1), TODAY - dt.timedelta(days=400)):
        assert parse_request(email="ada@example.com", received_on=day, today=TODAY).received_on == day


def test_a_request_does_not_show_whom_it_is_about() -> None:
    request = parse_request(email="ada@example.com", card_id=GOOD_ID)
    assert "ada" not in repr(request) and GOOD_ID not in repr(request)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ada@gmial.com", "ada@gmail.com"),
        ("ada@gmail.con", "ada@gmail.com"),
        ("ada@hotmial.com", "ada@hotmail.com"),
        ("ada@GMIAL.com", "ada@gmail.com"),
        ("ada@gmail.com", None),
        ("ada@example.com", None),
        ("ada@mail.com", None),
        ("ada@ymail.com", None),
        ("ada@hotmail.ch", None),
        ("@gmial.com", None),
        ("gmial.com", None),
        ("", None),
    ],
)
def test_a_slip_in_a_well_known_domain_is_noticed(typed: str, meant: str | None) -> None:
    assert suggested_email(typed) == meant


anything = st.text(st.characters(), max_size=40)
id_like = st.text("0123456789abcdefABCg \u200b", min_size=20, max_size=26)
email_like = st.builds("{}@{}".format, st.text(max_size=12), st.sampled_from(["example.com", "x", "пример.example"]))


@given(
    email=st.none() | st.just("ada@example.com") | email_like | anything,
    customer_id=st.none() | anything,
    program_id=st.none() | st.just(GOOD_ID) | id_like | anything,
    card_id=st.none() | st.just(GOOD_ID) | id_like | anything,
    format=st.sampled_from(["json", "csv", "xml", ""]) | anything,
    reference=anything,
    received_on=st.none() | st.dates(),
)
def test_whatever_is_typed_gives_a_request_or_sentences(**asked: Any) -> None:
    try:
        request = parse_request(**asked, today=TODAY)
    except InputErrors as error:
        for problem in error.problems:
            assert problem.field in asked
            assert problem.message.encode().strip()
            assert "\n" not in problem.message
        return
    for chosen in (request.program_id, request.card_id and request.card_id.get_secret_value()):
        assert chosen is None or re.fullmatch("[0-9a-f]{24}", chosen, re.ASCII)
    assert request.format in ("json", "csv")
    assert bool(request.email) != bool(request.customer_id)
    assert not (request.program_id and request.card_id)
    assert request.subject.encode() and request.reference.encode() is not None


@given(anything | email_like)
def test_a_suggestion_is_another_well_formed_address_or_none(typed: str) -> None:
    better = suggested_email(typed)
    assert better is None or (better != typed and better.count("@") >= 1)
