"""Portability, nothing held, everything left out, names: what a package is when it is not the whole answer."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from portal.package.dictionary.kinds import Entry, Origin, Shape, Topic
from portal.package.dictionary.lookup import field_of
from portal.package.failures import BadName, EverythingLeftOut
from portal.package.parts import FileKind, LeftOutLine, Media, Outcome, Variant, WithheldFile, file_of_bytes
from portal.package.portability import covered
from portal.practice.invented import shapes
from portal.practice.invented.columns import ROW_COLUMNS
from portal.redaction.reasons import Reason
from tests.package.conftest import CASE, built, gift_cards, json_file, looks, loyalty, person, the_world


@pytest.mark.keeps("LAW-12")
def test_portability_holds_only_what_was_given_or_observed() -> None:
    made = built(gift_cards(), loyalty(), looks(), variant=Variant.PORTABILITY)
    assert set(made.names) == {
        "1-READ-ME-FIRST.html", "data/gift-cards-portable.json", "data/loyalty-1-portable.json",
        "tables/gift-cards-1.csv", "tables/gift-cards-2.csv", "tables/gift-cards-3.csv", "tables/gift-cards-4.csv",
        "tables/loyalty-1-1.csv",
        "tables/loyalty-1-2.csv", "tables/loyalty-1-3.csv", "manifest.html", "manifest.json",
    }  # fmt: skip
    said = made.json("data/gift-cards-portable.json")
    whole = made.read("data/gift-cards-portable.json").decode()
    assert said["customer"]["email"] == "ada@example.com"
    assert said["giftCards"][1]["transactions"][0]["amount"]
    assert "points" in made.json("data/loyalty-1-portable.json")["loyalty"]
    for left in ("cashierName", "sender", "customMessage", "tier", "merchantId", "exportId", "description"):
        assert f'"{left}"' not in whole + made.read("data/loyalty-1-portable.json").decode()
    manifest = made.json("manifest.json")
    assert manifest["variant"] == "portability"
    (line,) = (one for one in manifest["files"] if one["path"] == "data/gift-cards-portable.json")
    assert line["source_sha256"] == gift_cards().sha256 and not line["as_fetched"]


def test_portability_keeps_numbers_digit_for_digit() -> None:
    text = b'{"giftCards":[{"balance":12.50,"cardNumber":"007","mystery":1}]}'
    file = file_of_bytes(FileKind.GIFT_CARDS, "gift-cards", "Gift cards", Media.JSON, text)
    made = built(file, variant=Variant.PORTABILITY)
    assert made.read("data/gift-cards-portable.json") == b'{"giftCards":[{"balance":12.50,"cardNumber":"007"}]}\n'


def test_portability_of_a_csv_keeps_the_columns_that_are_covered() -> None:
    world, ada = the_world(), person("ordinary")
    rows = shapes.transaction_rows(world, world.cards_of_customer[ada.id])
    text = shapes.csv_text(ROW_COLUMNS, rows).encode()
    made = built(
        file_of_bytes(FileKind.GIFT_CARDS, "gift-cards", "Gift cards", Media.CSV, text), variant=Variant.PORTABILITY
    )
    found = list(csv.DictReader(io.StringIO(made.text("data/gift-cards-portable.csv"))))
    assert len(found) == len(rows)
    assert {"amount", "cardNumber", "customerEmail"} <= set(found[0])
    assert not {"cashierName", "senderName", "recipientEmail", "customMessage"} & set(found[0])


@pytest.mark.parametrize("origin", list(Origin))
def test_only_given_and_observed_values_are_covered(origin: Origin) -> None:
    assert covered(Entry("Name", Shape.TEXT, origin)) is (origin in (Origin.PROVIDED, Origin.OBSERVED))
    assert not covered(field_of("zodiacSign", Topic.WHO))


def test_nothing_held_is_a_package_too() -> None:
    made = built(case=replace(CASE, outcome=Outcome.NOTHING))
    assert made.names == ["1-READ-ME-FIRST.html", "manifest.html", "manifest.json"]
    assert made.json("manifest.json")["outcome"] == "nothing"


def test_a_file_without_entries_is_shown_as_empty() -> None:
    made = built(
        json_file(FileKind.CONSENTS, "consents", []), json_file(FileKind.LOYALTY, "loyalty-1", {"customer": None})
    )
    assert made.manifest.values == 2
    assert "data/consents.json" in made.text("2-your-data.html")


def test_a_csv_is_shown_like_json() -> None:
    world, ada = the_world(), person("ordinary")
    text = shapes.csv_text(ROW_COLUMNS, shapes.transaction_rows(world, world.cards_of_customer[ada.id])).encode()
    made = built(file_of_bytes(FileKind.GIFT_CARDS, "gift-cards", "Gift cards", Media.CSV, text))
    assert "Paid with the card" in made.text("2-your-data.html")
    assert made.read("data/gift-cards.csv") == text


def test_everything_left_out_is_a_refusal_and_no_package() -> None:
    line = LeftOutLine(1, "name", "", Reason.OTHER_PERSON)
    file = json_file(
        FileKind.GIFT_CARDS, "gift-cards", {"name": "[withheld 1: another person]"}, redacted=True,
        source_sha256="0" * 64, left_out=(line,),
    )  # fmt: skip
    with pytest.raises(EverythingLeftOut):
        built(file)
    own = json_file(FileKind.PORTAL, "this-portal", {"request": "2026-0042", "now": "open"})
    with pytest.raises(EverythingLeftOut):
        built(own, withheld=(WithheldFile("Gift cards", FileKind.GIFT_CARDS, Reason.NOT_THEIRS),))


@pytest.mark.parametrize("reference", ["", "../x", "a/b", "a b", ".", "-", "x" * 63, "CON\n"])
def test_a_reference_that_cannot_name_a_folder_is_refused(reference: str) -> None:
    with pytest.raises(BadName):
        built(case=replace(CASE, reference=reference))


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a b", "Ü", "a.json", "-a"])
def test_a_name_that_cannot_stand_in_a_zip_is_refused(name: str) -> None:
    with pytest.raises(BadName):
        built(replace(gift_cards(), name=name))


def test_two_files_of_one_name_are_refused() -> None:
    with pytest.raises(BadName):
        built(gift_cards(), gift_cards())
