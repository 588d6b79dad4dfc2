"""The doctor says where signed checkpoints lie, and warns when it is beside the trail they prove."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.config import Settings
from portal.web.operations.doctor import refuse_if_unsafe, run_checks


@pytest.mark.parametrize(
    ("place", "warns"),
    [("", True), ("{data}/elsewhere", True), ("{data}/../kept apart", False), ("s3://bucket/checkpoints", False)],
)
def test_checkpoints_inside_the_data_folder_are_warned_of_but_do_not_keep_the_portal_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, warns: bool
) -> None:
    monkeypatch.setenv("PORTAL_KEYSET_PATH", str(tmp_path / "keys apart" / "master.keyset.json"))
    data = tmp_path / "data"
    settings = Settings(data_dir=data, checkpoint_dir=place.format(data=data))
    (check,) = [one for one in run_checks(settings) if one.name == "checkpoints"]
    assert (check.ok, check.warns) == (True, warns)
    assert ("inside the data folder" in check.sentence) == warns
    refuse_if_unsafe(settings)
