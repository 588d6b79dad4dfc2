"""Pictures of the second shop: before anybody asked for anything, then with long names and much of everything.

Steps of `picture_list.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from picture_camera import Camera
from picture_list import page_shot, shot

if TYPE_CHECKING:
    from pictures import Studio

LONG_CUSTOMER = "wonderfully.long.customer.name.of.the.old.school"

# The second shop before anybody asked for anything ----------------------------------------------------

page_shot("today", "empty", who="nora")
page_shot("past_exports", "empty", who="nora")
page_shot("cases", "empty", who="nora")
page_shot("preview", "empty", who="nora")


@shot("audit_trail", "empty", who="nora")
def trail_empty(camera: Camera, studio: Studio) -> None:
    camera.open("/audit_trail")
    camera.fill("Export ID", "0" * 32)
    camera.page.keyboard.press("Enter")
    camera.sees("No act matches")


# Then with much of everything -------------------------------------------------------------------------


@shot("new_export", "loading", "programs", who="nora")
def programs_loading(camera: Camera, studio: Studio) -> Iterator[None]:
    camera.open("/new_export")
    with studio.vendor.holding("programs"):
        camera.choose("One program", moving=True)
        yield


@shot("new_export", "long", "program-list", who="nora", whole=False)
def long_programs(camera: Camera, studio: Studio) -> None:
    camera.open("/new_export")
    camera.choose("One program")
    camera.page.get_by_role("combobox", name=re.compile("^Program")).click()
    camera.page.wait_for_timeout(400)


@shot("new_export", "long", "program-chosen", who="nora")
def long_program(camera: Camera, studio: Studio) -> None:
    long_programs(camera, studio)
    camera.page.get_by_role("option").first.click()
    camera.settle()


@shot("new_export", "error", "vendor-away", who="nora")
def vendor_away(camera: Camera, studio: Studio) -> Iterator[None]:
    camera.open("/new_export")
    studio.vendor.failing = True
    try:
        camera.choose("One program")
        camera.page.get_by_test_id("stAlert").first.wait_for(timeout=20_000)
        yield
    finally:
        studio.vendor.failing = False


@shot("preview", "loading", "asking", who="nora", whole=False)
def asking(camera: Camera, studio: Studio) -> Iterator[None]:
    with studio.vendor.holding("export"):
        camera.request(LONG_CUSTOMER)
        camera.sees("waiting for the answer")
        yield
    camera.sees("Raw")


@shot("preview", "loading", "fetching", who="nora", whole=False)
def fetching(camera: Camera, studio: Studio) -> Iterator[None]:
    with studio.vendor.holding("file"):
        camera.request(f"second.{LONG_CUSTOMER}", reference="R" * 100)
        camera.sees("Fetching the file")
        camera.page.wait_for_timeout(2500)  # until its first half is here
        yield
    camera.sees("Raw")
    studio.places["long"] = camera.page.url.removeprefix(camera.origin)


@shot("preview", "long", "wide-file", who="nora")
def wide_file(camera: Camera, studio: Studio) -> None:
    camera.open(studio.places["long"])
    camera.tab("giftCards (")


for page in ("today", "cases", "past_exports", "audit_trail", "accounts"):
    page_shot(page, "long", who="nora")


@shot("settings", "loading", who="nora")
def connection_loading(camera: Camera, studio: Studio) -> Iterator[None]:
    camera.open("/settings")
    with studio.vendor.holding("programs"):
        camera.press("Test connection", moving=True)
        yield


@shot("settings", "long", "connection", who="nora")
def connection_long(camera: Camera, studio: Studio) -> None:
    camera.open("/settings")
    camera.press("Test connection")
    camera.sees("in sight")


@shot("settings", "error", "vendor-away", who="nora")
def connection_error(camera: Camera, studio: Studio) -> Iterator[None]:
    camera.open("/settings")
    studio.vendor.failing = True
    try:
        camera.press("Test connection")
        yield
    finally:
        studio.vendor.failing = False
