"""Rows that an older version indexed with merged letters (`straße@` as `strasse@`) are found by their own person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from house import House
from shop import CountingShop
from sqlalchemy import select
from structlog.testing import capture_logs

from portal.exports import HistoryFilter, parse_request
from portal.storage.tables import INDEX_FORM, Export, Merchant

pytestmark = pytest.mark.keeps("SEC-26")

SHARP, DOUBLE, PLAIN = "straße@example.com", "strasse@example.com", "ada@example.com"
LETTERS, LABELS = "kim@müller.example", "kim@xn--mller-kva.example"
NAMES = {SHARP: "sharp", DOUBLE: "double", LETTERS: "letters", PLAIN: "plain"}


def user_of(house: House) -> Any:
    return house.portal.accounts.user_for_account("maya@brookandbean.example.com", origin="cli")


def found(house: House, email: str) -> set[str]:
    return {row.id for row in house.portal.history.find(user_of(house), HistoryFilter(text=email)).rows}


@pytest.fixture(params=["sqlite", "postgresql"])
def old_house(request: pytest.FixtureRequest, tmp_path: Path, counting_shop: CountingShop) -> Iterator[House]:
    """Four people's exports, two of them indexed as version 1 did, and the portal closed."""
    url = request.getfixturevalue("postgres")() if request.param == "postgresql" else ""
    house = House(tmp_path / "house", database=url)
    house.furnish(counting_shop.port)
    user = user_of(house)
    for email in (SHARP, DOUBLE, LETTERS, PLAIN):
        house.portal.submissions.submit(
            user, parse_request(email=email, reference=NAMES[email], format="json"), force=True
        )
    with house.portal.db.write() as session:
        merchant = session.get_one(Merchant, user.merchant_id)
        merchant.index_form = 1
        merged = house.portal.sealer.index(DOUBLE, merchant_id=merchant.id, wrapped_keyset=merchant.sealed_index_keyset)
        key = merged.partition(".")[2]
        for row in session.scalars(select(Export)):
            if row.reference == NAMES[SHARP]:
                row.subject_index = merged
            if row.reference == NAMES[LETTERS]:
                row.subject_index = f"{'1' * 64}.{key}"
    house.close()
    yield house
    house.close()


def test_the_first_start_finds_each_person_and_no_other(old_house: House) -> None:
    people = [found(old_house, email) for email in (SHARP, DOUBLE, LETTERS, PLAIN)]
    assert [len(rows) for rows in people] == [1, 1, 1, 1]
    assert len(set.union(*people)) == 4
    assert found(old_house, LABELS) == found(old_house, LETTERS)
    with old_house.portal.db.read() as session:
        assert set(session.scalars(select(Merchant.index_form))) == {INDEX_FORM}


def test_a_row_that_does_not_open_stops_neither_start_nor_others(old_house: House) -> None:
    broken = old_house.portal
    with broken.db.write() as session:
        session.get_one(Merchant, user_of(old_house).merchant_id).index_form = 1
        for row in session.scalars(select(Export)):
            if row.reference == NAMES[DOUBLE]:
                row.asked.sealed_subject = b"not sealed"
            if row.reference == NAMES[SHARP]:
                row.subject_index = "0" * 64
    old_house.close()
    with capture_logs() as logged, old_house.portal.db.read() as session:
        indexes = {row.reference: row.subject_index for row in session.scalars(select(Export))}
    assert not indexes[NAMES[SHARP]].startswith("0" * 64)
    assert "exports.not_reindexed" in {line["event"] for line in logged}


def test_two_accounts_that_casefold_would_merge_are_two(old_house: House) -> None:
    accounts, user = old_house.portal.accounts, user_of(old_house)
    ids = {
        email: accounts.add_account(
            merchant_id=user.merchant_id, email=email, name="", role="agent", password=None, method="oidc",
            actor="cli", origin="cli",
        )
        for email in (SHARP, DOUBLE, LETTERS)
    }  # fmt: skip
    for typed, stored in ((SHARP.upper().replace("SS", "ẞ"), SHARP), (DOUBLE.upper(), DOUBLE), (LABELS, LETTERS)):
        assert accounts.user_for_account(typed, origin="cli").account_id == ids[stored]
    assert accounts.user_for_account(LABELS, origin="cli").email == LETTERS
