"""Questions about a person's own file: right or wrong and no more, three tries, nothing of it kept."""

from __future__ import annotations

import json
import logging
import re
from decimal import Decimal
from itertools import combinations, permutations
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from portal.cases.facts import KnownFact
from portal.errors import InputError, NotFound, NotPermitted
from portal.practice.invented import shapes
from portal.practice.invented.builder import build_world
from portal.preview import read
from portal.recognition.knowledge.asked import (
    ON_A_RECEIPT,
    ON_THE_CARD,
    QUESTIONS,
    choose,
    is_proof,
    known_in,
    month_in,
    readable,
    right_ones,
)
from portal.recognition.knowledge.service import Asking, QuestionsOver, WrongAnswers
from portal.recognition.knowledge.told import Told, told
from tests.recognition.conftest import Room

pytestmark = pytest.mark.keeps("LAW-5")
UTC = (ZoneInfo("UTC"),)
F = KnownFact


def card(number: str, balance: str, activated: str, program: str, *bought: tuple[str, str]) -> dict[str, Any]:
    return {
        "id": f"card-{number[-4:]}", "cardNumber": number, "balance": balance, "status": "active",
        "activatedAt": activated, "updatedAt": "2026-11-30T10:00:00.000Z", "programName": program, "currency": "EUR",
        "transactions": [
            {"transactionType": "REDEMPTION", "amount": "4.00", "createdAt": at, "shop": shop} for at, shop in bought
        ],
    }  # fmt: skip


def file(**person: Any) -> dict[str, Any]:
    return {
        "customer": {"id": "64b000000000000000000077", "email": "canary.asked@example.com", **person},
        "giftCards": [
            card("6035001122334417", "61.20", "2025-03-04T10:00:00.000Z", "Corner Coffee",
                 ("2026-09-30T23:30:00.000Z", "Canary Wharf"), ("2026-02-01T08:00:00.000Z", "Old Mill")),
            card("6035001122338898", "12.00", "2024-11-20T10:00:00.000Z", "Tea & Canarycake"),
        ],
    }  # fmt: skip


RIGHT = {
    F.CARD: "4417", F.LAST_PURCHASE: "9/2026", F.BALANCE: "70", F.SHOP: "canary-wharf", F.ACTIVATED: "03.2025",
    F.PROGRAM: "TEA & canarycake",
}  # fmt: skip
WRONG = {
    F.CARD: "9999", F.LAST_PURCHASE: "8/2026", F.BALANCE: "95", F.SHOP: "Old Mill", F.ACTIVATED: "4/2025",
    F.PROGRAM: "Tea",
}  # fmt: skip


def told_of(*contents: dict[str, Any]) -> Told:
    return told([read(json.dumps(one).encode(), "json") for one in contents], UTC)


def without_random(words: str) -> str:
    """Without ids, hashes and references, in which four digits stand by chance. What is digits alone stays."""
    return re.sub(r"\b(?=[0-9]*[a-f])[0-9a-f]{8,}\b", "", words.lower())


# Pure ---------------------------------------------------------------------------------------------


def test_each_question_is_found_in_the_file_and_compared(caplog: pytest.LogCaptureFixture) -> None:
    known = told_of(file())
    assert known_in(known) == QUESTIONS
    assert right_ones(RIGHT, known) == set(QUESTIONS) and right_ones(WRONG, known) == set()
    for said, right in (("65.88", True), ("65.87", False), ("80.52", True), ("80.53", False), ("66 EUR", True)):
        assert (right_ones({F.BALANCE: said}, known) == {F.BALANCE}) is right, said  # 73.20, ten percent
    for said in ("2026-09", "09.2026", "9/2026", "9 2026"):
        assert month_in(said) == (2026, 9)
    for said in ("13/2026", "September", "9/26", "٩/2026", "2026", "0/2026"):
        assert month_in(said) is None
    assert "Canary" not in repr(known) and "4417" not in repr(known) and "61" not in repr(known)


def test_a_month_counts_by_the_clock_of_the_file_and_of_the_shop() -> None:
    preview = read(json.dumps(file()).encode(), "json")
    both = told([preview], (ZoneInfo("UTC"), ZoneInfo("Europe/Berlin")))
    assert both.last_purchase == {(2026, 9), (2026, 10)}  # 23:30 in UTC on the last of September


