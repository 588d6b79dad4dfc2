"""The list of other systems in Settings: kept once, never deleted, each merchant's its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from portal import audit
from portal.errors import InputError, NotFound, NotPermitted, StateConflict
from portal.systems.register import MOST_SYSTEMS


def named(desk: Any, merchant: str = "one") -> dict[str, Any]:
    return {one.id: one for one in desk.portal.merchant_systems.systems(desk.user("maya", merchant))}


def test_a_system_is_added_renamed_retired_and_brought_back(desk: Any, system: Callable[..., str]) -> None:
    systems, maya = desk.portal.merchant_systems, desk.user()
    one = system(name="  Till \n receipts ")
    assert named(desk)[one].name == "Till receipts"
    systems.rename_system(maya, one, "Receipts of the till")
    systems.retire_system(maya, one)
    assert named(desk)[one].name == "Receipts of the till" and named(desk)[one].retired_at is not None
    with pytest.raises(StateConflict):
        systems.retire_system(maya, one)
    systems.bring_system_back(maya, one)
    assert named(desk)[one].retired_at is None
    with pytest.raises(StateConflict):
        systems.bring_system_back(maya, one)
    with desk.portal.db.read() as session:
        acts = audit.entries_about(session, maya.merchant_id, maya.merchant_id)
    mine = [act.action for act in acts if act.facts.get("system") == one]
    assert mine == ["system:add", "system:rename", "system:retire", "system:bring_back"]


def test_a_name_is_refused_that_is_there_in_other_letters(desk: Any, system: Callable[..., str]) -> None:
    systems, maya = desk.portal.merchant_systems, desk.user()
    first, second = system(name="Straße 1"), system(name="Newsletter list")
    for name in ("STRASSE 1", " straße  1 "):
        with pytest.raises(InputError, match="field name"):
            systems.add_system(maya, name)
    with pytest.raises(InputError) as refused:
        systems.rename_system(maya, second, "strasse 1")
    assert refused.value.message == "This name is in the list already."
    systems.rename_system(maya, first, "STRASSE 1")  # its own
    systems.retire_system(maya, first)
    with pytest.raises(InputError) as refused:
        systems.add_system(maya, "Straße 1")
    assert "bring it back" in refused.value.message


@pytest.mark.parametrize("name", ["", "  \n ", "x" * 81, "a\u202eb", "a\x00b"])
def test_a_name_that_cannot_be_shown_is_refused(desk: Any, name: str) -> None:
    with pytest.raises(InputError):
        desk.portal.merchant_systems.add_system(desk.user(), name)


def test_another_merchants_list_is_neither_seen_nor_touched(desk: Any, system: Callable[..., str]) -> None:
    systems, stranger = desk.portal.merchant_systems, desk.user("maya", "two")
    one = system(name="Bookkeeping of one")
    assert one not in named(desk, "two")
    for act in (
        lambda: systems.rename_system(stranger, one, "Taken"),
        lambda: systems.retire_system(stranger, one),
        lambda: systems.bring_system_back(stranger, one),
    ):
        with pytest.raises(NotFound):
            act()
    assert named(desk)[one].name == "Bookkeeping of one" and named(desk)[one].retired_at is None
    assert system("two", "Bookkeeping of one") in named(desk, "two")  # its name is free elsewhere


def test_an_agent_sees_the_list_and_changes_nothing(desk: Any, system: Callable[..., str]) -> None:
    one, agent = system(), desk.user("sam")
    assert one in {found.id for found in desk.portal.merchant_systems.systems(agent)}
    with pytest.raises(NotPermitted):
        desk.portal.merchant_systems.retire_system(agent, one)


def test_the_list_has_an_end(desk: Any, system: Callable[..., str]) -> None:
    for _ in range(MOST_SYSTEMS - len(named(desk, "two"))):
        system("two")
    with pytest.raises(InputError, match="field name"):
        system("two")
