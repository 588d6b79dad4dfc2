"""docs/requirements.md and docs/asvs.md are what the markers of the tests say, and the markers name what there is."""

from __future__ import annotations

import ast
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_the_pages_are_what_the_script_writes(matrix: ModuleType) -> None:
    for name, page in matrix.pages().items():
        assert (ROOT / "docs" / name).read_text(encoding="utf-8") == page, "run: python scripts/requirements_matrix.py"


def test_every_requirement_of_asvs_level_1_and_2_has_its_line(matrix: ModuleType) -> None:
    """OWASP/ASVS, 5.0/docs_en, the CSV of 5.0.0: 70 of level 1 and 183 of level 2, so many a chapter."""
    lines = [line for part in matrix.asvs_matrix.chapters().values() for line in part]
    assert [sum(line.level == level for line in lines) for level in (1, 2)] == [70, 183]
    assert len({line.number for line in lines}) == len(lines)
    a_chapter = [27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16, 7]
    counted = [line.number.partition(".")[0] for line in lines if line.level < 3]
    assert [counted.count(str(n)) for n in range(1, 18)] == a_chapter


def test_the_security_document_gives_the_counts_of_the_matrix(matrix: ModuleType) -> None:
    text = " ".join((ROOT / "docs" / "security.md").read_text(encoding="utf-8").split())
    assert matrix.asvs_matrix.summary(matrix.markers()) in text


@pytest.mark.parametrize(
    "row",
    [
        {"l": 1, "s": "x"},
        {"l": 1, "s": "x", "kept": "a", "part": "b"},
        {"l": 1, "s": "x", "kept": ""},
        {"l": 4, "s": "x", "kept": "a"},
        {"l": 1, "s": "x", "na": "a", "by": "SEC-1"},
        {"l": 1, "s": "x", "maybe": "a"},
    ],
)
def test_a_line_without_one_verdict_and_its_words_is_an_error(matrix: ModuleType, row: dict[str, object]) -> None:
    with pytest.raises(SystemExit, match=r"9\.9\.9"):
        matrix.asvs_matrix.line_of("9.9.9", row)


def test_a_line_that_names_no_test_says_so(matrix: ModuleType) -> None:
    line = matrix.asvs_matrix.line_of("1.2.4", {"l": 1, "s": "x", "kept": "a", "by": "SEC-28"})
    assert matrix.asvs_matrix.served(line, {}) == "**none**"
    found = matrix.asvs_matrix.served(
        line, {"SEC-28": ["tests/a.py"], "ASVS-1.2.4": ["tests/a.py", "tests/b.py::test_b"]}
    )
    assert found == "SEC-28; `a.py`; `b.py` (2 tests)"


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


@pytest.mark.parametrize("wrong", ["SEC-99", "ASVS-1.2.99", "6.2.1"])
def test_a_marker_of_no_promise_is_an_error(
    matrix: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_x.py").write_text(f'pytestmark = pytest.mark.keeps("{wrong}")')
    monkeypatch.setattr(matrix, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match=wrong):
        matrix.markers()
