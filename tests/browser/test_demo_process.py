"""`python -m portal demo` as a process: one Ctrl-C ends the portal and the practice merchant."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.browser.conftest import Demo

pytestmark = pytest.mark.browser


def test_one_interrupt_ends_the_portal_and_the_practice_merchant(start_demo: Callable[[], Demo]) -> None:
    demo = start_demo()
    assert demo.counts()["export_posts"] == 0
    assert demo.stop() == 0
    for port in (demo.port, demo.practice_port, demo.practice_port + 1):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
    log = (demo.folder / "demo.log").read_text()
    assert "Traceback" not in log
