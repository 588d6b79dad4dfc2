"""What a card is spent with is found by name and text and hidden; other long numbers are left as they are."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.practice.invented.builder import build_world
from portal.preview import Preview, read
from portal.preview.card_numbers import HIDDEN, Held, card_columns, hidden_in, is_hidden, luhn, masked, masks_of
from portal.preview.cells import NULL
from portal.preview.model import Format, Table

CARD = "6364200000007919"
LUHN_13, LUHN_14 = "4222222222222", "30569309025904"
EAN_13 = "4006381333931"


def held(table: str, column: str, *beside: str) -> Held | None:
    return card_columns(Table(table, (column, *beside))).get(0)


def shown(preview: Preview) -> str:
    """Every cell of every table as a screen with the mask would show it."""
    masks = masks_of(preview)
    rows = (row for table in preview.tables for _, row in table.iterate() for row in [masks[table.name].cells(row)])
    return "\n".join(cell for row in rows for cell in row if isinstance(cell, str))


def of(value: Any) -> Preview:
    return read(json.dumps(value).encode(), "json")


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("rows", "cardNumber"), ("rows", "gift_card_number"), ("rows", "giftCardCode"), ("rows", "voucherCode"),
        ("rows", "Card No."), ("rows", "PAN"), ("giftCards", "number"), ("data.cards", "code"), ("cards[]", "no"),
        ("rows", "Kartennummer"), ("rows", "Gutscheinnummer"), ("rows", "Gutscheincode"), ("Gutscheine", "Nummer"),
        ("rows", "Geschenkkartennummer"), ("rows", "Kundenkartennummer"), ("rows", "numéro de carte"),
        ("rows", "N° carte"), ("rows", "Código de la tarjeta"), ("rows", "número_tarjeta"), ("rows", "Numero carta"),
        ("rows", "codice carta"), ("rows", "kaartnummer"), ("rows", "cadeaukaartnummer"), ("rows", "numer karty"),
        ("rows", "Kortnummer"), ("rows", "presentkortNummer"), ("rows", "kart numarası"), ("rows", "número do cartão"),
    ],
)  # fmt: skip
def test_a_cards_number_is_known_by_its_name_in_the_files_languages(table: str, column: str) -> None:
    assert held(table, column) is Held.NUMBER
    for number in (CARD, "0012345", "6364 2000 0000 7919", "6364-2000-0000-7919", "GIFT-7F3K-1234"):
        assert is_hidden(Held.NUMBER, number), number


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("giftCards", "orderNumber", CARD),
        ("giftCards", "giftCardOrderNumber", CARD),
        ("rows", "Bestellnummer", CARD),
        ("rows", "order_id", CARD),
        ("rows", "number", CARD),
        ("rows", "code", "0012345678"),
        ("giftCards.transactions", "number", CARD),
        ("giftCards", "id", "1234567890123456"),
        ("rows", "cardId", "1234567890123456"),
        ("rows", "phone", "004915112345678"),
        ("giftCards", "customerPhone", "4915112345678123"),
        ("rows", "timestamp", "1764500000000"),
        ("giftCards", "createdAt", "1764500000000"),
        ("rows", "cardCreatedAt", "1764500000000"),
        ("rows", "barcode", EAN_13),
        ("products", "barcode", EAN_13),
        ("rows", "productEan", EAN_13),
        ("giftCards", "productBarcode", EAN_13),
        ("rows", "card", EAN_13),
        ("rows", "card", "1764500000000"),
        ("rows", "card", "Birthday"),
        ("rows", "cardNumber", "2026-11-30"),
        ("rows", "cardNumber", "none yet"),
        ("rows", "cardNumber", "7919"),
        ("rows", "lastFourDigits", "7919"),
        ("rows", "cardBalance", "1234567890123"),
        ("rows", "cardCurrency", "EUR"),
        ("rows", "cardStatus", "active"),
        ("rows", "cardholderName", "A 12345678901234 B"),
        ("rows", "cardTransactionNumber", CARD),
        ("rows", "cardTerminalNumber", "0000000000001234"),
        ("giftCards", "card.serialNumber", "123456789012345"),
        ("rows", "pinned", "12345"),
        ("addresses", "pinCode", "560001"),
        ("rows", "pidNumber", "1234567890123456"),
        ("rows", "discardNumber", CARD),
    ],
)
def test_other_long_numbers_are_left_as_they_are(table: str, column: str, value: str) -> None:
    found = held(table, column)
    assert found is None or not is_hidden(found, value)


def test_the_barcode_of_a_product_beside_a_cards_number_is_left() -> None:
    columns = ("productName", "barcode", "cardNumber")
    assert card_columns(Table("lines", columns)) == {2: Held.NUMBER}
    assert card_columns(Table("lines", columns[1:])) == {0: Held.PAYLOAD, 1: Held.NUMBER}


@pytest.mark.parametrize(
    ("column", "wanted"),
    [
        ("pin", Held.CODE), ("cardPin", Held.CODE), ("cvv", Held.CODE), ("securityCode", Held.CODE),
        ("Sicherheitscode", Held.CODE), ("code de sécurité", Held.CODE), ("Código de seguridad", Held.CODE),
        ("codice di sicurezza", Held.CODE), ("beveiligingscode", Held.CODE), ("scratchCode", Held.CODE),
        ("barcode", Held.PAYLOAD), ("qrCode", Held.PAYLOAD), ("QR", Held.PAYLOAD), ("Strichcode", Held.PAYLOAD),
        ("code-barres", Held.PAYLOAD), ("código de barras", Held.PAYLOAD), ("streepjescode", Held.PAYLOAD),
    ],
)  # fmt: skip
def test_codes_of_a_card_count_in_a_table_of_cards(column: str, wanted: Held) -> None:
    assert held("giftCards", column) is wanted
    assert held("rows", column, "cardNumber") is wanted
    assert held("rows", column) in (None, wanted if "ard" in column else None)
    assert masked("https://pay.example/c/6364200000007919", wanted) == HIDDEN


def test_a_number_under_a_cards_name_alone_counts_by_its_length_and_check_digit() -> None:
    assert held("rows", "relatedCard") is held("rows", "tarjeta") is held("rows", "Karte") is Held.CARD
    assert all(luhn(number) for number in (LUHN_13, LUHN_14)) and not luhn(EAN_13)
    for digits in range(10, 22):
        assert is_hidden(Held.CARD, "7" * digits) is (15 <= digits <= 19 or (digits in (13, 14) and luhn("7" * digits)))
    assert is_hidden(Held.CARD, LUHN_13) and is_hidden(Held.CARD, LUHN_14)
    assert not is_hidden(Held.CARD, EAN_13)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (CARD, "…7919"),
        ("6364 2000 0000 7919", "…7919"),
        ("GIFT-7F3K-1234", "…1234"),
        ("12345678", "…5678"),
        ("0012345", "…345"),
        ("12345", "…45"),
        ("", "…"),
    ],
)
def test_the_last_four_stay_and_of_a_short_number_less_than_half(value: str, wanted: str) -> None:
    assert masked(value) == wanted


@given(st.text(max_size=60))
def test_a_mask_shows_at_most_four_characters_and_half_of_any_text(text: str) -> None:
    visible = masked(text).removeprefix(HIDDEN)
    characters = [one for one in text if one.isalnum()]
    assert len(visible) <= min(4, len(characters) / 2) and "".join(characters).endswith(visible)


# A whole file ------------------------------------------------------------------------------------

NUMBERS = st.integers(13, 19).flatmap(lambda n: st.from_regex(rf"[1-9][0-9]{{{n - 1}}}", fullmatch=True))


def grouped(number: str, by: int, mark: str) -> str:
    return mark.join(number[at : at + by] for at in range(0, len(number), by))


@given(number=NUMBERS, by=st.integers(2, 6), mark=st.sampled_from(["", " ", "-", "\u00a0"]), words=st.text(max_size=20))
def test_a_known_number_is_seen_in_no_cell_of_the_file(number: str, by: int, mark: str, words: str) -> None:
    words = re.sub(r"[\d \u00a0-]", "", words)
    written = grouped(number, by, mark)
    cards = [{"cardNumber": number, "barcode": f"99{number}5", "customMessage": f"{words}: {written}.{words}"}]
    transactions = [{"description": f"paid with {written}", "amount": "1.00"}]
    text = shown(of({"giftCards": cards, "transactions": transactions, "notes": [{"text": f"#{number}"}]}))
    digits = "".join(one for one in text if one.isdigit())
    assert number not in digits and written not in text
    assert f"…{number[-4:]}" in text and "1.00" in text


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["name", "note", "order", "phone", "createdAt", "balance"]),
            st.text(max_size=30) | st.integers(0, 10**20).map(str) | st.none(),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_a_file_without_cards_is_shown_as_it_is(rows: list[dict[str, str | None]]) -> None:
    preview = of(rows)
    masks = masks_of(preview)
    for table in preview.tables:
        assert all(masks[table.name].cells(row) == row for _, row in table.iterate())


@given(st.lists(st.text(max_size=25) | st.just(CARD), min_size=3, max_size=3))
def test_masking_again_changes_nothing_and_keeps_gaps(texts: list[str]) -> None:
    preview = of({"giftCards": [{"cardNumber": texts[0], "pin": texts[1], "note": texts[2], "card": None}]})
    mask = masks_of(preview)["giftCards"]
    (row,) = (row for _, row in next(t for t in preview.tables if t.name == "giftCards").iterate())
    once = mask.cells(row)
    assert mask.cells(once) == once and len(once) == len(row)
    assert [at for at, cell in enumerate(once) if cell is NULL] == [at for at, cell in enumerate(row) if cell is NULL]


def test_a_short_known_number_is_hidden_as_a_whole_only() -> None:
    known = frozenset({"12345678"})
    assert hidden_in("card 1234 5678", known) == "card …5678"
    assert hidden_in("order 9912345678", known) == "order 9912345678"


def test_no_card_of_the_practice_world_is_seen_in_its_holders_file(served: Any) -> None:
    numbers = {card.number for card in build_world().cards.values()}
    formats: tuple[tuple[str, Format], ...] = (
        ("ordinary", "json"), ("flat_json", "json"), ("stacked_csv", "csv"), ("semicolon_csv", "csv"),
    )  # fmt: skip
    for key, format_ in formats:
        data, _by_email, _by_id = served(key, format_)
        assert any(number in data.decode() for number in numbers)
        text = shown(read(data, format_))
        assert not any(number in text for number in numbers), key


@pytest.mark.parametrize("text", ["AB12-CD34-EF56", "6006 4912 3456", "9XD4 7K2M 0000 QRST"])
def test_a_code_in_groups_of_four_is_a_number_where_a_column_names_a_card(text: str) -> None:
    assert is_hidden(Held.CARD, text)
    assert not is_hidden(Held.CARD, "GOLD-CARD-PLUS")
