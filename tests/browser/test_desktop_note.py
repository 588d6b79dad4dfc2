"""The one script of ours: a desktop notification for who chose it, without a word about anybody."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.browser.conftest import Desk, MakeDesk

pytestmark = pytest.mark.browser
CHOICE = "Tell me on the desktop when it has ended"
WATCHED = """
    window.told = [];
    window.asked = 0;
    const Real = window.Notification;
    window.Notification = class extends Real {
        constructor(title, options) { super(title, options); window.told.push([title, options]); }
        static requestPermission() { window.asked += 1; return Real.requestPermission(); }
    };
"""
"""The browser's own, and what it was asked for."""
AWAY = "Object.defineProperty(document, 'hidden', {get: () => true})"


@pytest.fixture
def sam(desk: MakeDesk) -> Desk:
    person = desk("sam")
    person.page.add_init_script(WATCHED)
    person.page.context.grant_permissions(["notifications"], origin=person.demo.origin)
    person.reload()
    return person


def told(person: Desk) -> list[Any]:
    found: list[Any] = person.page.evaluate("window.told")
    return found


def ask(person: Desk) -> None:
    """For an export that takes a few seconds, whoever asked for the same a moment ago."""
    person.go("New export")
    person.fill("Customer email", "slow@example.com")
    person.click(person.button("Request export"))
    again = person.button("Ask again anyway")
    again.or_(person.heading("Preview")).first.wait_for(timeout=20_000)
    if again.count():
        person.click(again)
    person.heading("Preview").wait_for(timeout=20_000)


def wait_for_the_end(person: Desk) -> None:
    person.tabs()
    person.page.wait_for_timeout(500)  # what is not to come has had its time


def test_person_who_chose_it_is_told_on_the_desktop_once_and_nothing_about_anybody(sam: Desk) -> None:
    ask(sam)
    box = sam.page.get_by_role("checkbox", name=CHOICE)
    expect(box).not_to_be_checked(timeout=20_000)
    assert sam.page.evaluate("window.asked") == 0
    box.check()
    assert sam.page.evaluate("window.asked") == 1
    sam.page.evaluate(AWAY)
    wait_for_the_end(sam)
    assert told(sam) == [["An export is ready", {"body": "Privacy portal", "tag": "portal.export"}]]
    expect(sam.page.get_by_role("checkbox", name=CHOICE)).to_have_count(0)


@pytest.mark.keeps("ASVS-14.3.3")
def test_choice_is_kept_in_this_browser_and_nothing_else_of_ours_is(sam: Desk) -> None:
    ask(sam)
    sam.page.get_by_role("checkbox", name=CHOICE).check()
    wait_for_the_end(sam)
    assert told(sam) == []  # the tab was looked at all the time
    stored = sam.page.evaluate("[{...localStorage}, {...sessionStorage}]")
    assert stored[0]["portal.desktop_note"] == "on"
    assert "example.com" not in json.dumps(stored)
    assert sam.export_id() not in json.dumps(stored)
    ask(sam)
    box = sam.page.get_by_role("checkbox", name=CHOICE)
    expect(box).to_be_checked(timeout=20_000)
    box.uncheck()
    sam.page.evaluate(AWAY)
    wait_for_the_end(sam)
    assert told(sam) == []
    assert sam.page.evaluate("localStorage.getItem('portal.desktop_note')") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_person_whose_browser_refuses_is_told_so_and_everybody_can_read_it(desk: MakeDesk, scheme: str) -> None:
    person = desk("sam", color_scheme=scheme)
    person.page.add_init_script("Notification.requestPermission = async () => 'denied';")
    person.reload()
    ask(person)
    box = person.page.get_by_role("checkbox", name=CHOICE)
    box.focus(timeout=20_000)
    person.page.keyboard.press("Space")
    person.sees("Your browser does not allow it.")
    expect(box).not_to_be_checked()
    expect(box).to_be_focused()
    grave = [v for v in Axe().run(person.page).response["violations"] if v["impact"] in {"serious", "critical"}]
    assert not [(v["id"], n["html"]) for v in grave for n in v["nodes"] if "<kbd" not in n["html"]]  # Streamlit's own


def test_somebody_who_opens_an_export_that_is_ready_is_told_nothing(sam: Desk) -> None:
    sam.page.evaluate("localStorage.setItem('portal.desktop_note', 'on')")
    ask(sam)
    wait_for_the_end(sam)
    sam.page.evaluate(AWAY)
    sam.reload()
    wait_for_the_end(sam)
    assert told(sam) == []


def test_a_screen_reader_hears_each_step_and_the_end(sam: Desk) -> None:
    sam.page.evaluate("""
        window.heard = [];
        const roots = new Set();
        const said = new WeakMap();  // a reader speaks when a region changes; one on its way out says nothing anew
        const look = (root) => {
            if (!roots.has(root)) {
                roots.add(root);
                new MutationObserver(() => look(root)).observe(root, {childList: true, subtree: true});
            }
            for (const one of root.querySelectorAll('[role=status][aria-live=polite]')) {
                if (one.textContent && said.get(one) !== one.textContent) window.heard.push(one.textContent);
                said.set(one, one.textContent);
            }
            for (const one of root.querySelectorAll('*')) if (one.shadowRoot) look(one.shadowRoot);
        };
        setInterval(() => look(document), 50);
    """)
    ask(sam)
    wait_for_the_end(sam)
    heard: list[str] = sam.page.evaluate("window.heard")
    assert heard[0] == "Asking LoyaltyDog" and "Fetching the file" in heard, heard
    assert heard[-1] == "An export is ready", heard
    assert len(heard) == len(set(heard)), heard  # each once: no chatter


def test_badge_title_and_steps_say_the_same_and_one_region_is_read_out(sam: Desk) -> None:
    sam.page.evaluate("""
        window.seen = [];
        const all = (root, what) => [...root.querySelectorAll('*')].flatMap(
            one => [...(one.matches(what) ? [one] : []), ...(one.shadowRoot ? all(one.shadowRoot, what) : [])]);
        setInterval(() => {
            const badge = document.querySelector('.st-key-facts .stMarkdownBadge');
            const blue = [...document.querySelectorAll('[data-testid=stMain] p')].find(
                p => p.firstElementChild?.textContent === 'pending');
            const app = document.querySelector('[data-testid=stApp]');
            if (app?.dataset.testScriptState !== 'notRunning' || !badge || !blue || badge.closest('[data-stale=true]'))
                return;
            window.seen.push([badge.innerText.replace(/^\\w+\\s+/, ''), document.title, blue.innerText,
                all(document, '[role=status][aria-live=polite]').length]);
        }, 20);
    """)
    ask(sam)
    wait_for_the_end(sam)
    seen: list[tuple[str, str, str, int]] = sam.page.evaluate("window.seen")
    words = {word for word, _title, _step, _regions in seen}
    assert {"Asking", "Fetching"} <= words, seen[:3]
    for word, title, step, regions in seen:
        assert title == f"… {word} – Privacy portal" and f" {word}" in step.replace("\n", " "), (word, title, step)
        assert regions <= 1
