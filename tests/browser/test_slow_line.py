"""A line so slow that the page left behind still asks for its parts when the next one is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

if TYPE_CHECKING:
    from playwright.sync_api import Page, WebSocketRoute

    from tests.browser.conftest import MakeDesk

pytestmark = pytest.mark.browser
MANAGER = "maya@brookandbean.example.com"
SETTLED_MILLISECONDS, PATIENCE_MILLISECONDS = 500, 20_000


class LateTimer:
    """Between browser and server: the timer of a page comes once more when the server has begun the page after it."""

    def __init__(self) -> None:
        self.timers: dict[str, bytes] = {}
        self.page = ""
        self.sent = 0

    def stand_between(self, browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()

        def asked(message: str | bytes) -> None:
            if isinstance(message, bytes):
                rerun = BackMsg.FromString(message).rerun_script
                if rerun.is_auto_rerun:
                    self.timers[rerun.page_script_hash] = message
            server.send(message)

        def answered(message: str | bytes) -> None:
            if isinstance(message, bytes):
                told = ForwardMsg.FromString(message)
                if told.WhichOneof("type") == "new_session" and told.new_session.page_script_hash != self.page:
                    left, self.page = self.page, told.new_session.page_script_hash
                    if left in self.timers:
                        server.send(self.timers.pop(left))
                        self.sent += 1
            browser.send(message)

        browser.on_message(asked)
        server.on_message(answered)

    def wait_for_a_timer(self, screen: Page) -> None:
        """Until the page that is shown has asked for a part of it by itself."""
        for _ in range(PATIENCE_MILLISECONDS // 100):
            if self.page in self.timers:
                return
            screen.wait_for_timeout(100)
        raise AssertionError("no part of the page asks for itself")


def test_a_page_opened_by_a_row_stays_when_the_list_still_asks_for_its_rows(desk: MakeDesk) -> None:
    person, line = desk(), LateTimer()
    person.page.route_web_socket("**/_stcore/stream", line.stand_between)
    person.sign_in(MANAGER)
    person.request("ada@example.com")
    export_id = person.export_id()
    for _turn in (1, 2):
        person.go("Past exports")
        line.wait_for_a_timer(person.page)
        before = line.sent  # on a busy machine the steps of the export had a timer too
        person.open_row(1)
        person.page.wait_for_timeout(SETTLED_MILLISECONDS)
        assert line.sent == before + 1
        assert person.heading("Preview").is_visible()
        assert person.export_id() == export_id
        assert person.tabs()[-1] == "Raw"
