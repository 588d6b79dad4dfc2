"""Files know each other one way, and no folder is too full to be looked over."""

from __future__ import annotations

from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES_AT_MOST = 16  # beside `__init__.py`


def imports_of(package: str) -> dict[str, set[str]]:
    graph = grimp.build_graph(package, cache_dir=None)
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def test_no_file_of_the_portal_imports_itself_by_way_of_another() -> None:
    TopologicalSorter(imports_of("portal")).prepare()


def test_a_cycle_would_be_found() -> None:
    with pytest.raises(CycleError):
        TopologicalSorter(imports_of("portal") | {"portal.errors": {"portal.cli"}}).prepare()


def test_no_folder_holds_more_modules_than_one_looks_over() -> None:
    modules = (path for path in (ROOT / "portal").rglob("*.py") if path.name != "__init__.py")
    held = Counter(path.parent.relative_to(ROOT).as_posix() for path in modules if "versions" not in path.parts)
    assert {folder: count for folder, count in held.items() if count > MODULES_AT_MOST} == {}
