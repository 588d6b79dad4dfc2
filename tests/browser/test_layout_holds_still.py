"""A page opened by its address is seen when it is built: nothing jumps. What comes late cannot keep it hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from bench.browser import SHIFTS
from portal.web.streamlit.shell import OPENING_SECONDS

if TYPE_CHECKING:
    from playwright.sync_api import Route

    from tests.browser.conftest import MakeDesk

pytestmark = pytest.mark.browser
GOOD_SHIFT = 0.05


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_nothing_jumps_while_a_page_is_opened(desk: MakeDesk, size: tuple[int, int]) -> None:
    person = desk("maya")
    person.page.set_viewport_size({"width": size[0], "height": size[1]})
    person.page.add_init_script(SHIFTS)
    jumped = {}
    for path in ("", "new_export", "past_exports", "audit_trail", "accounts", "settings", "your_account", "help"):
        person.page.goto(f"{person.demo.origin}/{path}")
        person.page.get_by_role("heading", level=1).wait_for()
        person.settle()
        person.page.wait_for_timeout(800)
        jumped[path] = float(person.page.evaluate("window.shifted"))
    assert {path: shift for path, shift in jumped.items() if shift >= GOOD_SHIFT} == {}


def test_a_part_that_never_comes_keeps_no_page_hidden(desk: MakeDesk) -> None:
    person = desk("maya")
    held: list[Route] = []
    person.page.route("**/static/js/Radio.*.js", lambda route: held.append(route))
    person.page.goto(f"{person.demo.origin}/new_export")
    expect(person.page.get_by_role("heading", level=1)).to_be_visible(timeout=(OPENING_SECONDS + 20) * 1000)
    assert held
    assert person.page.get_by_test_id("stSkeleton").count()
    opacity = "element => getComputedStyle(element.closest('.stApp').firstElementChild).opacity"
    assert person.page.get_by_role("heading", level=1).evaluate(opacity) == "1"
    for route in held:
        route.continue_()
    person.page.get_by_role("radio").first.wait_for(state="attached")
