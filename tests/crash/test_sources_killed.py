"""SIGKILL at every labelled point of collecting, at the first answer and between two pages: no source is lost."""

from __future__ import annotations

import pytest
from house import House
from shop import CANARY, CountingShop, readable_remains
from test_killed_at_labelled_points import SOURCES_OF_A_CASE, check_after_kill, check_after_restart

pytestmark = pytest.mark.keeps("SEC-15")

PERSON = f"{CANARY}.collected@example.com"
WHOLE = [
    ("card_consent", "i1", "empty", 0, 0),
    ("cards_found", "i1", "fetched", 1, 1),
    ("loyalty_consent", "club/m1", "empty", 1, 0),
    ("loyalty_data", "club/m1", "fetched", 1, 1),
    ("members", "club/i1", "fetched", 2, 1),
    ("members", "shut/i1", "refused", 0, None),
    ("programs", "", "fetched", 1, 2),
    ("vendor_log", "m1", "empty", 1, 0),
]
# Point -> which passing of it: the questions are the list of programs, cards, the consent (404), pages of members, …
KILLED_AT = {
    "source.begin": 5,
    "source.key_written": 5,
    "source.key_committed": 5,
    "source.answered": 4,
    "source.sealed": 4,
    "source.page_committed": 3,  # between the two pages
    "source.refused_committed": 2,
}


def check_collected(house: House, shop: CountingShop) -> None:
    assert house.run(sweep=True) == 0
    assert house.sources() == WHOLE
    assert shop.posts[PERSON] == 1
    check_after_restart(house)


def test_undisturbed_every_source_ends_and_nothing_can_be_read_on_the_disk(
    house: House, counting_shop: CountingShop
) -> None:
    assert house.run(collect=PERSON) == 0
    assert readable_remains(house.folder) == []
    check_collected(house, counting_shop)


def test_every_point_of_collecting_is_killed_here() -> None:
    assert set(KILLED_AT) == SOURCES_OF_A_CASE


@pytest.mark.parametrize(("label", "count"), KILLED_AT.items())
def test_a_case_killed_while_it_is_collected_loses_no_source(
    label: str, count: int, house: House, counting_shop: CountingShop
) -> None:
    assert house.run(collect=PERSON, die={"label": label, "count": count}) == -9
    check_after_kill(house)
    check_collected(house, counting_shop)
