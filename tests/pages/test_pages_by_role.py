"""Each page for each role and for nobody: what it draws, what it refuses, what it says when there is nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from portal.composition import Portal
from portal.practice.invented.builder import build_world
from portal.storage.tables import Merchant

if TYPE_CHECKING:
    from tests.pages.conftest import Screen

    MakeScreen = Callable[..., Screen]

pytestmark = pytest.mark.keeps("SEC-21")

PAGES = ("Today", "New export", "Past exports", "Preview")
SCRIPTS = ("today", "new_export", "past_exports", "preview")


@pytest.fixture(scope="module")
def ready(desk: Any) -> Any:
    return desk.run("ada@example.com", reference="T-100")


@pytest.fixture(scope="module")
def attention(desk: Any) -> Any:
    return desk.run("two.people@example.com")


@pytest.fixture(scope="module")
def refused(desk: Any) -> Any:
    return desk.run("nobody@example.com")


@pytest.fixture(scope="module")
def secrets_of_the_data() -> list[str]:
    """What must stand in no Markdown sink: addresses, names, phones and card numbers of those who were asked for."""
    world = build_world()
    found = []
    for email in ("ada@example.com", "two.people@example.com", "nobody@example.com"):
        found.append(email)
        customer = world.customer_by_email(world.merchant("one").id, email)
        if customer is not None:
            found += [customer.name, customer.phone, customer.id]
            for card in world.cards_of_customer[customer.id]:
                found.append(card.number)
                found += [p.email for p in (card.sender, card.recipient) if p is not None]
    return found


# Without a session ---------------------------------------------------------------------------------------


def test_nobody_gets_only_the_sign_in_page_from_any_address(screen: MakeScreen, ready: Any) -> None:
    nobody = screen("")
    nobody.app.query_params["export"] = ready.id
    nobody.run()
    assert nobody.titles == ["Sign in"]
    for script in SCRIPTS:
        with pytest.raises(ValueError, match=r"Known pages: \[('[^']*sign_in\.py'(, )?)+\]"):
            nobody.app.switch_page(f"../pages/{script}.py")


@pytest.mark.parametrize("page", PAGES)
def test_page_draws_nothing_more_once_its_session_has_ended(
    screen: MakeScreen, portal: Portal, ready: Any, page: str
) -> None:
    person = screen("maya").go(page, ready.id)
    assert person.titles == [page]
    portal.sessions.end_session(person.app.user["session_hash"])
    person.run()
    assert person.titles == []
    assert "You are signed out." in person.texts()
    assert person.tables() == []
    assert "•••" not in person.texts()
    for kept in ("_preview", "_others", "_finder_new_export", "_programs", f"_shown_{ready.id}"):
        assert kept not in person.app.session_state


# Today ---------------------------------------------------------------------------------------------------


def test_today_of_a_merchant_without_exports_says_what_would_be_here(screen: MakeScreen) -> None:
    person = screen("maya", "two").go("Today")
    assert "No exports yet." in person.said("info")
    assert [(m.label, m.value) for m in person.app.metric] == [
        ("Overdue", "0"), ("Due within 7 days", "0"), ("Waiting for a decision", "0"),
    ]  # fmt: skip
    assert person.tables() == []


def test_today_lists_what_waits_for_a_decision_and_the_latest(
    screen: MakeScreen, ready: Any, attention: Any, refused: Any
) -> None:
    person = screen("sam").go("Today")
    causes = [expander.label for expander in person.app.expander]
    assert any("The file holds a record of another customer" in cause and cause.endswith("· 1") for cause in causes)
    assert list(person.tables()[0]["Status"]) == ["■ Refused", "▲ Needs a manager", "● Ready"]
    person.press("Look")
    assert person.titles == ["Preview"]


def test_a_click_on_a_row_of_past_exports_opens_its_preview(screen: MakeScreen, ready: Any) -> None:
    person = screen("sam").go("Past exports")
    person.app.session_state[f"_{person.app.dataframe[0].key}_opened"] = ready.id  # as the click's callback leaves it
    assert person.run().titles == ["Preview"]
    assert person.app.query_params["export"] in (ready.id, [ready.id])


# New export ----------------------------------------------------------------------------------------------


def test_auditor_has_no_new_export_page_nor_button(screen: MakeScreen) -> None:
    auditor = screen("iris").go("Today")
    assert "New export" not in auditor.labels()
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        auditor.app.switch_page("../pages/new_export.py")


def test_agent_with_wrong_input_reads_a_sentence_a_field_and_sends_nothing(screen: MakeScreen, shop: Any) -> None:
    person = screen("sam").go("New export")
    person.choose("Limit to", "One card").enter("Customer email", "ada").enter("Card ID", "xyz").press("Request export")
    assert [error.value.replace("\\", "").replace("\u2060", "") for error in person.app.error] == [
        "Enter the customer's email in full, like name@example.com.",
        "Card ID must be 24 characters of 0-9 and a-f; character 1 is “x”.",
    ]
    assert shop.posts() == 0
    person.enter("Card ID", "0" * 24).run()
    assert len(person.app.error) == 1


@pytest.fixture
def unconnected(portal: Portal) -> Iterator[None]:
    """Merchant two has no token for the API, for a while."""
    with portal.db.write() as session:
        merchant = session.scalars(select(Merchant).where(Merchant.name == "Northwind Books")).one()
        token, merchant.sealed_api_token = merchant.sealed_api_token, None
        merchant_id = merchant.id
    yield
    with portal.db.write() as session:
        session.get_one(Merchant, merchant_id).sealed_api_token = token


def test_programs_that_cannot_be_read_leave_the_rest_of_the_form_usable(screen: MakeScreen, unconnected: None) -> None:
    person = screen("sam", "two").go("New export").choose("Limit to", "One program")
    assert "A manager can enter it in Settings" in person.said("error")
    assert "Reference:" in person.said("error")
    assert "Request export" in person.labels()
    person.choose("Limit to", "Everything")
    assert not person.app.error


def test_program_list_is_read_from_the_api(screen: MakeScreen) -> None:
    person = screen("sam").go("New export").choose("Limit to", "One program")
    programs = next(box for box in person.app.selectbox if box.label == "Program")
    assert programs.options == [
        "Barista course", "Birthday card", "Coffee Club", "Corporate gifts", "House gift card", "Morning Regulars",
        "Tea Club",
    ]  # fmt: skip


# Preview -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("export", ["", "0" * 32, "../../etc/passwd", "x" * 5000])
def test_preview_of_nothing_shows_the_way_to_past_exports(screen: MakeScreen, export: str) -> None:
    person = screen("sam").go("Preview", export)
    assert person.titles == ["Preview"]
    assert "Choose an export to look at it here" in person.said("info")
    assert person.tables() == []
    assert not person.app.exception


def test_preview_shows_tables_to_an_agent(screen: MakeScreen, ready: Any) -> None:
    person = screen("sam").go("Preview", ready.id)
    assert [tab.label for tab in person.app.tabs][-1] == "Raw"
    record = next(table for table in person.tables() if list(table.columns) == ["Field", "Value"])
    assert ["email", "ada@example.com"] in record.to_numpy().tolist()


def test_preview_gives_an_auditor_the_facts_and_not_a_cell(
    screen: MakeScreen, ready: Any, secrets_of_the_data: list[str]
) -> None:
    auditor = screen("iris").go("Preview", ready.id)
    assert "Your role sees the facts" in auditor.said("info")
    assert auditor.tables() == []
    assert not {"Show", "Ask again", "Destroy file", "Release"} & set(auditor.labels())
    everything = auditor.texts() + auditor.said() + "".join(code.value for code in auditor.app.code)
    assert [secret for secret in secrets_of_the_data if secret in everything] == []


def test_preview_of_another_merchants_export_reads_as_if_it_were_not_there(screen: MakeScreen, ready: Any) -> None:
    stranger = screen("maya", "two").go("Preview", ready.id)
    assert "There is nothing here by that address." in stranger.said("error").replace("\\", "")
    assert "•••" not in stranger.texts()
    assert stranger.tables() == []


def test_preview_that_needs_a_decision_opens_for_the_manager_only(screen: MakeScreen, attention: Any) -> None:
    agent = screen("sam").go("Preview", attention.id)
    assert agent.tables() == []
    assert "Release" not in agent.labels()
    manager = screen("maya").go("Preview", attention.id)
    assert "Release" in manager.labels()
    assert manager.tables()


def test_preview_asks_for_a_fresh_proof_before_contents(
    screen: MakeScreen, portal: Portal, ready: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = portal.settings.model_copy(update={"step_up_minutes": 0.0})
    monkeypatch.setattr(portal.files, "settings", settings)
    person = screen("sam").go("Preview", ready.id)
    assert person.tables() == []
    assert "Confirm" in person.labels()


def test_preview_of_a_refused_export_says_whose_turn_it_is(screen: MakeScreen, refused: Any) -> None:
    person = screen("sam").go("Preview", refused.id)
    assert "Your turn." in person.said("error")
    assert {"Ask again", "Change the request"} <= set(person.labels())
    person.press("Change the request")
    assert person.titles == ["New export"]
    assert next(f for f in person.app.text_input if f.label == "Customer email").value == "nobody@example.com"


# Past exports --------------------------------------------------------------------------------------------


def test_past_exports_of_a_merchant_without_exports_says_how_to_get_one(screen: MakeScreen) -> None:
    person = screen("sam", "two").go("Past exports")
    assert "No exports yet." in person.said("info")
    person.press("New export")
    assert person.titles == ["New export"]


def test_past_exports_filters_by_whole_email_and_start_of_reference(
    screen: MakeScreen, ready: Any, attention: Any
) -> None:
    person = screen("iris").go("Past exports")
    for words, found in (("ada@example.com", 1), ("T-1", 1), ("ADA@example.com ", 1), ("ada@", 0), ("T-2", 0)):
        person.enter("Search", words).run()
        rows = [row for table in person.tables() for row in table["Customer"]]
        assert len(rows) == found, words
        assert ("Nothing matches." in person.said("info")) == (not found)


def test_past_exports_keeps_its_filters_while_one_moves_about(screen: MakeScreen, ready: Any, refused: Any) -> None:
    person = screen("sam").go("Past exports")
    person.enter("Search", "T-100").run()
    next(box for box in person.app.multiselect if box.label == "Status").set_value(["Ready"]).run()
    assert list(person.tables()[0]["Reference"]) == ["T-100"]
    for page in ("today", "past_exports"):
        person.app.switch_page(f"../pages/{page}.py")
        person.run()
    assert next(f for f in person.app.text_input if f.label == "Search").value == "T-100"
    assert next(box for box in person.app.multiselect if box.label == "Status").value == ["Ready"]
    assert list(person.tables()[0]["Reference"]) == ["T-100"]


# Everywhere ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["maya", "sam", "iris"])
def test_no_personal_value_reaches_a_markdown_sink(
    screen: MakeScreen, ready: Any, attention: Any, refused: Any, secrets_of_the_data: list[str], who: str
) -> None:
    person = screen(who)
    seen = []
    for page in PAGES:
        if who == "iris" and page == "New export":
            continue
        for export in (ready.id, attention.id, refused.id) if page == "Preview" else ("",):
            person.go(page, export)
            assert not person.app.exception
            if "Show" in person.labels():
                person.press("Show")
                assert "@example.com" in person.texts()
                assert "•••@" not in person.texts()
            labels = [*person.labels(), *person.labels("expander"), *person.labels("tab")]
            seen.append(person.said() + "\n".join(labels))
    words = "\n".join(seen)
    assert [secret for secret in secrets_of_the_data if secret in words] == []