@pytest.mark.parametrize("shape", ["json", "rows", "csv"])
def test_files_of_the_practice_merchant_tell_enough(shape: str) -> None:
    world = build_world()
    ada = next(one for one in world.customers.values() if one.email == "ada@example.com")
    cards = world.cards_of_customer[ada.id]
    match shape:
        case "json":
            preview = read(shapes.json_bytes(shapes.nested_record(world, ada, cards, None)), "json")
        case "rows":
            preview = read(shapes.json_bytes(shapes.transaction_rows(world, cards)), "json")
        case _:
            stacked = shapes.stacked_csv(shapes.stacked_tables(world, [ada], cards, []))
            preview = read(stacked.encode(), "csv")
    known = told([preview], UTC)
    bought = [one for held in cards for one in held.transactions if one.transaction_type in ("PURCHASE", "REDEMPTION")]
    last = max(bought, key=lambda one: one.created_at).created_at
    assert known.last_fours == {held.number[-4:] for held in cards} and known.cards == len(cards)
    assert known.last_purchase == {(last.year, last.month)}
    assert known.activated == {
        (one.created_at.year, one.created_at.month)
        for held in cards for one in held.transactions if one.transaction_type == "ACTIVATION"
    }  # fmt: skip
    assert known.balance is None or known.balance > Decimal(0)
    assert len(choose(known, lambda all_of_them: all_of_them[0])) == 3


def test_what_one_thing_in_a_hand_says_is_no_proof_and_one_card_is_too_little() -> None:
    """A receipt, or the card itself, is found by anybody."""
    for two in combinations(QUESTIONS, 2):
        assert is_proof(two) is not (set(two) <= ON_A_RECEIPT or set(two) <= ON_THE_CARD)
    assert not is_proof(ON_A_RECEIPT) and not is_proof(ON_THE_CARD) and not is_proof([F.ACTIVATED])
    one_card = file()
    one_card["giftCards"] = one_card["giftCards"][:1]
    for content in (one_card, {"customer": None, "giftCards": []}, {}):
        assert known_in(told_of(content)) == () and choose(told_of(content), lambda every: every[0]) == ()
    seen: list[Any] = []
    choose(told_of(file()), lambda every: seen.extend(every) or every[0])  # type: ignore[func-returns-value]
    assert len(seen) > 10 and all(is_proof(three) for three in seen)


def test_what_everybody_can_guess_is_not_asked() -> None:
    content = file()
    for held in content["giftCards"]:
        held |= {"balance": "9.00", "programName": "Corner Coffee"}
        for one in held["transactions"]:
            one["shop"] = "Canary Wharf"
    assert set(known_in(told_of(content))) == {F.CARD, F.LAST_PURCHASE, F.ACTIVATED}
    two_currencies = file()
    two_currencies["giftCards"][0]["currency"] = "USD"
    assert F.BALANCE not in known_in(told_of(two_currencies))


def test_what_cannot_be_an_answer_is_said_at_its_field_and_is_no_try() -> None:
    for fact, typed in (
        (F.CARD, "441"), (F.CARD, "٤٤١٧"), (F.LAST_PURCHASE, "September"), (F.BALANCE, "some"), (F.SHOP, "!!"),
        (F.PROGRAM, "x" * 81),
    ):  # fmt: skip
        with pytest.raises(InputError) as refused:
            readable({fact: typed, F.ACTIVATED: "3/2025"})
        assert refused.value.field == fact and typed not in str(refused.value)
    with pytest.raises(InputError):
        readable({F.CARD: "4417", F.ACTIVATED: " "})


# In a case ----------------------------------------------------------------------------------------


def begun(room: Room, content: dict[str, Any] | None = None) -> tuple[str, tuple[KnownFact, ...]]:
    case, questions = room.case(), room.portal.case_questions
    room.file(case, content or file())
    questions.prepare(room.user(), case)
    questions.begin(room.user(), case)
    return case, questions.state(room.user(), case).questions


def proof_of(asked: tuple[KnownFact, ...]) -> tuple[KnownFact, ...]:
    return next(two for two in combinations(asked, 2) if is_proof(two))


