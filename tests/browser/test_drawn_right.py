"""What Streamlit draws and the page shell mends: titles, headings, the menu of a narrow window, contrast, sizes, and
nothing that the content policy has to refuse."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.test_every_page import PAGES, open_whole

if TYPE_CHECKING:
    from tests.browser.conftest import Desk, MakeDesk

pytestmark = [pytest.mark.browser, pytest.mark.keeps("LAW-24")]
LEVELS = "() => [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => [Number(h.tagName[1]), h.textContent])"
VIOLATIONS = """
    window.refused = [];
    addEventListener('securitypolicyviolation', event => window.refused.push(event.blockedURI));
"""
AXE_RULES = {"runOnly": {"type": "rule", "values": ["heading-order", "target-size", "page-has-heading-one"]}}
CONTRAST = """element => {
    const channels = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
    const behind = at => {
        for (; at; at = at.parentElement) {
            const [r, g, b, a = 1] = channels(getComputedStyle(at).backgroundColor);
            if (a === 1) return [r, g, b];
        }
        return [255, 255, 255];
    };
    let opacity = 1;
    for (let at = element; at; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity);
    const ground = behind(element);
    const ink = channels(getComputedStyle(element).color).slice(0, 3).map(
        (c, i) => c * opacity + ground[i] * (1 - opacity));
    const light = rgb => rgb.map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const [high, low] = [light(ink), light(ground)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
}"""


def findings(person: Desk, where: str) -> list[str]:
    answer: dict[str, Any] = Axe().run(person.page, options=AXE_RULES).response
    return [f"{where}: {found['id']} {node['html'][:160]}" for found in answer["violations"] for node in found["nodes"]]


def skipped(person: Desk, where: str) -> list[str]:
    """Headings that stand more than one level below the one before."""
    levels: list[tuple[int, str]] = person.page.evaluate(LEVELS)
    assert levels and levels[0][0] == 1, (where, levels)
    return [f"{where}: {words}" for (above, _), (level, words) in pairwise(levels) if level > above + 1]


def test_each_page_has_a_title_of_its_own_headings_in_order_and_targets_of_24_pixels(desk: MakeDesk) -> None:
    nobody = desk()
    nobody.open()
    assert nobody.page.title() == "Sign in – Privacy portal"
    person = desk("maya", viewport={"width": 1280, "height": 1000})
    found = skipped(nobody, "sign in") + findings(nobody, "sign in")
    for name in sorted(PAGES["maya"]):
        open_whole(person, name)
        assert person.page.title() == f"{name} – Privacy portal"
        if name == "Accounts":
            person.tick_row(2)
        found += skipped(person, name) + findings(person, name)
    person.request("ada@example.com")
    person.tabs()
    found += skipped(person, "a preview") + findings(person, "a preview")
    assert not found, "\n".join(found)


def test_the_menu_of_a_narrow_window_closes_after_a_choice(desk: MakeDesk) -> None:
    person = desk("sam", viewport={"width": 390, "height": 844})
    person.click(person.page.get_by_test_id("stExpandSidebarButton"))
    person.page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").wait_for()
    person.go("Past exports")
    person.page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").wait_for(state="detached")
    wide = desk("sam", viewport={"width": 1280, "height": 844})
    wide.go("Past exports")
    assert wide.page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_chosen_tab_the_keys_of_a_button_and_red_buttons_can_be_read(desk: MakeDesk, scheme: str) -> None:
    person = desk("maya", color_scheme=scheme)
    ratios: dict[str, float] = {"keys on Today": person.page.locator("kbd").first.evaluate(CONTRAST)}
    person.request("ada@example.com")
    person.tabs()
    ratios["chosen tab"] = person.page.locator("[role=tab][aria-selected=true] p").evaluate(CONTRAST)
    ratios["keys in the head"] = person.page.locator("kbd").first.evaluate(CONTRAST)
    person.more("Destroy file")
    dialog = person.page.get_by_role("dialog")
    dialog.wait_for()
    person.page.wait_for_timeout(400)  # it fades in
    now = dialog.get_by_role("button", name="Destroy now")
    ratios["red button in the question"] = now.locator("p").evaluate(CONTRAST)
    assert now.evaluate("b => getComputedStyle(b).backgroundColor") == "rgb(179, 38, 30)"
    assert all(ratio >= 4.5 for ratio in ratios.values()), ratios


def test_a_fields_counter_stands_below_what_is_typed(desk: MakeDesk) -> None:
    person = desk("sam")
    person.go("New export")
    field = person.field("Reference")
    field.fill("x" * 95)
    counter = person.page.get_by_test_id("InputInstructions").filter(has_text=re.compile("95/100"))
    counter.wait_for()
    above, below = field.bounding_box(), counter.bounding_box()
    assert above and below and below["y"] >= above["y"] + above["height"] - 1, (above, below)
    assert below["height"] <= 17  # as much as the gap to the next field


def test_no_page_load_asks_for_what_the_content_policy_refuses(desk: MakeDesk) -> None:
    person = desk("sam")
    person.page.add_init_script(VIOLATIONS)
    for path in ("/", "/new_export", "/past_exports", "/help"):
        person.open(path)
        assert person.page.evaluate("window.refused") == [], path
