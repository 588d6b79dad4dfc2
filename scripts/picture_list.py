"""What `make pictures` draws: every screen in every state that can occur. `tests/house` holds the list against the
portal's navigation; the steps are in the files that `pictures.py` imports, drawn in that order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

STATES: Final = ("normal", "empty", "loading", "error", "long")
OUTSIDE: Final = ("sign_in", "plain")
"""Screens that are no page of the navigation: the way in, and the plain answers of addresses."""

CANNOT: Final = {
    ("sign_in", "empty"): "a form lists nothing",
    ("sign_in", "loading"): "the answer takes a second, and the button says so by itself",
    ("sign_in", "long"): "nothing on it comes from outside; each language is drawn",
    ("new_export", "empty"): "normal is the empty form",
    ("today", "loading"): "drawn from the database at once",
    ("cases", "loading"): "drawn from the database at once",
    ("case", "loading"): "drawn from the database at once",
    ("case_file", "loading"): "a small file is opened at once",
    ("case_file", "long"): "its tables are drawn as on Preview",
    ("new_case", "loading"): "asks nobody",
    ("new_case", "empty"): "normal is the empty form",
    ("past_exports", "loading"): "drawn from the database at once",
    ("audit_trail", "loading"): "drawn from the database at once",
    ("accounts", "loading"): "drawn from the database at once",
    ("accounts", "empty"): "whoever looks is in it",
    ("settings", "empty"): "normal is a form",
    ("your_account", "empty"): "whoever looks is in it",
    ("your_account", "loading"): "drawn from the database at once",
    ("your_account", "long"): "one person's facts; a long name is in accounts",
    ("help", "empty"): "its words are always there",
    ("help", "loading"): "its words are in the program",
    ("help", "error"): "nothing is asked of anything",
    ("plain", "normal"): "a plain page is an answer to an error",
    ("plain", "empty"): "a plain page is an answer to an error",
    ("plain", "loading"): "a plain page is an answer to an error",
    ("plain", "long"): "its sentences are the portal's own",
}
"""(screen, state) that does not occur, and why."""


@dataclass(frozen=True)
class Shot:
    """One picture in every size and scheme. `step` brings a camera there; a generator is finished afterwards."""

    screen: str
    state: str
    name: str
    step: Callable[..., Any]
    who: str = "maya"
    """Whose page: an email's first part (of the first merchant), "nora" (manager of the second) or "" for nobody."""
    house: str = "main"
    """"main", or "strict", where sessions are short and proofs stale at once."""
    whole: bool = True


SHOTS: list[Shot] = []


def shot(screen: str, state: str, name: str = "", **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put a step on the list, in the order of the files. The picture's name: screen, then `name` or the state."""

    def add(step: Callable[..., Any]) -> Callable[..., Any]:
        SHOTS.append(Shot(screen, state, f"{screen.replace('_', '-')}-{name or state}", step, **options))
        return step

    return add


def page_shot(page: str, state: str = "normal", name: str = "", who: str = "maya") -> None:
    """A page as it is when opened."""

    def open_it(camera: Any, _studio: Any) -> None:
        camera.open("/" if page == "today" else f"/{page}")

    shot(page, state, name, who=who)(open_it)
