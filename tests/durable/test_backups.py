"""A backup restores what may be restored, and never a destroyed file (SEC-55, LAW-17)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from house import House
from shop import CountingShop
from sqlalchemy import select, update

from portal.exports import State
from portal.storage.tables import Export, FileKey

pytestmark = pytest.mark.keeps("LAW-17", "SEC-55")

Command = Callable[..., Any]


@pytest.fixture(params=["sqlite-folder", "postgresql-s3"])
def new_places(request: pytest.FixtureRequest) -> Callable[[], dict[str, str]]:
    """A database and a place for blobs, both empty, of either pair."""
    if request.param == "sqlite-folder":
        return dict
    makers = {"database": "postgres", "blobs": "new_bucket"}
    return lambda: {place: request.getfixturevalue(maker)() for place, maker in makers.items()}


@pytest.fixture
def full(new_places: Callable[[], dict[str, str]], tmp_path: Path, counting_shop: CountingShop) -> Iterator[House]:
    """Three ready exports."""
    house = House(tmp_path / "house", **new_places())
    house.furnish(counting_shop.port)
    assert house.run(submit=[f"c{n}@example.com" for n in range(3)]) == 0
    yield house
    house.close()


@pytest.fixture
def restored(
    full: House, command: Command, new_places: Callable[[], dict[str, str]], tmp_path: Path
) -> Callable[..., House]:
    """Restore a backup into a new house that has the old one's master keyset, as its operator would."""

    def restore(backup: Path, *options: str) -> House:
        new = House(tmp_path / "new", **new_places())
        keys = new.data / "keys"
        keys.mkdir(parents=True)
        shutil.copytree(full.data / "keys", keys, dirs_exist_ok=True)
        done = command(new.data, "backup", "restore", str(backup), *options, **new.variables)
        assert done.returncode == 0, done.stderr
        return new

    return restore


def destroy_one(house: House) -> str:
    export_id = min(house.states())
    user = house.portal.identity.user_for_account("maya@brookandbean.example.com", origin="cli")
    house.portal.exports.destroy(user, export_id)
    return export_id


def test_a_backup_with_the_key_file_brings_every_file_back(
    full: House, command: Command, restored: Callable[..., House], tmp_path: Path
) -> None:
    keys = tmp_path / "file-keys"
    assert (
        command(
            full.data, "backup", "create", str(tmp_path / "b"), "--file-keys", str(keys), **full.variables
        ).returncode
        == 0
    )
    assert command(full.data, "backup", "check", str(tmp_path / "b")).returncode == 0
    new = restored(tmp_path / "b", "--file-keys", str(keys))
    assert new.outcomes() == {State.READY: 3}
    assert new.unsound_files() == []
    assert new.broken_chains() == []
    new.close()


def test_a_backup_without_the_key_file_opens_nothing(
    full: House, command: Command, restored: Callable[..., House], tmp_path: Path
) -> None:
    assert command(full.data, "backup", "create", str(tmp_path / "b"), **full.variables).returncode == 0
    new = restored(tmp_path / "b")
    assert new.outcomes() == {State.PURGED: 3}
    assert new.strays() == []
    assert new.broken_chains() == []
    new.close()


@pytest.mark.parametrize("what_is_old", ["the backup", "the backup and the key file"])
def test_an_old_backup_cannot_bring_a_destroyed_file_back(
    what_is_old: str, full: House, command: Command, restored: Callable[..., House], tmp_path: Path
) -> None:
    keys = tmp_path / "file-keys"
    assert (
        command(
            full.data, "backup", "create", str(tmp_path / "old"), "--file-keys", str(keys), **full.variables
        ).returncode
        == 0
    )
    destroyed = destroy_one(full)
    if what_is_old == "the backup":
        assert (
            command(
                full.data, "backup", "create", str(tmp_path / "b2"), "--file-keys", str(keys), **full.variables
            ).returncode
            == 0
        )
    new = restored(tmp_path / "old", "--file-keys", str(keys))
    assert new.states()[destroyed] == State.PURGED
    assert new.outcomes() == {State.PURGED: 1, State.READY: 2}
    assert new.unsound_files() == []
    assert new.strays() == []
    new.close()


def test_a_backup_holds_no_files_key_in_any_byte(full: House, command: Command, tmp_path: Path) -> None:
    with full.portal.db.read() as session:
        wrapped = list(session.scalars(select(FileKey.sealed_keyset)))
    assert len(wrapped) == 3
    assert command(full.data, "backup", "create", str(tmp_path / "b"), **full.variables).returncode == 0
    everything = b"".join(path.read_bytes() for path in (tmp_path / "b").rglob("*") if path.is_file())
    assert not [key for key in wrapped if key[2:] in everything]


def test_exports_under_way_in_a_backup_are_not_sent_after_the_restore(
    full: House, command: Command, restored: Callable[..., House], tmp_path: Path
) -> None:
    first, second, third = sorted(full.states())
    with full.portal.db.write() as session:
        for export_id, state in ((first, "requested"), (second, "sent")):
            session.execute(update(Export).where(Export.id == export_id).values(state=state))
    assert command(full.data, "backup", "create", str(tmp_path / "b"), **full.variables).returncode == 0
    new = restored(tmp_path / "b")
    assert new.states() == {first: State.FAILED, second: State.UNKNOWN, third: State.PURGED}
    new.close()


@pytest.mark.parametrize("harm", ["change", "drop", "add"])
def test_a_harmed_backup_is_found_and_not_restored(harm: str, full: House, command: Command, tmp_path: Path) -> None:
    backup = tmp_path / "b"
    assert command(full.data, "backup", "create", str(backup), **full.variables).returncode == 0
    blob = next(p for p in (backup / "files").rglob("*") if p.is_file())
    if harm == "change":
        whole = blob.read_bytes()
        blob.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    elif harm == "drop":
        blob.unlink()
    else:
        blob.with_name("extra").write_bytes(b"x")
    assert command(full.data, "backup", "check", str(backup)).returncode == 1
    done = command(tmp_path / "new", "backup", "restore", str(backup))
    assert done.returncode == 1
    assert "manifest" in done.stderr


def test_a_backup_is_not_restored_over_what_is_there(full: House, command: Command, tmp_path: Path) -> None:
    assert command(full.data, "backup", "create", str(tmp_path / "b"), **full.variables).returncode == 0
    done = command(full.data, "backup", "restore", str(tmp_path / "b"), **full.variables)
    assert done.returncode == 1
    assert "not empty" in done.stderr