def test_two_right_answers_are_the_proof_and_no_value_is_kept_anywhere(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    case, questions = room.case(), room.portal.case_questions
    room.file(case, file())
    assert questions.state(room.user(), case).standing is Asking.NONE
    questions.prepare(room.user(), case)
    assert questions.state(room.user(), case) == type(questions.state(room.user(), case))(Asking.READY)
    questions.begin(room.user(), case)
    asked = questions.state(room.user(), case).questions
    typed = "Canary Wharf of the wrong one"
    given = {fact: RIGHT[fact] for fact in proof_of(asked)}
    with pytest.raises(WrongAnswers) as wrong:
        questions.check(room.user(), case, {fact: WRONG[fact] for fact in asked})
    assert not room.settled(case) and questions.state(room.user(), case).tries_left == 2
    said = f"{wrong.value.message} {wrong.value.next_step} {wrong.value.detail}"
    assert not any(value in said for value in WRONG.values())
    questions.check(room.user(), case, given)
    assert room.settled(case) and questions.state(room.user(), case).standing is Asking.OVER
    assert room.facts(case) == [{"method": "questions", "result": "proved", "facts": ",".join(sorted(asked))}]
    assert [one for one in room.entries(case) if one.startswith("identity:")] == [
        "identity:questions_asked", "identity:answers_wrong",
    ]  # fmt: skip
    with pytest.raises(QuestionsOver):
        questions.check(room.user(), case, given)
    with room.portal.db.read() as session:
        tables = ("identity_questions", "case_facts", "audit_entries", "case_identifiers", "exports", "export_files")
        rows = " ".join(str(row) for table in tables for row in session.execute(text(f"SELECT * FROM {table}")))
    rows, logged = without_random(rows), without_random(caplog.text)
    for value in ("canary", "4417", "8898", "61.20", "73.20", "Corner", typed):
        assert value.lower() not in rows and value.lower() not in logged, value


def test_three_wrong_tries_end_it_as_a_failed_look(room: Room) -> None:
    case, asked = begun(room)
    questions = room.portal.case_questions
    with pytest.raises(InputError):
        questions.check(room.user(), case, {asked[0]: RIGHT[asked[0]]})
    weak = next((one for one in permutations(asked, 2) if not is_proof(one)), asked[:1])
    for left in (2, 1):
        given = {fact: (RIGHT if fact in weak else WRONG)[fact] for fact in asked}
        with pytest.raises(WrongAnswers):
            questions.check(room.user(), case, given)
        assert questions.state(room.user(), case).tries_left == left
    with pytest.raises(QuestionsOver):
        questions.check(room.user(), case, {fact: WRONG[fact] for fact in asked})
    with pytest.raises(QuestionsOver):
        questions.check(room.user(), case, {fact: RIGHT[fact] for fact in asked})
    assert not room.settled(case) and room.facts(case)[-1]["result"] == "failed"
    assert room.portal.case_register.show(room.user(), case).recognition.failed


def test_it_is_not_offered_alike_without_a_file_without_data_and_with_one_card(room: Room) -> None:
    one_card = file()
    one_card["giftCards"] = one_card["giftCards"][:1]
    states = []
    for content in (None, {"customer": None, "giftCards": []}, one_card):
        case, questions = room.case(), room.portal.case_questions
        if content is not None:
            room.file(case, content)
        questions.prepare(room.user(), case)
        states.append(questions.state(room.user(), case))
        with pytest.raises(QuestionsOver) as refused:
            questions.begin(room.user(), case)
        assert refused.value.detail == "not ready"
    assert len(set(states)) == 1 and states[0].standing is Asking.NONE


def test_questions_stay_the_same_ones_once_begun_and_follow_a_new_file_before(room: Room) -> None:
    case, asked = begun(room)
    room.file(case, file(name="Somebody"))
    room.portal.case_questions.prepare(room.user(), case)
    assert room.portal.case_questions.state(room.user(), case).questions == asked
    other = room.case()
    for content, standing in (({"customer": None}, Asking.NONE), (file(), Asking.READY)):
        room.file(other, content)
        room.portal.case_questions.prepare(room.user(), other)
        assert room.portal.case_questions.state(room.user(), other).standing is standing


def test_another_merchant_and_an_auditor_get_nothing(room: Room) -> None:
    case, asked = begun(room)
    questions, given = room.portal.case_questions, {fact: RIGHT[fact] for fact in asked}
    foreign, auditor = room.user(shop="two"), room.user("auditor")
    for user, refused in ((foreign, NotFound), (auditor, NotPermitted)):
        for act in (
            lambda user=user: questions.prepare(user, case), lambda user=user: questions.state(user, case),
            lambda user=user: questions.begin(user, case), lambda user=user: questions.check(user, case, given),
        ):  # fmt: skip
            with pytest.raises(refused):
                act()
    assert questions.state(room.user(), case).tries_left == 3
