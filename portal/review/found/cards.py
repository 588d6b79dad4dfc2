"""Numbers that a card is spent with, shortened in every copy to their last four: where they stand in a file. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ahocorasick_rs import AhoCorasick

from portal.preview import Place as CellPlace
from portal.preview import Preview
from portal.preview.card_numbers import FEWEST_KNOWN, KEPT, CardMask, Held, is_hidden, masks_of


@dataclass(frozen=True)
class CardPart:
    """`number`: all of it, which a copy is searched for. `span`: what of the cell's text is left out."""

    cell: CellPlace = field(repr=False)
    span: tuple[int, int]
    number: str = field(repr=False)
    held: Held


def card_parts(preview: Preview) -> Iterator[CardPart]:
    """Every part of a cell that a card could be spent with. Reads all of the file twice."""
    masks = masks_of(preview)
    codes = _codes(preview, masks)
    search = AhoCorasick(codes) if codes else None
    for table in preview.tables:
        mask = masks[table.name]
        shown = [name not in table.link_columns for name in table.columns]
        for index, row in table.iterate():
            for at, cell in enumerate(row):
                if not shown[at] or not isinstance(cell, str) or not cell:
                    continue
                place = CellPlace(table.name, index, table.columns[at])
                parts = mask.hidden_parts(at, cell)
                for start, end in parts:
                    named = mask.held.get(at)
                    if named is not None and is_hidden(named, cell):
                        yield CardPart(place, (start, end), cell, named)
                    else:
                        yield CardPart(place, (start, end), _whole_number(cell, start, end), Held.CARD)
                if parts or search is None:
                    continue
                for _which, start, end in search.find_matches_as_indexes(cell):
                    yield CardPart(place, (start, end), cell[start:end], Held.NUMBER)


def _whole_number(text: str, start: int, end: int) -> str:
    """With the last four that stay."""
    stays = 0
    while end < len(text) and stays < KEPT:
        stays += text[end].isalnum()
        end += 1
    return text[start:end]


def _codes(preview: Preview, masks: dict[str, CardMask]) -> list[str]:
    """Numbers with letters in them, which are looked for in other cells as they are written."""
    found: set[str] = set()
    for table in preview.tables:
        held = {at: one for at, one in masks[table.name].held.items() if one in (Held.NUMBER, Held.CODE, Held.PAYLOAD)}
        if not held:
            continue
        for _, row in table.iterate():
            for at, one in held.items():
                cell = row[at]
                if isinstance(cell, str) and is_hidden(one, cell) and len(cell.strip()) >= FEWEST_KNOWN:
                    found.add(cell.strip())
    return sorted(code for code in found if not all(c.isdigit() or c in " -\u00a0" for c in code))
