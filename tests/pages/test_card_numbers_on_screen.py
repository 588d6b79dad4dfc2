"""Card numbers on the Preview: masked everywhere until somebody says why, and, on wish, a second person allows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from portal.exports.core.download import FileKind
from portal.exports.files.card_codes import CardReason
from portal.preview.card_numbers import card_columns, is_hidden
from portal.storage.tables import Merchant

if TYPE_CHECKING:
    from tests.pages.conftest import Screen

    MakeScreen = Callable[..., Screen]

SHOW = "Show card numbers"


def numbers_of(desk: Any, export_id: str) -> set[str]:
    tables = desk.portal.files.open_preview(desk.user(), export_id).tables
    cells = (
        (held, str(row[at])) for table in tables for at, held in card_columns(table).items()
        for _, row in table.iterate()
    )  # fmt: skip
    return {cell for held, cell in cells if is_hidden(held, cell) and len(cell) > 6}


def shown(screen: Screen) -> str:
    """All that the page says, the original text included."""
    frames = "\n".join(frame.to_csv() for frame in screen.tables())
    code = "\n".join(str(one.value) for one in screen.app.code)
    tabs = "\n".join(tab.label for tab in screen.app.tabs)
    return "\n".join((frames, code, tabs, screen.said(), screen.texts()))


def ask(desk: Any, screen: Screen, export_id: str) -> None:
    """What the dialog's button does; it is pressed in tests/browser."""
    user = desk.portal.sessions.resolve_hash(screen.app.user["session_hash"])
    desk.portal.card_access.ask(user, export_id, CardReason.PERSON_ASKED)
    screen.run()


def raw(screen: Screen, export_id: str) -> str:
    """All that the page says with the original text opened."""
    screen.app.session_state[f"tabs-{export_id}--0"] = "Raw"
    return shown(screen.run())


@pytest.fixture
def export_id(desk: Any) -> str:
    return str(desk.run("ada@example.com").id)


@pytest.fixture
def second(desk: Any) -> Iterator[None]:
    def need(two: bool) -> None:
        with desk.portal.db.write() as session:
            merchant = desk.user().merchant_id
            session.execute(update(Merchant).where(Merchant.id == merchant).values(cards_need_two=two))

    need(True)
    yield
    need(False)


def test_numbers_are_masked_until_a_reason_is_given(desk: Any, screen: MakeScreen, export_id: str) -> None:
    numbers = numbers_of(desk, export_id)
    person = screen("sam").go("Preview", export_id)
    assert "is at risk here" in person.said("markdown")
    masked = shown(person) + raw(person, export_id)
    assert numbers and not [one for one in numbers if one in masked]
    assert "…" in masked
    person.press(SHOW)
    assert [box.label for box in person.app.selectbox if box.label == "Why do you need them?"]
    assert "Show the numbers" in person.labels()
    ask(desk, person, export_id)
    assert "Card numbers are shown until" in person.said("caption") and SHOW not in person.labels()
    assert all(one in shown(person) for one in numbers)  # still on Raw


@pytest.mark.usefixtures("second")
def test_a_second_person_allows_it_on_the_preview(desk: Any, screen: MakeScreen, export_id: str) -> None:
    numbers = numbers_of(desk, export_id)
    agent = screen("sam").go("Preview", export_id).press(SHOW)
    assert "A second person must allow it" in agent.texts()
    assert "Ask for it" in agent.labels()
    ask(desk, agent, export_id)
    assert "It waits for" in agent.said("caption") and "Allow" not in agent.labels()
    today = screen("maya").go("Today")
    assert "Card numbers asked for" in "\n".join(one.label for one in today.app.expander)
    manager = screen("maya").go("Preview", export_id)
    assert "asks to see the card numbers: The person asked for the numbers" in manager.texts()
    manager.press("Allow")
    assert "Allow" not in manager.labels()
    assert not [one for one in numbers if one in raw(manager, export_id)]
    agent.run()
    assert all(one in raw(agent, export_id) for one in numbers)


@pytest.mark.usefixtures("second")
def test_who_is_refused_reads_by_whom(desk: Any, screen: MakeScreen, export_id: str) -> None:
    agent = screen("sam").go("Preview", export_id)
    ask(desk, agent, export_id)
    screen("maya").go("Preview", export_id).press("Refuse")
    assert "did not allow it" in agent.run().said("caption") and SHOW in agent.labels()


def test_the_setting_is_a_managers_and_stays_with_the_merchant(desk: Any, screen: MakeScreen) -> None:
    def setting(shop: str) -> bool:
        return bool(desk.portal.connection.merchant_settings(desk.user("maya", shop)).cards_need_two)

    page = screen("maya").go("Settings")
    (box,) = [one for one in page.app.checkbox if one.label == "Card numbers in full need a second person"]
    box.check()
    page.press("Save")
    try:
        assert setting("one") and not setting("two")
    finally:
        box = next(one for one in page.app.checkbox if one.label.startswith("Card numbers in full"))
        box.uncheck()
        page.press("Save")
    assert not setting("one")


def test_a_comparison_masks_the_numbers_of_both_files(desk: Any, screen: MakeScreen) -> None:
    earlier, later = (desk.run("ada@example.com").id for _ in range(2))
    desk.decide_as_proposed(later)
    assert b"".join(desk.portal.files.open_file(desk.user(), later, FileKind.CSV).chunks)
    person = screen("sam").go("Preview", later)
    person.app.session_state[f"compare-{later}"] = True
    person.run().press("Compare")
    numbers = numbers_of(desk, earlier) | numbers_of(desk, later)
    assert not [one for one in numbers if one in shown(person)]


def test_what_masks_a_file_is_dropped_with_it(desk: Any, screen: MakeScreen, export_id: str) -> None:
    person = screen("sam").go("Preview", export_id)
    assert person.app.session_state["_cards"][0][0] == export_id
    other = str(desk.run("ada@example.com").id)
    person.app.query_params["export"] = other
    assert person.run().app.session_state["_cards"][0][0] == other
