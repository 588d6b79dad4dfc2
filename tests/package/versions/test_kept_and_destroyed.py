"""Packages past their time, with a removed merchant, after a kill, in a backup, under changed keys."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from portal.errors import StateConflict
from portal.merchants.removal import remove_merchant
from portal.operations import backup
from portal.package.versions.service import CasePackages
from portal.package.versions.views import Standing
from portal.storage.answering.package_tables import CasePackage, PackageKey
from portal.storage.tables import Merchant, utc_now
from portal.vault import rotation
from tests.sources.test_kept_and_brought_back import restored

pytestmark = pytest.mark.keeps("LAW-17", "SEC-15", "SEC-26", "SEC-55")
NOW = dt.timedelta(0)


def keys_of(desk: Any, case: str) -> set[str]:
    with desk.portal.db.read() as session:
        return set(session.scalars(select(PackageKey.blob_name).where(PackageKey.case_id == case)))


def blobs_of(desk: Any, case: str) -> set[str]:
    names = desk.portal.sealed.blobs_older_than(utc_now() + dt.timedelta(days=1))
    return {name for name in names if case in name}


def test_a_package_is_destroyed_when_its_time_is_over_and_its_facts_stay(desk: Any, nobody: str) -> None:
    portal, sam = desk.portal, desk.user("sam")
    built = portal.packages.build(sam, nobody)
    with portal.db.write() as session:
        session.get_one(CasePackage, built.id).destroy_after = utc_now()
    portal.package_retention.run_housekeeping()
    (kept,) = portal.packages.state(sam, nobody).versions
    assert (kept.standing, kept.sha256, kept.file_count) == (Standing.DESTROYED, built.sha256, built.file_count)
    assert (keys_of(desk, nobody), blobs_of(desk, nobody)) == (set(), set())
    with pytest.raises(StateConflict):
        portal.package_files.members(sam, nobody, built.id)


class Killed(BaseException):
    """Stands for SIGKILL: nothing that follows runs."""


@pytest.mark.parametrize("label", ["package.key_committed", "package.sealed"])
def test_a_kill_while_it_is_built_leaves_nothing_that_counts(
    desk: Any, nobody: str, label: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal, sam = desk.portal, desk.user("sam")

    def die(passed: str) -> None:
        if passed == label:
            raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(portal.packages, "checkpoint", die)
        dying.setattr(CasePackages, "_forget", lambda *_: None)
        with pytest.raises(Killed):
            portal.packages.build(sam, nobody)
    assert portal.packages.state(sam, nobody).versions == () and len(keys_of(desk, nobody)) == 1
    assert portal.package_retention.sweep() == 0  # it may be one that is being built
    assert portal.package_retention.sweep(NOW) >= 1
    portal.retention.sweep(NOW)
    assert (keys_of(desk, nobody), blobs_of(desk, nobody)) == (set(), set())
    assert portal.packages.build(sam, nobody).number == 1


def test_a_build_that_fails_leaves_neither_key_nor_file(
    desk: Any, nobody: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise StateConflict

    monkeypatch.setattr("portal.package.versions.service.build", fail)
    with pytest.raises(StateConflict):
        desk.portal.packages.build(desk.user("sam"), nobody)
    assert (keys_of(desk, nobody), blobs_of(desk, nobody)) == (set(), set())


def test_the_sweep_of_exports_leaves_packages_alone(desk: Any, nobody: str) -> None:
    built = desk.portal.packages.build(desk.user("sam"), nobody)
    desk.portal.package_retention.sweep(NOW)
    desk.portal.retention.sweep(NOW)
    assert desk.portal.package_files.members(desk.user("sam"), nobody, built.id)


@pytest.mark.parametrize("with_keys", [True, False])
def test_a_backup_brings_packages_back_with_the_key_file_alone(
    desk: Any, nobody: str, tmp_path: Path, with_keys: bool
) -> None:
    portal, keys = desk.portal, tmp_path / "keys"
    built = portal.packages.build(desk.user("sam"), nobody)
    backup.create(portal.db, portal.blobs, tmp_path / "backup", keys, portal.master)
    assert backup.check(tmp_path / "backup", portal.master) == []
    new = restored(portal, tmp_path, keys if with_keys else None)
    with new.db.read() as session:
        assert (session.get_one(CasePackage, built.id).destroyed_at is None) is with_keys
    if with_keys:
        assert new.package_files.members(desk.user("sam"), nobody, built.id)
    new.stop()


def test_keys_of_packages_are_brought_under_a_new_master_key() -> None:
    assert "case_package_keys.sealed_keyset" in {place.name for place in rotation.COLUMNS}


def test_a_removed_merchants_packages_are_destroyed(desk: Any, nobody: str) -> None:
    built, merchant = desk.portal.packages.build(desk.user("sam"), nobody), desk.user("sam").merchant_id
    with desk.portal.db.read() as session:
        assert session.get_one(Merchant, merchant)
    remove_merchant(desk.portal.retention, merchant)
    with desk.portal.db.read() as session:
        assert session.get_one(CasePackage, built.id).destroyed_at is not None
    assert keys_of(desk, nobody) == set()
