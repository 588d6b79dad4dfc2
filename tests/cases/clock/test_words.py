"""Every step is a sentence in every language, with its days as that language writes them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from functools import partial

import pytest

from portal.cases.clock import Clock, Step, StepKind, sentence
from portal.cases.clock.words import TEMPLATES
from portal.language import LANGUAGES, catalogue_of, formats

VALUES: dict[str, dt.date | int | str] = {
    name: dt.date(2026, 3, 5) for name in ("day", "asked", "given", "last", "letter")
}
VALUES |= {"regime": "EU", "calendar": "DE", "source": "Art. 12", "name": "Pfingstmontag", "count": 7, "number": 31}
VALUES |= {"year": 2005, "zone": "Europe/Berlin", "instant": "2026-03-05T00:30:00+01:00"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", StepKind)
def test_a_step_is_a_sentence_in_every_language(kind: StepKind, language: str) -> None:
    words = catalogue_of(language)
    said = sentence(Step(kind, VALUES), words.text, partial(formats.day, language=language))
    assert not re.search(r"[{}]", said) and said.endswith(".")
    if "{day}" in TEMPLATES[kind]:
        assert formats.day(dt.date(2026, 3, 5), language) in said
    if language != "en":
        assert said != sentence(Step(kind, VALUES))


def test_a_step_that_names_a_source_has_one(reckon: Callable[..., Clock]) -> None:
    events = "pause_began=2026-03-06;pause_ended=2026-03-09;identity_asked=2026-03-06;identity_given=2026-03-08"
    laws = [
        ("EU", "DE", "2026-03-05"),
        ("EU", "FR", "2026-03-05"),
        ("UK", "GB-ENG", "2026-03-05"),
        ("CH", "CH", "2026-03-05"),
    ]
    for regime, calendar, received in [*laws, ("UK", "GB-ENG", "2026-02-03")]:
        assert not [step for step in reckon(regime, calendar, received, events).why if step.values.get("source") == ""]


def test_a_clock_is_told_in_german(reckon: Callable[..., Clock]) -> None:
    words = catalogue_of("de")
    told = [
        sentence(step, words.text, partial(formats.day, language="de")) for step in reckon("EU", "DE", "2026-03-05").why
    ]
    assert (
        "Der 06.04.2026 ist ein Feiertag: Ostermontag." in told
        or "Der 6. Apr. 2026 ist ein Feiertag: Ostermontag." in told
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("regime", "calendar"), [("EU", "DE"), ("EU", "FR"), ("UK", "GB-ENG")])
def test_no_sentence_of_the_eu_or_the_uk_counts_thirty_days(
    reckon: Callable[..., Clock], regime: str, calendar: str, language: str
) -> None:
    """CLK-8: a month has 28 to 31 days. Ends on the 30th of a month are dates, not counts."""
    words = catalogue_of(language)
    for events in ("", "identity_asked=2026-03-06;identity_given=2026-03-20;extended=2026-04-01;by_post=2026-03-07"):
        for step in reckon(regime, calendar, "2026-03-05", events).why:
            said = sentence(step, words.text, partial(formats.day, language=language))
            assert not re.search(r"\b(30|90)\b", said), said
