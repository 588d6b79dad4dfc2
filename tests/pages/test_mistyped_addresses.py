"""An address that looks mistyped is answered before LoyaltyDog is asked for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from portal.storage.tables import Export

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.pages.conftest import Screen

QUESTION = "Send to gmial.com all the same?"


def asked(desk: Any) -> int:
    with desk.portal.db.read() as session:
        return int(session.scalar(select(func.count()).select_from(Export)) or 0)


def question(person: Screen) -> bool:
    return QUESTION in person.said("warning").replace("\\", "").replace("\u2060", "")


def test_the_button_alone_asks_the_question_and_sends_nothing(desk: Any, screen: Callable[..., Screen]) -> None:
    before = asked(desk)
    person = screen("sam").go("New export").enter("Customer email", "bob@gmial.com").press("Request export")
    assert question(person)
    assert question(person.press("Request export"))
    assert (asked(desk), person.titles) == (before, ["New export"])


def test_the_answer_sends_what_was_typed_in_one_press(desk: Any, screen: Callable[..., Screen]) -> None:
    before = asked(desk)
    person = screen("sam").go("New export").enter("Customer email", "bob@gmial.com").press("Request export")
    person.press("Send to gmial\\.com" if "Send to gmial\\.com" in person.labels() else "Send to gmial.com")
    assert (asked(desk), person.titles) == (before + 1, ["Preview"])


def test_the_correction_is_shown_and_waits_for_the_button(desk: Any, screen: Callable[..., Screen]) -> None:
    before = asked(desk)
    person = screen("sam").go("New export").enter("Customer email", "bob@gmial.com").press("Request export")
    person.press(next(label for label in person.labels() if label.startswith("Use gmail")))
    assert not question(person)
    assert next(f for f in person.app.text_input if f.label == "Customer email").value == "bob@gmail.com"
    assert asked(desk) == before
    person.press("Request export")
    assert (asked(desk), person.titles) == (before + 1, ["Preview"])


def test_an_address_in_a_pasted_message_is_asked_about_too(desk: Any, screen: Callable[..., Screen]) -> None:
    before = asked(desk)
    person = screen("sam").go("New export").enter("Customer email", "From: Bob <bob@gmial.com> wrote: my data please")
    assert question(person.run().press("Request export"))
    assert asked(desk) == before


def test_the_answer_holds_for_that_address_only(desk: Any, screen: Callable[..., Screen]) -> None:
    person = screen("sam").go("New export").enter("Customer email", "bob@gmial.com").press("Request export")
    assert question(person)
    person.enter("Customer email", "carol@gmial.com").run()
    assert not question(person)
    assert question(person.press("Request export"))


@pytest.mark.parametrize("address", ["bob@example.com", "bob@mail.com"])
def test_an_ordinary_address_is_not_asked_about(desk: Any, screen: Callable[..., Screen], address: str) -> None:
    person = screen("sam").go("New export").enter("Customer email", address).press("Request export")
    assert person.titles == ["Preview"]
