"""Every table keyed by a code has a line for every code: adding a state, a file kind or an act fails here, by name.

A table is a dictionary at the top of a module of `portal/` or `pages/` whose keys are members of an enum, or whose
annotation says so. One that leaves codes out on purpose is in `LEFT_OUT` with the reason.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import typing
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any

import pytest

import portal
from portal.audit import Act
from portal.cases.clock import EventKind
from portal.cases.facts import ENDS, FactKind, KnownFact
from portal.cases.states import WAITS
from portal.exports.core.answers import Kind
from portal.exports.core.states import RUNNING, State
from portal.recognition.knowledge.asked import QUESTIONS
from portal.systems.media import Media

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ("portal.__main__", "portal.app", "portal.asgi", "portal.practice.__main__", "portal.storage.migrations")

ABOUT_ONE_EXPORT = {
    Act.EXPORT_SUBMIT, Act.EXPORT_VIEW, Act.EXPORT_REVEAL, Act.EXPORT_DOWNLOAD, Act.EXPORT_RELEASE, Act.EXPORT_KEEP,
    Act.EXPORT_DESTROY,
}  # fmt: skip
ABOUT_ONE_PERSON = {
    Act.EXPORT_VIEW, Act.EXPORT_REVEAL, Act.EXPORT_SEARCH, Act.EXPORT_DOWNLOAD, Act.EXPORT_HANDED_OUT, Act.ANSWER_SENT,
    Act.EXPORT_DESTROY, Act.HISTORY_SEARCH, Act.AUDIT_EVIDENCE, Act.AUDIT_ABOUT_PERSON, Act.FINGERPRINTS_KEEP,
    Act.FINGERPRINTS_DESTROY,
}  # fmt: skip
LEFT_OUT: dict[str, set[Any]] = {
    # What is told while one waits.
    "exporting.PHASES": set(State) - RUNNING,
    # A running export has its steps instead, a ready one its file.
    "outcome.PANELS": RUNNING | {State.READY},
    # Shorter words for what happens to one export; any other act has its words of the trail.
    "outcome.ACT_WORDS": set(Act) - ABOUT_ONE_EXPORT,
    # Why something was done with one person's data; other acts are not told in the account of that person.
    "about_person.PURPOSES": set(Act) - ABOUT_ONE_PERSON,
    # Facts that need no reason (Art. 12 GDPR).
    "answers.REASONS": {Kind.SENT, Kind.ACKNOWLEDGED, Kind.TAKEN_BACK},
    # What a person may be asked about (IDN-1).
    "asked._FORMS": set(KnownFact) - set(QUESTIONS),
    "asked._FORM_WORDS": set(KnownFact) - set(QUESTIONS),
    # Told by a check of their own.
    "verdict._DOUBTS": {"NAMELESS", "DAMAGED"},
    # What is recorded in a case and neither ends it nor asks the person something.
    "states.ENDED_AS": set(FactKind) - ENDS,
    "states.OUTCOMES": set(FactKind) - ENDS,
    "states.WAITS": set(FactKind) - set(WAITS),
    "standing.STANDING_OF": set(FactKind) - ENDS,
    # What is a picture; the rest is shown otherwise or not at all.
    "media.PICTURES": set(Media) - {Media.PNG, Media.JPEG, Media.GIF, Media.WEBP},
    # What happens in a case and does not end it.
    "outcome._ENDS": set(EventKind) - {EventKind.ANSWERED, EventKind.REFUSED, EventKind.CLOSED, EventKind.WITHDRAWN},
}
"""Table (its module's last name and its own) -> codes that it has no line for on purpose, or their members' names."""


@dataclass(frozen=True)
class Table:
    name: str
    entries: Mapping[Any, Any]
    codes: frozenset[Any]
    """All codes of the kind that its keys are of."""

    @property
    def short_name(self) -> str:
        return ".".join(self.name.split(".")[-2:])


def codes_of(entries: Mapping[Any, Any], key_type: Any) -> frozenset[Any]:
    """The codes a table is about: its keys' enum, or what its annotation says; none for a table of something else."""
    kinds = {type(key) for key in entries if isinstance(key, Enum)}
    if isinstance(key_type, type) and issubclass(key_type, Enum):
        kinds.add(key_type)
    assert len(kinds) <= 1, f"codes of {kinds} in one table"
    if kinds:
        return frozenset(kinds.pop())
    return frozenset(typing.get_args(key_type)) if typing.get_origin(key_type) is typing.Literal else frozenset()


def tables_in(module: str, namespace: dict[str, Any], hints: dict[str, Any]) -> Iterator[Table]:
    for name, value in namespace.items():
        if isinstance(value, Mapping) and not name.startswith("__"):
            arguments = typing.get_args(hints.get(name))
            if codes := codes_of(value, arguments[0] if arguments else None):
                yield Table(f"{module}.{name}", value, codes)


def named_in(source: str) -> set[str]:
    """What a module itself assigns at its top; what it imports is another module's."""
    found = set()
    for node in ast.parse(source).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def tables_of_portal() -> Iterator[Table]:
    for found in pkgutil.walk_packages(portal.__path__, "portal."):
        if not found.name.startswith(SCRIPTS):
            module = importlib.import_module(found.name)
            own = named_in(Path(module.__file__ or "").read_text(encoding="utf-8"))
            namespace = {name: value for name, value in vars(module).items() if name in own}
            yield from tables_in(found.name, namespace, hints_of(module))


def hints_of(module: Any) -> dict[str, Any]:
    hints = {}
    for name, annotation in getattr(module, "__annotations__", {}).items():
        with suppress(NameError, TypeError):  # one that only a type checker can read
            hints[name] = eval(annotation, vars(module)) if isinstance(annotation, str) else annotation
    return hints


def tables_of_pages() -> Iterator[Table]:
    """A page draws itself when it is imported: only its imports and its dictionaries of codes are run."""
    for path in sorted((ROOT / "pages").glob("*.py")):
        namespace: dict[str, Any] = {}
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            value = getattr(node, "value", None)
            keys = value.keys if isinstance(value, ast.Dict) else []
            if isinstance(node, ast.Import | ast.ImportFrom) or any(isinstance(key, ast.Attribute) for key in keys):
                exec(compile(ast.Module([node], []), str(path), "exec"), namespace)
        yield from tables_in(f"pages.{path.stem}", namespace, {})


def all_tables() -> dict[str, Table]:
    return {table.name: table for table in (*tables_of_portal(), *tables_of_pages())}


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    return all_tables()


def test_every_table_keyed_by_a_code_has_them_all(tables: dict[str, Table]) -> None:
    faults = []
    for table in tables.values():
        left_out = LEFT_OUT.get(table.short_name, set())
        for code in sorted(table.codes, key=str):
            named = {code, getattr(code, "name", code)}
            if (code in table.entries) is bool(named & left_out):
                faults.append(f"{table.name}: {'no' if code not in table.entries else 'unexpected'} line for {code}")
    assert faults == []


def test_tables_known_to_be_there_are_found(tables: dict[str, Table]) -> None:
    assert set(LEFT_OUT) <= {table.short_name for table in tables.values()}
    assert {
        "portal.exports.core.states.TRAITS",
        "portal.ui.common.badges.BADGES",
        "portal.audit.words.ACT_WORDS",
        "portal.identity.roles.PERMISSIONS",
        "portal.language.formats.DATE_FIELDS",
        "pages.accounts.ROLE_WORDS",
    } <= set(tables)


def test_no_table_writes_out_by_hand_the_codes_of_an_enum() -> None:
    """Bare strings that are most of an enum's codes: a new one would not be missed there."""
    enums = {kind for kind in all_enums() if len(kind) >= 3}
    faults = []
    for found in pkgutil.walk_packages(portal.__path__, "portal."):
        if found.name.startswith((*SCRIPTS, "portal.practice")):
            continue
        for name, value in vars(importlib.import_module(found.name)).items():
            if isinstance(value, Mapping) and value and not name.startswith("__"):
                bare = {key for key in value if type(key) is str}
                by_hand = [kind.__name__ for kind in enums if len(bare & set(kind)) > len(kind) / 2]
                faults += [f"{found.name}.{name}: key it by {kind}" for kind in by_hand]
    assert faults == []


def all_enums() -> set[type[StrEnum]]:
    waiting, found = [StrEnum], set()
    while waiting:
        kinds = [kind for kind in waiting.pop().__subclasses__() if kind.__module__.startswith("portal.")]
        waiting += kinds
        found |= set(kinds)
    return found
