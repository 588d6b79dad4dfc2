"""Acts of many threads in one commit: each has its own result or failure, and nothing acknowledged is ever lost."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from portal import audit
from portal.storage.engine import Database, open_engine
from portal.storage.tables import AuditEntry, Base, Throttle

pytestmark = pytest.mark.keeps("SEC-50")

CHAIN = "a" * 32


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "postgresql":
        url = request.getfixturevalue("new_postgres")()
    else:
        url = f"sqlite:///{tmp_path / 'audit.sqlite3'}"
    db = Database(open_engine(url))
    Base.metadata.create_all(db.engine)
    yield db
    db.close()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    db = Database(open_engine(f"sqlite:///{tmp_path / 'audit.sqlite3'}"))
    Base.metadata.create_all(db.engine)
    yield db
    db.close()


def append(session: Session, name: str) -> str:
    audit.record(session, CHAIN, name, "export:view", object_id=name)
    return name


def names(db: Database) -> set[str]:
    with db.read() as session:
        return set(session.scalars(select(AuditEntry.object_id).where(AuditEntry.merchant_id == CHAIN)))


def in_one_batch(db: Database, acts: list[Callable[[Session], Any]]) -> list[Future[Any]]:
    """Run all of them in one commit: the writer's place is taken until every one stands in line."""
    pool = ThreadPoolExecutor(len(acts))
    with db.write():
        done = [pool.submit(db.group_commit, act) for act in acts]
        line = db._group._queue
        while len(line) < len(acts):
            threading.Event().wait(0.005)
    wait(done)
    pool.shutdown()
    return done


def test_everybody_gets_what_their_own_act_gave(sqlite: Database) -> None:
    commits: list[int] = []
    event.listen(sqlite.engine, "commit", lambda _connection: commits.append(1))
    acts: list[Callable[[Session], Any]] = [lambda s, n=n: append(s, f"act{n}") for n in range(20)]
    done = in_one_batch(sqlite, acts)
    assert [one.result() for one in done] == [f"act{n}" for n in range(20)]
    assert len(commits) == 1  # for all twenty; the transaction that held them up wrote nothing
    assert names(sqlite) == {f"act{n}" for n in range(20)}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fails=st.lists(st.sampled_from(["", "before", "after", "sql"]), min_size=1, max_size=12), seed=st.integers(0, 99)
)
def test_a_failing_act_harms_no_neighbour(sqlite: Database, fails: list[str], seed: int) -> None:
    start = len(names(sqlite))

    def act(session: Session, number: int, failure: str) -> str:
        if failure == "before":
            raise ZeroDivisionError
        name = append(session, f"{start}-{seed}-{number}")
        session.add(Throttle(key=name))
        if failure == "sql":
            session.execute(text("SELECT no_such_column"))
        if failure == "after":
            raise ValueError(name)
        return name

    acts: list[Callable[[Session], Any]] = [lambda s, n=n, f=f: act(s, n, f) for n, f in enumerate(fails)]
    before = names(sqlite)
    done = in_one_batch(sqlite, acts)
    kinds = {"before": ZeroDivisionError, "after": ValueError, "sql": OperationalError}
    assert [type(one.exception()) for one in done] == [kinds.get(f, type(None)) for f in fails]
    kept = {one.result() for one, failure in zip(done, fails, strict=True) if not failure}
    assert names(sqlite) - before == kept
    with sqlite.read() as session:
        assert set(session.scalars(select(Throttle.key))) == names(sqlite)
        assert audit.verify_chain(session, CHAIN) == (len(names(sqlite)), None)


def test_a_failed_commit_fails_every_one_of_its_acts(sqlite: Database) -> None:
    failures = [OperationalError("COMMIT", None, sqlite3.OperationalError("disk I/O error"))]

    def refuse(_connection: object) -> None:
        if failures and armed:
            raise failures.pop()

    armed: list[int] = []
    event.listen(sqlite.engine, "commit", refuse)
    acts: list[Callable[[Session], Any]] = [lambda s, n=n: append(s, f"act{n}") for n in range(5)]

    def arm(session: Session) -> str:
        armed.append(1)
        return append(session, "arms")

    done = in_one_batch(sqlite, [*acts, arm])
    assert [type(one.exception()) for one in done] == [OperationalError] * 6
    assert len({id(one.exception()) for one in done}) == 6
    assert names(sqlite) == set()
    assert sqlite.group_commit(lambda s: append(s, "later")) == "later"
    assert names(sqlite) == {"later"}


