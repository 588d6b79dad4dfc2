"""Pictures of Preview in the first shop. Steps of `picture_list.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from picture_camera import Camera
from picture_list import shot

if TYPE_CHECKING:
    from pictures import Studio


def preview_shot(customer: str, state: str, name: str, who: str = "maya") -> None:
    def open_it(camera: Camera, studio: Studio) -> None:
        camera.open(studio.places[customer])
        camera.sees("Details")
        camera.settle()

    shot("preview", state, name, who=who)(open_it)


for customer, state, name in (
    ("many.cards", "long", "many-cards"),
    ("stacked", "normal", "several-tables-csv"),
    ("empty", "normal", "nothing-held"),
    ("two.people", "error", "two-people"),
    ("refused", "error", "refused"),
    ("wrong.file", "error", "wrong-file"),
    ("bad.gateway", "error", "unknown-outcome"),
    ("expired", "error", "link-expired"),
):
    preview_shot(customer, state, name)
preview_shot("two.people", "error", "two-people-agent", who="sam")
preview_shot("ada", "normal", "auditor", who="iris")


@shot("preview", "normal", "ready")
def ready(camera: Camera, studio: Studio) -> None:
    camera.open(studio.places["ada"])
    camera.tab("giftCards (")


def see_cards(camera: Camera) -> None:
    if camera.page.get_by_role("button", name="Show card numbers").count():
        camera.press("Show card numbers")
        camera.press("Show the numbers")
        camera.sees("Card numbers are shown until")


@shot("preview", "normal", "revealed")
def revealed(camera: Camera, studio: Studio) -> None:
    camera.open(studio.places["ada"])
    camera.press("Show")
    see_cards(camera)
    camera.tab("giftCards (")
    camera.unfold("Someone else")
    camera.unfold("Transactions over time")
    camera.unfold("Details")


@shot("preview", "normal", "search-and-columns")
def search(camera: Camera, studio: Studio) -> None:
    camera.open(studio.places["many.cards"])
    camera.fill("Search all tables", "active")
    camera.page.keyboard.press("Enter")
    camera.sees("match")
    camera.unfold("About the columns")


@shot("preview", "normal", "raw-json")
def raw(camera: Camera, studio: Studio) -> None:
    camera.open(studio.places["flat.list"])
    see_cards(camera)
    camera.tab("Raw")


@shot("preview", "normal", "compared")
def compared(camera: Camera, studio: Studio) -> None:
    camera.open(studio.places["ada"])
    camera.unfold("Compare with an earlier export")
    camera.press("Compare")
    camera.page.wait_for_timeout(800)


@shot("preview", "normal", "destroy-dialog", whole=False)
def destroy_dialog(camera: Camera, studio: Studio) -> None:
    camera.open(studio.places["flat.csv"])
    camera.press("More")
    camera.page.get_by_role("menuitem", name="Destroy file").or_(
        camera.page.get_by_role("option", name="Destroy file")
    ).first.click()
    camera.sees("Destroy this file?")


@shot("preview", "normal", "destroyed")
def destroyed(camera: Camera, studio: Studio) -> None:
    destroy_dialog(camera, studio)
    camera.page.get_by_role("dialog").get_by_role("button", name="Destroy now").click()
    camera.sees("The file has been destroyed")
    camera.settle()


@shot("preview", "loading", "rate-limited", whole=False)
def rate_limited(camera: Camera, studio: Studio) -> None:
    camera.request("busy")
    camera.sees("asking again in")


@shot("preview", "loading", "large-file", whole=False)
def large_file(camera: Camera, studio: Studio) -> None:
    camera.request("large.file", "CSV")
    camera.sees("Raw", seconds=60)


@shot("preview", "error", "not-there")
def not_there(camera: Camera, studio: Studio) -> None:
    camera.open(f"/preview?export={'0' * 32}")
