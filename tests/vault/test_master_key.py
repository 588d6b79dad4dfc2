"""The master keyset file: made once, for its owner only, never overwritten, refused when others could read it."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from portal.errors import SealBroken
from portal.vault import FieldSealer, MasterKey
from portal.vault.keys import KeyTrouble

pytestmark = pytest.mark.keeps("SEC-46")

ROOT = Path(__file__).resolve().parents[2]
PLACE = {"merchant_id": "m", "table": "t", "column": "c", "row": "r"}


def test_a_new_key_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "master.json"
    MasterKey.open(path, create=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [p.name for p in path.parent.iterdir()] == ["master.json"]


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660, 0o610, 0o602, 0o644, 0o777])
def test_a_key_others_could_read_or_change_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "master.json"
    MasterKey.open(path, create=True)
    path.chmod(mode)
    with pytest.raises(KeyTrouble) as caught:
        MasterKey.open(path, create=True)
    assert f"{mode:o}" in caught.value.detail


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_key_for_its_owner_is_taken(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "master.json"
    MasterKey.open(path, create=True)
    path.chmod(mode)
    MasterKey.open(path, create=False)


def test_a_missing_key_is_not_made_unasked(tmp_path: Path) -> None:
    with pytest.raises(KeyTrouble):
        MasterKey.open(tmp_path / "none.json", create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"{}", b"not json", b"\xff\xfe\x00", b'{"primaryKeyId": 1, "key": []}'])
def test_a_broken_key_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "master.json"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyTrouble):
        MasterKey.open(path, create=True)
    assert path.read_bytes() == content


def test_a_keys_error_shows_nothing_of_it(tmp_path: Path) -> None:
    path = tmp_path / "master.json"
    MasterKey.open(path, create=True)
    text = path.read_text()
    path.write_text(text[:-40])
    with pytest.raises(KeyTrouble) as caught:
        MasterKey.open(path, create=False)
    shown = f"{caught.value} {caught.value.detail} {caught.value.message}"
    assert not any(text[start : start + 12] in shown for start in range(len(text) - 12))
    assert caught.value.__suppress_context__


def test_the_same_file_opens_what_it_sealed_and_another_does_not(tmp_path: Path) -> None:
    path = tmp_path / "master.json"
    sealed = FieldSealer(MasterKey.open(path, create=True)).seal("secret", **PLACE)
    assert FieldSealer(MasterKey.open(path, create=False)).open(sealed, **PLACE) == "secret"
    other = FieldSealer(MasterKey.open(tmp_path / "other.json", create=True))
    with pytest.raises(SealBroken):
        other.open(sealed, **PLACE)


def test_processes_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from portal.vault import MasterKey, FieldSealer;"
        "key = MasterKey.open(Path(sys.argv[1]), create=True);"
        f"print(FieldSealer(key).seal('x', **{PLACE!r}).hex())"
    )
    path = tmp_path / "keys" / "master.json"
    command = [sys.executable, "-c", script, str(path)]
    processes = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    sealed = [process.communicate(timeout=60)[0].strip() for process in processes]
    sealer = FieldSealer(MasterKey.open(path, create=False))
    assert [sealer.open(bytes.fromhex(value), **PLACE) for value in sealed] == ["x"] * 4
    assert len(list(path.parent.iterdir())) == 1
