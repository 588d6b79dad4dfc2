"""axe on every page, light and dark: nothing serious or critical."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from tests.browser.conftest import Desk, MakeDesk

pytestmark = [pytest.mark.browser, pytest.mark.keeps("LAW-24")]
GRAVE = frozenset({"serious", "critical"})


def grave_findings(person: Desk, where: str) -> list[str]:
    answer: dict[str, Any] = Axe().run(person.page).response
    return [
        f"{where}: {finding['id']} ({finding['impact']}) {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
        for finding in answer["violations"]
        if finding["impact"] in GRAVE
        for node in finding["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_grave_finding(desk: MakeDesk, scheme: str) -> None:
    nobody = desk(color_scheme=scheme)
    nobody.open()
    found = grave_findings(nobody, "sign in")

    person = desk("maya", color_scheme=scheme)
    found += grave_findings(person, "today")
    person.go("New export")
    person.fill("Customer email", "ada@gmial.com")
    person.choose("One card")
    person.press("Request export")
    found += grave_findings(person, "new export with a problem")
    person.choose("Everything")
    person.fill("Customer email", "semicolon@example.com")
    person.choose("CSV" if scheme == "dark" else "JSON")
    person.send()
    person.tabs()
    found += grave_findings(person, "preview")
    person.unfold("Details")
    person.settle()
    person.click(person.page.get_by_role("tab", name="Raw"))
    person.settle()
    found += grave_findings(person, "preview, raw text and timeline")
    person.more("Destroy file")
    person.page.get_by_role("dialog").wait_for()
    found += grave_findings(person, "dialog")
    person.press("Cancel")
    person.go("Past exports")
    person.unfold("More filters")
    person.settle()
    found += grave_findings(person, "past exports")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_dialog_of_several_has_a_grave_finding(desk: MakeDesk, scheme: str) -> None:
    person = desk("maya", color_scheme=scheme)
    found = []
    person.request("flat.csv@example.com" if scheme == "dark" else "stacked@example.com", "CSV")
    person.tabs()
    person.go("Past exports")
    person.whole()  # a table that is drawn anew takes no tick
    person.tick_row(1)
    person.sees("1 chosen")
    found += grave_findings(person, "past exports, one chosen")
    for button in ("Destroy files", "Ask again"):
        person.press(button)
        person.page.get_by_role("dialog").wait_for()
        person.page.wait_for_timeout(400)  # the dialog fades in; half-way its contrast is not what it will be
        found += grave_findings(person, f"dialog of {button}")
        person.page.keyboard.press("Escape")
        person.page.get_by_role("dialog").wait_for(state="hidden")
        person.settle()
    assert not found, "\n".join(found)
