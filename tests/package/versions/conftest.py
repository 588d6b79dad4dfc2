"""A case whose answer is ready to be packed, on both pairs of stores."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from portal.cases.facts import IdentityMethod, IdentityResult
from portal.practice_profile import practice_profile
from portal.review.kinds import FileOf, Whole
from portal.sources.kinds import SourceState
from portal.sources.whose.codes import MatchCode
from portal.sources.whose.views import MatchLine
from tests.exports.conftest import desk as desk
from tests.sources.conftest import opened as opened
from tests.sources.conftest import settle_on

ORDINARY = "ada@example.com"


def save_profile(desk: Any, merchant: str = "one") -> None:
    """The practice merchant's words, for the merchant that has none."""
    maya = desk.user("maya", merchant)
    now = desk.portal.letter_profiles.in_force(maya)
    if now.version == 0:
        desk.portal.letter_profiles.save(maya, replace(practice_profile(), version=0))


def decide_all(desk: Any, case: str) -> None:
    """Whose records are, and what goes out of each file: as it is proposed."""
    portal, sam, maya = desk.portal, desk.user("sam"), desk.user("maya")
    portal.case_matches.compare(sam, case)
    while pending := portal.case_matches.shown(sam, case).pending:
        portal.case_matches.decide(maya, case, pending[0].id, _code(pending[0]))
        collect(desk, case)
        portal.case_matches.compare(sam, case)
    for one in portal.case_files.of_case(sam, case):
        if one.undecided and one.whole is Whole.UNDECIDED:
            portal.case_files.decide_whole(sam, case, one.id, Whole.SENT)
        elif one.undecided:
            review = portal.review if one.file is FileOf.EXPORT else portal.case_review
            review.confirm_proposals(sam, one.id)
    for one in portal.case_files.of_case(sam, case):
        if one.needs_second and not one.approved:
            (portal.review if one.file is FileOf.EXPORT else portal.case_review).approve(maya, one.id)


def _code(line: MatchLine) -> MatchCode:
    return MatchCode.THEIRS if MatchCode.THEIRS in line.codes else line.codes[0]


def recognise(desk: Any, case: str) -> None:
    desk.portal.case_file.record_identity(desk.user("sam"), case, IdentityMethod.IN_PERSON, IdentityResult.PROVED)


def collect(desk: Any, case: str) -> None:
    """All sources have ended, and a manager has answered for those that LoyaltyDog refuses."""
    desk.portal.case_sources.collect(desk.user("sam"), case)
    settle_on(desk, case)
    answer_for_all(desk, case)


@pytest.fixture
def nobody(desk: Any, opened: Callable[..., str]) -> str:
    """A case about somebody of whom nothing is held."""
    save_profile(desk)
    case = opened(email=f"no.one.{secrets.token_hex(6)}@example.com")
    collect(desk, case)
    decide_all(desk, case)
    return case


def answer_for_all(desk: Any, case: str) -> None:
    """A manager answers for what LoyaltyDog refuses."""
    maya = desk.user("maya")
    for line in desk.portal.case_sources.lines(maya, case).lines:
        if line.unanswered:
            desk.portal.unanswered_sources.answer_for(
                maya, case, SourceState.ATTESTED, source_id=line.id, export_id="" if line.id else line.export_id
            )


@pytest.fixture
def ready(desk: Any, opened: Callable[..., str]) -> Callable[..., str]:
    """A case whose sources are settled and whose files are decided, so that a package can be built."""

    def made(email: str = ORDINARY) -> str:
        save_profile(desk)
        case = opened(email=email)
        collect(desk, case)
        decide_all(desk, case)
        return case

    return made
