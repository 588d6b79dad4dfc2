"""The path of a value in a JSON file as a text, and back."""

import json
import re
from collections.abc import Sequence

_PLAIN_KEY = re.compile(r"[^\W\d]\w*")
_STEP = re.compile(r'\.([^\W\d]\w*)|\[([0-9]+)\]|\[("(?:[^"\\]|\\.)*+")\]', re.DOTALL)


def path_text(steps: Sequence[str | int]) -> str:
    """`["giftCards", 0, "e-mail"]` as `$.giftCards[0]["e-mail"]`; list positions count from 0."""
    parts = ["$"]
    for step in steps:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        elif _PLAIN_KEY.fullmatch(step):
            parts.append(f".{step}")
        else:
            parts.append(f"[{json.dumps(step, ensure_ascii=False)}]")
    return "".join(parts)


def steps_of(path: str) -> tuple[str | int, ...]:
    """The inverse of `path_text`. Raises ValueError for a text that it cannot have written."""
    steps: list[str | int] = []
    at = 1 if path.startswith("$") else -1
    while 0 <= at < len(path):
        found = _STEP.match(path, at)
        if found is None:
            break
        plain, position, quoted = found.groups()
        steps.append(plain if plain is not None else int(position) if position is not None else json.loads(quoted))
        at = found.end()
    if at != len(path):
        raise ValueError("not a path")
    return tuple(steps)
