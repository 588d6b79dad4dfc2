"""A row that is no entry (numbered N + 0.5, far below 1, by nothing, of a foreign type) is refused and never holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from portal import audit
from portal.audit import certifying
from portal.audit import keeper as keeping
from portal.config import Settings
from portal.storage.engine import Database, open_engine
from portal.storage.migrate import bring_up_to_date
from portal.storage.tables import AuditEntry, Base

pytestmark = pytest.mark.keeps("SEC-50")

CHAIN, OTHER, SIZE = "a" * 32, "b" * 32, 20
COLUMNS = tuple(column.key for column in AuditEntry.__table__.columns)
TEXTS = tuple(name for name in COLUMNS if name != "seq")
BETWEEN = (7.5, 14.000001, 0.5, 1.5, 20.5, 10**3 + 0.25, -1, 0, -(2**63), -1e300, "word", "7.5", b"7")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    opened = Database(open_engine(Settings(data_dir=tmp_path).database))
    bring_up_to_date(opened.engine)
    yield opened
    opened.close()


@pytest.fixture(params=["at once", "in shares"])
def keeper(
    request: pytest.FixtureRequest, db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> audit.Keeper:
    """A chain of 20 entries, signed at 7, 14 and 20, and checked in one process or in three."""
    if request.param == "in shares":
        monkeypatch.setattr(certifying, "WORTH_A_PROCESS", 0)
        monkeypatch.setattr(certifying, "CHECKPOINT_COST", 0)
        monkeypatch.setattr(certifying.os, "sched_getaffinity", lambda _pid: {0, 1, 2}, raising=False)
    monkeypatch.setattr(keeping, "EVERY_ENTRIES", 7)
    opened = audit.open_keeper(db, Settings(data_dir=tmp_path))
    write(db, SIZE)
    opened.sign(CHAIN, now=True)
    assert opened.folder.sizes(CHAIN) == [7, 14, SIZE]
    return opened


def write(db: Database, count: int, chain: str = CHAIN) -> None:
    with db.write() as session:
        for number in range(count):
            audit.record(session, chain, "somebody", "export:state", object_id="c" * 32, attempt=number)


def force(db: Database, *, by: str = "ignored check", **changed: Any) -> None:
    """A copy of entry 3 with other values, put past the constraint as somebody with the database file can."""
    if by == "own table":  # as the table was before the constraint, with nothing that must be filled
        with db.write() as session:
            session.execute(text("ALTER TABLE audit_entries RENAME TO former"))
            session.execute(text("CREATE TABLE audit_entries AS SELECT * FROM former"))
            session.execute(text("DROP TABLE former"))
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        try:
            row = connection.exec_driver_sql(
                f"SELECT {','.join(COLUMNS)} FROM audit_entries WHERE merchant_id = ? AND seq = 3",
                (CHAIN,),
            ).mappings().one()  # fmt: skip
            values = {**row, **changed}
            places = ",".join("?" * len(values))
            connection.exec_driver_sql(
                f"INSERT INTO audit_entries ({','.join(values)}) VALUES ({places})",
                tuple(values.values()),
            )
            connection.commit()
        finally:
            connection.exec_driver_sql("PRAGMA ignore_check_constraints = OFF")


@pytest.mark.parametrize("seq", BETWEEN)
def test_a_number_that_no_entry_has_is_refused_by_the_database(db: Database, seq: object) -> None:
    write(db, 3)
    with pytest.raises(IntegrityError), db.write() as session:
        session.execute(
            text(
                "INSERT INTO audit_entries SELECT merchant_id, :seq, at, actor, action, object_id, origin, result, "
                "facts, prev_hash, entry_hash FROM audit_entries WHERE seq = 3"
            ),
            {"seq": seq},
        )


@pytest.mark.parametrize("column", TEXTS)
def test_a_text_of_an_entry_that_is_none_is_refused_by_the_database(db: Database, column: str) -> None:
    write(db, 3)
    for value in (b"a" * 32, None):
        with pytest.raises(IntegrityError), db.write() as session:
            session.execute(text(f"UPDATE audit_entries SET {column} = :v WHERE seq = 3"), {"v": value})


@pytest.mark.parametrize("seq", BETWEEN)
def test_a_row_between_two_entries_is_found_although_all_is_signed(
    db: Database, keeper: audit.Keeper, seq: Any
) -> None:
    force(db, seq=seq)
    verdict = keeper.verify(CHAIN)
    assert verdict.fault is not None and verdict.sound < SIZE + 1
    assert keeper.verify(CHAIN, every_entry=True).fault == verdict.fault


@pytest.mark.parametrize("how", ["no number", "the same number again"])
def test_a_row_that_the_key_would_not_have_let_in_is_found(db: Database, keeper: audit.Keeper, how: str) -> None:
    force(db, by="own table", seq=None if how == "no number" else 3)
    assert keeper.verify(CHAIN).fault is not None
    assert keeper.verify(CHAIN, every_entry=True).fault is not None


@pytest.mark.parametrize("column", [name for name in TEXTS if name not in ("merchant_id",)])
@pytest.mark.parametrize("turned", ["bytes", "ended early"])
def test_a_signed_entry_whose_column_was_turned_into_another_kind_is_found(
    db: Database, keeper: audit.Keeper, column: str, turned: str
) -> None:
    new = f"CAST({column} AS BLOB)" if turned == "bytes" else f"{column} || char(0) || 'x'"
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        connection.exec_driver_sql(
            f"UPDATE audit_entries SET {column} = {new} WHERE merchant_id = ? AND seq = 9",
            (CHAIN,),
        )
        connection.commit()
    assert keeper.verify(CHAIN).fault is not None


def test_a_number_of_an_unsigned_end_that_is_none_does_not_keep_other_chains_from_being_signed(
    db: Database, keeper: audit.Keeper
) -> None:
    force(db, seq="word")
    write(db, 3, OTHER)
    keeper.keep()
    assert keeper.folder.sizes(CHAIN) == [7, 14, SIZE]
    assert keeper.folder.sizes(OTHER) == [3]


@pytest.mark.parametrize("name", ["../outside", "a/b", "", "x" * 65])
def test_a_chain_whose_name_is_none_is_never_written_to_a_file(tmp_path: Path, db: Database, name: str) -> None:
    keeper = audit.open_keeper(db, Settings(data_dir=tmp_path / "data"))
    write(db, 2)
    with db.write() as session:
        row = session.execute(select(AuditEntry.__table__).limit(1)).mappings().one()
        session.execute(insert(AuditEntry.__table__), {**row, "merchant_id": name, "seq": 1})  # type: ignore[arg-type]
    keeper.keep()
    assert keeper.folder.chains() >= {CHAIN}
    assert not (tmp_path / "data" / "outside").exists() and not (tmp_path / "outside").exists()
    assert keeper.verify(name).fault is not None


def test_a_database_made_by_the_code_has_the_same_constraint_as_a_migrated_one(tmp_path: Path) -> None:
    made = Database(open_engine(f"sqlite:///{tmp_path / 'made.sqlite3'}"))
    Base.metadata.create_all(made.engine)
    write(made, 3)
    with pytest.raises(IntegrityError), made.write() as session:
        session.execute(text("UPDATE audit_entries SET seq = 2.5 WHERE seq = 3"))
    made.close()
