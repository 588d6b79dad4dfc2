"""The table of states, and the one guarded, audited way along it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from portal.exports import State
from portal.exports.core import ledger
from portal.exports.core.ledger import IllegalMove
from portal.exports.core.states import HOLDS_FILE, MOVES, NEEDS_PERSON, RUNNING, may_move
from portal.storage.tables import AuditEntry, Export, utc_now

pytestmark = pytest.mark.keeps("SEC-12")


@pytest.fixture(scope="module")
def still(new_desk: Any) -> Iterator[Any]:
    """A portal in which nothing moves by itself."""
    with new_desk(workers=False) as opened:
        yield opened


def put(still: Any, export_id: str, state: State) -> None:
    with still.portal.db.write() as session:
        session.get_one(Export, export_id).state = state


def moves_of(still: Any, export_id: str) -> list[AuditEntry]:
    with still.portal.db.read() as session:
        return list(
            session.scalars(
                select(AuditEntry)
                .where(AuditEntry.object_id == export_id, AuditEntry.action == "export:state")
                .order_by(AuditEntry.seq)
            )
        )


def test_every_state_is_in_the_table() -> None:
    assert set(MOVES) == set(State)
    assert all(there in set(State) for targets in MOVES.values() for there in targets)


def test_nothing_leaves_purged_or_rejected() -> None:
    assert MOVES[State.PURGED] == MOVES[State.REJECTED] == frozenset()


def test_every_state_is_reachable_from_requested() -> None:
    reached, frontier = {State.REQUESTED}, [State.REQUESTED]
    while frontier:
        for there in MOVES[frontier.pop()] - reached:
            reached.add(there)
            frontier.append(there)
    assert reached == set(State)


def test_nothing_waits_for_ever_without_a_way_on() -> None:
    assert all(MOVES[state] for state in RUNNING | NEEDS_PERSON)
    assert not RUNNING & NEEDS_PERSON


def test_a_post_is_only_sent_from_states_in_which_none_is_out() -> None:
    assert {here for here in State if may_move(here, State.SENT)} == {State.REQUESTED, State.WAITING}


def test_only_states_that_hold_a_file_can_be_purged_and_none_is_ready_unchecked() -> None:
    assert {here for here in State if may_move(here, State.PURGED)} == HOLDS_FILE - {State.COLLECTED}
    assert {here for here in State if may_move(here, State.READY)} == {State.COLLECTED, State.ATTENTION}


@pytest.mark.parametrize("here", State)
def test_a_move_outside_the_table_is_refused_and_leaves_no_trace(still: Any, here: State) -> None:
    export_id = still.ask()
    put(still, export_id, here)
    for there in set(State) - MOVES[here]:
        with pytest.raises(IllegalMove), still.portal.db.write() as session:
            ledger.move(session, ledger.load(session, export_id), there)
    assert moves_of(still, export_id) == []
    assert still.portal.history.get(still.user(), export_id).state is here


@pytest.mark.parametrize("here", [state for state in State if MOVES[state]])
def test_a_move_leaves_exactly_one_entry(still: Any, here: State) -> None:
    for there in MOVES[here]:
        export_id = still.ask()
        put(still, export_id, here)
        with still.portal.db.write() as session:
            assert ledger.move(session, ledger.load(session, export_id), there, code="why")
        (entry,) = moves_of(still, export_id)
        assert entry.facts == {"from": here.value, "to": there.value, "code": "why", "attempt": 0}
        assert still.portal.history.get(still.user(), export_id).state is there


def test_a_move_and_its_entry_roll_back_together(still: Any) -> None:
    export_id = still.ask()
    with pytest.raises(ZeroDivisionError), still.portal.db.write() as session:
        assert ledger.move(session, ledger.load(session, export_id), State.SENT, attempt=1)
        raise ZeroDivisionError
    assert moves_of(still, export_id) == []
    assert still.portal.history.get(still.user(), export_id).state is State.REQUESTED


def test_an_entry_that_cannot_be_written_takes_the_move_with_it(still: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    export_id = still.ask()

    def full(*_: Any, **__: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("portal.audit.record", full)
    with pytest.raises(OSError, match="disk full"), still.portal.db.write() as session:
        ledger.move(session, ledger.load(session, export_id), State.SENT)
    assert still.portal.history.get(still.user(), export_id).state is State.REQUESTED


def test_a_submit_that_cannot_be_audited_leaves_no_export(still: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def count() -> int:
        with still.portal.db.read() as session:
            return session.scalar(select(func.count()).select_from(Export)) or 0

    before = count()

    def full(*_: Any, **__: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("portal.audit.record", full)
    with pytest.raises(OSError, match="disk full"):
        still.ask()
    assert count() == before


def test_a_move_read_too_early_is_refused(still: Any) -> None:
    export_id = still.ask()
    with still.portal.db.read() as session:
        stale = ledger.load(session, export_id)
        session.expunge(stale)
    with still.portal.db.write() as session:
        assert ledger.move(session, ledger.load(session, export_id), State.SENT, attempt=1)
    with still.portal.db.write() as session:
        assert not ledger.move(session, stale, State.FAILED)
    assert [entry.facts["to"] for entry in moves_of(still, export_id)] == ["sent"]


def test_a_move_writes_in_every_table_of_an_export_or_in_none(still: Any) -> None:
    export_id = still.ask()
    with still.portal.db.read() as session:
        stale = ledger.load(session, export_id)
        session.expunge(stale)
    wanted: dict[str, Any] = {
        "attempt": 1,
        "sent_at": utc_now(),
        "problem": "As it was.",
        "sha256": "ab" * 32,
        "asked_in": "here",
    }
    assert len({ledger.PART_OF.get(name) for name in wanted}) == 4
    with still.portal.db.write() as session:
        assert ledger.move(session, ledger.load(session, export_id), State.SENT, **wanted)
    with still.portal.db.write() as session:
        assert not ledger.move(session, stale, State.FAILED, sent_at=None, problem="Lost.", sha256="", asked_in="")
    with still.portal.db.read() as session:
        row = ledger.load(session, export_id)
    assert {name: ledger.value_of(row, name) for name in wanted} == wanted


def test_after_a_move_all_of_an_export_is_as_the_database_has_it(still: Any) -> None:
    export_id = still.ask()
    with still.portal.db.read() as session:
        row = ledger.load(session, export_id)
        session.expunge(row)
    with still.portal.db.write() as session:
        ledger.load(session, export_id).file.fetched_bytes = 7
    with still.portal.db.write() as session:
        session.add(row)
        assert ledger.move(session, row, State.SENT)
        assert (row.state, row.file.fetched_bytes) == (State.SENT, 7)
