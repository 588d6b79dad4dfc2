"""Every page of the sidebar, as whoever has it, in light and dark. The list is read from the sidebar itself, so that a
page that comes later is looked at too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from tests.browser.test_accessibility import grave_findings

if TYPE_CHECKING:
    from tests.browser.conftest import Desk, MakeDesk

pytestmark = [pytest.mark.browser, pytest.mark.keeps("LAW-24")]
EVERYBODYS = {"Today", "Cases", "Past exports", "Preview", "Your account", "Help"}
PAGES = {
    "maya": EVERYBODYS | {"New export", "Audit trail", "Accounts", "Settings"},
    "sam": EVERYBODYS | {"New export"},
    "iris": EVERYBODYS | {"Audit trail"},
}
NO_SUCH_PAGE = r"console: The page that you have requested does not seem to exist\."
DRAWN_AS = """scheme => {
  const channels = getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor.match(/[0-9.]+/g);
  return (channels[0] < 128) === (scheme === 'dark');
}"""
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
FADED_MS = 500  # what is drawn anew fades in; half-way its contrast says nothing


def pages_of(person: Desk) -> dict[str, str]:
    """What the sidebar offers: name -> path."""
    links = person.page.get_by_test_id("stSidebarNav").get_by_role("link")
    links.first.wait_for()
    return {
        (link.locator("[label], span").last.inner_text() or link.inner_text()).partition(" · ")[0].strip(): str(
            link.evaluate("a => new URL(a.href).pathname")
        )
        for link in links.all()
    }


def open_whole(person: Desk, name: str) -> None:
    """The page with all that is folded away on it unfolded."""
    person.go(name)
    folded = person.page.get_by_test_id("stMain").locator("details:not([open]) > summary")
    while folded.count():
        person.click(folded.first)
        person.page.wait_for_timeout(80)
        person.settle()
    person.page.wait_for_timeout(FADED_MS)


@pytest.mark.parametrize("who", list(PAGES))
def test_every_page_of_the_sidebar_opens_without_a_grave_finding(desk: MakeDesk, who: str) -> None:
    person = desk(who, color_scheme="light")
    offered = pages_of(person)
    assert set(offered) == PAGES[who]
    found: list[str] = []
    for name in offered:
        open_whole(person, name)
        assert person.page.get_by_test_id("stException").count() == 0, name
        assert person.page.get_by_role("heading", level=1).all_inner_texts() == [name]
        for scheme in SCHEMES:
            wear(person, scheme)
            found += grave_findings(person, f"{name} as {who}, {scheme}")
    assert not found, "\n".join(found)


def wear(person: Desk, scheme: Literal["light", "dark"]) -> None:
    """Let the browser ask for light or dark, and wait until the page is drawn so."""
    person.page.emulate_media(color_scheme=scheme)
    person.page.wait_for_function(DRAWN_AS, arg=scheme)
    person.page.wait_for_timeout(FADED_MS)


@pytest.mark.parametrize("who", ["sam", "iris"])
def test_nobody_reaches_a_page_of_another_role(desk: MakeDesk, who: str) -> None:
    every = pages_of(desk("maya"))
    person = desk(who)
    person.trouble.expected.append(NO_SUCH_PAGE)
    own = pages_of(person)
    assert set(own) == PAGES[who]
    barred = {name: path for name, path in every.items() if name not in own}
    assert set(barred) >= PAGES["maya"] - PAGES[who]
    for name, path in barred.items():
        person.open(path)
        person.heading("Today").wait_for()
        assert person.heading(name).count() == 0
