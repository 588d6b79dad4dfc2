"""An export that LoyaltyDog refuses says why, at the field it is about, in a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.scripted_portal import Script, agent_at, served

pytestmark = [pytest.mark.browser, pytest.mark.keeps("SEC-18")]

TWO_FIELDS = {
    "detail": [
        {"loc": ["body", "customerEmail"], "msg": "no such *thing*", "type": "value_error", "input": "INPUT"},
        {"loc": ["body", "format"], "msg": "only **csv** for now", "type": "format_off", "input": "INPUT"},
    ]
}


@pytest.fixture(scope="module")
def script() -> Script:
    return Script({})


@pytest.fixture(scope="module")
def agent(script: Script, tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Any]:
    with served(script, tmp_path_factory.mktemp("refusals")) as portal, agent_at(portal, chromium) as desk:
        yield desk


def picture(desk: Any, name: str) -> None:
    if folder := os.environ.get("PICTURES_TO"):
        desk.page.screenshot(path=str(Path(folder) / f"{name}.png"))


def test_refused_fields_are_told_here_and_beside_their_fields(agent: Any, script: Script) -> None:
    script.refusal = (422, TWO_FIELDS)
    agent.request("ada@example.com")
    agent.ended("LoyaltyDog could not work with what was entered.")
    agent.sees("Customer email: LoyaltyDog does not take this as an email address.")
    agent.sees("Format: LoyaltyDog says about it: “only **csv** for now”.")
    assert "INPUT" not in agent.text()
    picture(agent, "refused")
    agent.press("Change the request")
    agent.heading("New export").wait_for()
    agent.sees("LoyaltyDog does not take this as an email address.")
    agent.sees("only **csv** for now")
    picture(agent, "refused-form")
    agent.fill("Customer email", "ada.l@example.com")
    agent.page.keyboard.press("Tab")
    agent.until(lambda: "as an email address" not in agent.text())  # gone with the value that was refused


@pytest.mark.parametrize("status", [400, 403, 409])
def test_short_words_of_a_refusal_are_quoted_as_plain_text(agent: Any, script: Script, status: int) -> None:
    script.refusal = (status, {"detail": f"Paused :red[today] ({status})"})
    agent.request(f"ada{status}@example.com")
    agent.sees(f"LoyaltyDog says: “Paused :red[today] ({status})”")
