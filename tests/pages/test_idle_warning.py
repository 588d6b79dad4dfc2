"""A minute before a sign-in idles out the page says so, and one press goes on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from portal.composition import Portal
from portal.storage.tables import LoginSession, utc_now

if TYPE_CHECKING:
    from tests.pages.conftest import Screen

    MakeScreen = Callable[..., Screen]

pytestmark = pytest.mark.keeps("SEC-35")
STAY = "Stay signed in"


def last_seen(portal: Portal, person: Screen, ago: dt.timedelta) -> None:
    with portal.db.write() as session:
        session.get_one(LoginSession, person.app.user["session_hash"]).last_seen_at = utc_now() - ago


def test_a_person_is_warned_a_minute_before_the_end_and_stays_by_one_press(screen: MakeScreen, portal: Portal) -> None:
    person = screen("sam").go("Today")
    assert STAY not in person.labels()
    last_seen(portal, person, dt.timedelta(minutes=portal.settings.idle_minutes, seconds=-40))
    person.run()
    assert "seconds because nothing happens here" in person.said("warning")
    assert any("nothing happens here" in toast.value for toast in person.app.toast)
    last_seen(portal, person, dt.timedelta(0))  # what the gate does at a press (tests/web/test_gate_over_websocket.py)
    person.press(STAY)
    assert person.titles == ["Today"]
    assert STAY not in person.labels()
    assert "nothing happens here" not in person.said("warning")
