"""A case with an approved package and links that are shown on the screen, served on a loopback port."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from portal.delivery.kinds import CodeChannel, DeliveryWay
from tests.delivery.serving import served
from tests.package.versions.conftest import collect, decide_all, recognise, save_profile
from tests.sources.conftest import open_on


@dataclass(frozen=True)
class ShownAnswer:
    desk: Any
    case: str
    package: str
    origin: str

    def given(self) -> tuple[str, str, str]:
        """The delivery's id, the address, the code."""
        deliveries, sam = self.desk.portal.deliveries, self.desk.user("sam")
        made = deliveries.prepare(sam, self.case, self.package, DeliveryWay.SCREEN, channel=CodeChannel.IN_PERSON)
        deliveries.told(sam, self.case, made.delivery_id, CodeChannel.IN_PERSON)
        token = deliveries.send(sam, self.case, made.delivery_id).rpartition("/")[2]
        return made.delivery_id, f"{self.origin}/r/{token}", made.code

    def view(self, delivery: str) -> Any:
        found = self.desk.portal.deliveries.state(self.desk.user("sam"), self.case).deliveries
        return next(one for one in found if one.id == delivery)


@contextlib.contextmanager
def shown_answer(desk: Any) -> Iterator[ShownAnswer]:
    save_profile(desk)
    case = open_on(desk, email="no.one.shown@example.com")
    collect(desk, case)
    decide_all(desk, case)
    recognise(desk, case)
    built = desk.portal.packages.build(desk.user("sam"), case)
    desk.portal.packages.approve(desk.user("sam"), case, built.id, built.sha256)
    with served(desk.portal) as origin:
        yield ShownAnswer(desk, case, built.id, origin)
