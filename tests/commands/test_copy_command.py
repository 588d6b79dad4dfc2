"""`copy` and `confirm` as a script uses them: no copy before it is decided, and one sentence that says how."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def test_a_copy_waits_until_what_is_proposed_was_confirmed(cli: Any, data: Path, tmp_path: Path) -> None:
    original, out = tmp_path / "original.json", tmp_path / "copy.json"
    export = cli("export", "--email", "ada@example.com", "--out", original, data=data).json["export"]
    refused = cli("copy", export, "--out", out, data=data)
    assert refused.returncode == 1 and not out.exists()
    assert f"python -m portal confirm {export}" in refused.stderr and "Traceback" not in refused.stderr
    told = cli("confirm", export, data=data).json
    assert told["decided"] > 0 and told["left_out"] > 0 and told["needs_second"] is None
    assert cli("confirm", export, data=data).json == {**told, "decided": 0}
    assert cli("copy", export, "--out", out, data=data).json["kind"] == "redacted"
    text = out.read_text()
    assert "[withheld " in text and "friend.pan" in original.read_text() and "friend.pan" not in text
    assert out.stat().st_mode & 0o077 == 0


def test_the_original_and_a_foreign_export_are_no_copies(cli: Any, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "copy"
    assert cli("copy", "f" * 32, "--kind", "original", "--out", out, data=data).returncode == 2
    for command in (("copy", "f" * 32, "--out", out), ("confirm", "f" * 32)):
        missing = cli(*command, data=data)
        assert missing.returncode == 1 and "Traceback" not in missing.stderr and missing.stderr
    assert not out.exists()
