"""`make pictures` draws every page of the navigation in every state that can occur; the list only, no picture is
taken here."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def pictures() -> Iterator[ModuleType]:
    """The script and its list; its folder is no package, so it is looked in for as long as the tests run."""
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        import pictures

        yield pictures
    finally:
        sys.path.remove(str(ROOT / "scripts"))


def list_of(pictures: ModuleType) -> ModuleType:
    return sys.modules[pictures.Shot.__module__]


def registered() -> set[str]:
    """The pages that are handed to the navigation, for nobody and for a person, by the names of their files."""
    trees = [
        ast.parse((ROOT / "portal" / name).read_text(encoding="utf-8"))
        for name in ("app.py", "ui/account/signed_in.py")
    ]
    calls = [n for tree in trees for n in ast.walk(tree) if isinstance(n, ast.Call)]
    asked = [n for n in calls if ast.unparse(n.func) == "st.Page"]
    return {ast.unparse(page.args[0]).removeprefix("navigation.").lower() for page in asked}


def test_the_navigation_is_read_as_it_stands() -> None:
    assert registered() == {path.stem for path in (ROOT / "pages").glob("*.py")}


def test_no_page_is_forgotten(pictures: ModuleType) -> None:
    drawn = {shot.screen for shot in pictures.SHOTS}
    assert drawn == registered() | set(list_of(pictures).OUTSIDE)


def test_each_state_is_drawn_or_said_not_to_occur(pictures: ModuleType) -> None:
    listed = list_of(pictures)
    drawn = {(shot.screen, shot.state) for shot in pictures.SHOTS}
    assert {state for _screen, state in drawn} == set(listed.STATES)
    wanted = {(screen, state) for screen in registered() | set(listed.OUTSIDE) for state in listed.STATES}
    assert wanted - drawn == set(listed.CANNOT), "neither drawn nor explained, or both"
    assert all(listed.CANNOT.values())


def test_every_picture_has_a_name_of_its_own(pictures: ModuleType) -> None:
    names = [shot.name for shot in pictures.SHOTS]
    assert len(names) == len(set(names))


def test_german_is_drawn_of_every_page_and_every_language_somewhere(pictures: ModuleType) -> None:
    from portal.language import LANGUAGES

    assert set(pictures.LANGUAGES) == set(LANGUAGES) - {"en"}
    assert set(pictures.PAGES) - {""} | {"today", "sign_in"} == registered()
    assert set(pictures.IN_EACH_LANGUAGE) <= set(pictures.PAGES)


@pytest.mark.parametrize("size", ["wide", "phone"])
def test_desktop_and_phone_are_taken_light_and_dark(pictures: ModuleType, size: str) -> None:
    assert pictures.SIZES == {"wide": (1280, 800), "phone": (390, 844)}
    assert {scheme for kind, scheme in pictures.KINDS if kind == size} == {"light", "dark"}
