"""CLK-8: the time for an answer under the law of the EU and the UK is a month, and nobody writes it as thirty days."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from portal.cases.clock.regimes import Counting, Profile, Regime, profile_of

pytestmark = pytest.mark.keeps("LAW-2")

ROOT = Path(__file__).resolve().parents[2]
COUNTED = re.compile(r"(?i)\b(?:30|thirty)[\s-]+(?:days?|tagen?|jours|d[ií]as|giorni|dagen)\b|\bdays=30\b")
OTHER_MATTERS = {  # what is counted there is no time for an answer
    "docs/identity.md": "how lately a person's record changed",
    "docs/mail.md": "how long the address of a mail is kept",
    "pages/audit_trail.py": "the period that is shown at first",
    "portal/cases/recognition/risk.py": "how lately a person's record changed",
    "portal/cases/recognition/standing.py": "the same, in words",
    "portal/merchants/connection.py": "how long a file is kept",
    "portal/exports/history/dashboard.py": "what moved lately",
    "portal/loyaltydog/responses.py": "a link that lives too long",
    "portal/package/versions/service.py": "how long a package is kept",
    "portal/ui/common/charts.py": "the period of a chart",
}


def counting_files() -> set[str]:
    sources = [*(ROOT / "portal").rglob("*.py"), *(ROOT / "pages").glob("*.py"), *(ROOT / "docs").rglob("*.md")]
    return {path.relative_to(ROOT).as_posix() for path in sources if COUNTED.search(path.read_text(encoding="utf-8"))}


def test_no_code_and_no_document_counts_thirty_days_for_an_answer() -> None:
    assert counting_files() == set(OTHER_MATTERS)


def test_no_translation_counts_thirty_days_for_an_answer() -> None:
    for path in (ROOT / "portal" / "locales").rglob("*.po"):
        with path.open("rb") as source:
            for message in read_po(source):
                said = message.string if isinstance(message.string, str) else " ".join(message.string)
                if COUNTED.search(said.replace("\xa0", " ")):
                    assert {place for place, _line in message.locations} <= set(OTHER_MATTERS), said


@pytest.mark.parametrize(
    "text", ["within 30 days", "a 30-day limit", "dt.timedelta(days=30)", "30 Tage", "Thirty days"]
)
def test_the_rule_would_find_it(text: str) -> None:
    assert COUNTED.search(text)


@pytest.mark.parametrize(
    "profile",
    [
        profile_of(Regime.EU, dt.date(2026, 3, 5)),
        profile_of(Regime.EU, dt.date(2026, 3, 5), "FR"),
        profile_of(Regime.UK, dt.date(2026, 3, 5)),
        profile_of(Regime.UK, dt.date(2026, 1, 5)),
    ],
)
def test_the_rules_of_the_eu_and_the_uk_count_in_months(profile: Profile) -> None:
    assert profile.extended is not None
    assert {profile.first.counting, profile.extended.counting} == {Counting.MONTHS}
