"""Who gave a card is named in the letter where the files that go out keep the name."""

from __future__ import annotations

from typing import Any

import pytest

from portal.package.givers import giver_names
from portal.package.parts import FileKind, Media, PackageFile, file_of_bytes
from portal.package.reading import read_file
from tests.package.conftest import json_file

pytestmark = pytest.mark.keeps("LAW-7")
ADA = {"name": "Ada Field", "email": "ada@example.com"}


def given_by(*senders: object, **card: Any) -> tuple[str, ...]:
    cards = [{"id": str(number), "balance": "5.00", "sender": one, **card} for number, one in enumerate(senders)]
    return names_in(json_file(FileKind.GIFT_CARDS, "gift-cards", {"customer": ADA, "giftCards": cards}))


def names_in(*files: PackageFile) -> tuple[str, ...]:
    return giver_names([read_file(file) for file in files])


def test_a_giver_is_named_once() -> None:
    rosa, ben = {"name": "Rosa Hill", "email": "rosa@example.com"}, {"name": "Ben Ash", "email": None}
    assert given_by(rosa, ben, {**rosa, "name": "ROSA HILL"}) == ("Rosa Hill", "Ben Ash")


@pytest.mark.parametrize("name", ["[withheld 1: another person]", "", None])
def test_a_name_that_is_left_out_is_not_in_the_letter(name: str | None) -> None:
    assert given_by({"name": name, "email": "rosa@example.com"}, {"name": name, "email": None}) == ()


@pytest.mark.parametrize("self_", [
    {"name": "ada field", "email": None}, {"name": "A. F.", "email": "Ada@example.com"},
])  # fmt: skip
def test_who_bought_a_card_for_themselves_is_no_giver(self_: object) -> None:
    assert given_by(self_) == ()


def test_a_card_for_somebody_else_was_not_given_to_the_person() -> None:
    rosa = {"name": "Rosa Hill", "email": None}
    assert given_by(rosa, recipient={"name": "Ben Ash", "email": "ben@example.com"}) == ()
    assert given_by(rosa, recipient=ADA) == ("Rosa Hill",)


def test_givers_of_a_csv_are_named_too() -> None:
    text = b"customerName,cardNumber,senderName\r\nAda Field,1,Rosa Hill\r\nAda Field,2,\r\n"
    assert names_in(file_of_bytes(FileKind.GIFT_CARDS, "cards", "Cards", Media.CSV, text)) == ("Rosa Hill",)


def test_only_gift_cards_have_givers() -> None:
    assert names_in(json_file(FileKind.OTHER, "till", [{"senderName": "Rosa Hill", "id": 1}])) == ()
