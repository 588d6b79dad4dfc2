""" "We hold nothing" as an answer: what it needs before it may go, and what it leaves on the case."""

from __future__ import annotations

from typing import Any

import pytest

from portal.cases.facts import DemandOutcome, IdentityMethod, IdentityResult
from portal.cases.states import CaseState
from portal.errors import InputError, NotFound, NotPermitted, StateConflict
from portal.exports.core.answers import Channel
from portal.sources.kinds import SourceKind, SourceState

NOWHERE = "nothing.held@example.com"


def recognise(desk: Any, case_id: str, result: IdentityResult = IdentityResult.PROVED) -> None:
    desk.portal.case_file.record_identity(desk.user("sam"), case_id, IdentityMethod.IN_PERSON, result)


def collected(desk: Any, opened: Any, settle: Any, **known: str) -> str:
    case_id: str = opened(**known)
    recognise(desk, case_id)
    desk.portal.case_sources.collect(desk.user(), case_id)
    settle(case_id)
    desk.portal.case_matches.compare(desk.user(), case_id)
    return case_id


def answered_for(desk: Any, opened: Any, settle: Any, **known: str) -> str:
    """As `collected`; a manager answers for the program that refuses every look."""
    case_id = collected(desk, opened, settle, **known)
    for line in settle(case_id).lines:
        if line.unanswered:
            desk.portal.unanswered_sources.answer_for(
                desk.user(), case_id, SourceState.ATTESTED, source_id=line.id, export_id=line.export_id
            )
    return case_id


def test_a_person_of_whom_nothing_is_held_is_told_and_the_case_ends(
    desk: Any, shop: Any, opened: Any, settle: Any
) -> None:
    case_id = answered_for(desk, opened, settle, email=NOWHERE)
    draft = desk.portal.nothing_held.draft(desk.user("sam"), case_id)
    assert NOWHERE not in draft.text and "n•••@example.com" in draft.text
    assert "members of Tea Club: searched" in draft.text
    desk.portal.nothing_held.record(desk.user("sam"), case_id, draft.text, Channel.EMAIL)
    view = desk.portal.case_register.show(desk.user(), case_id)
    assert view.row.state is CaseState.ANSWERED
    assert [one.outcome for one in view.demands] == [DemandOutcome.NOTHING_HELD]
    fact = view.facts[-1]
    assert (fact.codes["sha256"], fact.text) == (draft.sha256, draft.text)
    with pytest.raises(StateConflict):
        desk.portal.nothing_held.record(desk.user("sam"), case_id, draft.text, Channel.EMAIL)


def test_it_is_refused_before_collecting_and_where_something_is_held(
    desk: Any, shop: Any, opened: Any, settle: Any
) -> None:
    held = collected(desk, opened, settle, customer_id="5eed00000000000000000001")
    for case_id in (opened(customer_id="5eedfffffffffffffffffffe"), held):
        with pytest.raises(StateConflict, match="not nothing"):
            desk.portal.nothing_held.draft(desk.user(), case_id)
        with pytest.raises(StateConflict, match="not nothing"):
            desk.portal.nothing_held.record(desk.user(), case_id, "Dear, nothing.", Channel.POST)


def test_it_is_refused_while_a_program_refuses(desk: Any, shop: Any, opened: Any, settle: Any) -> None:
    case_id = collected(desk, opened, settle, email=NOWHERE)
    with pytest.raises(StateConflict, match="not nothing"):
        desk.portal.nothing_held.draft(desk.user(), case_id)


def test_nobody_is_told_before_they_are_recognised(desk: Any, shop: Any, opened: Any, settle: Any) -> None:
    case_id = answered_for(desk, opened, settle, email=NOWHERE)
    recognise(desk, case_id, IdentityResult.FAILED)
    sam, nothing_held = desk.user("sam"), desk.portal.nothing_held
    for act in (
        lambda: nothing_held.draft(sam, case_id),
        lambda: nothing_held.record(sam, case_id, "No.", Channel.POST),
    ):
        with pytest.raises(StateConflict, match="not recognised"):
            act()
    recognise(desk, case_id)
    assert nothing_held.draft(sam, case_id).text


def test_an_empty_letter_is_refused_and_an_auditor_and_a_stranger_are(
    desk: Any, shop: Any, opened: Any, settle: Any
) -> None:
    case_id = answered_for(desk, opened, settle, email=NOWHERE)
    with pytest.raises(InputError):
        desk.portal.nothing_held.record(desk.user(), case_id, "  ", Channel.EMAIL)
    with pytest.raises(NotPermitted):
        desk.portal.nothing_held.draft(desk.user("iris"), case_id)
    with pytest.raises(NotFound):
        desk.portal.nothing_held.draft(desk.user("maya", "two"), case_id)


def test_what_loyaltydog_refuses_is_answered_for_by_a_manager_and_taken_back(
    desk: Any, shop: Any, opened: Any, settle: Any
) -> None:
    case_id = collected(desk, opened, settle, customer_id="5eedfffffffffffffffffffd")
    unanswered = desk.portal.unanswered_sources
    (line,) = [line for line in settle(case_id).lines if line.unanswered]
    assert (line.kind, line.state) == (SourceKind.CARDS_BY_ID, SourceState.FAILED), "404 is never nothing (ANS-5)"
    with pytest.raises(NotPermitted):
        unanswered.answer_for(desk.user("sam"), case_id, SourceState.ATTESTED, export_id=line.export_id)
    with pytest.raises(InputError):
        unanswered.answer_for(desk.user(), case_id, SourceState.EMPTY, export_id=line.export_id)
    with pytest.raises(NotFound):
        unanswered.answer_for(desk.user("maya", "two"), case_id, SourceState.ATTESTED, export_id=line.export_id)
    unanswered.answer_for(desk.user(), case_id, SourceState.ATTESTED, export_id=line.export_id)
    found = settle(case_id)
    (said,) = [line for line in found.lines if line.kind is SourceKind.CARDS_BY_ID]
    assert (said.state, said.problem, said.again, found.settled) == (SourceState.ATTESTED, "", True, True)
    with pytest.raises(StateConflict):
        unanswered.answer_for(desk.user(), case_id, SourceState.APART, export_id=line.export_id)
    unanswered.retry(desk.user("sam"), case_id, said.id)
    assert not settle(case_id).settled


def test_what_is_answered_apart_is_settled_and_never_nothing(desk: Any, shop: Any, opened: Any, settle: Any) -> None:
    case_id = collected(desk, opened, settle, email=NOWHERE)
    (tea,) = [line for line in settle(case_id).lines if line.unanswered]
    desk.portal.unanswered_sources.answer_for(desk.user(), case_id, SourceState.APART, source_id=tea.id)
    found = settle(case_id)
    assert found.settled and not found.nothing_held
    desk.portal.unanswered_sources.retry(desk.user(), case_id, tea.id)
    assert [line.state for line in settle(case_id).lines if line.program == "Tea Club"] == [SourceState.REFUSED]
