"""A person signs in and saves files with Chromium, Firefox and WebKit alike: in the same window, which stays."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from tests.browser.conftest import PASSWORD, SHOPS, Demo
from tests.engines.drivers import Engine, policy_errors, saved_file, until

pytestmark = [pytest.mark.browser, pytest.mark.keeps("SEC-23"), pytest.mark.timeout(300)]
EMAIL, PASSWORD_FIELD = "input[autocomplete='username']", "input[autocomplete='current-password']"


# What the content policy refuses in every engine, to see that the refusal is heard of.
REFUSED = """const script = document.createElement("script"); script.src = "data:text/javascript,1";
document.head.append(script); return 1"""


def go(engine: Engine, url: str) -> None:
    """Open another page; the one before has broken no rule of its content policy."""
    assert policy_errors(engine) == []
    engine.open(url)


def sign_in(engine: Engine, demo: Demo, who: str) -> None:
    go(engine, demo.origin)
    until(lambda: engine.find(EMAIL), "the sign-in")
    engine.fill(EMAIL, f"{who}@{SHOPS['one']}")
    engine.fill(PASSWORD_FIELD, PASSWORD)
    engine.click("button", "Sign in")
    until(lambda: engine.find("h1", "Today"), "Today")


def save(engine: Engine, saved: Path, words: str) -> Path:
    """Follow a link that saves a file; the page stays, and no window is opened."""
    there = frozenset(path.name for path in saved.iterdir())
    until(lambda: engine.find("a", words), words)
    heading = engine.run("return document.querySelector('h1').innerText")
    engine.click("a", words)
    found = saved_file(engine, saved, but=there)
    assert engine.windows() == 1
    assert engine.run("return document.querySelector('h1').innerText") == heading
    return found


def press_until(engine: Engine, words: str, seen: Callable[[], bool]) -> None:
    """Press a button until it answers: a page that is being drawn anew may take its button away under the pointer."""
    for _ in range(3):
        engine.click("button", words)
        with contextlib.suppress(AssertionError):
            until(seen, f"the answer to {words}", seconds=20)
            return
    raise AssertionError(f"{words} was pressed three times and nothing came")


def sign_out(engine: Engine, demo: Demo, page: str) -> None:
    """Leave, and find the page shut behind oneself."""
    engine.click("button", "Sign out")
    until(lambda: engine.find(EMAIL), "the sign-in again")
    go(engine, f"{demo.origin}/{page}")
    until(lambda: engine.find("h1", "Sign in"), "the sign-in in the page's place")


def test_the_whole_job_from_sign_in_to_sign_out_with_every_copy_saved(engine: Engine, demo: Demo, saved: Path) -> None:
    sign_in(engine, demo, "maya")
    go(engine, f"{demo.origin}/new_export")
    engine.fill("input[aria-label='Customer email']", "ada@example.com", enter=True)  # which asks
    again = "Ask again anyway"  # another engine asked for the same within the minute
    until(lambda: engine.find("button", "Make the copy to send") or engine.find("button", again), "the preview")
    if engine.find("button", again):
        engine.click("button", again)
    until(lambda: engine.find("button", "Make the copy to send"), "who else is in the file")
    engine.click("button", "Make the copy to send")
    copy = save(engine, saved, "Download to send").read_bytes()
    assert b"[withheld 01: contact of another person]" in copy
    engine.click("button", "Show card numbers")
    until(lambda: engine.find("button", "Show the numbers"), "the question why")
    engine.click("button", "Show the numbers")
    until(lambda: not engine.find("button", "Show card numbers"), "the numbers")
    engine.click("summary", "Details")
    engine.click("[class*=st-key-other_copies] button")
    original = save(engine, saved, "Download original").read_bytes()
    sums = engine.run(
        "return [...document.querySelectorAll('[data-testid=stCode]')].map(e => e.innerText.trim()).join(' ')"
    )
    assert hashlib.sha256(original).hexdigest() in sums
    assert json.loads(original)
    sheet = save(engine, saved, "Download spreadsheet").read_text(encoding="utf-8-sig")
    assert len(list(csv.reader(io.StringIO(sheet)))) > 2
    workbook = openpyxl.load_workbook(save(engine, saved, "Download workbook"), read_only=True)
    assert len(workbook.sheetnames) > 1
    # The page is not only still drawn: its connection to the portal is too.
    press_until(engine, "Show", lambda: "ada@example.com" in engine.run("return document.body.innerText"))
    sign_out(engine, demo, engine.run("return location.pathname.slice(1) + location.search"))
    assert policy_errors(engine) == []
    engine.run(REFUSED)
    until(lambda: policy_errors(engine), "a refusal of the content policy")


def test_register_and_evidence_are_saved(engine: Engine, demo: Demo, saved: Path) -> None:
    sign_in(engine, demo, "maya")
    go(engine, f"{demo.origin}/past_exports")
    assert "requested" in save(engine, saved, "Download list").read_text(encoding="utf-8-sig").lower()
    assert openpyxl.load_workbook(save(engine, saved, "As workbook"), read_only=True).sheetnames
    assert save(engine, saved, "Calendar of expiries").read_text().startswith("BEGIN:VCALENDAR")
    go(engine, f"{demo.origin}/audit_trail")
    engine.click("summary", "Evidence")
    assert "<html" in save(engine, saved, "Evidence of these days").read_text()[:500]
    assert json.loads(save(engine, saved, "Whole trail").read_text().splitlines()[0])
    assert policy_errors(engine) == []
