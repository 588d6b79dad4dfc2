"""What a letter says in each language, and what it never says."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from portal.cases.clock.regimes import Regime
from portal.cases.facts import ExtensionReason, RefusalReason, Right
from portal.cases.letters import letter_sha256
from portal.language import LANGUAGES, catalogue_of
from portal.letters.case_letter import LetterFacts, case_letter
from portal.letters.words import LetterKind, LetterWords, letter_file_name, letter_language, letter_reference

CAME, DUE, LATER = dt.date(2026, 3, 5), dt.date(2026, 4, 5), dt.date(2026, 6, 5)
GOLDEN = Path(__file__).parent / "golden" / "case_letters.txt"
REASON: dict[LetterKind, ExtensionReason | RefusalReason | None] = {
    LetterKind.ACKNOWLEDGEMENT: None,
    LetterKind.MORE_TIME: ExtensionReason.MANY_REQUESTS,
    LetterKind.REFUSAL: RefusalReason.UNFOUNDED,
    LetterKind.NOT_IDENTIFIED: None,
}
THREE_FACTS = r"2026-0042 \(T-118\)|5\.?( de)? \w+( de)? 2026"
COURT = "You have the right to lodge a complaint with a supervisory authority and to seek a judicial remedy."
NEUTRAL = "You may complain to the authority that supervises data protection where you live."


def facts(
    kind: LetterKind,
    *regimes: Regime,
    reason: ExtensionReason | RefusalReason | None = None,
    reference: str = "T-118",
    merchant: str = "Kaffee & Söhne",
) -> LetterFacts:
    return LetterFacts(
        LetterWords(merchant, "2026-0042", CAME, reference), DUE,
        until=LATER if kind is LetterKind.MORE_TIME else None,
        reason=reason or REASON[kind],
        regimes=regimes or (Regime.EU,),
    )  # fmt: skip


def text_of(kind: LetterKind, given: LetterFacts, language: str) -> str:
    return case_letter(kind, given, language).text


def golden() -> dict[tuple[str, str], str]:
    parts = re.split(r"^== (\w+) (\w\w)\n", GOLDEN.read_text(encoding="utf-8"), flags=re.M)[1:]
    return {(kind, code): text.rstrip("\n") for kind, code, text in zip(*[iter(parts)] * 3, strict=True)}


@pytest.mark.parametrize(("kind", "language"), product(LetterKind, LANGUAGES))
def test_a_letter_reads_in_each_language_as_it_is_written_down(kind: LetterKind, language: str) -> None:
    assert text_of(kind, facts(kind), language) == golden()[kind, language]


def every_letter() -> Iterator[tuple[LetterKind, Regime, str]]:
    for kind, regime, language in product(LetterKind, Regime, LANGUAGES):
        yield kind, regime, text_of(kind, facts(kind, regime), language)


def test_no_letter_leaves_a_blank_or_counts_the_days_of_a_month() -> None:
    """CLK-8."""
    for _kind, _regime, text in every_letter():
        assert not re.search(r"[{}]|\b(30|45|90)\b|None", text), text


@pytest.mark.parametrize(("reason", "language"), product([*ExtensionReason, *RefusalReason], LANGUAGES))
def test_each_reason_is_a_sentence_of_its_own_in_each_language(
    reason: ExtensionReason | RefusalReason, language: str
) -> None:
    kind = LetterKind.MORE_TIME if isinstance(reason, ExtensionReason) else LetterKind.REFUSAL
    others: list[ExtensionReason | RefusalReason] = [one for one in type(reason) if one is not reason]
    text = text_of(kind, facts(kind, reason=reason), language)
    assert text not in {text_of(kind, facts(kind, reason=other), language) for other in others}
    english = text_of(kind, facts(kind, reason=reason), "en")
    if language != "en":
        assert not set(text.splitlines()[:-1]) & set(english.splitlines()) - {""}


def test_an_acknowledgement_says_three_facts_and_nothing_else() -> None:
    """CASE-4: without the reference, the two days, the fixed words and the merchant's name nothing is left."""
    kind = LetterKind.ACKNOWLEDGEMENT
    for language in LANGUAGES:
        told = {
            text_of(kind, facts(kind, *regimes), language) for regimes in [(one,) for one in Regime] + [tuple(Regime)]
        }
        assert len(told) == 1, "the law makes no difference"
        words = catalogue_of(language).text
        rest = told.pop()
        for sentence in (
            "Your request {reference}: received", "Hello,", "We received your request {reference} on {received}.",
            "You will have our answer by {answer_by}.", "Kind regards,",
        ):  # fmt: skip
            pattern = re.sub(r"\\\{\w+\\\}", lambda _hole: f"(?:{THREE_FACTS})", re.escape(words(sentence)))
            found = re.search(pattern, rest)
            assert found is not None, pattern
            rest = rest.replace(found[0], "", 1)
        assert rest.split() == ["Kaffee", "&", "Söhne"]


@pytest.mark.parametrize(
    ("regimes", "said", "not_said"),
    [
        ((Regime.EU,), [COURT], [NEUTRAL]),
        ((Regime.UK,), [COURT], [NEUTRAL]),
        ((Regime.CALIFORNIA,), [NEUTRAL], ["judicial"]),
        ((Regime.EU, Regime.CH), [COURT], [NEUTRAL]),
        ((Regime.CH, Regime.BRAZIL), [NEUTRAL], ["judicial"]),
        ((Regime.FORTY_FIVE_DAYS,), ["You may appeal against this decision", NEUTRAL], ["judicial"]),
        ((Regime.CANADA, Regime.EU), ["Privacy Commissioner of Canada", COURT], [NEUTRAL]),
    ],
)
@pytest.mark.keeps("LAW-13")
@pytest.mark.parametrize("kind", [LetterKind.REFUSAL, LetterKind.NOT_IDENTIFIED])
def test_who_is_not_answered_is_told_where_to_complain(
    kind: LetterKind, regimes: tuple[Regime, ...], said: list[str], not_said: list[str]
) -> None:
    """Art. 12(4) GDPR."""
    text = text_of(kind, facts(kind, *regimes), "en")
    assert [text.count(one) for one in said] == [1] * len(said)
    assert not [one for one in not_said if one in text]


