"""A preview as it may be shown to everybody who may open it: no number that a card can be spent with. Pure.

Tables, their names and columns, warnings' places and the original text are masked; counts, order and places stay. The
original text is masked by the texts that the tables' columns hold, for it has no columns: whatever stands in a hidden
cell is hidden there too, as it is written in JSON or CSV. A number cut by the end of a page is hidden on both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import overload

from portal.preview.card_numbers import (
    FEWEST,
    SHORTEST,
    CardMask,
    Held,
    card_columns,
    hidden_in,
    hidden_spans,
    is_hidden,
    known_of,
    masked,
)
from portal.preview.cells import Cell
from portal.preview.model import Preview, Table, unique_names
from portal.preview.raw import CHARS_PER_PAGE, RawText

MARGIN = 256
"""Characters of the pages beside one: the longest number and the spaces between its digits fit into them."""
MOST_IN_CELLS = 600
MOST_TEXTS = 20_000
"""Codes that are not long numbers of digits alone are looked for one by one, in other cells and in the original text. A
file with more of them is not shown as original text without a grant, and its other cells are searched for digits."""


@dataclass(frozen=True)
class FileMask:
    """What hides the cards of one file. `known`, `cautious`: as in `CardMask`. `texts`: what stands in hidden cells,
    beside long numbers of digits alone -> what is shown instead; None when there are too many, or not all are known."""

    by_table: Mapping[str, CardMask] = field(repr=False, default_factory=dict)
    known: frozenset[str] = field(repr=False, default=frozenset())
    texts: Mapping[str, str] | None = field(repr=False, default_factory=dict)
    cautious: bool = False

    def text(self, text: str) -> str:
        """A name, a place, a caption: with the file's numbers masked."""
        return hidden_in(self._without_texts(text), self.known, cautious=self.cautious)

    def cells(self, row: Sequence[Cell], table: CardMask) -> list[Cell]:
        masked = table.cells(row)
        if not self._few_texts:
            return masked
        return [
            self._without_texts(cell) if type(cell) is str and at not in table.held else cell
            for at, cell in enumerate(masked)
        ]

    def _without_texts(self, text: str) -> str:
        for written, instead in self._few_texts:
            at = text.find(written)
            while at >= 0:
                end = at + len(written)
                if _stands_alone(text, at, end, short=False):
                    text, end = text[:at] + instead + text[end:], at + len(instead)
                at = text.find(written, end)
        return text

    @cached_property
    def _few_texts(self) -> list[tuple[str, str]]:
        """Those looked for in other cells: none of a file with very many, nor codes as short as a year."""
        long = sorted((one for one in (self.texts or {}).items() if len(one[0]) >= SHORTEST), reverse=True)
        return long if len(long) <= MOST_IN_CELLS else []


def mask_of_file(preview: Preview) -> FileMask:
    """Reads the card columns of every table once."""
    columns = {table.name: card_columns(table) for table in preview.tables}
    numbers: set[str] = set()
    texts: dict[str, str] | None = {}
    for table in preview.tables:
        for held, cell in _hidden_cells(table, columns[table.name]):
            if held in (Held.NUMBER, Held.CARD):
                numbers.add(cell)
            if texts is not None and not _found_by_digits(cell, held):
                texts |= dict.fromkeys(_as_written(cell.strip()), masked(cell, held))
                texts = texts if len(texts) <= MOST_TEXTS else None
    known = known_of(numbers)
    return FileMask({name: CardMask(held, known) for name, held in columns.items()}, known, texts)


def careful_mask(preview: Preview) -> FileMask:
    """Without reading the tables, of a file that is not read to its end: any digits as long as a card's number are
    hidden wherever they stand."""
    by_table = {table.name: CardMask(card_columns(table), frozenset(), cautious=True) for table in preview.tables}
    return FileMask(by_table, texts=None, cautious=True)


def _hidden_cells(table: Table, columns: Mapping[int, Held]) -> Iterator[tuple[Held, str]]:
    for _, row in table.iterate() if columns else ():
        for at, held in columns.items():
            cell = row[at]
            if isinstance(cell, str) and is_hidden(held, cell):
                yield held, cell


def without_card_numbers(preview: Preview, mask: FileMask | None = None) -> Preview:
    """`preview` with everything that `mask` hides hidden; the mask is made when none is given. Rows are masked as they
    are asked for."""
    mask = mask or mask_of_file(preview)
    names = unique_names([mask.text(table.name) for table in preview.tables])
    return replace(
        preview,
        tables=tuple(_table(table, name, mask) for table, name in zip(preview.tables, names, strict=True)),
        warnings=tuple(replace(one, place=mask.text(one.place), message=mask.text(one.message))
                       for one in preview.warnings),
        raw=MaskedText("", preview.raw, mask),
    )  # fmt: skip


def _table(table: Table, name: str, mask: FileMask) -> Table:
    columns = unique_names([mask.text(column) for column in table.columns])
    renamed = dict(zip(table.columns, columns, strict=True))
    return replace(
        table,
        name=name,
        columns=columns,
        headers=tuple(mask.text(header) for header in table.headers),
        link_columns=frozenset(renamed.get(column, column) for column in table.link_columns),
        key_column=renamed.get(table.key_column, table.key_column) if table.key_column is not None else None,
        notes=tuple(mask.text(note) for note in table.notes),
        _rows=_MaskedRows(table, mask),
        _paths=lambda row: [mask.text(path) for path in table.paths(row)],
    )


