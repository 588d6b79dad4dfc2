"""Help for each page, the first look round, recent customers, the request ID on every answer."""

from __future__ import annotations

import ast
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from portal.composition import Portal
from portal.ui.common import navigation
from portal.ui.form.recent import RECENT
from portal.ui.help import drawings, tour
from portal.ui.help.help_places import QUESTION_OF_PAGE, QUESTIONS
from portal.ui.preview import progress

if TYPE_CHECKING:
    from tests.pages.conftest import Screen

    MakeScreen = Callable[..., Screen]

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def ready(desk: Any) -> Any:
    return desk.run("ada@example.com")


@pytest.fixture(scope="module")
def refused(desk: Any) -> Any:
    return desk.run("nobody@example.com")


def open_help(person: Screen, about: str = "") -> Screen:
    person.app.query_params.clear()
    person.app.run()
    person.app.switch_page(navigation.HELP)
    if about:
        person.app.query_params[navigation.HELP_PARAMETER] = about
    return person.run()


def unfolded(person: Screen) -> list[str]:
    return [e.label for e in person.app.expander if e.proto.expanded]


@pytest.mark.parametrize("question", QUESTIONS)
def test_help_opens_at_the_question_the_address_names(screen: MakeScreen, question: str) -> None:
    person = open_help(screen("sam"), question)
    assert person.titles == ["Help"]
    assert [e.label for e in person.app.expander] == list(QUESTIONS.values())
    assert unfolded(person) == [QUESTIONS[question]]


@pytest.mark.parametrize("asked", ["", "nothing", "../audit", "<script>", "states\n"])
def test_help_asked_for_something_else_opens_at_the_beginning(screen: MakeScreen, asked: str) -> None:
    assert unfolded(open_help(screen("iris"), asked)) == [QUESTIONS["purpose"]]


def test_every_page_of_the_portal_has_its_question() -> None:
    scripts = {path.stem for path in (ROOT / "pages").glob("*.py")} - {"sign_in", "help"}
    assert {page or "today" for page in QUESTION_OF_PAGE} == scripts
    assert set(QUESTION_OF_PAGE.values()) <= set(QUESTIONS)
    assert len(QUESTIONS) >= 10


def test_every_question_has_an_answer_of_its_own() -> None:
    source = ast.parse((ROOT / "pages" / "help.py").read_text(encoding="utf-8"))
    answers = next(
        n.value for n in ast.walk(source) if isinstance(n, ast.AnnAssign) and ast.unparse(n.target) == "ANSWERS"
    )
    assert isinstance(answers, ast.Dict)
    assert [ast.literal_eval(key) for key in answers.keys if key] == list(QUESTIONS)
    assert len({ast.unparse(value) for value in answers.values}) == len(QUESTIONS)


@pytest.mark.parametrize("colours", [drawings.LIGHT, drawings.DARK])
@pytest.mark.parametrize("drawn", [drawings.states_svg, drawings.expiry_svg, drawings.masked_svg])
def test_a_drawing_is_whole_and_loads_nothing(drawn: Callable[[drawings.Ink], str], colours: drawings.Ink) -> None:
    svg = drawn(colours)
    width = int(ET.fromstring(svg).attrib["width"])
    assert width <= 390
    assert "href" not in svg
    assert "<script" not in svg
    for text in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"):
        assert int(text.attrib["font-size"]) >= 12


def test_every_picture_of_help_has_words_for_who_does_not_see_it(screen: MakeScreen) -> None:
    person = open_help(screen("maya"))
    pictures = [m.value for m in person.app.markdown if m.value.startswith("![")]
    assert len(pictures) == 3
    for picture in pictures:
        says, _, address = picture.removeprefix("![").partition("](")
        assert len(says.split()) > 8
        assert address.startswith("data:image/svg+xml;base64,")


# The first look round ----------------------------------------------------------------------------------------


def test_newcomer_is_shown_round_on_the_practice_merchant_until_they_close_it(screen: MakeScreen, ready: Any) -> None:
    person = screen("maya").go("Today")
    assert "New here?" in person.said("markdown")
    assert "done" not in person.said("markdown")
    person.go("Preview", ready.id)
    person.go("Today")
    assert "2. Look" in person.said("markdown")
    assert person.said("markdown").count("done") == 2
    person.press("Close the tour")
    assert "New here?" not in person.said("markdown")
    assert "New here?" not in person.go("Today").said("markdown")
    assert "New here?" in screen("maya").go("Today").said("markdown")  # another sign-in


def test_first_step_of_the_tour_fills_the_form(screen: MakeScreen) -> None:
    person = screen("sam").go("Today")
    person.press("Fill the form for Ada")
    assert person.titles == ["New export"]
    assert next(f.value for f in person.app.text_input if f.label == "Customer email") == "ada@example.com"


