"""What a package waits for, worked out from the files of a case."""

from __future__ import annotations

import pytest

from portal.letters.answer.facts import Outcome
from portal.letters.answer.letter import SAID
from portal.letters.answer.wording import HEADINGS
from portal.letters.profile.checks import Missing
from portal.package.versions.from_case import person_country
from portal.package.versions.readiness import needs_of
from portal.review.kinds import FileOf, Whole
from portal.review.of_case.views import CaseFileView
from portal.sources.views import SourceList


def file(whole: Whole) -> CaseFileView:
    return CaseFileView(FileOf.SYSTEM, "f", "scan.pdf", "Till", "pdf", 10, "0" * 64, whole=whole)


def test_the_persons_country_is_that_of_a_calendar_which_is_none_of_the_merchants() -> None:
    for case, merchant, country in (
        ("", "", ""), ("DE-BY", "DE", ""), ("GB-ENG", "DE", "GB"), ("DE+GB-SCT", "DE", "GB"), ("FR", "", "FR"),
    ):  # fmt: skip
        assert person_country(case, merchant) == country


# RED-10
@pytest.mark.parametrize(
    ("wholes", "refused"),
    [
        ([Whole.LEFT_OUT], True),
        ([Whole.LEFT_OUT, Whole.LEFT_OUT], True),
        ([Whole.LEFT_OUT, Whole.SENT], False),
        ([Whole.LEFT_OUT, Whole.REPLACED], False),
        ([Whole.LEFT_OUT, Whole.BY_PLACE], False),
        ([], False),
    ],
)
def test_a_case_of_which_every_file_is_left_out_is_a_refusal(wholes: list[Whole], refused: bool) -> None:
    needs = needs_of(SourceList((), to_ask=False, may=True), [file(whole) for whole in wholes], ())
    assert ("refusal" in {need.code for need in needs}) is refused


def test_each_item_that_the_letter_lacks_is_named() -> None:
    for item in SAID[Outcome.YES]:
        needs = needs_of(SourceList((), to_ask=False, may=True), [], [Missing(item, "It is empty.")])
        assert [need.names for need in needs if need.code == "profile"] == [(HEADINGS[item],)]
