"""When a case's sources are settled, and when nothing held is the answer: pure, over every state."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portal.exports.core.states import State
from portal.sources.from_exports import STATE_OF
from portal.sources.kinds import AGAIN, RUNNING, SourceKind, SourceState, nothing_held, settled
from portal.sources.views import SourceLine, SourceList

S, K = SourceState, SourceKind


@pytest.mark.parametrize("state", list(SourceState))
def test_one_source_that_is_not_settled_holds_the_package_back(state: SourceState) -> None:
    ends_well = state in {S.FETCHED, S.EMPTY, S.ATTESTED, S.APART, S.NOT_APPLICABLE}
    assert settled([S.FETCHED, state, S.EMPTY]) is ends_well
    assert not (ends_well and state in RUNNING)
    assert ends_well or state in RUNNING | AGAIN


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


@pytest.mark.parametrize("open_one", ["undecided", "uncompared", "taken_in", "to_ask"])
def test_nothing_is_not_held_while_it_is_open_whose_a_record_is(open_one: str) -> None:
    lines = (SourceLine(K.MEMBERS, S.EMPTY, id="a"), SourceLine(K.CARDS_BY_EMAIL, S.EMPTY, export_id="b"))
    found = SourceList(lines, to_ask=False, may=True)
    assert found.nothing_held and found.settled
    waits = replace(found, **{open_one: 1})
    assert not waits.nothing_held and waits.settled is (open_one == "taken_in")


def test_what_was_fetched_too_long_ago_is_not_settled_and_is_asked_again() -> None:
    line = SourceLine(K.MEMBERS, S.EMPTY, id="a", stale=True)
    found = SourceList((line,), to_ask=False, may=True)
    assert (found.settled, found.nothing_held, found.settled_count, line.again) == (False, False, 0, True)


def test_an_export_under_way_is_running_and_one_that_needs_a_person_is_not_settled() -> None:
    assert {state for state, source in STATE_OF.items() if source in RUNNING} == {
        State.REQUESTED, State.SENT, State.WAITING, State.ACCEPTED, State.COLLECTED,
    }  # fmt: skip
    for state in (State.ATTENTION, State.UNKNOWN, State.REJECTED, State.FAILED):
        assert not settled([STATE_OF[state]])
