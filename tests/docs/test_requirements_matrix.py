"""docs/requirements.md is what the markers of the tests say, and the markers name promises there are."""

from __future__ import annotations

import ast
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_what_the_script_writes(matrix: ModuleType) -> None:
    written = (ROOT / "docs" / "requirements.md").read_text(encoding="utf-8")
    assert written == matrix.document(matrix.markers()), "run: python scripts/requirements_matrix.py"


def test_every_promise_stands_on_the_page_and_what_no_test_keeps_says_so(matrix: ModuleType) -> None:
    kept = matrix.markers()
    lines = (ROOT / "docs" / "requirements.md").read_text(encoding="utf-8").splitlines()
    for one in (*matrix.SECURITY, *matrix.LAW):
        row = next(line for line in lines if line.startswith(f"| {one} |"))
        assert row.endswith("| **none** |") == (one not in kept)
    assert {f"SEC-{n}" for n in range(1, 56)} - set(matrix.SECURITY) == {"SEC-29"}
    assert set(matrix.LAW) == {f"LAW-{n}" for n in range(1, 26)}
    assert set(matrix.ONLY_IN_PART) <= set(kept)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('pytestmark = pytest.mark.keeps("SEC-1", "LAW-8")', [("", ["SEC-1", "LAW-8"])]),
        ('pytestmark = [pytest.mark.browser, pytest.mark.keeps("SEC-2")]', [("", ["SEC-2"])]),
        ('@pytest.mark.keeps("SEC-3")\ndef test_a(): ...', [("test_a", ["SEC-3"])]),
        ('OTHER = pytest.mark.keeps("SEC-4")', []),
    ],
)
def test_markers_are_read_from_modules_and_single_tests(
    matrix: ModuleType, source: str, found: list[tuple[str, list[str]]]
) -> None:
    assert [pair for pair in matrix.marked(ast.parse(source)) if pair[1]] == found


def test_a_marker_of_no_promise_is_an_error(
    matrix: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_x.py").write_text('pytestmark = pytest.mark.keeps("SEC-99")')
    monkeypatch.setattr(matrix, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match="SEC-99"):
        matrix.markers()
