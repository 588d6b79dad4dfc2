"""Our own finished pages as a list of blocks: headings, paragraphs, lists and tables of plain text.

Left out is what paper has no use for (navigation, switches) and the drawings, whose figures stand as a table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

Block = dict[str, Any]
_SKIPPED = frozenset({"svg", "nav", "summary", "figcaption", "style", "title", "footer"})
_TEXTS = frozenset({"h1", "h2", "h3", "p", "li", "caption", "th", "td", "dt", "dd"})
_APART = frozenset({"small", "code", "b", "span", "i", "a"})
_VOID = frozenset({"br", "meta", "input", "rect", "line"})
_MARKS = frozenset({"v", "w", "j"})


@dataclass
class _Open:
    tag: str
    skipped: bool
    closing: str = ""


@dataclass
class PageReader(HTMLParser):
    """`marks`: values of the files whose text is in the blocks, as the page marks them."""

    blocks: list[Block] = field(default_factory=list)
    marks: int = 0
    _open: list[_Open] = field(default_factory=list)
    _text: list[str] | None = None
    _table: Block | None = None
    _lines: list[str] = field(default_factory=list)
    _term: str = ""
    _head: bool = False
    _more: bool = False
    _span: int = 1

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        classes = set(given.get("class", "").split())
        if tag in _VOID:
            if tag == "br" and self._text is not None:
                self._text.append("\n")
            return
        hidden = "noprint" in classes and tag != "details"
        skipped = bool(self._open and self._open[-1].skipped) or tag in _SKIPPED or hidden or "switch" in classes
        opened = _Open(tag, skipped or "skip" in classes)
        self._open.append(opened)
        if opened.skipped:
            return
        if tag in _TEXTS:
            self._text, self._span = [], int(given.get("colspan") or 1)
        elif tag in _APART and self._text is not None:
            before, opened.closing = self._around(tag, classes)
            self._text.append(before)
        elif tag == "table":
            self._table = {"kind": "table", "caption": "", "head": [], "rows": []}
        elif tag == "thead":
            self._head = True
        elif tag == "tr" and self._table is not None:
            self._table["rows"].append([])
            self._more = "more" in classes
        elif tag in ("ul", "ol", "dl"):
            self._lines = []
        if classes & _MARKS:
            self.marks += int(given.get("data-rows") or given.get("data-n") or 1)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        opened = self._open.pop()
        if opened.skipped:
            return
        if tag in _TEXTS:
            self._put(tag, _tidy("".join(self._text or ())))
            self._text = None
        elif self._text is not None and opened.closing:
            self._text.append(opened.closing)
        elif tag == "thead" and self._table is not None:
            self._table["head"], self._table["rows"] = [cell["text"] for cell in self._table["rows"][0]], []
            self._head = False
        elif tag == "table" and self._table is not None:
            self._table["rows"] = [row for row in self._table["rows"] if row]
            self.blocks.append(self._table)
            self._table = None
        elif tag in ("ul", "ol", "dl") and self._lines:
            self.blocks.append({"kind": "list", "items": self._lines})

    def handle_data(self, data: str) -> None:
        if self._text is not None and not self._open[-1].skipped:
            self._text.append(data.replace("\n", " "))

    def _around(self, tag: str, classes: set[str]) -> tuple[str, str]:
        """What stands for the boxes and colours that part the pieces of a text on the screen."""
        if "raw" in classes or (tag == "code" and "j" not in classes):
            return " (", ") "
        if self._more and tag == "b":
            return "", ": "
        if (self._more and tag == "span") or tag == "small":
            return " · ", " "
        return " ", " "

    def _put(self, tag: str, text: str) -> None:
        if tag in ("h1", "h2", "h3"):
            self.blocks.append({"kind": "heading", "level": int(tag[1]), "text": text})
        elif tag == "p" and text:
            self.blocks.append({"kind": "paragraph", "text": text})
        elif tag == "li":
            self._lines.append(text)
        elif tag == "dt":
            self._term = text
        elif tag == "dd":
            self._lines.append(f"{self._term}: {text}")
        elif tag == "caption" and self._table is not None:
            self._table["caption"] = text
        elif self._table is not None:
            self._table["rows"][-1].append({"text": text, "span": self._span, "label": tag == "th" and not self._head})


def read_page(html: str) -> PageReader:
    reader = PageReader()
    reader.feed(html)
    reader.close()
    return reader


def _tidy(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line.replace(" )", ")").replace(" :", ":").removeprefix("· ") for line in lines).strip()
