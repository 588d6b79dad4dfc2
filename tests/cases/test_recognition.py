"""What is enough to know who is asking: what each method shows, and when a second one is asked for."""

from __future__ import annotations

import datetime as dt

import pytest

from portal.cases.facts import Fact, FactKind, IdentityMethod, IdentityResult, NotNeeded
from portal.cases.recognition.id_numbers import looks_like_id_number
from portal.cases.recognition.methods import BY_HAND, WEIGHTS, EnoughFor
from portal.cases.recognition.standing import Doubt, Missing, Recognition, recognition

pytestmark = pytest.mark.keeps("LAW-5")
M, R = IdentityMethod, IdentityResult
AT = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)


def known(*given: object, doubts: tuple[Doubt, ...] = ()) -> Recognition:
    """Of checks in order: a method that proved it, or a method with another result or the reason why not needed."""
    facts = []
    for number, one in enumerate(given, start=1):
        method, said = one if isinstance(one, tuple) else (one, R.PROVED)
        because = said if isinstance(said, NotNeeded) else ""
        codes = {"method": method, "result": R.PROVED if because else said, "because": because}
        facts.append(Fact(number, FactKind.IDENTITY, AT, codes=codes))
    return recognition(facts, doubts)


def codes(found: Recognition) -> list[Missing]:
    return [lack.code for lack in found.missing]


def test_each_method_alone_is_enough_for_what_the_design_says() -> None:
    for method, weight in WEIGHTS.items():
        if method is M.NOT_NEEDED:
            continue
        assert known(method).settled is (weight.alone is not EnoughFor.NEVER), method
        for doubt in Doubt:
            assert known(method, doubts=(doubt,)).settled is (weight.alone is EnoughFor.EVERYTHING), (method, doubt)
    assert codes(known()) == [Missing.PROOF] and codes(known(M.CARD_IN_HAND)) == [Missing.SECOND]
    assert codes(known(M.AUTHORITY)) == [Missing.PROOF]
    assert codes(known("of a newer portal")) == [Missing.PROOF]
    assert M.EMAIL_CODE not in BY_HAND and M.AUTHORITY not in BY_HAND


def test_a_second_proof_shows_something_else_than_the_first() -> None:
    doubts = (Doubt.ERASURE,)
    for second in (M.REPLY, M.EMAIL_CODE, (M.NOT_NEEDED, NotNeeded.SAME_ADDRESS)):
        assert codes(known(M.EMAIL_CODE, second, doubts=doubts)) == [Missing.SECOND], second
    for second in (M.CALLBACK, M.QUESTIONS, M.CARD_IN_HAND, M.STAFF_KNOWS):
        assert known(M.EMAIL_CODE, second, doubts=doubts).settled, second
        assert known(second, M.EMAIL_CODE, doubts=doubts).settled, second
    assert not known(M.CARD_IN_HAND, M.CARD_IN_HAND).settled
    assert not known(M.CARD_IN_HAND, M.AUTHORITY).settled


def test_each_doubt_is_told_in_words_of_its_own() -> None:
    found = known(M.CALLBACK, doubts=tuple(Doubt))
    assert found.doubts == tuple(Doubt) and len({lack.words for lack in found.missing}) == len(Doubt)


def test_a_look_that_failed_takes_the_proofs_before_it_away() -> None:
    for said in (R.FAILED, R.DOUBTFUL):
        found = known(M.EMAIL_CODE, (M.CALLBACK, said))
        assert (found.settled, found.failed, found.proved) == (False, True, ())
        assert known(M.EMAIL_CODE, (M.CALLBACK, said), M.IN_PERSON).settled


def test_why_nobody_had_to_be_recognised_weighs_too() -> None:
    for because, enough in (
        (NotNeeded.SAME_ADDRESS, False), (NotNeeded.NO_DATA_GIVEN, False), (NotNeeded.KNOWN_AT_TILL, True),
        (NotNeeded.SIGNED_IN, True),
    ):  # fmt: skip
        assert known((M.NOT_NEEDED, because)).settled, because
        assert known((M.NOT_NEEDED, because), doubts=(Doubt.ERASURE,)).settled is enough, because


def test_a_note_keeps_no_number_of_an_identity_document() -> None:
    for number in (
        "L01X00T47", "L01X00T478", "C01X0006H", "X4RTBPFW4", "12345678Z", "X1234567L", "123456782", "44051401359",
        "85073003328", "880692310285", "12AB34567", "CA12345AA", "YA1234567", "ABS123456", "P1234567", "SPR2CI0N4",
    ):  # fmt: skip
        assert looks_like_id_number(f"Showed the card ({number}), it fits."), number
    for said in (
        "2026-0042", "REF-4711", "+493012345678", "030123456789", "20261201", "ada12345@example.com", "Tuesday 14:30",
        "64b000000000000000000001", "order 1002345", "Customer since 2019", "card ending 4708", "telephone",
        "ORDER2024", "SUMMER2026", "12345678A", "85073012345", "889992310285", "VOUCHER25", "GIFTCARD50", "COFFEE100",
    ):  # fmt: skip
        assert not looks_like_id_number(f"Said {said} today."), said
