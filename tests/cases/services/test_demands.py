"""A case in which several things are asked for: each has an outcome, and the clock runs until the last has ended."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from portal.cases.facts import (
    Channel,
    ClosingReason,
    DemandOutcome,
    FactKind,
    IdentityMethod,
    IdentityResult,
    RefusalReason,
    Right,
)
from portal.cases.services.intake import IdentifierKind, NewCase
from portal.cases.services.ledger import as_folded, cached
from portal.cases.services.views import CaseView
from portal.cases.standing import Standing
from portal.cases.states import CaseState
from portal.errors import InputError, NotPermitted, StateConflict
from portal.letters.words import LetterKind
from portal.storage.case_tables import Case
from portal.storage.tables import AuditEntry

LETTER = "About the erasure of your data."
BOTH = frozenset({Right.ACCESS, Right.ERASURE})


def opened(desk: Any, rights: frozenset[Right] = BOTH) -> tuple[str, str]:
    """A case, and the person's email."""
    email = f"person.{secrets.token_hex(6)}@example.com"
    new = NewCase(((IdentifierKind.EMAIL, SecretStr(email)),), rights, Channel.EMAIL)
    return desk.portal.case_intake.open(desk.user("sam"), new).case_id, email


def done(desk: Any, case_id: str) -> None:
    """The erasure was carried out, for somebody whom the staff know."""
    file, sam = desk.portal.case_file, desk.user("sam")
    with pytest.raises(StateConflict):
        file.close(sam, case_id, ClosingReason.DONE, right=Right.ERASURE)
    file.record_identity(sam, case_id, IdentityMethod.REPLY, IdentityResult.PROVED)
    with pytest.raises(StateConflict):  # erasure asks for a second proof
        file.close(sam, case_id, ClosingReason.DONE, right=Right.ERASURE)
    file.record_identity(sam, case_id, IdentityMethod.STAFF_KNOWS, IdentityResult.PROVED)
    file.close(sam, case_id, ClosingReason.DONE, right=Right.ERASURE)


def show(desk: Any, case_id: str) -> CaseView:
    """The case as it is shown; what its row keeps is what its facts come to."""
    with desk.portal.db.read() as session:
        case = session.get_one(Case, case_id)
        now = cached(as_folded(session, case))
        assert now == {name: getattr(case, name) for name in now}
    view: CaseView = desk.portal.case_register.show(desk.user("maya"), case_id)
    return view


def outcomes(desk: Any, case_id: str) -> dict[Right, DemandOutcome]:
    return {one.right: one.outcome for one in show(desk, case_id).demands}


def test_a_copy_that_was_sent_leaves_the_clock_running_for_an_erasure(desk: Any) -> None:
    case_id, email = opened(desk)
    export = desk.run(email)
    assert export.case_id == case_id
    desk.portal.answers.record_sent(desk.user("sam"), export.id, "email", copy="none")
    assert outcomes(desk, case_id) == {Right.ACCESS: DemandOutcome.GIVEN, Right.ERASURE: DemandOutcome.OPEN}
    view = show(desk, case_id)
    assert view.row.state is CaseState.COLLECTING and view.clock.outcome is None
    assert desk.portal.history.get(desk.user(), export.id).answer is Standing.SENT
    done(desk, case_id)
    assert set(outcomes(desk, case_id).values()) == {DemandOutcome.GIVEN}
    assert show(desk, case_id).row.state is CaseState.ANSWERED and show(desk, case_id).clock.outcome is not None


def test_an_erasure_that_was_done_first_leaves_the_copy_to_be_answered(desk: Any) -> None:
    case_id, email = opened(desk)
    done(desk, case_id)
    assert show(desk, case_id).row.state is CaseState.COLLECTING
    export = desk.run(email)
    assert desk.portal.history.get(desk.user(), export.id).answer is Standing.OPEN
    desk.portal.answers.record_refused(desk.user("maya"), export.id, "excessive", LETTER)
    assert outcomes(desk, case_id) == {Right.ACCESS: DemandOutcome.REFUSED, Right.ERASURE: DemandOutcome.GIVEN}
    assert show(desk, case_id).row.state is CaseState.ANSWERED


