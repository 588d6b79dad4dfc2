"""Attached files past their time, with a removed merchant, after a kill, in a backup, under changed keys."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from portal.errors import StateConflict
from portal.merchants.removal import remove_merchant
from portal.operations import backup
from portal.sources.kinds import SourceState
from portal.storage.answering.system_tables import SystemFile, SystemKey
from portal.storage.tables import utc_now
from portal.systems import answering
from portal.vault import rotation
from tests.sources.test_kept_and_brought_back import restored
from tests.systems.conftest import CSV
from tests.systems.test_answering_systems import NAME, attach, left_over, lines

pytestmark = pytest.mark.keeps("LAW-17", "SEC-15", "SEC-26", "SEC-55")
NOW = dt.timedelta(0)


def whole(portal: Any, desk: Any, case: str, file: str) -> bytes:
    return b"".join(portal.system_files.download(desk.user(), case, file).chunks)


def test_a_file_is_destroyed_when_its_time_is_over_and_its_facts_stay(
    desk: Any, case: str, system: Callable[..., str]
) -> None:
    one, portal = system(), desk.portal
    file = attach(desk, case, one)
    with portal.db.write() as session:
        session.get_one(SystemFile, file).destroy_after = utc_now()
    portal.system_retention.run_housekeeping()
    line = lines(desk, case)[one]
    assert line.state is SourceState.FETCHED and line.destroyed_at is not None and line.size_bytes == len(CSV)
    with pytest.raises(StateConflict):
        portal.system_files.look(desk.user(), case, file)
    assert left_over(desk, case) == (set(), set())
    (kept,) = portal.case_systems.attached(desk.user(), case)[one]
    assert kept.name == "" and kept.destroyed_at is not None
    portal.case_systems.take_back(desk.user(), case, one)
    assert lines(desk, case)[one].state is SourceState.PLANNED


class Killed(BaseException):
    """Stands for SIGKILL: nothing that follows runs."""


@pytest.mark.parametrize("label", ["system.key_committed", "system.sealed"])
def test_a_kill_between_key_and_row_leaves_nothing_that_counts(
    desk: Any, case: str, system: Callable[..., str], label: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, systems = system(), desk.portal.case_systems

    def die(passed: str) -> None:
        if passed == label:
            raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(systems, "checkpoint", die)
        dying.setattr(answering.CaseSystems, "_forget", lambda *_: None)
        with pytest.raises(Killed):
            attach(desk, case, one)
    assert lines(desk, case)[one].state is SourceState.PLANNED
    keys, _blobs = left_over(desk, case)
    assert len(keys) == 1
    assert desk.portal.system_retention.sweep() == 0  # it may be an upload under way
    assert desk.portal.system_retention.sweep(NOW) >= 1
    desk.portal.retention.sweep(NOW)
    assert left_over(desk, case) == (set(), set())
    attach(desk, case, one)


def test_a_kill_after_the_key_is_gone_leaves_a_file_that_nothing_opens(
    desk: Any, case: str, system: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = attach(desk, case, system())

    def die(passed: str) -> None:
        assert passed == "system.removed"
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(desk.portal.case_systems, "checkpoint", die)
        with pytest.raises(Killed):
            desk.portal.case_systems.remove(desk.user(), case, file)
    keys, blobs = left_over(desk, case)
    assert keys == set() and len(blobs) == 1
    desk.portal.retention.sweep(NOW)
    assert left_over(desk, case) == (set(), set())


def test_the_sweep_of_exports_leaves_attached_files_alone(desk: Any, case: str, system: Callable[..., str]) -> None:
    file = attach(desk, case, system())
    desk.portal.system_retention.sweep(NOW)
    desk.portal.retention.sweep(NOW)
    assert whole(desk.portal, desk, case, file) == CSV


def test_an_upload_whose_key_was_swept_meanwhile_is_refused(desk: Any, case: str, system: Callable[..., str]) -> None:
    one = system()

    def slow() -> Any:
        yield CSV
        desk.portal.system_retention.sweep(NOW)

    with pytest.raises(StateConflict):
        desk.portal.case_systems.attach(desk.user(), case, one, NAME, slow())
    assert lines(desk, case)[one].state is SourceState.PLANNED


@pytest.mark.parametrize("with_keys", [True, False])
def test_a_backup_brings_files_back_with_the_key_file_alone(
    desk: Any, case: str, system: Callable[..., str], tmp_path: Path, with_keys: bool
) -> None:
    one, portal, keys = system(), desk.portal, tmp_path / "keys"
    file, gone = attach(desk, case, one), attach(desk, case, one, b"a note")
    backup.create(portal.db, portal.blobs, tmp_path / "backup", keys, portal.master)
    assert backup.check(tmp_path / "backup", portal.master) == []
    portal.case_systems.remove(desk.user(), case, gone)
    new = restored(portal, tmp_path, keys if with_keys else None)
    with new.db.read() as session:
        rows = {row.id: row for row in session.scalars(select(SystemFile).where(SystemFile.id.in_([file, gone])))}
        assert rows[gone].destroyed_at is not None and rows[gone].sealed_name is None
        assert (rows[file].destroyed_at is None) is with_keys
    if with_keys:
        assert whole(new, desk, case, file) == CSV
    new.stop()


def test_names_and_keys_are_brought_under_a_new_master_key(desk: Any, case: str, system: Callable[..., str]) -> None:
    attach(desk, case, system())
    names = {place.name for place in rotation.COLUMNS}
    assert {"case_system_files.sealed_name", "case_system_keys.sealed_keyset"} <= names
    assert rotation.count_unopenable(desk.portal.db, desk.portal.sealer, desk.portal.master) == {}


def test_a_removed_merchants_files_are_destroyed(new_desk: Any) -> None:
    from tests.sources.conftest import open_on

    with new_desk() as own:
        case = open_on(own, email="ada@example.com")
        one = own.portal.merchant_systems.add_system(own.user(), "Till")
        own.portal.case_systems.attach(own.user(), case, one, NAME, iter([CSV]))
        assert remove_merchant(own.portal.retention, own.user().merchant_id).files == 1
        with own.portal.db.read() as session:
            assert session.scalars(select(SystemKey)).all() == []
            (row,) = session.scalars(select(SystemFile)).all()
        assert row.destroyed_at is not None and list(own.portal.blobs.names()) == []
