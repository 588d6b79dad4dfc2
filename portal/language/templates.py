"""Finds the template that a finished sentence was made from."""

from __future__ import annotations

import re
from collections.abc import Iterable

PLACEHOLDER = re.compile(r"\{(\w+)\}")
MOST_CHARACTERS = 2_000
FEWEST_FIXED = 5  # characters outside placeholders: with fewer, a template would fit almost any text


class Templates:
    """Templates with ``{named}`` placeholders, those with the most fixed text first."""

    def __init__(self, templates: Iterable[str]) -> None:
        usable = {t for t in templates if len(PLACEHOLDER.sub("", t).strip()) >= FEWEST_FIXED}
        self._ordered = [
            (max(PLACEHOLDER.split(template)[::2], key=len), _pattern(template), template)
            for template in sorted(usable, key=lambda t: (-len(PLACEHOLDER.sub("", t)), t))
        ]

    def match(self, text: str) -> tuple[str, dict[str, str]] | None:
        """The template that fits the text and the values of its placeholders, or None."""
        if len(text) > MOST_CHARACTERS:
            return None
        for fragment, pattern, template in self._ordered:
            if fragment in text:
                found = pattern.fullmatch(text)
                if found is not None:
                    return template, {name: value or "" for name, value in found.groupdict().items()}
        return None


def _pattern(template: str) -> re.Pattern[str]:
    seen: set[str] = set()
    parts = PLACEHOLDER.split(template)
    made = [re.escape(parts[0])]
    for name, fixed in zip(parts[1::2], parts[2::2], strict=True):
        made.append(f"(?P={name})" if name in seen else f"(?P<{name}>.*?)")
        made.append(re.escape(fixed))
        seen.add(name)
    return re.compile("".join(made), re.S)
