"""A full disk, a failing disk, a database that goes away: nothing half, twice or lost (SEC-15, SEC-51)."""

from __future__ import annotations

import datetime as dt
import errno
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import psycopg
import pytest
from house import House
from shop import CountingShop, readable_remains
from sqlalchemy import event

from portal.composition import Portal
from portal.exports import State, parse_request
from portal.exports.workflow.results import Done, Stop, Wait
from portal.exports.workflow.steps import ExportSteps, build_steps
from portal.vault.keys import KeyTrouble

pytestmark = pytest.mark.keeps("SEC-15", "SEC-51")

AWAY_SECONDS = float(os.environ.get("DATABASE_AWAY_SECONDS", "8"))


class FailingWriter:
    """A blob writer whose disk gives out after `room` bytes, or at its close."""

    def __init__(self, real: BinaryIO, fault: int, room: int | None) -> None:
        self._real, self._fault, self._room = real, fault, room

    def write(self, data: bytes) -> int:
        if self._room is not None:
            self._room -= len(data)
            if self._room < 0:
                raise OSError(self._fault, os.strerror(self._fault))
        return self._real.write(data)

    def close(self) -> None:
        if self._room is None:
            raise OSError(self._fault, os.strerror(self._fault))
        self._real.close()


def begin(portal: Portal, email: str = "c@example.com") -> tuple[str, ExportSteps, Any]:
    user = portal.accounts.user_for_account("maya@brookandbean.example.com", origin="cli")
    steps = build_steps(portal.db, portal.sealed, portal.history.seal, portal.vendor, retention_days=7, edge_requests=0)
    return portal.submissions.submit(user, parse_request(email=email, format="json")), steps, user


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EIO], ids=["full", "failing"])
@pytest.mark.parametrize("when", ["first byte", "half-way", "close", "fsync", "open"])
def test_a_file_the_disk_does_not_take_is_tried_again_then_a_manager_is_told(
    fault: int, when: str, house: House, counting_shop: CountingShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_id, steps, user = begin(house.portal)
    blobs = house.portal.blobs
    honest = type(blobs).writer

    def failing(store: Any, name: str) -> Any:
        if when == "open":
            raise OSError(fault, os.strerror(fault))
        room = {"first byte": 0, "half-way": 600, "close": None, "fsync": 10**9}[when]
        return FailingWriter(honest(store, name), fault, room)

    def broken_fsync(store: Any, name: str) -> None:
        raise OSError(fault, os.strerror(fault))

    with monkeypatch.context() as patch:
        patch.setattr(type(blobs), "writer", failing)
        if when == "fsync":
            patch.setattr(type(blobs), "settle", broken_fsync)
        assert steps.send(export_id) == Done(State.ACCEPTED)
        assert isinstance(steps.fetch(export_id, 0), Wait)
        assert isinstance(steps.fetch(export_id, 1), Wait)
        assert steps.fetch(export_id, 2) == Stop()
    view = house.portal.history.get(user, export_id)
    assert (view.state, view.problem_code, view.turn) == (State.FAILED, "storage", "manager")
    assert not view.destroyed_at
    house.portal.retention.sweep(dt.timedelta(seconds=-10))
    assert house.strays() == []
    assert readable_remains(house.folder) == []

    house.portal.decisions.retry_fetch(user, export_id)  # there is room again
    assert steps.fetch(export_id, 0) == Done(State.COLLECTED)
    assert steps.inspect(export_id) == Done(State.READY)
    assert counting_shop.posts["c@example.com"] == 1
    assert house.unsound_files() == []


def test_a_full_database_takes_no_request_and_none_leaves(house: House, counting_shop: CountingShop) -> None:
    """SQLite's own limit of pages: the very error a full disk gives."""
    portal = house.portal
    with portal.db.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    portal.db.close()

    def small(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA max_page_count={pages + 8}")

    event.listen(portal.db.engine, "connect", small)
    with pytest.raises(Exception, match=r"full|audit_unavailable"):  # whichever write needs the first new page
        for number in range(200):
            begin(portal, f"c{number}@example.com")
    event.remove(portal.db.engine, "connect", small)
    portal.db.close()
    assert counting_shop.posts == {}
    assert set(house.states().values()) <= {"requested"}
    assert house.broken_chains() == []
    assert house.run() == 0  # there is room again
    assert set(house.states().values()) == {State.READY}
    assert set(counting_shop.posts.values()) == {1}


@pytest.mark.parametrize("words", ["disk I/O error", "database or disk is full", "database is locked"])
def test_an_answer_is_written_once_the_database_takes_it_again(
    words: str, house: House, counting_shop: CountingShop
) -> None:
    """The commit after the vendor's answer fails thrice; the answer is not lost and nothing is sent again."""
    import sqlite3

    export_id, steps, _ = begin(house.portal)
    left = {"sent": 0, "accepted": 3, "collected": 3}

    def failing(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("UPDATE exports SET") and parameters:
            for state in left:
                if state in parameters and left[state]:
                    left[state] -= 1
                    raise sqlite3.OperationalError(words)

    event.listen(house.portal.db.engine, "before_cursor_execute", failing)
    try:
        from sqlalchemy.exc import OperationalError

        def as_operational(context: Any) -> None:
            if isinstance(context.original_exception, sqlite3.OperationalError):
                raise OperationalError("", {}, context.original_exception)

        event.listen(house.portal.db.engine, "handle_error", as_operational)
        assert steps.send(export_id) == Done(State.ACCEPTED)
        assert steps.fetch(export_id, 0) == Done(State.COLLECTED)
    finally:
        event.remove(house.portal.db.engine, "before_cursor_execute", failing)
    assert steps.inspect(export_id) == Done(State.READY)
    assert left == {"sent": 0, "accepted": 0, "collected": 0}
    assert counting_shop.posts["c@example.com"] == 1
    assert house.broken_chains() == []
    assert house.unsound_files() == []


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EIO], ids=["full", "failing"])
def test_a_key_file_that_cannot_be_written_leaves_the_old_one_whole(
    fault: int, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    path: Path = house.portal.settings.keyset_file
    before = path.read_bytes()

    def broken(_: int) -> None:
        raise OSError(fault, os.strerror(fault))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        with pytest.raises(KeyTrouble):
            house.portal.master.add_key()
    assert path.read_bytes() == before
    assert list(path.parent.glob(".*")) == []


def test_without_its_key_file_a_process_neither_asks_nor_opens(house: House, counting_shop: CountingShop) -> None:
    begin(house.portal)
    house.portal.settings.keyset_file.unlink()
    with pytest.raises(KeyTrouble):
        begin(house.portal, "other@example.com")
    assert len(house.states()) == 1
    assert counting_shop.posts == {}


@pytest.fixture
def slow_shop() -> Iterator[CountingShop]:
    shop = CountingShop(answer_seconds=2)
    yield shop
    shop.close()


def test_a_database_that_goes_away_costs_time_and_not_knowledge(
    postgres: Callable[[], str], tmp_path: Path, slow_shop: CountingShop
) -> None:
    """PostgreSQL turns everybody out while the vendor answers; DATABASE_AWAY_SECONDS=30 for the long form."""
    house = House(tmp_path / "house", database=postgres())
    house.furnish(slow_shop.port)
    name = house.database.partition("?")[0].rpartition("/")[2]
    admin = psycopg.connect(house.database.replace(f"/{name}?", "/postgres?"), autocommit=True)
    with house.process(submit=[f"c{n}@example.com" for n in range(4)], until="told") as worker:
        assert worker.stdout is not None
        while not worker.stdout.readline().startswith("asked"):
            pass
        while sum(slow_shop.posts.values()) < 4:
            time.sleep(0.02)
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        end = time.monotonic() + AWAY_SECONDS
        while time.monotonic() < end:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
            time.sleep(0.2)
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        admin.close()
        states = house.states()
        for _ in range(1200):
            states = house.states()
            if set(states.values()) == {State.READY}:
                break
            time.sleep(0.1)
        worker.kill()
    assert list(states.values()) == [State.READY] * 4
    assert set(slow_shop.posts.values()) == {1}
    assert house.broken_chains() == []
    assert house.unsound_files() == []
    house.close()
