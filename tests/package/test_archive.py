"""The same parts give the same bytes, wherever and whenever they are put together (PKG-1)."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from portal.package.archive import Archive
from tests.package.conftest import FOLDER, Built

ROOT = Path(__file__).resolve().parents[2]
BUILD = """
import sys
sys.path.insert(0, ".")
from tests.package.conftest import built, everything
made = built(*everything(), language="de")
print(made.manifest.zip_sha256, made.manifest.sha256)
"""


def test_every_member_has_one_time_one_mode_and_no_extra_fields(ordinary: Built) -> None:
    with zipfile.ZipFile(io.BytesIO(ordinary.data)) as package:
        assert package.testzip() is None
        for info in package.infolist():
            assert info.filename.startswith(FOLDER)
            assert (info.date_time, info.create_system) == ((1980, 1, 1, 0, 0, 0), 3)
            assert (info.external_attr >> 16, info.compress_type) == (0o100644, zipfile.ZIP_DEFLATED)
            assert info.extra == b""


def test_other_clocks_languages_and_hash_seeds_give_the_same_bytes() -> None:
    said = set()
    for zone, language, seed in (
        ("UTC", "C", "0"),
        ("Asia/Kathmandu", "tr_TR.UTF-8", "1"),
        ("America/Lima", "C", "77"),
    ):
        environment = {**os.environ, "TZ": zone, "LC_ALL": language, "LANG": language, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", BUILD], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        said.add(done.stdout)
    assert len(said) == 1


def test_a_stream_that_can_seek_gets_the_same_bytes_as_one_that_cannot(tmp_path: Path) -> None:
    class Forward(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise io.UnsupportedOperation

    made = []
    for out in (io.BytesIO(), Forward()):
        archive = Archive(out, "answer-1")
        archive.write("a.txt", [b"one", b"two"])
        archive.close()
        made.append(out.getvalue())
    assert made[0] == made[1]


@pytest.mark.parametrize("name", ["data/gift-cards.json", "manifest.json"])
def test_members_are_named_with_their_size_and_digest(ordinary: Built, name: str) -> None:
    (member,) = (one for one in ordinary.manifest.members if one.path == name)
    data = ordinary.read(name)
    assert (member.size, member.sha256) == (len(data), hashlib.sha256(data).hexdigest())
