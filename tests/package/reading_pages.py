"""Reads the package's pages as a parser does, knowing nothing of how they were made."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

ALONE = {"meta", "input", "br", "rect", "line", "link", "img"}


@dataclass
class Tag:
    name: str
    attrs: dict[str, str]
    text: str = ""
    inside: tuple[str, ...] = ()


@dataclass
class Page(HTMLParser):
    """Every element with its text; `parents` are the names around it."""

    tags: list[Tag] = field(default_factory=list)
    open: list[Tag] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Tag(tag, {name: value or "" for name, value in attrs}, inside=tuple(one.name for one in self.open))
        self.tags.append(made)
        if tag not in ALONE:
            self.open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(Tag(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1].name == tag, f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for tag in self.open:
            tag.text += data

    def all(self, *names: str) -> list[Tag]:
        return [tag for tag in self.tags if tag.name in names]

    def marked(self, mark: str) -> list[Tag]:
        return [tag for tag in self.tags if tag.attrs.get("class") == mark]

    def values(self) -> int:
        """Values of the file that stand on the page."""
        alike = sum(int(tag.attrs["data-rows"]) for tag in self.marked("w"))
        lists = sum(int(tag.attrs["data-n"]) for tag in self.marked("j"))
        return len(self.marked("v")) + alike + lists


def page(html: str) -> Page:
    made = Page()
    made.feed(html)
    made.close()
    assert not made.open, [tag.name for tag in made.open]
    return made