def test_a_transaction_that_sqlite_gives_up_fails_all_that_was_in_it(sqlite: Database) -> None:
    with sqlite.write() as session:
        session.execute(
            text("CREATE TRIGGER full BEFORE INSERT ON throttle BEGIN SELECT RAISE(ROLLBACK, 'disk is full'); END")
        )

    def gives_up(session: Session) -> None:
        session.add(Throttle(key="k"))
        session.flush()

    acts: list[Callable[[Session], Any]] = [lambda s, n=n: append(s, f"act{n}") for n in range(4)]
    done = in_one_batch(sqlite, [*acts[:2], gives_up, *acts[2:]])
    assert isinstance(done[2].exception(), OperationalError)
    kept = {one.result() for one in done if one.exception() is None}
    assert (
        names(sqlite) == kept
    )  # who stood in line before it failed with it, who stood behind came into the next commit
    assert sqlite.group_commit(lambda s: append(s, "later")) == "later"


def test_an_act_that_cannot_begin_fails_alone_and_the_next_one_goes_on(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, times = sqlite.engine.begin, iter([True])

    def fails_once() -> Any:
        if next(times, False):
            raise OperationalError("BEGIN IMMEDIATE", None, sqlite3.OperationalError("database is locked"))
        return begin()

    taken = threading.Event()
    pool = ThreadPoolExecutor(4)
    with sqlite.write():
        monkeypatch.setattr(sqlite.engine, "begin", fails_once)
        done = [pool.submit(sqlite.group_commit, lambda s, n=n: append(s, f"act{n}")) for n in range(4)]
        while len(sqlite._group._queue) < 4:
            taken.wait(0.005)
    wait(done)
    assert sorted(type(one.exception()).__name__ for one in done) == ["NoneType"] * 3 + ["OperationalError"]
    assert len(names(sqlite)) == 3


def test_many_threads_with_some_failing_keep_one_whole_chain(database: Database) -> None:
    told: list[str] = []
    unseen: list[str] = []

    def work(worker: int) -> None:
        chance = random.Random(worker)
        for number in range(25):
            name = f"{worker}-{number}"

            def act(session: Session, name: str = name, fails: bool = chance.random() < 0.2) -> str:
                append(session, name)
                if fails:
                    raise ValueError(name)
                return name

            try:
                done = database.group_commit(act)
            except ValueError as error:
                assert str(error) == name
                continue
            told.append(done)
            with database.read() as session:
                if not session.scalar(select(func.count()).where(AuditEntry.object_id == name)):
                    unseen.append(name)

    with ThreadPoolExecutor(16) as pool:
        for done in [pool.submit(work, worker) for worker in range(16)]:
            done.result()
    assert unseen == []
    again = Database(open_engine(database.engine.url.render_as_string(hide_password=False)))
    assert names(again) == set(told)
    with again.read() as session:
        assert audit.verify_chain(session, CHAIN) == (len(told), None)
    again.close()


WRITER = """
import os, sys, threading
from portal import audit
from portal.storage.engine import Database, open_engine
from portal.storage.tables import Base
db = Database(open_engine(sys.argv[1]))
Base.metadata.create_all(db.engine)
def work(worker):
    for number in range(100_000):
        name = f"{worker}-{number}"
        db.group_commit(lambda s: audit.record(s, "a" * 32, name, "export:view", object_id=name) and None)
        os.write(1, f"{name}\\n".encode())
threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


@pytest.mark.parametrize("after", [40, 250, 700])
def test_what_was_acknowledged_survives_a_kill(tmp_path: Path, after: int) -> None:
    url = f"sqlite:///{tmp_path / 'killed.sqlite3'}"
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, cwd=Path(__file__).resolve().parents[2]
    )
    assert process.stdout is not None
    told = [process.stdout.readline() for _ in range(after)]
    os.kill(process.pid, signal.SIGKILL)
    told += process.stdout.readlines()
    process.wait()
    acknowledged = {line.decode().strip() for line in told if line.endswith(b"\n")}
    assert len(acknowledged) >= after
    db = Database(open_engine(url))
    kept = names(db)
    assert acknowledged <= kept
    with db.read() as session:
        assert audit.verify_chain(session, CHAIN) == (len(kept), None)
    db.close()
