"""`python -m portal demo` as a process: one signal to it ends the portal and the practice merchant."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import SHOPS, Desk, new_context

if TYPE_CHECKING:
    from tests.browser.conftest import Demo

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=["SIGINT", "SIGTERM", "SIGHUP"])
def test_one_signal_ends_the_portal_and_the_practice_merchant(
    start_demo: Callable[[], Demo], number: signal.Signals
) -> None:
    demo = start_demo()
    assert demo.counts()["export_posts"] == 0
    children = demo.children()
    try:
        status = demo.stop(number)
        left = [port for port in (demo.port, demo.practice_port, demo.practice_port + 1) if answers_at(port)]
    finally:
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGTERM)
    assert (left, status) == ([], 0)
    assert "Traceback" not in (demo.folder / "demo.log").read_text()


def test_the_practice_merchant_does_not_outlive_a_killed_portal(start_demo: Callable[[], Demo]) -> None:
    demo = start_demo()
    demo.stop(signal.SIGKILL)
    for _ in range(200):
        if not answers_at(demo.practice_port) and not answers_at(demo.practice_port + 1):
            return
        time.sleep(0.05)
    pytest.fail("the practice merchant still listens")


def test_somebody_who_comes_at_once_signs_in(start_demo: Callable[..., Demo], chromium: Browser) -> None:
    """The page that says the portal is starting gives way to the sign-in page by itself."""
    demo = start_demo("/healthz")
    context, trouble = new_context(chromium)
    trouble.expected.append(r"status of 503")
    try:
        desk = Desk(demo, context.new_page(), trouble)
        desk.page.goto(demo.origin)
        desk.page.get_by_label("Email").wait_for(timeout=90_000)  # a start, however busy the machine is
        desk.sign_in(f"maya@{SHOPS['one']}")
        desk.go("Past exports")
        assert trouble.unexpected() == []
    finally:
        context.close()
        status = demo.stop()
    assert status == 0


def answers_at(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
