"""A package in a browser: what it waits for, built, opened as the person will, approved, saved."""

from __future__ import annotations

import hashlib
import io
import secrets
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import pyzipper

from portal.package.encrypted import INNER
from tests.browser.conftest import WAIT_MS, Desk
from tests.browser.test_case_acts import open_case, prove_in_person

pytestmark = pytest.mark.keeps("LAW-8")


def recognise(person: Desk) -> None:
    prove_in_person(person)
    person.button("Approve").wait_for(timeout=WAIT_MS)


def answer_for_all(person: Desk) -> None:
    """A manager answers for each source that LoyaltyDog refused, and for systems that other tests have added."""
    person.whole()
    while left := person.button("Nothing held").count():
        person.click(person.button("Nothing held").first)
        person.until(lambda left=left: person.button("Nothing held").count() < left)
        person.whole()
    while True:
        person.whole()
        left = person.button("Answer for it").count()
        if not left:
            return
        person.click(person.button("Answer for it").first)
        dialog = person.page.get_by_role("dialog")
        person.click(dialog.get_by_role("button", name="Record", exact=True))
        dialog.wait_for(state="detached", timeout=WAIT_MS)
        person.until(lambda left=left: person.button("Answer for it").count() < left)


def settle_all(person: Desk) -> None:
    """Until a package can be built: a source that was still asked may need an answer a moment later."""
    build = person.button("Build the package")
    for _ in range(WAIT_MS // 1_000):
        answer_for_all(person)
        if build.count():
            return
        person.page.wait_for_timeout(1_000)
    pytest.fail("No package can be built: " + person.text()[:1500])


def encrypted_copy(person: Desk) -> bytes:
    """What the words that are shown open; they are gone when the dialog is shut."""
    person.press("Encrypted copy")
    dialog = person.page.get_by_role("dialog")
    person.click(dialog.get_by_role("button", name="Make the copy", exact=True))
    link = dialog.get_by_role("link", name="Save the copy", exact=True)
    link.wait_for(timeout=WAIT_MS)
    words = dialog.locator("code").inner_text().strip()
    with person.page.expect_download(timeout=WAIT_MS) as download:
        link.click()
    with pyzipper.AESZipFile(download.value.path()) as copy:
        inner: bytes = copy.read(INNER, pwd=words.encode())
    person.page.keyboard.press("Escape")
    dialog.wait_for(state="detached", timeout=WAIT_MS)
    person.whole()
    assert words not in person.page.content()
    return inner


def test_a_package_is_built_opened_approved_and_saved(desk: Callable[..., Desk]) -> None:
    person = desk("maya")
    open_case(person, f"person.{secrets.token_hex(6)}@example.com")
    person.click(person.button("Collect"))
    person.button("Answer for it").first.wait_for(timeout=3 * WAIT_MS)
    going_on = person.page.get_by_text("You may leave this page; collecting goes on.", exact=True)
    going_on.wait_for(state="detached", timeout=3 * WAIT_MS)
    person.sees("Not every source is settled.")
    settle_all(person)
    person.press("Build the package")
    person.sees("Draft")
    person.sees("It can be approved once it is recorded how the person was recognised.")
    recognise(person)

    with person.page.context.expect_page() as opened:
        person.page.get_by_role("link", name="Open it as the person will", exact=True).click()
    page = opened.value
    page.get_by_role("heading", level=1).wait_for(timeout=WAIT_MS)
    assert "our answer" in page.get_by_role("heading", level=1).inner_text()
    page.get_by_role("link", name="A list of all files, and how to check that they are whole").click()
    page.get_by_role("heading", name="All files of this package").wait_for(timeout=WAIT_MS)
    page.go_back()
    with page.expect_download(timeout=WAIT_MS) as of_data:
        page.get_by_role("link", name="data/this-portal.json").click()
    assert b'"person"' in Path(of_data.value.path()).read_bytes()
    page.close()

    person.whole()
    person.press("Approve")
    person.page.get_by_role("link", name="Save it", exact=True).wait_for(timeout=WAIT_MS)
    person.whole()
    with person.page.expect_download(timeout=WAIT_MS) as download:
        person.page.get_by_role("link", name="Save it", exact=True).click()
    saved = Path(download.value.path()).read_bytes()
    assert encrypted_copy(person) == saved
    person.unfold("Files in it and their checksums")
    assert hashlib.sha256(saved).hexdigest() in person.text()
    with zipfile.ZipFile(io.BytesIO(saved)) as archive:
        assert any(name.endswith("/1-READ-ME-FIRST.html") for name in archive.namelist())
    person.click(person.page.get_by_text("List the files", exact=True))
    person.sees("manifest.json")

    person.unfold("Another version")
    for key, choice in (("package_variant", "Portable copy"), ("package_language", "Deutsch")):
        choose(person, key, choice)
    person.press("Build the package")
    person.sees("Version 2 · Portable copy · Deutsch")
    person.unfold("1 other version")
    person.sees("Version 1 · Everything · English")


def choose(person: Desk, key: str, name: str) -> None:
    """From a list of the step."""
    field = person.page.locator(f".st-key-{key}").get_by_role("combobox")
    field.evaluate("field => field.scrollIntoView({block: 'center', behavior: 'instant'})")  # a list closes on scroll
    person.whole()
    person.click(field)
    person.click(person.page.get_by_role("option", name=name, exact=True))
    person.whole()
