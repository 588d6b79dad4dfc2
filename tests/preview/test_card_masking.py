"""A preview without card numbers: tables, names, warnings and the original text, whatever the file looks like."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.preview import Preview, read
from portal.preview.card_masking import (
    MaskedText,
    careful_mask,
    mask_of_file,
    masked_cells,
    without_card_numbers,
)
from portal.preview.card_numbers import holds_card_numbers

NUMBER, CODE, PIN, BARCODE = "6006491234567417", "GC-7K2M-9XD4", "4711", 'LD/6006491234567417"x'
CARD = {"id": "c1", "cardNumber": NUMBER, "pin": PIN, "barcode": BARCODE, "status": "active"}


def preview_of(*cards: dict[str, Any], **more: Any) -> Preview:
    return read(json.dumps({"giftCards": list(cards), **more}).encode(), "json")


def said(preview: Preview, chars: int = 20_000) -> str:
    """All that a screen may take from it."""
    tables = json.dumps([[t.name, t.columns, t.notes, t.rows()] for t in preview.tables], default=str)
    paths = json.dumps([t.paths(row) for t in preview.tables for row in range(t.row_count)])
    warnings = json.dumps([[w.place, w.message] for w in preview.warnings])
    raw = "".join(preview.raw_page(page, chars) for page in range(preview.raw.pages(chars)))
    return "\n".join((tables, paths, warnings, raw))


def test_number_code_pin_and_barcode_stand_nowhere() -> None:
    whole = preview_of(
        CARD, {"id": "c2", "code": CODE, "status": "active"}, note=f"card {NUMBER}, code {CODE}, of 2026-05-01"
    )
    shown = said(without_card_numbers(whole))
    assert not [one for one in (NUMBER, CODE, "2M9XD4", BARCODE, f'"{PIN}"', "LD/6006") if one in shown]
    assert "2026-05-01" in shown
    assert "…7417" in shown and "…9XD4" in shown and "active" in shown


def test_rows_places_and_what_is_no_number_stay() -> None:
    whole = preview_of(CARD, {**CARD, "cardNumber": "6006491234567425", "id": "c2"})
    shown = without_card_numbers(whole)
    assert [table.row_count for table in shown.tables] == [table.row_count for table in whole.tables]
    assert [row[0] for row in shown.table("giftCards").rows()] == ["c1", "c2"]
    assert shown.table("giftCards").rows(1) == shown.table("giftCards").rows()[1:]
    without = read(b'{"customer": {"phone": "4915123456789", "ean": "4006381333931"}}', "json")
    assert said(without_card_numbers(without)) == said(without)
    assert not holds_card_numbers(without) and holds_card_numbers(whole)


def test_a_number_in_the_name_of_a_table_or_column_is_masked_and_names_stay_apart() -> None:
    other = "6006499999997417"  # ends alike
    whole = preview_of(CARD, {**CARD, "cardNumber": other}, **{NUMBER: [{"a": 1}], other: [{"b": 2}]})
    shown = without_card_numbers(whole)
    assert NUMBER not in said(shown) and other not in said(shown)
    names = [table.name for table in shown.tables]
    assert len(set(names)) == len(names)


@settings(max_examples=40)
@given(st.integers(5, 60), st.integers(0, 40), st.sampled_from(["{}", "no {} here"]))
def test_the_end_of_a_page_cuts_no_number_open(chars: int, before: int, form: str) -> None:
    written = f"{NUMBER[:4]} {NUMBER[4:8]}-{NUMBER[8:]}"
    whole = preview_of(CARD, note="x" * before + form.format(written))
    pages = without_card_numbers(whole).raw
    shown = "".join(pages.page(page, chars) for page in range(pages.pages(chars)))
    digits = "".join(character for character in shown if character.isdigit())
    assert NUMBER[4:12] not in digits and NUMBER not in digits


def test_in_csv_the_original_text_is_masked_too() -> None:
    data = f'Kartennummer;Guthaben;PIN;Notiz\r\n{NUMBER};10,00;{PIN};"siehe {NUMBER}"\r\n'.encode()
    shown = without_card_numbers(read(data, "csv"))
    assert NUMBER not in said(shown)
    assert shown.raw_page(0).startswith("Kartennummer;Guthaben;PIN;Notiz")
    assert "10,00" in shown.raw_page(0)


def test_of_a_file_that_is_still_read_no_original_text_is_shown() -> None:
    whole = preview_of(CARD, note=f"see {NUMBER}")
    shown = without_card_numbers(whole, careful_mask(whole))
    assert isinstance(shown.raw, MaskedText) and shown.raw.withheld
    assert NUMBER not in said(shown)


def test_a_comparison_keeps_the_names_it_speaks_of() -> None:
    whole = preview_of(CARD)
    shown = masked_cells(whole, mask_of_file(whole))
    assert [(t.name, t.columns) for t in shown.tables] == [(t.name, t.columns) for t in whole.tables]
    assert NUMBER not in json.dumps([t.rows() for t in shown.tables], default=str)


@pytest.mark.parametrize("text", ["{}", "[]", '{"giftCards": []}', '{"giftCards": [{"cardNumber": null}]}'])
def test_a_file_without_cards_is_as_it_was(text: str) -> None:
    whole = read(text.encode(), "json")
    assert said(without_card_numbers(whole)) == said(whole)
