"""MongoDB's Extended JSON (v2): values without the type written around them, so that one field is one column."""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from portal.preview.cells import Bare
from portal.preview.model import WarningLog

_TYPES: Final = frozenset(
    ("$oid", "$date", "$numberDecimal", "$numberLong", "$numberInt", "$numberDouble", "$uuid", "$symbol")
)
Steps: TypeAlias = tuple[str, ...]
IsData: TypeAlias = Callable[[dict[str, Any]], bool]
TYPED_MARK: Final = '"$'
"""A text without it holds no such value."""


MOST_TOLD: Final = 1_000


def without_types(
    value: Any, log: WarningLog, told: set[tuple[str, str]], column: Steps = (), is_data: IsData = lambda _found: False
) -> Any:
    """`value` with `{"$date": "2026-01-02"}` as `"2026-01-02"`, changed in place; each type is warned about once a
    column.

    `column`: the keys that lead to `value`. `is_data`: whether the keys of an object are data, and so in no column's
    name.
    """
    holder = [value]
    todo: list[tuple[Any, Steps]] = [(holder, column)]
    while todo:
        container, path = todo.pop()
        named = isinstance(container, dict) and not is_data(container)
        for key, item in list(container.items() if isinstance(container, dict) else enumerate(container)):
            if not isinstance(item, dict | list) or not item:
                continue
            plain, below = _plain(item), (*path, key) if named else path
            if plain is None:
                todo.append((item, below))
                continue
            container[key] = plain
            name, where = next(iter(item)), ".".join(below) or "value"
            if (where, name) not in told and len(told) < MOST_TOLD:
                told.add((where, name))
                log.add(
                    "typed", where, f"MongoDB's type {name} stands around values of this column; they are shown alone."
                )
    return holder[0]


def _plain(item: Any) -> Any:
    """The text or number of a typed value; None when it is something else."""
    if not isinstance(item, dict) or len(item) != 1:
        return None
    ((name, inner),) = item.items()
    if name not in _TYPES:
        return None
    if name == "$date" and isinstance(inner, dict):
        return _plain(inner)
    return inner if isinstance(inner, str | Bare) else None
