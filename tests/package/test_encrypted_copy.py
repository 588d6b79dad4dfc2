"""The copy for an attachment: nothing of it shows without the words, and a common program opens it with them."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
import pyzipper

from portal.package.encrypted import INNER, LIST_LENGTH, WORDS, encrypted_pieces, passphrase, word_list
from tests.package.conftest import Built


def copy_of(built: Built, words: str) -> bytes:
    return b"".join(encrypted_pieces([built.data[:1000], built.data[1000:]], words))


def test_the_words_come_from_a_list_of_7776() -> None:
    assert len(set(word_list())) == LIST_LENGTH == 6**5
    words = passphrase()
    assert words != passphrase()
    assert len(words.split("-")) >= WORDS


def test_only_the_words_give_the_package_back(ordinary: Built) -> None:
    words = passphrase()
    with pyzipper.AESZipFile(io.BytesIO(copy_of(ordinary, words))) as copy:
        with pytest.raises(RuntimeError):
            copy.read(INNER, pwd=b"other words")
        assert copy.read(INNER, pwd=words.encode()) == ordinary.data


def test_the_copy_shows_one_neutral_name_and_no_checksum_of_the_contents(ordinary: Built) -> None:
    with zipfile.ZipFile(io.BytesIO(copy_of(ordinary, "one-two"))) as copy:
        (only,) = copy.infolist()
    assert only.filename == INNER
    assert only.CRC == 0
    assert only.date_time[0] == 1980


def test_two_copies_of_one_package_differ(ordinary: Built) -> None:
    assert copy_of(ordinary, "one-two") != copy_of(ordinary, "one-two")


def test_seven_zip_opens_the_copy(ordinary: Built, tmp_path: Path) -> None:
    program = shutil.which("7zz") or shutil.which("7z")
    if program is None:
        pytest.fail("No 7-Zip here: run scripts/find_programs.py.")
    words = passphrase()
    (tmp_path / "copy.zip").write_bytes(copy_of(ordinary, words))
    command = [program, "x", "-y", f"-o{tmp_path}", str(tmp_path / "copy.zip")]
    wrong = subprocess.run([*command, "-pwrong"], capture_output=True, check=False)
    assert wrong.returncode != 0
    right = subprocess.run([*command, f"-p{words}"], capture_output=True, check=False)
    assert right.returncode == 0, right.stdout
    assert (tmp_path / INNER).read_bytes() == ordinary.data
