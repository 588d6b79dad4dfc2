"""Letters as HTML and as plain text: one list of blocks of finished sentences, drawn by two templates.

Sentences are translated and filled here; templates hold no words. Everything that is filled in is data: it is escaped
in HTML, stays on one line, and is never read as a template.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from portal.language import catalogue_of

_INVISIBLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the direction of what follows them."""

_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")
_TEMPLATES = Environment(
    loader=PackageLoader("portal.letters"),
    undefined=StrictUndefined,
    autoescape=select_autoescape(["html"]),
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Rendered:
    """One letter twice. `html` is a fragment (h1, h2, p, ul) without script, style or address of anything outside."""

    html: str
    text: str


@dataclass(frozen=True)
class Heading:
    text: str
    kind: Literal["heading"] = "heading"


@dataclass(frozen=True)
class Paragraph:
    """`language`: that of its words, where it is not the letter's."""

    text: str
    language: str = ""
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True)
class Listing:
    """Lines under a title, which may be empty; `language` is that of the lines."""

    title: str
    lines: tuple[str, ...]
    language: str = ""
    kind: Literal["listing"] = "listing"


@dataclass(frozen=True)
class Closing:
    """The end of a letter: its lines stand below each other."""

    lines: tuple[str, ...]
    kind: Literal["closing"] = "closing"


Block = Heading | Paragraph | Listing | Closing


class Sentences:
    """Sentences in one language with their values. An unknown value raises KeyError: no blank goes out."""

    def __init__(self, language: str, values: Mapping[str, str]) -> None:
        self.words = catalogue_of(language)
        self.language = self.words.language
        self._values = {name: one_line(value) for name, value in values.items()}

    def __call__(self, *sentences: str, **more: str) -> str:
        values = self._values | {name: one_line(value) for name, value in more.items()}
        return " ".join(self.words.text(one).format(**values) for one in sentences)

    def plural(self, one: str, many: str, n: int, **more: str) -> str:
        """The form for `n`; the figure itself is among the values."""
        return self.words.plural(one, many, n).format(**{name: one_line(value) for name, value in more.items()})


def one_line(text: str) -> str:
    """Without line breaks and invisible characters."""
    return " ".join(_INVISIBLE.sub("", text).split())


def as_written(texts: Sequence[str]) -> Rendered:
    """Letters that went out, word for word: the first line of each is its subject, a blank line parts paragraphs."""
    subjects: list[str] = []
    blocks: list[Block] = []
    for text in texts:
        first, *parts = [
            lines
            for part in _BLANK_LINE.split(text)
            if (lines := tuple(filter(None, map(one_line, part.splitlines()))))
        ] or [("",)]
        if subjects:
            blocks.append(Heading(first[0]))
        subjects.append(first[0])
        blocks += [Closing(lines) for lines in (first[1:], *parts) if lines]
    return Rendered(rendered(subjects[0], blocks).html, "\n\n".join(texts))


def rendered(subject: str, blocks: Sequence[Block]) -> Rendered:
    """The letter under its subject, which is the heading in HTML and the first line of the text."""
    html = _TEMPLATES.get_template("letter.html").render(subject=subject, blocks=blocks)
    text = _TEMPLATES.get_template("letter.txt").render(subject=subject, blocks=blocks)
    return Rendered(html, text.rstrip("\n"))
