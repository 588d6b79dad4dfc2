"""The recipient's page in Chromium, Firefox and WebKit: link, code, the very file, and "this is not mine"."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.delivery.kinds import DeliveryState
from tests.delivery.shown_answer import ShownAnswer, shown_answer
from tests.engines.drivers import Engine, saved_file, until

pytestmark = [pytest.mark.browser, pytest.mark.keeps("DLV-6", "DLV-7", "DLV-11"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def answer(new_desk: Callable[..., Any]) -> Iterator[ShownAnswer]:
    with new_desk() as desk, shown_answer(desk) as shown:
        yield shown


def test_each_engine_saves_the_very_file_and_can_say_it_is_not_theirs(
    engine: Engine, answer: ShownAnswer, saved: Path
) -> None:
    delivery, address, code = answer.given()
    engine.open(address)
    engine.fill("#code", "ABCDE-FGHJK", enter=True)
    until(lambda: engine.find("[role=alert]"), "the wrong code is told")
    engine.fill("#code", code.lower().replace("-", " "), enter=True)
    until(lambda: engine.find("button", "Get the file"), "the file")
    engine.click("button", "Get the file")
    file = saved_file(engine, saved)
    view = answer.view(delivery)
    assert hashlib.sha256(file.read_bytes()).hexdigest() == view.sha256
    assert file.name.startswith("answer-") and file.suffix == ".zip"
    assert (view.state, view.downloads_left, view.wrong_codes) == (DeliveryState.COMPLETED, 2, 0)
    assert engine.windows() == 1 and engine.find("h1", "Your answer is here")
    engine.click("summary", "This is not mine")
    engine.click("button", "It is not mine: end the link")
    until(lambda: engine.find("h1", "Thank you"), "the thanks")
    assert answer.view(delivery).state is DeliveryState.REVOKED
    engine.open(address)
    until(lambda: engine.find("h1", "This link has ended"), "the end")
    assert not engine.find("input")
