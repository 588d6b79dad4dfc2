"""What letters say, filled in item by item by a manager: one merchant's, and of no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from portal.letters.profile.checks import missing
from portal.letters.profile.items import ProfileItem
from portal.letters.profile.model import ItemText, Profile
from portal.practice_profile import practice_profile
from portal.storage.answering.letter_tables import LetterProfile

if TYPE_CHECKING:
    from tests.pages.conftest import Screen


@pytest.fixture(autouse=True)
def as_before(desk: Any) -> Iterator[None]:
    """The shops are others' too."""

    def forget() -> None:
        with desk.portal.db.write() as session:
            for row in session.scalars(select(LetterProfile)):
                session.delete(row)

    forget()
    yield
    forget()


def profile(desk: Any, shop: str = "one") -> Profile:
    found: Profile = desk.portal.letter_profiles.in_force(desk.user("maya", shop))
    return found


def box(page: Screen, label: str) -> Any:
    return next(one for one in page.app.selectbox if one.label == label)


def write(page: Screen, label: str, words: str) -> None:
    next(one for one in page.app.text_area if one.label == label).set_value(words)


def save(page: Screen) -> None:
    page.press("Save this item")
    assert not page.app.exception


def texts(page: Screen) -> str:
    return "\n".join(str(one.value) for one in [*page.app.text, *page.app.error, *page.app.code])


def test_item_by_item_until_the_letter_can_be_seen(desk: Any, screen: Callable[..., Screen]) -> None:
    page = screen("maya").go("Settings")
    assert box(page, "Item").value == ProfileItem.CONTROLLER
    assert "Nothing is written here yet." in texts(page)
    write(page, "Words of the letter", "Corner Shop Ltd, 1 Example Street, Cork")
    save(page)
    assert box(page, "Item").value == ProfileItem.DPO, "the next that is missing comes by itself"
    next(one for one in page.app.toggle if one.label == "This does not apply to us").set_value(True).run()
    write(page, "Why it does not apply", "We are too small a shop to need one.")
    save(page)
    write(page, "For all data", "We use your data to run your gift card.")
    save(page)
    assert profile(desk).version == 3 and not profile(desk, "two").items
    lacks = [one.item for one in missing(profile(desk), (), "en")]
    assert not {ProfileItem.CONTROLLER, ProfileItem.DPO, ProfileItem.PURPOSES} & set(lacks) and len(lacks) == 9
    for item, label in [
        (ProfileItem.CATEGORIES, "For all data"), (ProfileItem.RECIPIENTS, "More words, if you like"),
        (ProfileItem.THIRD_COUNTRIES, "Words of the letter"), (ProfileItem.STORAGE, "For all data"),
        (ProfileItem.RIGHTS, "Words of the letter"),
    ]:  # fmt: skip
        assert box(page, "Item").value == item
        write(page, label, "Until two years after your last visit to us.")
        save(page)
    assert box(page, "Item").value == ProfileItem.COMPLAINT
    next(one for one in page.app.multiselect if one.label == "Authority").set_value(["IE"])
    save(page)
    for label in ("For all data", "Words of the letter", "Words of the letter"):
        write(page, label, "Until two years after your last visit to us.")
        save(page)
    assert missing(profile(desk), (), "en") == ()
    assert "Corner Shop Ltd" in texts(page) and "Data Protection Commission" in texts(page)


def test_a_placeholder_is_refused_beside_the_item(desk: Any, screen: Callable[..., Screen]) -> None:
    page = screen("maya").go("Settings")
    write(page, "Words of the letter", "TODO: our name and address")
    page.press("Save this item")
    assert "placeholder" in texts(page) and profile(desk).version == 0


def test_a_recipient_is_added_and_taken_out(desk: Any, screen: Callable[..., Screen]) -> None:
    page = screen("maya").go("Settings")
    box(page, "Item").set_value(ProfileItem.RECIPIENTS).run()
    next(one for one in page.app.text_input if one.key == "letters_name_0").set_value("Paper Plane *Mail*")
    box(page, "Country").set_value("US")
    next(
        one for one in page.app.button if one.label == "Add" and "letters_recipient" in str(one.proto.form_id)
    ).click().run()
    assert [(one.name, one.country) for one in profile(desk).recipients] == [("Paper Plane *Mail*", "US")]
    box(page, "Item").set_value(ProfileItem.RECIPIENTS).run()
    page.press("Take out")
    assert profile(desk).recipients == () and profile(desk).version == 2


def test_an_older_version_is_read_again(desk: Any, screen: Callable[..., Screen]) -> None:
    profiles, user = desk.portal.letter_profiles, desk.user("maya")
    profiles.save(user, practice_profile())
    now = profiles.in_force(user)
    profiles.save(user, now.with_item(ProfileItem.DPO, ItemText({"en": "Ask Robin Example."})))
    page = screen("maya").go("Settings")
    assert "Ask Robin Example." in texts(page)
    box(page, "Version").set_value(1).run()
    assert "Ask Robin Example." not in "\n".join(str(one.value) for one in page.app.code)
