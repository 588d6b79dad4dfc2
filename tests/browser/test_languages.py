"""The six languages in a real browser, and pages whose every text is 40 % longer than English."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser

from portal.language import LANGUAGES, catalogue_of
from tests.browser.conftest import PASSWORD, ROOT, SHOPS, Demo, Desk, answers, free_port, load_script, new_context

if TYPE_CHECKING:
    from tests.browser.conftest import MakeDesk

pytestmark = [pytest.mark.browser, pytest.mark.keeps("LAW-24")]
BROWSERS = {"en": "en-GB", "de": "de-AT", "fr": "fr-CA", "es": "es-MX", "it": "it-IT", "nl": "nl-BE"}
STAND_IN = "nl"
"""The language whose place the stretched texts take in the process of that test."""
WIDTHS = {1280: 800, 390: 844}
PATCH = """
import pathlib
import portal.language.catalogues
portal.language.catalogues.LOCALES = pathlib.Path({folder!r})
"""
TOO_WIDE = """() => {
  const found = [];
  const main = document.querySelector('[data-testid=stMain]');
  for (const [name, box] of [['the window', document.scrollingElement], ['the page', main]])
    if (box && box.scrollWidth > box.clientWidth + 1)
      found.push(`${name} scrolls: ${box.scrollWidth} of ${box.clientWidth}`);
  const named = 'button, a[data-testid^=stBaseLink], [role=tab], [data-testid=stBadge], h1, h2, h3, summary, label, '
    + '[data-testid=stMetricLabel], [data-testid=stMetricValue], [data-testid=stAlert], '
    + '[data-testid=stCaptionContainer]';
  for (const box of document.querySelectorAll(named)) {
    const seen = box.getBoundingClientRect();
    if (!seen.width || !seen.height || !box.innerText || !box.innerText.trim()) continue;
    if (box.closest('[data-testid=stDataFrame]') || box.closest('[data-testid=stToolbar]')) continue;
    for (const part of [box, ...box.querySelectorAll('*')]) {
      const style = getComputedStyle(part);
      const hides = style.overflowX !== 'visible' && style.overflowX !== 'auto' && style.overflowX !== 'scroll';
      if (hides && part.clientWidth && part.scrollWidth > part.clientWidth + 1 && style.clip === 'auto'
          && style.clipPath === 'none' && part.innerText && part.innerText.trim())
        found.push(`cut: "${part.innerText.trim().slice(0, 60)}" ${part.scrollWidth} of ${part.clientWidth}`
          + ` in ${part.tagName} ${part.dataset.testid || ''}`);
    }
    const inside = box.closest('[data-testid=stMain]');
    if (inside && seen.right > document.documentElement.clientWidth + 1 && !box.closest('[role=tablist]'))
      found.push(`beyond the edge: "${box.innerText.trim().slice(0, 60)}"`);
  }
  return [...new Set(found)];
}"""


def language_of(person: Desk) -> str:
    return str(person.page.evaluate("document.documentElement.lang"))


def sign_in(person: Desk, language: str, email: str) -> None:
    """As a reader of that language does: by its labels."""
    say = catalogue_of(language).text
    person.page.get_by_label(say("Email"), exact=True).and_(person.page.locator("input")).first.fill(email)
    person.page.get_by_label(say("Password"), exact=True).and_(person.page.locator("input")).first.fill(PASSWORD)
    person.click(person.page.get_by_test_id("stBaseButton-primaryFormSubmit"))
    person.heading(say("Today")).wait_for()
    person.settle()


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_sign_in_and_today_are_in_the_browsers_language(desk: MakeDesk, language: str) -> None:
    say = catalogue_of(language).text
    person = desk("", locale=BROWSERS[language])
    person.open()
    person.heading(say("Sign in")).wait_for()
    assert language_of(person) == language
    sign_in(person, language, f"maya@{SHOPS['one']}")
    assert language_of(person) == language
    links = person.page.get_by_test_id("stSidebarNav").get_by_role("link").all_inner_texts()
    for name in ("Today", "New export", "Past exports", "Preview", "Audit trail", "Accounts", "Settings"):
        assert any(say(name) in link for link in links), (name, links)
    person.page.get_by_test_id("stMetricLabel").filter(
        has_text=re.compile("^" + re.escape(say("Overdue")))
    ).first.wait_for()


def test_a_choice_is_one_act_holds_on_the_next_page_load_and_comes_back_with_the_next_sign_in(desk: MakeDesk) -> None:
    email = f"iris@{SHOPS['one']}"
    person = desk("", locale="en-GB")
    person.open()
    pick(person, "en", "fr")
    person.heading("Se connecter").wait_for()
    assert language_of(person) == "fr"
    sign_in(person, "fr", email)
    pick(person, "fr", "de")
    person.heading("Heute").wait_for()
    assert language_of(person) == "de"
    elsewhere = desk("", locale="it-IT")
    elsewhere.open()
    elsewhere.heading("Accedi").wait_for()
    say = catalogue_of("it").text
    elsewhere.page.get_by_label(say("Email"), exact=True).and_(elsewhere.page.locator("input")).first.fill(email)
    elsewhere.page.get_by_label(say("Password"), exact=True).and_(elsewhere.page.locator("input")).first.fill(PASSWORD)
    elsewhere.click(elsewhere.page.get_by_test_id("stBaseButton-primaryFormSubmit"))
    elsewhere.heading("Heute").wait_for()  # what the account says stands above what the browser asks for
    pick(person, "de", "en")
    person.heading("Today").wait_for()
    assert language_of(person) == "en"


def pick(person: Desk, now: str, wanted: str) -> None:
    """Choose a language by its own name."""
    person.page.get_by_label(catalogue_of(now).text("Language")).first.click()
    person.page.get_by_role("option", name=LANGUAGES[wanted], exact=True).click()


# Text 40 % longer ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wordy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo whose every text is stretched, for browsers that ask for the stand-in language."""
    folder = tmp_path_factory.mktemp("wordy")
    load_script("messages").write_stretched(STAND_IN, folder / "locales")
    (folder / "sitecustomize.py").write_text(PATCH.format(folder=str(folder / "locales")))
    port, practice_port = free_port(), free_port(beside=2)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "STREAMLIT_", "PRACTICE_"))}
    environment |= {
        "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}",
        "PORTAL_DATA_DIR": str(folder / "data"),
        "PORTAL_PORT": str(port),
        "PRACTICE_PORT": str(practice_port),
        "PORTAL_DEMO_PASSWORD": PASSWORD,
    }
    log = folder / "demo.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "portal", "demo"], cwd=ROOT, env=environment, stdout=out, stderr=out
        )
    demo = Demo(process, port, practice_port, folder)
    try:
        for _ in range(240):
            if process.poll() is not None or answers(f"{demo.origin}/readyz"):
                break
            time.sleep(0.25)
        assert process.poll() is None, log.read_text()[-3000:]
        yield demo
    finally:
        process.terminate()
        process.wait(timeout=40)


