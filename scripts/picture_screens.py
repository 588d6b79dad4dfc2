"""Pictures of the other pages in the first shop. Steps of `picture_list.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from picture_camera import Camera
from picture_list import page_shot, shot

if TYPE_CHECKING:
    from pictures import Studio


# The first shop's day ---------------------------------------------------------------------------------

for page in ("today", "new_export", "past_exports", "audit_trail", "accounts", "settings", "your_account", "help"):
    page_shot(page)
page_shot("past_exports", name="auditor", who="iris")


@shot("new_export", "normal", "filled")
def filled(camera: Camera, studio: Studio) -> None:
    camera.open("/new_export")
    camera.press("Ordinary customer")


@shot("new_export", "normal", "pasted")
def pasted(camera: Camera, studio: Studio) -> None:
    camera.open("/new_export")
    camera.fill("Customer email", "From ada@example.com to shop@example.org: please send me my data")
    camera.page.keyboard.press("Enter")
    camera.sees("addresses are in what you pasted")


@shot("new_export", "error", "fields")
def field_errors(camera: Camera, studio: Studio) -> None:
    camera.open("/new_export")
    camera.fill("Customer email", "ada@gmial")
    camera.choose("One card")
    camera.fill("Card ID", "5EED")
    camera.press("Request export")


@shot("new_export", "error", "typo")
def typo(camera: Camera, studio: Studio) -> None:
    camera.open("/new_export")
    camera.fill("Customer email", "ada@gmial.com")
    camera.page.keyboard.press("Tab")
    camera.sees("Did you mean")


@shot("new_export", "normal", "two-customers")
def two_customers(camera: Camera, studio: Studio) -> None:
    camera.open("/new_export")
    camera.fill("Customer email", "4708")
    camera.page.keyboard.press("Tab")
    camera.press("Find the customer")
    camera.sees("none is chosen yet")


@shot("new_export", "error", "asked-already")
def asked_already(camera: Camera, studio: Studio) -> None:
    camera.request("semicolon", "CSV")
    camera.open("/new_export")
    camera.choose("CSV")
    camera.fill("Customer email", "semicolon@example.com")
    camera.press("Request export")
    camera.sees("Open that one")


@shot("past_exports", "empty", "no-match")
def no_match(camera: Camera, studio: Studio) -> None:
    camera.open("/past_exports")
    camera.unfold("More filters")
    camera.fill("Search", "nobody.at.all@example.com")
    camera.page.keyboard.press("Enter")
    camera.sees("Nothing matches")


@shot("past_exports", "normal", "several")
def several(camera: Camera, studio: Studio) -> None:
    camera.open("/past_exports")
    camera.tick(1, 2)


@shot("past_exports", "normal", "bulk-dialog", whole=False)
def bulk_dialog(camera: Camera, studio: Studio) -> None:
    several(camera, studio)
    camera.press("Destroy files")
    camera.sees("destroyed for good")


@shot("audit_trail", "normal", "verified")
def verified(camera: Camera, studio: Studio) -> None:
    camera.open("/audit_trail")
    camera.press("Verify")
    camera.sees("The trail holds")
    camera.unfold("Evidence")


@shot("accounts", "normal", "one-person")
def one_person(camera: Camera, studio: Studio) -> None:
    camera.open("/accounts")
    camera.tick(1)


@shot("accounts", "error", "invite")
def invite_error(camera: Camera, studio: Studio) -> None:
    camera.open("/accounts")
    camera.unfold("Invite someone")
    camera.fill("Email", "not an address")
    camera.press("Invite")


@shot("accounts", "normal", "invited")
def invited(camera: Camera, studio: Studio) -> None:
    camera.open("/accounts")
    camera.unfold("Invite someone")
    camera.fill("Email", "noor@brookandbean.example.com")
    camera.fill("Name", "Noor Till")
    camera.press("Invite")
    camera.sees("It is not shown again")


@shot("settings", "error", "fields")
def settings_error(camera: Camera, studio: Studio) -> None:
    camera.open("/settings")
    camera.fill("Base URL", "http://loyalty.example.com")
    camera.press("Save")


@shot("your_account", "error", "password")
def own_password(camera: Camera, studio: Studio) -> None:
    camera.open("/your_account")
    camera.fill("New password", "a new password of mine")
    camera.fill("The same once more", "another password of mine")
    camera.press("Change password")


@shot("help", "long", "all-answers")
def whole_help(camera: Camera, studio: Studio) -> None:
    camera.open("/help")
    folded = camera.page.get_by_test_id("stMain").locator("details:not([open]) > summary")
    while folded.count():
        folded.first.click()
        camera.page.wait_for_timeout(120)
    camera.settle()
