"""A backup restores what may be restored, and never a destroyed file (SEC-55, LAW-17)."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from house import House
from shop import CountingShop
from sqlalchemy import inspect, select, update

from portal.exports import State
from portal.storage.blobs import BlobStore, StorageTrouble
from portal.storage.engine import open_engine
from portal.storage.tables import Export, FileKey
from portal.vault import documents

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
    user = house.portal.accounts.user_for_account("maya@brookandbean.example.com", origin="cli")
    house.portal.retention.destroy(user, export_id)
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


# Whose backup it is, and what a refused restore leaves ---------------------------------------------


def left(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in sorted(folder.rglob("*"))}


def tables_of(variables: dict[str, str]) -> list[str]:
    engine = open_engine(variables["PORTAL_DATABASE_URL"])
    try:
        return inspect(engine).get_table_names()
    finally:
        engine.dispose()


def refused(
    full: House,
    command: Command,
    new_places: Callable[[], dict[str, str]],
    tmp_path: Path,
    backup: Path,
    why: str,
    *options: str,
) -> None:
    """Restoring into a new house says `why` and leaves nothing there but the keyset its operator had put there."""
    new = House(tmp_path / "refused", **new_places())
    shutil.copytree(full.data / "keys", new.data / "keys", dirs_exist_ok=True)
    before = left(tmp_path / "refused")
    done = command(new.data, "backup", "restore", str(backup), *options, **new.variables)
    assert done.returncode == 1 and why in done.stderr, done.stderr
    assert "Traceback" not in done.stderr
    assert left(tmp_path / "refused") == before
    if new.variables["PORTAL_DATABASE_URL"]:
        assert tables_of(new.variables) == []
        assert list(BlobStore(None, new.variables["PORTAL_BLOB_URL"]).names()) == []


@pytest.fixture
def backed_up(full: House, command: Command, tmp_path: Path) -> Path:
    """A backup and its key file."""
    words = ("backup", "create", str(tmp_path / "b"), "--file-keys", str(tmp_path / "file-keys"))
    assert command(full.data, *words, **full.variables).returncode == 0
    return tmp_path / "b"


def rewrite_manifest(backup: Path, change: Callable[[dict[str, Any]], None] = lambda m: None) -> None:
    """As somebody without the keyset would, after changing the files it names."""
    path = backup / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["sha256"] = {name: hashlib.sha256((backup / name).read_bytes()).hexdigest() for name in manifest["sha256"]}
    change(manifest)
    path.write_text(json.dumps(manifest))


def make_everybody_manager(backup: Path) -> None:
    with sqlite3.connect(backup / "rows.sqlite3") as rows:
        assert rows.execute("UPDATE accounts SET role = 'manager'").rowcount
    rows.close()


FORGERIES: dict[str, tuple[Callable[[Path, Path], None], str]] = {
    "an edited role": (lambda b, k: (make_everybody_manager(b), rewrite_manifest(b))[1], "was changed"),
    "an edited manifest": (lambda b, k: rewrite_manifest(b, lambda m: m.update(made="earlier")), "was changed"),
    "no seal": (lambda b, k: rewrite_manifest(b, lambda m: m.pop("seal")), "carries no seal"),
    "the key file's seal": (
        lambda b, k: rewrite_manifest(b, lambda m: m.update(seal=json.loads(k.read_text())["seal"])), "was changed",
    ),
    "words for a seal": (lambda b, k: rewrite_manifest(b, lambda m: m.update(seal="é")), "was changed"),
    "a list for a manifest": (lambda b, k: (b / "manifest.json").write_text("[]") and None, "carries no seal"),
    "an edited key file": (
        lambda b, k: k.write_text(json.dumps({**json.loads(k.read_text()), "destroyed": ["x"]})) and None,
        "file of the files' keys was changed",
    ),
    "a key file of words": (lambda b, k: k.write_text("keys") and None, "cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("forgery", FORGERIES)
def test_what_somebody_without_the_keyset_changed_is_refused_and_nothing_is_left(
    forgery: str, full: House, command: Command, new_places: Callable[[], dict[str, str]], backed_up: Path,
    tmp_path: Path,
) -> None:  # fmt: skip
    change, why = FORGERIES[forgery]
    change(backed_up, tmp_path / "file-keys")
    refused(full, command, new_places, tmp_path, backed_up, why, "--file-keys", str(tmp_path / "file-keys"))


def test_a_backup_of_another_portal_is_refused_and_nothing_is_left(
    full: House, command: Command, backed_up: Path, tmp_path: Path
) -> None:
    for name, keyset in (("without", False), ("with another", True)):
        data = tmp_path / name
        if keyset:
            assert command(data, "keys", "new").returncode == 0
        before = left(tmp_path / name)
        done = command(data, "backup", "restore", str(backed_up))
        assert done.returncode == 1 and "Traceback" not in done.stderr
        assert left(tmp_path / name) == before and data.exists() == keyset


@pytest.mark.parametrize("fails", ["a row", "a blob", "the last move"])
def test_a_restore_that_fails_half_way_leaves_nothing(
    fails: str, full: House, command: Command, new_places: Callable[[], dict[str, str]], backed_up: Path,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def full_disk(*_given: object) -> None:
        raise StorageTrouble(detail="disk full")

    if fails == "a row":
        make_everybody_manager(backed_up)
        with sqlite3.connect(backed_up / "rows.sqlite3") as rows:
            rows.execute("PRAGMA ignore_check_constraints = ON")
            rows.execute("UPDATE audit_entries SET seq = -1 WHERE seq = 1")
        rows.close()
        manifest = json.loads((backed_up / "manifest.json").read_text())
        del manifest["seal"]
        manifest["sha256"]["rows.sqlite3"] = hashlib.sha256((backed_up / "rows.sqlite3").read_bytes()).hexdigest()
        sealed = documents.sealed(full.portal.master, "backup-manifest", manifest)
        (backed_up / "manifest.json").write_text(json.dumps(sealed))
    elif fails == "a blob":
        monkeypatch.setattr(BlobStore, "settle", full_disk)
    else:
        monkeypatch.setattr("portal.operations.backup._settle_states", full_disk)
    why = "do not fit" if fails == "a row" else "could not store"
    refused(full, command, new_places, tmp_path, backed_up, why, "--file-keys", str(tmp_path / "file-keys"))


@pytest.mark.parametrize("harm", ["change", "drop", "add"])
def test_a_harmed_backup_is_found_and_not_restored(
    harm: str, full: House, command: Command, new_places: Callable[[], dict[str, str]], tmp_path: Path
) -> None:
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
    refused(full, command, new_places, tmp_path, backup, "manifest")


def test_a_backup_is_not_restored_over_what_is_there(full: House, command: Command, tmp_path: Path) -> None:
    assert command(full.data, "backup", "create", str(tmp_path / "b"), **full.variables).returncode == 0
    done = command(full.data, "backup", "restore", str(tmp_path / "b"), **full.variables)
    assert done.returncode == 1
    assert "not empty" in done.stderr
