"""Each migration follows the one before: two that were written at once would leave no portal that starts."""

from __future__ import annotations

import ast
from pathlib import Path

VERSIONS = Path(__file__).resolve().parents[2] / "portal" / "storage" / "migrations" / "versions"


def named(path: Path) -> dict[str, str | None]:
    """The module's plain assignments."""
    assigned = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.Assign)]
    return {
        target.id: node.value.value
        for node in assigned
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value, ast.Constant)
    }


def test_migrations_are_numbered_without_gap_each_after_the_one_before() -> None:
    found = sorted(VERSIONS.glob("[0-9]*_*.py"))
    numbers = [path.name.partition("_")[0] for path in found]
    assert numbers == [f"{number:04}" for number in range(1, len(found) + 1)]
    assert [named(path)["revision"] for path in found] == numbers
    assert [named(path)["down_revision"] for path in found] == [None, *numbers[:-1]]
