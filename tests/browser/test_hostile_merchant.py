"""Two merchants on one portal: the server of the one is neither asked nor believed about people of the other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from portal.composition import build_portal
from portal.config import Settings
from portal.identity import Role
from portal.storage.tables import Merchant
from tests.browser.conftest import PASSWORD, Desk, new_context
from tests.browser.scripted_portal import Script, served
from tests.identity.test_hostile_merchant_signs_in import ACCOMPLICE, SECRET, VICTIM, Liar, listening

pytestmark = [pytest.mark.browser, pytest.mark.keeps("SEC-38", "SEC-41")]

BOTH = "kim@both.example"
NOT_OPENED = "or did not answer, or nobody here was invited with it."


@pytest.fixture(scope="module")
def liar() -> Iterator[Liar]:
    with listening(Liar()) as found:
        yield found


@pytest.fixture(scope="module")
def portal(liar: Liar, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder: Path = tmp_path_factory.mktemp("two-merchants")
    with served(Script({}), folder, PORTAL_API_URL="", PORTAL_API_TOKEN="") as running:
        settings = Settings(data_dir=folder / "data", keyset_path=folder / "keys" / "master.keyset.json")
        inside = build_portal(settings)
        for shop, email, url in (("Shop one", VICTIM, ""), ("Brook & Bean *two*", ACCOMPLICE, liar.base_url)):
            merchant_id = inside.accounts.create_merchant(shop)
            with inside.db.write() as db:
                db.get_one(Merchant, merchant_id).api_url = url
            inside.accounts.add_account(
                merchant_id=merchant_id, email=email, name="", role=Role.MANAGER, password=None,
                method="loyaltydog", actor="cli", origin="cli",
            )  # fmt: skip
            inside.accounts.add_account(
                merchant_id=merchant_id, email=BOTH, name="Kim", role=Role.AGENT, password=PASSWORD,
                actor="cli", origin="cli",
            )  # fmt: skip
        inside.stop()
        yield running


@pytest.fixture
def visitor(portal: Any, chromium: Browser) -> Iterator[Desk]:
    context, trouble = new_context(chromium)
    desk = Desk(portal, context.new_page(), trouble)
    desk.open()
    yield desk
    found = trouble.unexpected()
    context.close()
    assert not found, found


def try_with_loyaltydog(desk: Desk, email: str) -> None:
    desk.click(desk.page.locator("summary").get_by_text("Sign in with LoyaltyDog", exact=True))
    desk.whole()  # what is clicked while the part still opens goes beside it
    desk.fill("LoyaltyDog user name", email)
    desk.fill("LoyaltyDog password", SECRET)
    desk.click(desk.button("Sign in with LoyaltyDog"))


@pytest.mark.parametrize("email", [VICTIM, "nobody@elsewhere.example"])
def test_people_of_others_are_refused_and_the_server_hears_nothing(visitor: Desk, liar: Liar, email: str) -> None:
    liar.heard.clear()
    try_with_loyaltydog(visitor, email)
    visitor.sees(NOT_OPENED)
    assert visitor.heading("Sign in").is_visible()
    assert liar.heard == []


def test_a_server_that_names_somebody_else_opens_nothing(visitor: Desk, liar: Liar) -> None:
    liar.owner, liar.asks_code = VICTIM, False
    try_with_loyaltydog(visitor, ACCOMPLICE)
    visitor.sees(NOT_OPENED)
    visitor.reload()
    assert visitor.heading("Sign in").is_visible()


def test_a_code_for_the_merchants_server_is_followed_by_our_own_factor(visitor: Desk, liar: Liar) -> None:
    liar.owner, liar.asks_code = ACCOMPLICE, True
    try_with_loyaltydog(visitor, ACCOMPLICE)
    visitor.fill("6-digit code", "000000")
    visitor.click(visitor.button("Verify"))
    visitor.sees("Your merchant asks for a second factor.")


def test_the_password_of_an_account_elsewhere_is_not_asked_for_by_the_liar(visitor: Desk, liar: Liar) -> None:
    liar.heard.clear()
    visitor.fill("Email", VICTIM)
    visitor.fill("Password", PASSWORD)
    visitor.click(visitor.button("Sign in"))
    visitor.page.get_by_role("alert").first.wait_for()
    assert liar.heard == []


def test_a_password_that_fits_at_two_merchants_asks_which(visitor: Desk) -> None:
    visitor.fill("Email", BOTH)
    visitor.fill("Password", PASSWORD)
    visitor.click(visitor.button("Sign in"))
    visitor.sees("Which merchant do you want to work for?")
    if folder := os.environ.get("PICTURES_TO"):
        visitor.page.screenshot(path=f"{folder}/which-merchant.png")
    visitor.choose("Brook & Bean *two*")
    visitor.click(visitor.button("Continue"))
    visitor.heading("Today").wait_for()
    assert "Brook & Bean *two*" in visitor.page.get_by_test_id("stSidebar").inner_text()