def test_one_demand_is_refused_by_a_manager_with_its_letter(desk: Any) -> None:
    case_id, _email = opened(desk)
    with pytest.raises(NotPermitted):
        desk.portal.case_file.refuse(
            desk.user("sam"), case_id, RefusalReason.EXCESSIVE, LETTER, right=Right.ERASURE
        )  # fmt: skip
    draft = desk.portal.case_letters.draft(
        desk.user("maya"), case_id, LetterKind.REFUSAL, reason=RefusalReason.EXCESSIVE, right=Right.ERASURE
    )
    assert "This is about the erasure of your data." in draft.text
    assert "About the rest of your request you will hear separately." in draft.text
    desk.portal.case_file.refuse(
        desk.user("maya"), case_id, RefusalReason.EXCESSIVE, draft.text, right=Right.ERASURE
    )  # fmt: skip
    assert outcomes(desk, case_id) == {Right.ACCESS: DemandOutcome.OPEN, Right.ERASURE: DemandOutcome.REFUSED}
    with desk.portal.db.read() as session:
        wanted = select(AuditEntry).where(AuditEntry.object_id == case_id, AuditEntry.action == "case:refuse")
        assert session.scalars(wanted).one().facts["demand"] == "erasure"
    (refused,) = [fact for fact in show(desk, case_id).facts if fact.kind is FactKind.REFUSED]
    desk.portal.case_file.take_back(desk.user("maya"), case_id, refused.number)
    assert outcomes(desk, case_id)[Right.ERASURE] is DemandOutcome.OPEN


def test_what_is_not_asked_for_or_has_ended_is_not_ended_again(desk: Any) -> None:
    case_id, _email = opened(desk)
    close, sam = desk.portal.case_file.close, desk.user("sam")
    close(sam, case_id, ClosingReason.TAKEN_BACK, right=Right.ERASURE)
    assert outcomes(desk, case_id)[Right.ERASURE] is DemandOutcome.WITHDRAWN
    for right in (Right.ERASURE, Right.OBJECTION):
        with pytest.raises(InputError) as refused:
            close(sam, case_id, ClosingReason.DONE, right=right)
        assert refused.value.field == "right"
    with pytest.raises(InputError) as refused:  # nothing is done with a case as a whole while it is open
        close(sam, case_id, ClosingReason.DONE)
    assert refused.value.field == "reason"


def test_a_case_about_erasure_alone_ends_with_it_whatever_was_looked_at_first(desk: Any) -> None:
    case_id, _email = opened(desk, frozenset({Right.ERASURE}))
    case_exports, sam = desk.portal.case_exports, desk.user("sam")
    export = desk.settled(case_exports.ask(sam, case_id, 1))
    assert export.case_id == case_id and export.answer is Standing.OPEN
    done(desk, case_id)
    assert show(desk, case_id).row.state is CaseState.ANSWERED
    assert desk.portal.history.get(sam, export.id).answer is Standing.SENT


def test_the_whole_case_ends_every_demand(desk: Any) -> None:
    case_id, _email = opened(desk, frozenset({*BOTH, Right.RECTIFICATION}))
    desk.portal.case_file.close(desk.user("sam"), case_id, ClosingReason.NO_REQUEST)
    assert set(outcomes(desk, case_id).values()) == {DemandOutcome.WITHDRAWN}


def test_a_copy_sent_in_one_part_and_refused_in_another_was_given_partly(desk: Any) -> None:
    case_id, email = opened(desk, frozenset({Right.ACCESS}))
    first = desk.run(email)
    program = "5f0c1e2d3a4b5c6d7e8f9a0b"
    second = desk.portal.history.get(desk.user(), desk.ask(email, program_id=program))
    assert second.case_id == case_id
    desk.portal.answers.record_sent(desk.user("sam"), first.id, "email", copy="none")
    desk.portal.answers.record_refused(desk.user("maya"), second.id, "others_rights", LETTER)
    assert outcomes(desk, case_id) == {Right.ACCESS: DemandOutcome.PARTLY}
