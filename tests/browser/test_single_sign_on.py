"""Single sign-on in a browser: the provider is another site, so cookies and redirects meet a browser's rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browser.conftest import LOOPBACK, SHOPS, Desk, Trouble, new_context
from tests.openid_provider import openid_provider, says

if TYPE_CHECKING:
    from tests.browser.conftest import Demo

pytestmark = [pytest.mark.browser, pytest.mark.keeps("SEC-33", "ASVS-10.5.2")]
MOCKS_STYLE = [r"left loopback: https://cdn\.", r"console: Failed to load resource: net::ERR_FAILED https://cdn\."]
CUT_OFF = r"console: (Cannot send rerun backMessage when disconnected|Failed to load resource: .* 401)"
NORA = f"nora@{SHOPS['one']}"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with openid_provider() as url:
        says(url, "nora", NORA)
        says(url, "eve", f"eve@{SHOPS['one']}")
        yield url


@pytest.fixture(scope="module")
def demo_with_provider(start_demo: Callable[..., Demo], issuer: str) -> Iterator[Demo]:
    demo = start_demo(
        PORTAL_OIDC_ISSUER=issuer, PORTAL_OIDC_CLIENT_ID="privacy-portal", PORTAL_OIDC_CLIENT_SECRET="not-a-real-secret"
    )
    yield demo
    assert demo.stop() == 0


@pytest.fixture
def fresh(demo_with_provider: Demo, chromium: Browser) -> Iterator[Callable[[], Desk]]:
    """Browsers of people who are not signed in; what the provider's page wants from elsewhere it does not get."""
    opened: list[tuple[BrowserContext, Trouble]] = []

    def make() -> Desk:
        context, trouble = new_context(chromium)
        opened.append((context, trouble))
        trouble.expected += MOCKS_STYLE
        context.route(lambda url: url.split("/")[2].rsplit(":", 1)[0] not in LOOPBACK, lambda route: route.abort())
        return Desk(demo_with_provider, context.new_page(), trouble)

    yield make
    for context, _trouble in opened:
        context.close()
    assert [line for _context, trouble in opened for line in trouble.unexpected()] == []


def come_as(desk: Desk, who: str) -> None:
    """By the button, through the provider's page, back to the portal."""
    desk.open()
    desk.click(desk.button("Single sign-on"))
    desk.page.get_by_placeholder("sub").fill(who)
    desk.page.get_by_role("button", name="Authorize", exact=True).click()


def invite(manager: Desk, email: str) -> None:
    manager.go("Accounts")
    manager.unfold("Invite someone")
    manager.fill("Email", email)
    way = manager.page.get_by_role("combobox", name="Signs in with")
    way.fill("Single")
    manager.page.get_by_role("option", name="Single sign-on").wait_for()
    way.press("Enter")
    manager.press("Invite")
    manager.sees(f"{email.partition('@')[2]} may sign in.")


def pick(manager: Desk, email: str) -> None:
    """Tick somebody's row in the table of accounts."""
    (row,) = (number for number, cells in enumerate(manager.table()) if email in cells)
    manager.tick_row(row)


def test_an_invited_person_comes_in_by_the_provider_and_nobody_else(fresh: Callable[[], Desk]) -> None:
    manager, nora, eve = fresh(), fresh(), fresh()
    manager.sign_in(f"maya@{SHOPS['one']}")
    invite(manager, NORA)

    come_as(nora, "nora")
    nora.heading("Today").wait_for()
    nora.settle()
    assert nora.page.url == nora.demo.origin + "/"
    nora.reload()
    assert nora.heading("Today").count() == 1

    come_as(eve, "eve")
    eve.sees("Nobody here was invited with that sign-in. Ask a manager of your merchant.")


def test_whose_sign_on_is_forgotten_is_told_and_begins_anew(fresh: Callable[[], Desk], issuer: str) -> None:
    manager, nora, newcomer = fresh(), fresh(), fresh()
    nora.trouble.expected.append(CUT_OFF)
    come_as(nora, "nora")
    nora.heading("Today").wait_for()
    says(issuer, "new-nora", NORA)
    come_as(newcomer, "new-nora")
    newcomer.sees("Nobody here was invited with that sign-in.")

    manager.sign_in(f"maya@{SHOPS['one']}")
    manager.go("Accounts")
    pick(manager, NORA)
    manager.press("Forget single sign-on identity")
    manager.press("Forget now")
    nora.sees("Your single sign-on begins anew. Sign in again to go on.")

    come_as(newcomer, "new-nora")
    newcomer.heading("Today").wait_for()