def masked_cells(preview: Preview, mask: FileMask) -> Preview:
    """Tables with their cells masked and their names as they are; the rest is not for the screen."""
    tables = [replace(table, _rows=_MaskedRows(table, mask)) for table in preview.tables]
    return replace(preview, tables=tuple(tables), raw=MaskedText("", preview.raw, mask))


@dataclass(frozen=True)
class _MaskedRows(Sequence[Sequence[Cell]]):
    table: Table = field(repr=False)
    mask: FileMask = field(repr=False)

    def __len__(self) -> int:
        return self.table.row_count

    @overload
    def __getitem__(self, at: int) -> Sequence[Cell]: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Sequence[Cell]]: ...
    def __getitem__(self, at: int | slice) -> Sequence[Cell] | Sequence[Sequence[Cell]]:
        if isinstance(at, slice):
            start, stop, step = at.indices(len(self))
            return [self._masked(row) for row in self.table.rows(start, stop)[::step]]
        place = range(len(self))[at]
        return self._masked(self.table.rows(place, place + 1)[0])

    def _masked(self, row: Sequence[Cell]) -> list[Cell]:
        return self.mask.cells(row, self.mask.by_table[self.table.name])


# The original text -------------------------------------------------------------------------------


@dataclass(frozen=True)
class MaskedText(RawText):
    """The pages of `whole`, with numbers masked. A page may be shorter or longer than it was. Where not all of what is
    to be hidden is known, there are no pages."""

    whole: RawText = field(repr=False, default_factory=lambda: RawText(""))
    mask: FileMask = field(repr=False, default_factory=FileMask)

    @property
    def withheld(self) -> bool:
        return self.mask.texts is None

    def pages(self, chars_per_page: int = CHARS_PER_PAGE) -> int:
        return 1 if self.withheld else self.whole.pages(chars_per_page)

    def page(self, page: int, chars_per_page: int = CHARS_PER_PAGE) -> str:
        if self.mask.texts is None:
            return ""
        before = after = ""
        for one in range(page - 1, -1, -1):
            if len(before) >= MARGIN:
                break
            before = self.whole.page(one, chars_per_page) + before
        for one in range(page + 1, self.pages(chars_per_page)):
            if len(after) >= MARGIN:
                break
            after += self.whole.page(one, chars_per_page)
        before, shown, after = before[-MARGIN:], self.whole.page(page, chars_per_page), after[:MARGIN]
        start, stop = len(before), len(before) + len(shown)
        text = before + shown + after
        pieces, at = [], start
        for first, last, instead in _joined(sorted(self._spans(text))):
            if last <= start or first >= stop:
                continue
            pieces += [text[at : max(first, at)], instead if first >= start else ""]
            at = min(last, stop)
        return "".join([*pieces, text[at:stop]])

    def _spans(self, text: str) -> Iterator[tuple[int, int, str]]:
        yield from hidden_spans(text, self.mask.known, cautious=self.mask.cautious)
        for written, instead in (self.mask.texts or {}).items():
            at = text.find(written)
            while at >= 0:
                end = at + len(written)
                if _stands_alone(text, at, end, short=len(written) < SHORTEST):
                    yield at, end, instead
                at = text.find(written, at + 1)


def _joined(spans: list[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """Without overlaps: of two the one that begins first takes the other's end along."""
    held: tuple[int, int, str] | None = None
    for span in spans:
        if held is None:
            held = span
        elif span[0] < held[1]:
            held = (held[0], max(held[1], span[1]), held[2])
        else:
            yield held
            held = span
    if held is not None:
        yield held


_ENDS = frozenset("\"',;:\t\r\n|[]{}")


def _stands_alone(text: str, start: int, stop: int, *, short: bool) -> bool:
    """Is it a value rather than a part of a word? A PIN of four digits must be a whole field."""
    beside = (text[start - 1] if start else "\n", text[stop] if stop < len(text) else "\n")
    if short:
        return all(one in _ENDS or one.isspace() for one in beside)
    return not any(one.isalnum() for one in beside)


_DIGITS = re.compile(r"\d(?:[ \-\u00a0]?\d)*")


def _found_by_digits(cell: str, held: Held) -> bool:
    """A shorter one is found among digits only where it is a whole run."""
    digits = sum(character.isdigit() for character in cell)
    return held in (Held.NUMBER, Held.CARD) and digits >= FEWEST and _DIGITS.fullmatch(cell.strip()) is not None


def _as_written(text: str) -> set[str]:
    """In the file: as JSON writes it, with and without what need not be escaped, and as CSV does."""
    plain, ascii_only = (json.dumps(text, ensure_ascii=one)[1:-1] for one in (False, True))
    return {text, plain, ascii_only, plain.replace("/", "\\/"), ascii_only.replace("/", "\\/"), text.replace('"', '""')}
