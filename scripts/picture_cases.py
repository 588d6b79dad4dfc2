"""Pictures of cases: the list, a new one, and one while it is worked on. Steps of `picture_list.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from picture_camera import Camera
from picture_list import page_shot, shot

if TYPE_CHECKING:
    from pictures import Studio

MESSAGE = "Dear shop, please send me what you hold about me. My card ends with 0018.\nAda, ada@example.com"
LONG_MESSAGE = "\n".join(
    f"> {line:02}: and as I wrote before, I should like to have it in writing" for line in range(40)
)

page_shot("new_case")
page_shot("case", "empty")
page_shot("case_file", "empty")


def case_of(camera: Camera, studio: Studio, customer: str) -> None:
    """From the preview of a customer's export to the case."""
    camera.open(studio.places[customer])
    camera.page.get_by_role("link", name="The case").click()
    camera.sees("What happened")
    camera.settle()
    studio.places["case"] = camera.page.url.removeprefix(camera.origin)


@shot("cases", "normal")
def cases(camera: Camera, studio: Studio) -> None:
    camera.open("/cases")


@shot("cases", "error", "no-match")
def no_case(camera: Camera, studio: Studio) -> None:
    camera.open("/cases")
    camera.fill("Search", "nobody@example.com")
    camera.page.keyboard.press("Enter")
    camera.sees("Nothing matches")


@shot("new_case", "normal", "pasted")
def pasted(camera: Camera, studio: Studio) -> None:
    camera.open("/new_case")
    camera.page.get_by_label("What did you get?").fill(MESSAGE)
    camera.page.get_by_label("What did you get?").blur()
    camera.sees("Last four digits")


@shot("new_case", "error")
def nothing_entered(camera: Camera, studio: Studio) -> None:
    camera.open("/new_case")
    camera.press("Open the case")
    camera.sees("Say by what the person is known")


@shot("new_case", "long")
def long_message(camera: Camera, studio: Studio) -> None:
    camera.open("/new_case")
    text = MESSAGE + "\n" + LONG_MESSAGE + "\n" + ", ".join(f"cousin.{n}@example.com" for n in range(9))
    camera.page.get_by_label("What did you get?").fill(text)
    camera.page.get_by_label("What did you get?").blur()
    camera.sees("cousin.1@example.com")


@shot("case", "normal")
def case(camera: Camera, studio: Studio) -> None:
    case_of(camera, studio, "ada")


@shot("case", "normal", "letter", whole=False)
def letter(camera: Camera, studio: Studio) -> None:
    case_of(camera, studio, "ada")
    camera.press("More")
    camera.page.get_by_role("menuitem", name="More time").or_(
        camera.page.get_by_role("option", name="More time")
    ).first.click()  # fmt: skip
    camera.sees("we need more time")


@shot("case", "long", "why")
def why_this_day(camera: Camera, studio: Studio) -> None:
    case_of(camera, studio, "ada")
    camera.unfold("Why this day?")


@shot("case", "error")
def no_such_case(camera: Camera, studio: Studio) -> None:
    camera.open(f"/case?case={'0' * 32}")


@shot("case_file", "normal")
def file_under_review(camera: Camera, studio: Studio) -> None:
    """An answer of another source than the gift cards; it is collected first where nobody has."""
    case_of(camera, studio, "ada")
    if camera.page.get_by_role("button", name="Collect", exact=True).count():
        camera.press("Collect")
    row = camera.page.locator("[class*=st-key-case_review_]").filter(has_text="Loyalty data").last
    row.get_by_role("button", name="Look", exact=True).click()
    camera.sees("besides the customer")


@shot("case_file", "error")
def no_such_file(camera: Camera, studio: Studio) -> None:
    camera.open(f"/case_file?file={'0' * 32}")
