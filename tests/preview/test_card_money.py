"""The money on active cards adds up exactly, by currency, each card once."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.practice.invented.builder import build_world
from portal.preview import read
from portal.preview.card_money import MoneyAtRisk, money_at_risk


def at_risk(value: Any) -> MoneyAtRisk:
    return money_at_risk(read(json.dumps(value).encode(), "json"))


def card(number: int, balance: object, **more: object) -> dict[str, object]:
    return {"cardNumber": f"6364{number:012d}", "balance": balance, **more}


def test_active_cards_are_added_by_currency_and_others_left() -> None:
    found = at_risk(
        {
            "giftCards": [
                card(1, "12.50", status="active", currency="EUR"),
                card(2, "0.10", status="active", currency="EUR"),
                card(3, "1.234,56", status="aktiv", currency="EUR"),
                card(4, "5.00", status="active", currency="GBP"),
                card(5, "0.00", status="active", currency="GBP"),
                *(
                    card(6 + n, "99.00", status=status, currency="GBP")
                    for n, status in enumerate(
                        ("pending", "suspended", "EXPIRED", "voided", "depleted", "abgelaufen", "annulée", "agotada")
                    )
                ),
            ]
        }
    )
    assert found == MoneyAtRisk({"EUR": Decimal("1247.16"), "GBP": Decimal("5.00")}, cards=4, unread=0)


@pytest.mark.parametrize(
    ("balance", "amount", "currency"),
    [
        ("12,50 €", "12.50", "EUR"),
        ("£3.99", "3.99", "GBP"),
        ("CHF 1'000.05", "1000.05", "CHF"),
        ("USD 7", "7", "USD"),
        ("$7.00", "7.00", "$"),
        ("1 234,50", "1234.50", ""),
        (12.5, "12.5", ""),
        ("0.1", "0.1", ""),
    ],
)
def test_a_balance_is_read_as_the_preview_reads_money(balance: object, amount: str, currency: str) -> None:
    assert at_risk({"giftCards": [card(1, balance)]}) == MoneyAtRisk({currency: Decimal(amount)}, 1, 0)


def test_a_card_repeated_by_its_transactions_counts_once_with_its_highest_balance() -> None:
    rows = [
        {"cardNumber": "6364000000000001", "cardStatus": "active", "cardBalance": balance, "balanceAfter": "900.00"}
        for balance in ("10.00", "12.00", "11.00")
    ]
    assert at_risk(rows) == MoneyAtRisk({"": Decimal("12.00")}, 1, 0)
    nested = {"giftCards": [card(1, "12.00")], "cards": [card(1, "12.00")]}
    assert at_risk(nested) == MoneyAtRisk({"": Decimal("12.00")}, 1, 0)


def test_masked_numbers_that_look_alike_are_two_cards() -> None:
    cards = [{"id": f"c{n}", "cardNumber": "****7919", "balance": "1.00"} for n in (1, 2)]
    assert at_risk({"giftCards": cards}) == MoneyAtRisk({"": Decimal("2.00")}, 2, 0)
    for one in cards:
        del one["id"]
    assert at_risk({"giftCards": cards}).cards == 2


def test_a_balance_that_cannot_be_read_is_counted_and_not_guessed() -> None:
    found = at_risk({"giftCards": [card(1, "12.50"), card(2, "ask at the till"), card(3, None)]})
    assert found == MoneyAtRisk({"": Decimal("12.50")}, 1, 2)


def test_points_and_balances_of_no_card_are_no_money_at_risk() -> None:
    assert at_risk({"loyalty": [{"pointsBalance": "120", "balance": "3.00"}]}) == MoneyAtRisk()
    assert at_risk({"giftCards": [{"cardNumber": "6364000000000001", "pointsBalance": "120"}]}) == MoneyAtRisk()
    assert at_risk([{"accountBalance": "3.00", "name": "A"}]) == MoneyAtRisk()


@given(st.lists(st.tuples(st.integers(1, 10**9), st.booleans(), st.sampled_from(["EUR", "GBP", "SEK"])), max_size=20))
def test_any_balances_add_up_to_the_cent_in_either_form(cards: list[tuple[int, bool, str]]) -> None:
    def written(cents: int, comma: bool) -> str:
        text = f"{cents // 100:,}.{cents % 100:02d}"
        return text.translate(str.maketrans(",.", ".,")) if comma else text

    found = at_risk(
        {"giftCards": [card(n, written(cents, comma), currency=code) for n, (cents, comma, code) in enumerate(cards)]}
    )
    wanted: dict[str, Decimal] = {}
    for cents, _comma, code in cards:
        wanted[code] = wanted.get(code, Decimal(0)) + Decimal(cents).scaleb(-2)
    assert found == MoneyAtRisk(wanted, len(cards), 0)


@pytest.mark.parametrize(
    ("key", "format_"),
    [
        ("many_cards", "json"),
        ("flat_json", "json"),
        ("flat_csv", "csv"),
        ("stacked_csv", "csv"),
        ("tricky_text", "json"),
    ],
)
def test_the_practice_worlds_files_hold_what_its_active_cards_hold(served: Any, key: str, format_: Any) -> None:
    data, by_email, _by_id = served(key, format_)
    world = build_world()
    customer = world.customer_by_email(world.merchant("one").id, by_email.email)
    assert customer is not None
    active = [card.balance for card in world.cards_of_customer[customer.id] if card.status == "active" and card.balance]
    wanted = {"": Decimal(sum(active)).scaleb(-2)} if active else {}
    assert money_at_risk(read(data, format_)) == MoneyAtRisk(wanted, len(active), 0)
