"""What a package waits for. Each need says whose turn it is and where; with none, a version may be built."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from portal.letters.answer.facts import Outcome
from portal.letters.answer.letter import SAID
from portal.letters.answer.wording import HEADINGS
from portal.letters.profile.checks import Missing
from portal.package.versions.views import Need
from portal.review.kinds import Whole
from portal.review.of_case.views import CaseFileView
from portal.sources.views import SourceList


def needs_of(sources: SourceList, files: Sequence[CaseFileView], missing: Sequence[Missing]) -> tuple[Need, ...]:
    """In the order in which they are best seen to. `missing`: what the profile lacks; a letter that nothing is held
    needs less of it."""
    if everything := _everything_left_out(sources, files):
        return (everything,)
    said = SAID[Outcome.NOTHING if sources.nothing_held else Outcome.YES]
    lacks = [one for one in missing if one.item in said]
    return (*_of_sources(sources), *_of_files(files), *_of_profile(lacks))


def _everything_left_out(sources: SourceList, files: Sequence[CaseFileView]) -> Need | None:
    """RED-10. A file by places may hold something; the build counts that."""
    if not sources.settled or not files or any(one.whole is not Whole.LEFT_OUT for one in files):
        return None
    return Need(
        "everything", "Everything is left out: that is a refusal, not an answer.", "Refuse the request under More."
    )


def _of_sources(sources: SourceList) -> Iterator[Need]:
    if sources.running:
        yield Need("running", "LoyaltyDog is still being asked.", "Wait until collecting has ended.")
    elif not sources.settled:
        yield Need("sources", "Not every source is settled.", "Look at the list under Collect.")


def _of_files(files: Sequence[CaseFileView]) -> Iterator[Need]:
    waiting = sum(one.waits for one in files)
    if waiting:
        yield Need("waits", "A manager has to decide about a file first.", "Open it under Review.", waiting)
    undecided = sum(one.undecided for one in files if not one.waits)
    if undecided:
        yield Need("undecided", "It is not decided yet what goes out.", "Decide it under Review.", undecided)
    second = sum(one.needs_second and not one.approved for one in files)
    if second:
        yield Need("second", "A second person has to approve what is left out.", "Ask a colleague.", second)
    if files and all(one.whole is Whole.LEFT_OUT for one in files):  # RED-10
        yield Need(
            "refusal", "Every file is left out: that is a refusal, not an answer.",
            "Keep a file, or refuse the request with its letter.", len(files),
        )  # fmt: skip
    gone = sum(one.destroyed for one in files)
    if gone:
        yield Need("destroyed", "A file of the answer is destroyed.", "Fetch or attach it again.", gone)


def _of_profile(missing: Sequence[Missing]) -> Iterator[Need]:
    if missing:
        yield Need(
            "profile", "The letter needs what your letters say about your shop.",
            "A manager fills it in under Settings.", len(missing), tuple(HEADINGS[one.item] for one in missing),
        )  # fmt: skip
