"""The recipient's page in Chromium, Firefox and WebKit: link, code, the very file, and "this is not mine"."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from portal.delivery.kinds import CodeChannel, DeliveryState, DeliveryWay
from tests.delivery.serving import served
from tests.engines.drivers import Engine, saved_file, until
from tests.package.versions.conftest import collect, decide_all, recognise, save_profile
from tests.sources.conftest import open_on

pytestmark = [pytest.mark.browser, pytest.mark.keeps("DLV-6", "DLV-7", "DLV-11"), pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Answer:
    """A case with an approved package, and where its links are served."""

    desk: Any
    case: str
    package: str
    origin: str

    def given(self) -> tuple[str, str, str]:
        """A link that is shown on the screen: the delivery's id, the address, the code."""
        deliveries, sam = self.desk.portal.deliveries, self.desk.user("sam")
        made = deliveries.prepare(sam, self.case, self.package, DeliveryWay.SCREEN, channel=CodeChannel.IN_PERSON)
        deliveries.told(sam, self.case, made.delivery_id, CodeChannel.IN_PERSON)
        token = deliveries.send(sam, self.case, made.delivery_id).rpartition("/")[2]
        return made.delivery_id, f"{self.origin}/r/{token}", made.code

    def view(self, delivery: str) -> Any:
        found = self.desk.portal.deliveries.state(self.desk.user("sam"), self.case).deliveries
        return next(one for one in found if one.id == delivery)


@pytest.fixture(scope="module")
def answer(new_desk: Callable[..., Any]) -> Iterator[Answer]:
    with new_desk() as desk:
        save_profile(desk)
        case = open_on(desk, email="no.one.engines@example.com")
        collect(desk, case)
        decide_all(desk, case)
        recognise(desk, case)
        built = desk.portal.packages.build(desk.user("sam"), case)
        desk.portal.packages.approve(desk.user("sam"), case, built.id, built.sha256)
        with served(desk.portal) as origin:
            yield Answer(desk, case, built.id, origin)


def test_each_engine_saves_the_very_file_and_can_say_it_is_not_theirs(
    engine: Engine, answer: Answer, saved: Path
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
