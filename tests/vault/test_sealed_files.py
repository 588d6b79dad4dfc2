"""Sealed files: what goes in comes out, and nothing that was touched, cut, moved or swapped opens."""

from __future__ import annotations

import dataclasses
import gc
import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.errors import SealBroken
from portal.storage.blobs import BlobStore
from portal.vault import MasterKey, SealedFiles
from portal.vault.files import FilePlace

pytestmark = pytest.mark.keeps("SEC-25")

MIB = 1024 * 1024
PLACE = FilePlace("merchant-one", "export-one", "merchant-one/export-one-0a")
SECRET = b'{"email": "ada@example.com", "card": "0012345678901234"}'
some = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> MasterKey:
    return MasterKey.open(tmp_path_factory.mktemp("key") / "master.json", create=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def files(master: MasterKey, folder: Path) -> SealedFiles:
    return SealedFiles(master, BlobStore(folder))


def seal(files: SealedFiles, data: bytes, place: FilePlace = PLACE, pieces: int = 65_536) -> bytes:
    key = files.new_key(place)
    with files.sealing(place, key) as writer:
        for start in range(0, len(data), pieces):
            writer.write(data[start : start + pieces])
    assert (writer.size_bytes, writer.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    return key


def opened(files: SealedFiles, key: bytes, data: bytes, place: FilePlace = PLACE) -> bytes:
    sha256 = hashlib.sha256(data).hexdigest()
    files.verify(place, key, sha256=sha256, size_bytes=len(data))
    return files.read_all(place, key, sha256=sha256, size_bytes=len(data))


def refused(files: SealedFiles, key: bytes, data: bytes, place: FilePlace = PLACE) -> None:
    sha256 = hashlib.sha256(data).hexdigest()
    with pytest.raises(SealBroken):
        files.verify(place, key, sha256=sha256, size_bytes=len(data))
    with pytest.raises(SealBroken):
        files.read_all(place, key, sha256=sha256, size_bytes=len(data))


sizes = st.one_of(
    st.sampled_from([0, 1, 15, 16, 17]),
    st.integers(0, 5_000),
    # Tink's segments are 1 MiB with header and tag inside, so every edge lies a little below.
    st.builds(lambda times, off: times * MIB + off, st.integers(1, 2), st.integers(-80, 80)),
)


@some
@given(size=sizes, pieces=st.integers(1_000, 3 * MIB), seed=st.integers(0, 255))
def test_what_was_sealed_comes_out_to_the_byte(files: SealedFiles, size: int, pieces: int, seed: int) -> None:
    data = bytes([seed]) * size
    key = seal(files, data, pieces=pieces)
    assert opened(files, key, data) == data
    assert b"".join(files.chunks(PLACE, key)) == data
    files.destroy(PLACE.blob_name)


def test_nothing_readable_lies_on_the_disk(files: SealedFiles, folder: Path) -> None:
    key = seal(files, SECRET * 1000)
    (path,) = [p for p in folder.rglob("*") if p.is_file()]
    stored = path.read_bytes()
    assert b"ada@" not in stored and b"00123456" not in stored and SECRET[:8] not in key
    assert path.stat().st_mode & 0o077 == 0 and folder.stat().st_mode & 0o077 == 0


def test_the_same_bytes_never_look_the_same_twice(files: SealedFiles, folder: Path) -> None:
    seal(files, SECRET)
    first = (folder / PLACE.blob_name).read_bytes()
    seal(files, SECRET)
    assert (folder / PLACE.blob_name).read_bytes() != first


@some
@given(st.data())
def test_one_flipped_bit_anywhere_is_noticed(files: SealedFiles, folder: Path, data: st.DataObject) -> None:
    key = seal(files, SECRET)
    path = folder / PLACE.blob_name
    stored = bytearray(path.read_bytes())
    stored[data.draw(st.integers(0, len(stored) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(bytes(stored))
    refused(files, key, SECRET)


@some
@given(keep=st.integers(0, 2 * MIB + 500_000))
def test_a_cut_file_is_noticed(files: SealedFiles, folder: Path, keep: int) -> None:
    original = b"x" * (2 * MIB + 500_000)
    key = seal(files, original, pieces=MIB)
    path = folder / PLACE.blob_name
    path.write_bytes(path.read_bytes()[:keep])
    refused(files, key, original)
    refused(files, key, original[:keep])


@pytest.mark.parametrize("keep", [1, 2])
def test_a_file_cut_at_a_segments_end_is_noticed(files: SealedFiles, folder: Path, keep: int) -> None:
    original = b"x" * (3 * MIB)
    key = seal(files, original)
    path = folder / PLACE.blob_name
    path.write_bytes(path.read_bytes()[: keep * MIB])
    refused(files, key, original)


@pytest.mark.parametrize("extra", [b"\x00", b"x" * 16, b"x" * MIB])
def test_an_appended_file_is_noticed(files: SealedFiles, folder: Path, extra: bytes) -> None:
    key = seal(files, SECRET)
    path = folder / PLACE.blob_name
    path.write_bytes(path.read_bytes() + extra)
    refused(files, key, SECRET)


def test_exchanged_repeated_or_left_out_segments_are_noticed(files: SealedFiles, folder: Path) -> None:
    original = b"".join(bytes([n]) * MIB for n in range(4))
    key = seal(files, original)
    path = folder / PLACE.blob_name
    stored = path.read_bytes()
    segments = [stored[start : start + MIB] for start in range(0, len(stored), MIB)]
    assert len(segments) == 5
    first, *rest = segments
    for changed in (
        [first, rest[1], rest[0], *rest[2:]],
        [first, rest[0], rest[0], *rest[2:]],
        [first, *rest[1:]],
        [first, rest[0], *rest],
        rest,
    ):
        path.write_bytes(b"".join(changed))
        refused(files, key, original)
    path.write_bytes(stored)
    assert opened(files, key, original) == original


@pytest.mark.parametrize("field", ["merchant_id", "export_id", "blob_name"])
def test_a_file_moved_to_another_place_does_not_open(files: SealedFiles, folder: Path, field: str) -> None:
    key = seal(files, SECRET)
    elsewhere = dataclasses.replace(PLACE, **{field: "merchant-one/other"})
    if field == "blob_name":
        (folder / PLACE.blob_name).rename(folder / elsewhere.blob_name)
    refused(files, key, SECRET, elsewhere)


def test_two_files_exchanged_do_not_open_with_either_key(files: SealedFiles, folder: Path) -> None:
    other = dataclasses.replace(PLACE, export_id="export-two", blob_name="merchant-one/export-two-0b")
    key, other_key = seal(files, SECRET), seal(files, SECRET, other)
    a, b = folder / PLACE.blob_name, folder / other.blob_name
    one, two = a.read_bytes(), b.read_bytes()
    a.write_bytes(two)
    b.write_bytes(one)
    for place in (PLACE, other):
        for wrapped in (key, other_key):
            refused(files, wrapped, SECRET, place)


def test_a_key_of_another_portal_or_a_broken_one_opens_nothing(
    files: SealedFiles, folder: Path, tmp_path: Path
) -> None:
    key = seal(files, SECRET)
    stranger = SealedFiles(MasterKey.open(tmp_path / "other.json", create=True), BlobStore(folder))
    refused(stranger, key, SECRET)
    for broken in (b"", b"x", key[:-1], key + b"x", bytes(len(key))):
        refused(files, broken, SECRET)


def test_a_file_that_is_whole_but_not_the_one_collected_is_refused(files: SealedFiles) -> None:
    key = seal(files, SECRET)
    right = hashlib.sha256(SECRET).hexdigest()
    for sha256, size in ((right, len(SECRET) + 1), ("0" * 64, len(SECRET)), ("", 0)):
        with pytest.raises(SealBroken):
            files.verify(PLACE, key, sha256=sha256, size_bytes=size)
        with pytest.raises(SealBroken):
            files.read_all(PLACE, key, sha256=sha256, size_bytes=size)


def test_a_missing_file_is_a_broken_seal(files: SealedFiles) -> None:
    key = seal(files, SECRET)
    files.destroy(PLACE.blob_name)
    refused(files, key, SECRET)
    files.destroy(PLACE.blob_name)  # a second time is fine


@pytest.mark.parametrize("size", [0, 10, 6 * MIB])
def test_a_write_broken_off_leaves_nothing(files: SealedFiles, folder: Path, size: int) -> None:
    key = files.new_key(PLACE)
    with pytest.raises(ZeroDivisionError), files.sealing(PLACE, key) as writer:
        for _ in range(0, size, MIB):
            writer.write(b"x" * min(size, MIB))
        raise ZeroDivisionError
    gc.collect()  # whatever still closes itself now must not bring the file back
    assert [p for p in folder.rglob("*") if p.is_file()] == []


def test_a_broken_seals_error_names_nobody(files: SealedFiles, folder: Path) -> None:
    key = seal(files, SECRET)
    (folder / PLACE.blob_name).write_bytes(b"nonsense")
    with pytest.raises(SealBroken) as caught:
        files.verify(PLACE, key, sha256="", size_bytes=0)
    assert "merchant-one" not in f"{caught.value} {caught.value!r} {caught.value.message}"
    assert caught.value.__suppress_context__
