"""Each letter reads in each language as it is written down in `golden/`; a change of words is a change of these files.

`python -m tests.letters.test_golden` writes them anew, for reading them over before they are kept.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path

import pytest

from portal.cases.services.intake import IdentifierKind
from portal.language import LANGUAGES
from portal.letters.answer.facts import AnswerFacts, CategoryCount, Outcome, Searched, SearchOutcome
from portal.letters.answer.letter import answer_letter
from portal.letters.left_out import LeftOutCount
from portal.letters.nothing import NothingFacts, nothing_letter
from portal.letters.nothing import Searched as SearchedSource
from portal.letters.partly import PartlyFacts, partly_letter
from portal.letters.profile.items import DataCategory
from portal.letters.words import LetterWords
from portal.practice_profile import practice_profile
from portal.redaction.reasons import Reason
from portal.sources.kinds import SourceKind

GOLDEN = Path(__file__).parent / "golden"
CAME, ANSWERED = dt.date(2026, 3, 5), dt.date(2026, 3, 20)
WORDS = LetterWords("Kaffee & Söhne", "2026-0042", CAME, "T-118")
LEFT_OUT = (LeftOutCount(Reason.OTHER_PERSON, 3), LeftOutCount(Reason.STAFF, 1_200))
ANSWER = AnswerFacts(
    WORDS.merchant, WORDS.case, CAME, ANSWERED, Outcome.PARTLY,
    (
        Searched("LoyaltyDog", SearchOutcome.FOUND, "a•••@example.com", ANSWERED),
        Searched("Till receipts", SearchOutcome.NOTHING, "", ANSWERED),
    ),
    (CategoryCount(DataCategory.CARDS, 2), CategoryCount(DataCategory.TRANSACTIONS, 1_402)),
    "T-118", dt.date(2026, 6, 5), LEFT_OUT, ("Ada Example",),
    package_kept_until=dt.date(2026, 4, 19), record_kept_months=36,
)  # fmt: skip
NOTHING = NothingFacts(
    WORDS, ANSWERED,
    (SearchedSource(SourceKind.MEMBERS, "Coffee Club", dt.datetime(2026, 3, 19, 9, 30, tzinfo=dt.UTC)),),
    ((IdentifierKind.EMAIL, "a•••@example.com"),), dt.UTC, 36,
)  # fmt: skip
LETTERS: Mapping[str, Callable[[str], str]] = {
    "answer": lambda code: answer_letter(dataclasses.replace(practice_profile(), version=3), ANSWER, code).text,
    "partly": lambda code: partly_letter(PartlyFacts(WORDS, ANSWERED, LEFT_OUT), code).text,
    "nothing": lambda code: nothing_letter(NOTHING, code).text,
}


def golden(name: str) -> dict[str, str]:
    parts = re.split(r"^== (\w\w)\n", (GOLDEN / f"{name}.txt").read_text(encoding="utf-8"), flags=re.M)[1:]
    return {code: text.rstrip("\n") for code, text in zip(*[iter(parts)] * 2, strict=True)}


@pytest.mark.keeps("LAW-6", "LAW-13", "LAW-14")
@pytest.mark.parametrize(("name", "language"), product(LETTERS, LANGUAGES))
def test_a_letter_reads_in_each_language_as_it_is_written_down(name: str, language: str) -> None:
    assert LETTERS[name](language) == golden(name)[language]


@pytest.mark.parametrize(("name", "language"), product(LETTERS, LANGUAGES))
def test_no_letter_has_a_line_of_english_but_what_is_said_to_be(name: str, language: str) -> None:
    english = {line for line in LETTERS[name]("en").splitlines() if len(line) > 30}
    said = repr(practice_profile().items)
    shared = english & set(LETTERS[name](language).splitlines())
    assert language == "en" or all(line.removeprefix("- ") in said for line in shared), shared


def write() -> None:
    for name, letter in LETTERS.items():
        parts = "\n".join(f"== {code}\n{letter(code)}\n" for code in LANGUAGES)
        (GOLDEN / f"{name}.txt").write_text(parts, encoding="utf-8")


if __name__ == "__main__":
    write()
