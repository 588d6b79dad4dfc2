"""Two sets of rules for one case: of each date the earlier one counts, and both say why."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.cases.clock import Clock, Regime, StepKind, laws_of
from portal.errors import InputError

Reckon = Callable[..., Clock]


def test_the_earlier_of_each_date_counts_and_both_say_why(reckon: Reckon) -> None:
    eu, uk = reckon("EU", "FR", "2027-02-26"), reckon("UK", "GB-ENG", "2027-02-26")
    both = reckon("EU+UK", "FR+GB-ENG", "2027-02-26")
    assert both == reckon("EU+UK", "GB-ENG+FR", "2027-02-26"), "calendars find their rules"
    assert both.target_on == uk.target_on < eu.target_on
    assert both.last_lawful_on == eu.last_lawful_on < uk.last_lawful_on
    assert both.why[0].kind is StepKind.SEVERAL_LAWS and len(both.why) == 1 + len(eu.why) + len(uk.why)


def test_more_time_needs_every_law_to_give_it(reckon: Reckon) -> None:
    with_brazil = reckon("EU+BR", "DE+BR", "2026-03-05", "extended=2026-03-10")
    assert with_brazil.tell_extension_by is None and with_brazil.extended_target_on is None
    assert not with_brazil.extended and str(with_brazil.due_last_on) == "2026-03-20"
    with_switzerland = reckon("EU+CH", "DE+CH", "2026-03-05")
    assert str(with_switzerland.extended_target_on) == "2026-06-05"
    assert str(with_switzerland.tell_extension_by) == "2026-04-04"


def test_a_late_answer_by_one_law_is_late(reckon: Reckon) -> None:
    found = reckon("EU+BR", "DE+BR", "2026-03-05", "answered=2026-03-25")
    assert found.outcome is not None and found.outcome.late


def test_codes_name_rules_and_the_state_whose_own_apply() -> None:
    assert [(law.regime, law.state) for law in laws_of("EU+FR")] == [(Regime.EU, "FR")]
    assert [(law.regime, law.state) for law in laws_of("eu + fr + uk")] == [(Regime.EU, "FR"), (Regime.UK, "")]
    assert [law.regime for law in laws_of("US-45+VA")] == [Regime.FORTY_FIVE_DAYS]


@pytest.mark.parametrize("text", ["", "XX", "FR", "EU+XX", "EU+EU", "EU+FR+DE", "+", "UK+FR", "US-45+XX", "GDPR"])
def test_rules_there_are_not_are_refused(text: str) -> None:
    with pytest.raises(InputError) as refused:
        laws_of(text)
    assert refused.value.field == "regime"
