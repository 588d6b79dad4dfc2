"""Where the places of a CSV file stand, found in one pass over its bytes.

A place is (line on which the record begins, counted from 1; field, counted from 0), as the preview names it. A marker
is always in quotes, so that one field stays one field (RFC 4180).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from portal.redaction.places import Edit, Grain, Node, NotSpliceable, Place, check_all_found, tree_of
from portal.redaction.window import Window

Words = Callable[[Place], str]
_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True)
class Form:
    """How the file is written. Fields in quotes have their quotes doubled; `skip_space`: blanks after a delimiter are
    no part of a field."""

    delimiter: str = ","
    quote: str = '"'
    skip_space: bool = False


def csv_edits(
    chunks: Iterable[bytes], places: Sequence[Place], words: Words, form: Form, *, first_line: int = 1
) -> list[Edit]:
    """What to exchange in a CSV file in UTF-8, in the order of the file. `first_line`: where the records begin, when a
    line before them names the delimiter. Raises PlaceMissing, PlacesOverlap and NotSpliceable."""
    if any(place.grain is Grain.KEY or len(place.steps) != 2 for place in places):
        raise NotSpliceable("a place of a CSV file is a record and a field")
    walk = _Walk(Window(chunks), words, form)
    walk.run(tree_of(places), first_line)
    check_all_found(places, walk.found)
    return walk.edits


class _Walk:
    def __init__(self, window: Window, words: Words, form: Form) -> None:
        self._window = window
        self._words = words
        self._form = form
        quote, delimiter = re.escape(form.quote.encode()), re.escape(form.delimiter.encode())
        blanks = rb"[ ]*+" if form.skip_space else b""
        self._quote, self._delimiter = form.quote.encode(), form.delimiter.encode()
        field = (
            blanks + rb"(?P<field>" + quote + rb"(?P<inner>(?:[^" + quote + rb"]++|" + quote * 2 + rb")*+)" + quote
            + rb"|(?!" + quote + rb")(?P<plain>[^" + delimiter + rb"\r\n]*+))" + blanks
        )  # fmt: skip
        self._field = re.compile(field + rb"(?P<end>" + delimiter + rb"|\r\n|\r(?!\n)|\n)", re.DOTALL)
        self._last_field = re.compile(field + rb"(?P<end>" + delimiter + rb"|\r\n|\r|\n|\Z)", re.DOTALL)
        self.edits: list[Edit] = []
        self.found: set[int] = set()

    def run(self, root: Node, first_line: int) -> None:
        window = self._window
        while len(window.data) < len(_BOM) and window.more():
            pass
        window.at = len(_BOM) if window.data.startswith(_BOM) else 0
        line = 1
        while window.byte() and line < first_line:
            line += self._line()
        while window.byte():
            line += self._record(root.children.get(line))

    def _line(self) -> int:
        window = self._window
        while (found := _LINE_END.search(window.data, window.at)) is None or found.end() == len(window.data):
            if not window.more():
                window.at = len(window.data)
                return 1
        window.at = found.end()
        return 1

    def _record(self, node: Node | None) -> int:
        """Pass over one record, noting its places. How many lines it takes."""
        number, lines, end = 0, 1, self._delimiter
        while end == self._delimiter:
            base, found = self._next_field()
            end = found["end"]
            if (inner := found["inner"]) is not None:
                lines += len(_LINE_END.findall(inner))
            if node is not None and number in node.children:
                self._note(base, found, node.children[number])
            number += 1
        return lines

    def _next_field(self) -> tuple[int, re.Match[bytes]]:
        """The field that begins here with what ends it, and the offset in the file of the data it was found in."""
        window = self._window
        while True:
            found = self._field.match(window.data, window.at)
            if found is not None and (found.end() < len(window.data) or found["end"] != b"\r"):
                break
            if not window.more():
                found = self._last_field.match(window.data, window.at)
                if found is None:
                    raise NotSpliceable("a field with text outside its quotes, or a quote that never closes")
                break
        window.at = found.end()
        return window.base, found

    def _note(self, base: int, found: re.Match[bytes], node: Node) -> None:
        start, end = base + found.start("field"), base + found.end("field")
        if node.whole is not None:
            self.edits.append(Edit(start, end, self._quoted(self._words(node.whole))))
            self.found.add(node.whole.number)
            return
        in_quotes = found["inner"] is not None
        raw = found["inner"] if in_quotes else found["plain"]
        offsets = self._character_offsets(raw, in_quotes=in_quotes)
        begins = base + found.start("inner" if in_quotes else "plain")
        usable = [place for place in node.spans if place.span is not None and place.span[1] < len(offsets)]
        if not in_quotes and usable:
            self.edits.append(Edit(begins, begins, self._quote))
        for place in usable:
            first, last = place.span or (0, 0)
            words = self._words(place).replace(self._form.quote, self._form.quote * 2).encode()
            self.edits.append(Edit(begins + offsets[first], begins + offsets[last], words))
            self.found.add(place.number)
        if not in_quotes and usable:
            self.edits.append(Edit(begins + len(raw), begins + len(raw), self._quote))

    def _quoted(self, words: str) -> bytes:
        quote = self._form.quote
        return f"{quote}{words.replace(quote, quote * 2)}{quote}".encode()

    def _character_offsets(self, raw: bytes, *, in_quotes: bool) -> list[int]:
        """Where each code point of a field begins in its bytes, and where the last one ends."""
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            raise NotSpliceable("a field that is not UTF-8") from None
        if not in_quotes and self._form.quote in text:
            raise NotSpliceable("a quote inside a field without quotes")
        doubled = self._form.quote * 2
        offsets, at, index = [0], 0, 0
        while index < len(text):
            step = doubled if in_quotes and text.startswith(doubled, index) else text[index]
            index += len(step)
            at += len(step.encode())
            offsets.append(at)
        return offsets
