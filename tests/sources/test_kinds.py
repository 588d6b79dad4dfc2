"""When a case's sources are settled, and when nothing held is the answer: pure, over every state."""

from __future__ import annotations

import pytest

from portal.exports.core.states import State
from portal.sources.from_exports import STATE_OF
from portal.sources.kinds import AGAIN, RUNNING, SourceKind, SourceState, nothing_held, settled
from portal.sources.views import SourceLine, SourceList

S, K = SourceState, SourceKind


@pytest.mark.parametrize("state", list(SourceState))
def test_one_source_that_is_not_settled_holds_the_package_back(state: SourceState) -> None:
    ends_well = state in {S.FETCHED, S.EMPTY, S.ATTESTED, S.NOT_APPLICABLE}
    assert settled([S.FETCHED, state, S.EMPTY]) is ends_well
    assert not (ends_well and state in RUNNING | AGAIN)


def test_before_anything_was_asked_nothing_is_settled() -> None:
    assert not settled([])
    assert not nothing_held([])


@pytest.mark.parametrize("state", list(SourceState))
def test_nothing_is_held_only_when_all_that_was_asked_is_empty(state: SourceState) -> None:
    lines = [(K.PROGRAMS, S.FETCHED), (K.MEMBERS, S.EMPTY), (K.CARD_CONSENT, state)]
    assert nothing_held(lines) is (state in {S.EMPTY, S.ATTESTED, S.NOT_APPLICABLE})


def test_nothing_is_held_needs_one_source_that_was_looked_in() -> None:
    assert not nothing_held([(K.PROGRAMS, S.FETCHED), (K.MEMBERS, S.NOT_APPLICABLE)])
    assert not nothing_held([(K.PROGRAMS, S.EMPTY)])


def test_nothing_is_not_held_while_somebody_matches_by_phone_alone() -> None:
    lines = (SourceLine(K.MEMBERS, S.EMPTY, id="a"), SourceLine(K.CARDS_BY_EMAIL, S.EMPTY, export_id="b"))
    assert SourceList(lines, to_ask=False, may=True).nothing_held
    doubtful = (SourceLine(K.MEMBERS, S.EMPTY, id="a", doubtful_count=1), lines[1])
    assert not SourceList(doubtful, to_ask=False, may=True).nothing_held
    assert not SourceList(lines, to_ask=True, may=True).nothing_held


def test_an_export_under_way_is_running_and_one_that_needs_a_person_is_not_settled() -> None:
    assert {state for state, source in STATE_OF.items() if source in RUNNING} == {
        State.REQUESTED, State.SENT, State.WAITING, State.ACCEPTED, State.COLLECTED,
    }  # fmt: skip
    for state in (State.ATTENTION, State.UNKNOWN, State.REJECTED, State.FAILED):
        assert not settled([STATE_OF[state]])
