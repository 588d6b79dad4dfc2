"""A case is a fold of its facts: where it stands, which day counts, what may follow."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.cases.endings import endings_of
from portal.cases.facts import CODES, Fact, FactKind, IdentityResult, Right, UndeclaredCode, check_codes, effective
from portal.cases.services.folding import Rules, events_of, folded
from portal.cases.states import MAY_RECORD, OPEN_STATES, OUTCOMES, CaseState, outcome_of, state_of

DAY = dt.timedelta(days=1)
CAME = dt.datetime(2026, 3, 5, 9, tzinfo=dt.UTC)
PROVED, FAILED = {"result": IdentityResult.PROVED.value}, {"result": IdentityResult.FAILED.value}
K = FactKind


def case(*recorded: FactKind | tuple[FactKind, dict[str, object]]) -> list[Fact]:
    """Facts a day apart, the first of them the receipt."""
    facts = [Fact(1, K.RECEIVED, CAME)]
    for number, one in enumerate(recorded, 2):
        kind, values = one if isinstance(one, tuple) else (one, {})
        facts.append(Fact(number, kind, CAME + (number - 1) * DAY, **values))  # type: ignore[arg-type]
    return facts


def codes(kind: FactKind, **values: str) -> tuple[FactKind, dict[str, object]]:
    return kind, {"codes": values}


def taking_back(number: int) -> tuple[FactKind, dict[str, object]]:
    return K.TAKEN_BACK, {"takes_back": number}


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (case(), CaseState.RECEIVED),
        (case(K.NOTE, K.ASSIGNED), CaseState.RECEIVED),
        (case(codes(K.IDENTITY, **FAILED)), CaseState.IDENTIFYING),
        (case(codes(K.IDENTITY, **PROVED)), CaseState.COLLECTING),
        (case(K.EXPORT_ASKED), CaseState.COLLECTING),
        (case(K.EXPORT_ASKED, K.IDENTITY_ASKED), CaseState.WAITING_PERSON),
        (case(K.IDENTITY_ASKED, codes(K.IDENTITY, **PROVED)), CaseState.COLLECTING),
        (case(K.SCOPE_ASKED, K.IDENTITY_ASKED, K.SCOPE), CaseState.WAITING_PERSON),
        (case(K.EXPORT_ASKED, K.ANSWERED), CaseState.ANSWERED),
        (case(K.EXPORT_ASKED, K.ANSWERED, K.CONFIRMED), CaseState.ANSWERED),
        (case(K.EXPORT_ASKED, K.ANSWERED, K.BOUNCED), CaseState.COLLECTING),
        (case(K.ANSWERED, K.BOUNCED, K.ANSWERED), CaseState.ANSWERED),
        (case(K.ANSWERED, K.CLOSED), CaseState.CLOSED),
        (case(K.REFUSED), CaseState.REFUSED),
        (case(K.REFUSED, K.ANSWERED), CaseState.ANSWERED),
        (case(K.WITHDRAWN), CaseState.WITHDRAWN),
        (case(K.NOT_IDENTIFIED), CaseState.CLOSED_NOT_IDENTIFIED),
        (case(K.NOT_IDENTIFIED, codes(K.IDENTITY, **PROVED)), CaseState.COLLECTING),
        (case(K.NOT_IDENTIFIED, codes(K.IDENTITY, **FAILED)), CaseState.CLOSED_NOT_IDENTIFIED),
        (case(K.REFUSED, taking_back(2)), CaseState.RECEIVED),
        (case(K.REFUSED, taking_back(2), taking_back(3)), CaseState.REFUSED),
    ],
)  # fmt: skip
def test_the_state_follows_from_the_facts_that_hold(facts: list[Fact], state: CaseState) -> None:
    assert state_of(facts) is state


def test_a_case_that_ended_has_an_end_for_the_clock_and_an_open_one_has_none() -> None:
    for kind in (K.ANSWERED, K.REFUSED, K.CLOSED, K.WITHDRAWN, K.NOT_IDENTIFIED):
        found = folded(case(K.EXPORT_ASKED, kind), Rules())
        assert found.clock.outcome is not None and found.ended_at == CAME + 2 * DAY and found.ended_as == kind
    for again in (case(K.ANSWERED, K.BOUNCED), case(K.NOT_IDENTIFIED, codes(K.IDENTITY, **PROVED))):
        found = folded(again, Rules())
        assert (found.clock.outcome, found.ended_at, found.ended_as) == (None, None, "")


def test_the_day_is_counted_where_the_controller_is() -> None:
    late = [Fact(1, K.RECEIVED, dt.datetime(2026, 3, 5, 23, 30, tzinfo=dt.UTC))]
    assert folded(late, Rules()).clock.received_on == dt.date(2026, 3, 5)
    assert folded(late, Rules(zone="Europe/Berlin")).clock.received_on == dt.date(2026, 3, 6)
    said = [Fact(1, K.RECEIVED, dt.datetime(2026, 3, 9, 9, tzinfo=dt.UTC), on=dt.date(2026, 3, 5))]
    assert folded(said, Rules(zone="Europe/Berlin")).clock.received_on == dt.date(2026, 3, 5)


def test_a_message_that_came_earlier_starts_the_clock_earlier_and_one_that_came_later_changes_nothing() -> None:
    later = case((K.FOLLOW_UP, {"on": dt.date(2026, 3, 20)}))
    earlier = case((K.FOLLOW_UP, {"on": dt.date(2026, 3, 2)}))
    assert folded(later, Rules()).clock.target_on == dt.date(2026, 4, 5)
    assert folded(earlier, Rules()).clock.target_on == dt.date(2026, 4, 2)
    assert folded([*earlier, Fact(3, K.TAKEN_BACK, CAME, takes_back=2)], Rules()).clock.target_on == dt.date(2026, 4, 5)


def test_more_time_moves_the_day_until_it_is_taken_back() -> None:
    told = case(codes(K.EXTENDED, reason="complexity", until="2026-05-20"))
    assert folded(told, Rules()).extended_to == dt.date(2026, 5, 20)
    assert folded([*told, Fact(3, K.TAKEN_BACK, CAME, takes_back=2)], Rules()).extended_to is None


def test_a_proof_of_identity_that_nobody_asked_for_moves_no_day() -> None:
    """UK: the period begins with the proof that was asked for; one that came unasked makes nothing later."""
    asked = case(K.IDENTITY_ASKED, codes(K.IDENTITY, **PROVED))
    unasked = case(codes(K.IDENTITY, **PROVED))
    failed = case(K.IDENTITY_ASKED, codes(K.IDENTITY, **FAILED))
    days = [folded(facts, Rules("UK", "GB-ENG")).clock.target_on for facts in (asked, unasked, failed)]
    assert days == [dt.date(2026, 4, 6), dt.date(2026, 4, 4), dt.date(2026, 4, 4)]


def test_a_code_nobody_declared_is_our_own_mistake() -> None:
    check_codes(K.EXTENDED, ["reason", "until"])
    with pytest.raises(UndeclaredCode):
        check_codes(K.NOTE, ["text"])
    assert set(CODES) == set(FactKind)


def test_an_end_that_stands_is_followed_by_no_second_refusal_and_no_more_time() -> None:
    for state in set(CaseState) - OPEN_STATES:
        assert not {K.EXTENDED, K.REFUSED, K.WITHDRAWN, K.IDENTITY_ASKED} & MAY_RECORD[state]
    assert all(K.TAKEN_BACK in may for may in MAY_RECORD.values())


@given(st.data())
def test_whatever_is_recorded_and_taken_back_leaves_what_stood_before(data: st.DataObject) -> None:
    """The state before any fact is the state after it is taken back, wherever the case stands."""
    facts = case()
    rights = sorted(data.draw(st.sets(st.sampled_from(Right), min_size=1, max_size=3)))
    facts[0] = dataclasses.replace(facts[0], codes={"demands": ",".join(rights)})
    for _ in range(data.draw(st.integers(0, 6))):
        may = sorted(MAY_RECORD[state_of(facts)] - {K.TAKEN_BACK})
        kind = data.draw(st.sampled_from(may))
        values: dict[str, str] = {}
        if kind is K.IDENTITY:
            values = data.draw(st.sampled_from([PROVED, FAILED]))
        elif "demand" in CODES[kind] and data.draw(st.booleans()):
            values = {"demand": data.draw(st.sampled_from(rights))}
        number = len(facts) + 1
        facts.append(Fact(number, kind, CAME + number * DAY, codes=values))
    before, number = folded(facts, Rules()), len(facts)
    kind = data.draw(st.sampled_from(sorted(MAY_RECORD[before.state] - {K.TAKEN_BACK})))
    added = Fact(number + 1, kind, CAME + (number + 1) * DAY, codes=PROVED if kind is K.IDENTITY else {})
    after = [*facts, added, Fact(number + 2, K.TAKEN_BACK, added.at, takes_back=number + 1)]
    assert folded(after, Rules()) == before
    assert effective(after) == effective(facts)


@given(st.data())
def test_a_case_has_ended_once_each_demand_has_an_outcome_and_not_before(data: st.DataObject) -> None:
    rights = sorted(data.draw(st.sets(st.sampled_from(Right), min_size=1, max_size=4)))
    facts = [dataclasses.replace(case()[0], codes={"demands": ",".join(rights)})]
    for right in data.draw(st.permutations(rights)):
        assert state_of(facts) in OPEN_STATES
        kind = data.draw(st.sampled_from([K.ANSWERED, K.REFUSED, K.CLOSED, K.WITHDRAWN]))
        number = len(facts) + 1
        facts.append(Fact(number, kind, CAME + number * DAY, codes={"demand": right}))
        assert outcome_of(endings_of(facts), right)[0] is OUTCOMES[kind]
    assert state_of(facts) not in OPEN_STATES


def test_the_clock_hears_only_what_holds() -> None:
    facts = case(K.IDENTITY_ASKED, K.ANSWERED, taking_back(3), K.NOTE)
    assert [event.kind.value for event in events_of(facts, Rules().place)] == ["identity_asked"]