@pytest.mark.parametrize(("who", "steps"), [("maya", 4), ("sam", 3), ("iris", 2)])
def test_the_tour_has_only_steps_its_reader_can_take(screen: MakeScreen, who: str, steps: int) -> None:
    said = screen(who).go("Today").said("markdown")
    assert f"**{steps}. " in said
    assert f"**{steps + 1}. " not in said


def test_a_real_merchant_is_never_shown_round(
    screen: MakeScreen, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[object] = []
    monkeypatch.setattr(tour.st, "container", drawn.append)
    user = portal.accounts.user_for_account("maya@brookandbean.example.com", origin="cli")
    import dataclasses

    tour.draw_tour(dataclasses.replace(user, practice=False))
    assert drawn == []


# Less typing -------------------------------------------------------------------------------------------------


def test_pasted_message_becomes_the_one_address_in_it(screen: MakeScreen) -> None:
    person = screen("sam").go("New export")
    person.enter("Customer email", "Ada Quill <ada@example.com> wrote: please send me everything").run()
    assert next(f.value for f in person.app.text_input if f.label == "Customer email") == "ada@example.com"
    assert "Found in what you pasted" in person.said("info")
    assert "ada@" not in person.said()


def test_several_addresses_in_a_pasted_message_are_the_persons_choice(screen: MakeScreen) -> None:
    person = screen("sam").go("New export")
    person.enter("Customer email", "From: Ada <ada@example.com> To: help@example.org").run()
    choice = next(box for box in person.app.selectbox if "in what you pasted" in box.label)
    assert choice.label.startswith("2 addresses")
    assert choice.options == ["ada@example.com", "help@example.org"]
    assert choice.value is None
    choice.select("ada@example.com")
    person.run()
    assert next(f.value for f in person.app.text_input if f.label == "Customer email") == "ada@example.com"


def test_recent_customers_are_masked_fill_the_form_and_go_with_the_session(screen: MakeScreen, portal: Portal) -> None:
    person = screen("sam").go("New export")
    assert RECENT not in person.app.session_state
    person.enter("Customer email", "semicolon@example.com").press("Request export")
    person.go("New export")
    label = next(b.label for b in person.app.button if b.key == "recent-0")
    assert "semicolon" not in label
    assert label.startswith("s•••")
    assert "semicolon" not in repr(person.app.session_state[RECENT])
    person.press(label)
    assert next(f.value for f in person.app.text_input if f.label == "Customer email") == "semicolon@example.com"
    portal.sessions.end_session(person.app.user["session_hash"])
    person.run()
    assert RECENT not in person.app.session_state


def test_practice_customers_are_each_called_differently(screen: MakeScreen) -> None:
    labels = [b.label for b in screen("sam").go("New export").app.button if str(b.key).startswith("try-")]
    assert len(labels) > 10
    assert len(set(labels)) == len(labels)


def test_an_export_that_waits_for_somebody_leads_to_its_own_question(screen: MakeScreen, refused: Any) -> None:
    person = screen("sam").go("Preview", refused.id)
    assert [link.proto.label for link in person.app.get("page_link")] == [
        "Help", "The case", QUESTIONS["trouble"],
    ]  # fmt: skip


@pytest.mark.parametrize("state", ["ready", "refused"])
def test_request_id_stands_ready_to_be_copied_whenever_loyaltydog_answered(
    screen: MakeScreen, request: pytest.FixtureRequest, state: str
) -> None:
    view = request.getfixturevalue(state)
    assert view.vendor_request_id
    person = screen("maya").go("Preview", view.id)
    person.app.session_state["details"] = True
    assert [code.value for code in person.run().app.code].count(view.vendor_request_id) == 1


def test_the_end_of_a_slow_export_is_told_once_and_only_to_who_waited(
    screen: MakeScreen, ready: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "SLOW_SECONDS", 0)
    person = screen("sam").go("Preview", ready.id)
    assert not person.app.toast
    person.app.session_state[progress.WAITED_FOR] = ready.id
    assert [toast.value for toast in person.run().app.toast] == ["The export you waited for: Ready"]
    assert not person.run().app.toast
    person.go("Past exports")
    assert progress.WAITED_FOR not in person.app.session_state


@pytest.mark.keeps("LAW-22")
def test_it_is_said_that_this_is_one_systems_data_only(screen: MakeScreen) -> None:
    assert "Gift cards at LoyaltyDog only" in screen("sam").go("New export").said("caption")
    assert "It is not the whole answer." in open_help(screen("sam"), "purpose").said("markdown")
