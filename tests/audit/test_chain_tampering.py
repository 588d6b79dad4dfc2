"""The chain of acts: sound as written; edited, deleted, inserted, reordered or repeated entries are found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from portal import audit
from portal.audit.chain import GENESIS, UndeclaredFact
from portal.storage.engine import Database, open_engine
from portal.storage.tables import AuditEntry, Base

pytestmark = pytest.mark.keeps("SEC-50")

LENGTH = 12
CHAIN = "merchant-one"
TEXT_COLUMNS = ("at", "actor", "action", "object_id", "origin", "result", "prev_hash", "entry_hash")


class Undo(Exception):
    """Ends a transaction without keeping what was done in it."""


def act(session: Session, number: int, chain: str = CHAIN) -> None:
    audit.record(
        session, chain, f"account-{number % 3}", "export:download",
        object_id=f"export-{number}", origin="198.51.100.7", kind="original", bytes=number * 1000, sha256="0" * 64,
    )  # fmt: skip


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = Database(open_engine(f"sqlite:///{tmp_path_factory.mktemp('chain') / 'audit.sqlite3'}"))
    Base.metadata.create_all(database.engine)
    for number in range(LENGTH):
        with database.write() as session:
            act(session, number)
            act(session, number, "merchant-two")
    yield database
    database.close()


@pytest.fixture(scope="module")
def after(db: Database) -> Callable[..., tuple[int, Any]]:
    """What checking finds after some statements of SQL, which are then taken back."""

    def checked(*statements: tuple[str, dict[str, Any]]) -> tuple[int, Any]:
        found: list[tuple[int, Any]] = []
        with pytest.raises(Undo), db.write() as session:
            session.execute(text("PRAGMA ignore_check_constraints = ON"))  # as somebody with the file can
            for statement, values in statements:
                session.execute(text(statement), {"m": CHAIN, **values})
            found.append(audit.verify_chain(session, CHAIN))
            assert audit.verify_chain(session, "merchant-two") == (LENGTH, None)
            raise Undo
        return found[0]

    return checked


def test_a_chain_as_written_is_sound(db: Database) -> None:
    with db.read() as session:
        assert audit.verify_chain(session, CHAIN) == (LENGTH, None)
        assert audit.verify_chain(session, "nobody's") == (0, None)
        rows = session.scalars(select(AuditEntry).where(AuditEntry.merchant_id == CHAIN).order_by(AuditEntry.seq)).all()
    assert [row.seq for row in rows] == list(range(1, LENGTH + 1))
    assert [row.prev_hash for row in rows] == [GENESIS, *(row.entry_hash for row in rows[:-1])]


places = st.integers(1, LENGTH)


@settings(max_examples=60, deadline=None)
@given(seq=places, column=st.sampled_from(TEXT_COLUMNS), value=st.text(st.characters(codec="ascii"), max_size=20))
def test_an_edited_entry_is_found(after: Any, seq: int, column: str, value: str) -> None:
    sound, fault = after(
        (f"UPDATE audit_entries SET {column} = :v WHERE merchant_id = :m AND seq = :s", {"v": value + "~", "s": seq})
    )
    assert fault is not None and (fault.seq, sound) in {(seq, seq - 1), (seq + 1, seq)}


@settings(max_examples=30, deadline=None)
@given(seq=places, number=st.integers(-(10**12), 10**12).filter(lambda n: n % 1000 != 0))
def test_an_edited_fact_is_found(after: Any, seq: int, number: int) -> None:
    changed = f'{{"bytes":{number},"kind":"original","sha256":"{"0" * 64}"}}'
    sound, fault = after(
        ("UPDATE audit_entries SET facts = :v WHERE merchant_id = :m AND seq = :s", {"v": changed, "s": seq})
    )
    assert fault is not None and (fault.seq, sound) == (seq, seq - 1)


@pytest.mark.parametrize("added", ['"extra":1', '"bytes":null'])
def test_an_added_fact_is_found(after: Any, added: str) -> None:
    _, fault = after(("UPDATE audit_entries SET facts = :v WHERE merchant_id = :m AND seq = 3", {"v": f"{{{added}}}"}))
    assert fault is not None and fault.seq == 3


@given(seq=st.integers(1, LENGTH - 1))
@settings(max_examples=15, deadline=None)
def test_a_deleted_entry_is_found(after: Any, seq: int) -> None:
    sound, fault = after(("DELETE FROM audit_entries WHERE merchant_id = :m AND seq = :s", {"s": seq}))
    assert fault is not None and sound == seq - 1 and fault.seq in (seq, seq + 1)


@given(seq=st.integers(1, LENGTH - 1))
@settings(max_examples=15, deadline=None)
def test_a_deleted_entry_is_found_although_the_numbers_were_closed_up(after: Any, seq: int) -> None:
    statements = [("DELETE FROM audit_entries WHERE merchant_id = :m AND seq = :s", {"s": seq})]
    statements += [
        ("UPDATE audit_entries SET seq = :to WHERE merchant_id = :m AND seq = :s", {"s": later, "to": later - 1})
        for later in range(seq + 1, LENGTH + 1)
    ]
    sound, fault = after(*statements)
    assert fault is not None and (fault.seq, sound) == (seq, seq - 1)


@given(pair=st.lists(places, min_size=2, max_size=2, unique=True))
@settings(max_examples=30, deadline=None)
def test_exchanged_entries_are_found(after: Any, pair: list[int]) -> None:
    one, other = pair
    move = "UPDATE audit_entries SET seq = :to WHERE merchant_id = :m AND seq = :s"
    sound, fault = after(
        (move, {"s": one, "to": 10_000}), (move, {"s": other, "to": one}), (move, {"s": 10_000, "to": other})
    )
    assert fault is not None and sound == min(pair) - 1


COPY = (
    "INSERT INTO audit_entries (merchant_id, seq, at, actor, action, object_id, origin, result, facts, prev_hash, "
    "entry_hash) SELECT merchant_id, :to, at, actor, action, object_id, origin, result, facts, prev_hash, entry_hash "
    "FROM audit_entries WHERE merchant_id = :from AND seq = :s"
)


@given(seq=places, to=st.sampled_from([0, -1, LENGTH + 1, LENGTH + 2]), chain=st.sampled_from([CHAIN, "merchant-two"]))
@settings(max_examples=30, deadline=None)
def test_a_repeated_or_borrowed_entry_is_found(after: Any, seq: int, to: int, chain: str) -> None:
    sound, fault = after(
        (COPY, {"from": chain, "s": seq, "to": to}),
        # A borrowed entry is brought into this chain.
        (f"UPDATE audit_entries SET merchant_id = :m WHERE merchant_id = '{chain}' AND seq = :to", {"to": to}),
    )
    assert fault is not None
    assert sound == (0 if to < 1 else LENGTH)


def test_an_act_nobody_declared_or_a_fact_nobody_declared_is_refused(db: Database) -> None:
    def length() -> int:
        with db.read() as session:
            return session.scalar(select(func.count()).select_from(AuditEntry)) or 0

    before = length()
    for action, facts in (
        ("export:leak", {}),
        ("export:view", {"email": "ada@example.com"}),
        ("export:submit", {"subject": "x", "name": "Ada"}),
    ):
        with pytest.raises(UndeclaredFact) as caught, db.write() as session:
            audit.record(session, CHAIN, "system", action, **facts)
        assert "ada@" not in str(caught.value) and "Ada" not in str(caught.value)
    assert length() == before


def test_every_declared_act_can_be_written_with_all_its_facts(db: Database) -> None:
    with pytest.raises(Undo), db.write() as session:
        for action, facts in audit.ACTIONS.items():
            audit.record(session, CHAIN, "system", action, **dict.fromkeys(facts, "ü"))
        assert audit.verify_chain(session, CHAIN) == (LENGTH + len(audit.ACTIONS), None)
        raise Undo


def test_an_act_undone_leaves_no_hole(db: Database) -> None:
    with pytest.raises(Undo), db.write() as session:
        act(session, 99)
        raise Undo
    with pytest.raises(Undo), db.write() as session:
        act(session, 100)
        assert audit.verify_chain(session, CHAIN) == (LENGTH + 1, None)
        raise Undo


def test_a_long_chain_is_checked_over_its_pages(tmp_path: Path) -> None:
    database = Database(open_engine(f"sqlite:///{tmp_path / 'long.sqlite3'}"))
    Base.metadata.create_all(database.engine)
    with database.write() as session:
        for number in range(4_100):
            act(session, number)
    with database.read() as session:
        assert audit.verify_chain(session, CHAIN) == (4_100, None)
    with database.write() as session:
        session.execute(text("UPDATE audit_entries SET actor = 'x' WHERE seq = 4001"))
    with database.read() as session:
        sound, fault = audit.verify_chain(session, CHAIN)
    assert fault is not None and (sound, fault.seq) == (4_000, 4_001)
    database.close()
