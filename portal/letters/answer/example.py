"""An invented case, for looking at a letter before there is one."""

from __future__ import annotations

import datetime as dt

from portal.cases.clock.regimes import Regime
from portal.letters.answer.facts import AnswerFacts, CategoryCount, Outcome, Searched, SearchOutcome
from portal.letters.profile.items import DataCategory

_COUNTS = {
    DataCategory.CONTACT: 1, DataCategory.CARDS: 2, DataCategory.TRANSACTIONS: 14, DataCategory.MEMBERSHIP: 3,
    DataCategory.CONSENTS: 2, DataCategory.MESSAGES: 1, DataCategory.DEVICES: 1, DataCategory.ACCESSES: 6,
    DataCategory.REQUESTS: 1, DataCategory.OTHER: 4,
}  # fmt: skip


def example_facts(merchant: str, regimes: tuple[Regime, ...], answered_on: dt.date) -> AnswerFacts:
    """Every category occurs, so that the letter shows all that the profile says."""
    asked = answered_on - dt.timedelta(days=12)
    searched = (
        Searched("LoyaltyDog", SearchOutcome.FOUND, "a•••@example.com", answered_on - dt.timedelta(days=10)),
    )  # fmt: skip
    return AnswerFacts(
        merchant, f"{asked.year}-0000", asked, answered_on, Outcome.YES, searched,
        tuple(CategoryCount(code, count) for code, count in _COUNTS.items()), regimes=regimes,
    )  # fmt: skip