@pytest.fixture
def reader(wordy: Demo, chromium: Browser) -> Iterator[Callable[[int], Desk]]:
    contexts = []

    def opened(width: int) -> Desk:
        context, trouble = new_context(
            chromium, locale="nl-NL", viewport={"width": width, "height": WIDTHS[width]}, has_touch=width < 600
        )
        contexts.append(context)
        return Desk(wordy, context.new_page(), trouble)

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def asked() -> list[str]:
    """Finished exports that the first walk asked for."""
    return []


def stretched(text: str) -> str:
    return str(load_script("messages").stretched(text))


@pytest.mark.timeout(400)
@pytest.mark.parametrize("width", list(WIDTHS))
def test_every_page_holds_text_40_percent_longer(reader: Callable[[int], Desk], asked: list[str], width: int) -> None:
    """No page scrolls sideways, no label is cut."""
    person = reader(width)
    person.open()
    person.heading(stretched("Sign in")).wait_for()
    found = [f"sign_in: {line}" for line in person.page.evaluate(TOO_WIDE)]
    person.page.get_by_label(stretched("Email"), exact=True).and_(person.page.locator("input")).first.fill(
        f"maya@{SHOPS['one']}"
    )
    person.page.get_by_label(stretched("Password"), exact=True).and_(person.page.locator("input")).first.fill(PASSWORD)
    person.click(person.page.get_by_test_id("stBaseButton-primaryFormSubmit"))
    person.heading(stretched("Today")).wait_for()
    if not asked:
        asked += [ask_for(person, f"{who}@example.com") for who in ("ada", "two.people", "nobody")]
    for path in (
        "/",
        *sorted(f"/{place.stem}" for place in (ROOT / "pages").glob("*.py") if place.stem not in NO_PATH),
    ):
        person.open(path)
        person.page.get_by_role("heading", level=1).first.wait_for()
        folded = person.page.get_by_test_id("stMain").locator("details:not([open]) > summary")
        for _ in range(folded.count()):
            folded.first.click()
            person.settle()
        person.page.wait_for_timeout(300)
        found += [f"{path}: {line}" for line in person.page.evaluate(TOO_WIDE)]
    for export in asked:
        person.open(f"/preview?export={export}")
        person.page.wait_for_timeout(500)
        found += [f"preview: {line}" for line in person.page.evaluate(TOO_WIDE)]
    assert not found, "\n".join(found)


NO_PATH = {"sign_in", "today"}


def ask_for(person: Desk, email: str) -> str:
    """The id of a finished export."""
    person.open("/new_export")
    field = person.page.get_by_label(stretched("Customer email"), exact=True).and_(person.page.locator("input"))
    field.fill(email)
    field.press("Tab")
    person.settle()
    person.press(stretched("Request export"))
    again = person.button(stretched("Ask again anyway"))
    person.page.wait_for_timeout(300)
    if again.count():
        person.click(again)
    person.heading(stretched("Preview")).wait_for()
    person.page.wait_for_timeout(2500)
    return person.export_id()


def test_the_stretched_texts_are_long_enough() -> None:
    script = load_script("messages")
    for message in script.messages().values():
        assert len(script.stretched(message.one)) >= 1.4 * len(message.one), message.one
