"""The functions, classes and files that docs/architecture.md and CONTRIBUTING.md name are there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
WALKED = ("One export, walked", "A sign-in, walked", "A start, walked")
DEFINED = (ast.FunctionDef, ast.AsyncFunctionDef)
TEXT = ARCHITECTURE + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
WALK = "".join(ARCHITECTURE.partition(f"\n## {title}")[2].partition("\n## ")[0] for title in WALKED)
QUOTED = re.compile(r"`([^`\n]+)`")
FUNCTIONS = sorted({word for word in QUOTED.findall(WALK) if re.fullmatch(r"[A-Za-z_]+\.[a-z_]+", word)} - {"log.py"})
FILES = sorted(
    {
        word
        for word in QUOTED.findall(TEXT)
        if re.fullmatch(r"(portal|pages|tests|bench|docs|scripts|tools|deploy)/[\w./-]*", word)
    }
)


@cache
def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "portal").rglob("*.py")}


@cache
def classes() -> dict[str, list[ast.ClassDef]]:
    """The portal's classes by name; every tree is walked once, which takes most of a second."""
    found: dict[str, list[ast.ClassDef]] = {}
    for tree in trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append(node)
    return found


def methods(name: str) -> set[str]:
    """What a class of the portal can do, its bases of the portal included."""
    found: set[str] = set()
    for node in classes().get(name, []):
        found |= {part.name for part in node.body if isinstance(part, DEFINED)}
        for base in node.bases:
            found |= methods(ast.unparse(base))
    return found


def functions(module: str) -> set[str]:
    return {
        node.name
        for path, tree in trees().items()
        if path.stem == module
        for node in tree.body
        if isinstance(node, DEFINED)
    }


def is_there(name: str) -> bool:
    owner, _, function = name.partition(".")
    return function in (methods(owner) if owner[0].isupper() else functions(owner))


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if not name.endswith(".py")])
def test_a_function_the_walk_names_is_there(name: str) -> None:
    assert is_there(name)


@pytest.mark.parametrize("name", FILES)
def test_a_file_or_folder_that_is_named_is_there(name: str) -> None:
    assert (ROOT / name).exists() or list(ROOT.glob(name + "*"))


def test_the_walk_names_enough_to_be_followed_and_a_wrong_name_would_be_found() -> None:
    assert len(FUNCTIONS) >= 15
    assert not is_there("Walk.fly")
    assert not is_there("pace.fly")
    assert not is_there("Nobody.ask")


def test_every_room_of_the_portal_stands_in_the_table() -> None:
    rooms = {path.parent.name for path in (ROOT / "portal").glob("*/__init__.py")}
    assert not {room for room in rooms if f"`portal/{room}/`" not in ARCHITECTURE}