def test_only_canadas_notice_of_more_time_tells_where_to_complain() -> None:
    """PIPEDA s. 8(4)."""
    kind = LetterKind.MORE_TIME
    told = {regime for regime in Regime if "complain" in text_of(kind, facts(kind, regime), "en")}
    assert told == {Regime.CANADA}


@pytest.mark.parametrize("kind", LetterKind)
def test_a_letter_without_its_day_or_reason_is_not_written(kind: LetterKind) -> None:
    wrong = [None, *ExtensionReason, *RefusalReason]
    for until, reason in product([None, LATER], wrong):
        given = LetterFacts(LetterWords("Shop", "2026-0042", CAME), DUE, until=until, reason=reason)
        fits = (until is not None) is (kind is LetterKind.MORE_TIME) and type(reason) is type(REASON[kind])
        if not fits:
            with pytest.raises(ValueError, match=r"new day|with the reason"):
                text_of(kind, given, "en")


def test_a_merchants_name_stays_one_line_and_is_no_template() -> None:
    kind = LetterKind.ACKNOWLEDGEMENT
    text = text_of(kind, facts(kind, merchant="Shop\n\nDear {reference}, {0}"), "en")
    assert text.endswith("Kind regards,\nShop Dear {reference}, {0}")


VALUES = st.one_of(
    st.emails(),
    st.from_regex(r"\+?[0-9]{3} ?[0-9]{3,8}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9_-]{3,30}", fullmatch=True),
)


@given(VALUES, st.sampled_from(["", "T-", "#"]), st.sampled_from(["", "-2", "/7x"]), st.booleans())
def test_no_letter_holds_what_the_person_is_known_by(value: str, before: str, after: str, upper: bool) -> None:
    assume(not re.fullmatch(r"[\W_]*", value))
    for part in (value, value.partition("@")[0], value.replace(" ", "")):
        plain = "".join(char for char in part.casefold() if char.isalnum())
        if len(plain) < 3:
            continue
        reference = letter_reference(f"{before}{part.upper() if upper else part}{after}", [value])
        assert reference == ""
        for kind in LetterKind:
            fixed = text_of(kind, facts(kind, reference=""), "en")
            assert text_of(kind, facts(kind, reference=reference), "en") == fixed


@pytest.mark.parametrize(
    ("reference", "values", "kept"),
    [
        ("T-118", ["ada@example.com"], "T-118"),
        ("#48213", ["+44 20 7946 0018", "8891"], "#48213"),
        ("2026/17-B", [], "2026/17-B"),
        ("Kim Meyer 3", [], ""),
        ("Kim", [], ""),
        ("kim@example.com", [], ""),
        ("T-8891", ["8891"], ""),
        ("4617", ["4617-0009-2231"], ""),
        ("kim.meyer2", ["kim.meyer+shop@example.com"], ""),
        ("00/0-2", ["00/0@example.com"], ""),
        ("T-1\nBcc: x1", [], ""),
        ("7" * 41, [], ""),
        ("", ["ada@example.com"], ""),
    ],
)  # fmt: skip
def test_a_reference_is_said_when_it_reads_as_a_ticket_and_is_not_theirs(
    reference: str, values: list[str], kept: str
) -> None:
    assert letter_reference(reference, values) == kept


@pytest.mark.parametrize(
    ("codes", "language"),
    [
        (("de", "fr"), "de"),
        (("", "fr"), "fr"),
        (("pt", "it"), "it"),
        (("de-AT",), "de"),
        (("NL_be",), "nl"),
        ((), "en"),
    ],
)
def test_the_first_language_that_is_spoken_is_taken(codes: tuple[str, ...], language: str) -> None:
    assert letter_language(*codes) == language


def test_a_file_is_named_by_case_and_kind_alone() -> None:
    assert {letter_file_name(kind, "2026-0042") for kind in LetterKind} == {
        "2026-0042-acknowledgement.txt", "2026-0042-more-time.txt", "2026-0042-refusal.txt",
        "2026-0042-not-identified.txt",
    }  # fmt: skip


def test_the_hash_is_that_of_the_files_bytes() -> None:
    assert letter_sha256("ü") == "607474ca475a9724d7360aba71a56d5df77e61350e3f724cfa1f46e857e2d85f"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_of_one_demand_says_which_and_that_more_follows(language: str) -> None:
    whole = text_of(LetterKind.REFUSAL, facts(LetterKind.REFUSAL), language)
    said = set()
    for right in Right:
        part = dataclasses.replace(facts(LetterKind.REFUSAL), right=right)
        text = text_of(LetterKind.REFUSAL, part, language)
        added = [line for line in re.split(r"(?<=[.!?]) |\n", text) if line and line not in whole]
        assert len(added) == 2, added
        said.add(added[0])
        for kind in set(LetterKind) - {LetterKind.REFUSAL}:
            with pytest.raises(ValueError, match="whole request"):
                text_of(kind, dataclasses.replace(facts(kind), right=right), language)
    assert len(said) == len(Right)
