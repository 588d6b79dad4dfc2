"""The box that finds the customer, on New case and New export, and the list of look-ups that led nowhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select

from portal.cases.services.intake import IdentifierKind
from portal.composition import Portal
from portal.loyaltydog import Forbidden, LoyaltyDogError, ServerTrouble, UnreadableAnswer
from portal.practice.invented.builder import build_world
from portal.storage.case_tables import CaseIdentifier, PersonLookup
from portal.storage.tables import Export, Pace, utc_now
from portal.ui.cases.recognising import recognise, without_card_numbers
from tests.pages.conftest import Screen

MakeScreen = Callable[..., Screen]
WORLD = build_world()
SHARED = "4708"  # the last four digits of cards of two customers
HER = next(one for one in WORLD.customers.values() if one.email == "prof.edit.081@example.com")
HER_CARD = next(one for one in WORLD.cards.values() if one.customer_id == HER.id and one.number.endswith(SHARED))
NONE_CHOSEN = "none is chosen yet"


@pytest.fixture(autouse=True)
def rested(desk: Any) -> Iterator[None]:
    yield
    with desk.portal.db.write() as session:
        session.execute(delete(Pace))


def exports(desk: Any) -> int:
    with desk.portal.db.read() as session:
        return len(session.scalars(select(Export.id)).all())


def paste(screen: Screen, text: str) -> Screen:
    screen.app.text_area(key="case_pasted").set_value(text)
    return screen.run()


def type_in(screen: Screen, text: str) -> Screen:
    return screen.enter("Customer email", text).run()


def press(screen: Screen, start: str) -> Screen:
    found = [button for button in screen.app.button if button.label.startswith(start)]
    assert len(found) == 1, [button.label for button in screen.app.button]
    found[0].click()
    return screen.run()


def uses(screen: Screen) -> list[str]:
    return [label for label in screen.labels() if label.startswith("Use ")]


def last_look_up(desk: Any) -> PersonLookup:
    with desk.portal.db.read() as session:
        row: PersonLookup = session.scalars(select(PersonLookup).order_by(PersonLookup.at.desc())).first()
        session.expunge(row)
        return row


# What the box makes of it -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "last_fours"),
    [
        ("4711 ada@example.com", ["4711"]),
        ("4711, +49 30 1234 5678", ["4711"]),
        ("Ada Quinn\n4711", ["4711"]),
        ("my card is •••• 7890, thanks", ["7890"]),
        ("Order 4711 of 2026", []),
        ("10.11.2026 12:30", []),
        ("5eed000000000000000000aa", []),
    ],
)
def test_four_digits_are_a_cards_only_where_no_message_stands_around_them(text: str, last_fours: list[str]) -> None:
    assert [one.value for one in recognise(text) if one.kind is IdentifierKind.LAST_FOUR] == last_fours


@given(st.text(max_size=40), st.from_regex(r"[0-9]{16}|[0-9]{4}( [0-9]{4}){3}", fullmatch=True), st.text(max_size=40))
def test_no_whole_card_number_stays_in_the_text(before: str, number: str, after: str) -> None:
    text, _numbers = without_card_numbers(f"{before}\n{number}\n{after}")
    assert number not in text.splitlines()
    assert not without_card_numbers(text)[1]


# New case -----------------------------------------------------------------------------------------------


def test_two_customers_stop_it_until_a_second_fact_and_a_choice(desk: Any, portal: Portal, screen: MakeScreen) -> None:
    agent = paste(screen("sam").go("New case"), SHARED)
    agent.app.text_input(key="case_reference").set_value("T-1")
    agent.press("Find the customer")
    assert NONE_CHOSEN in agent.said("warning") and uses(agent) == []
    assert agent.app.text_input(key="case_reference").value == "T-1"
    shown = agent.texts() + agent.said("caption")
    assert f"•••• {SHARED}" in shown.replace("\\", "") and "p•••@example.com" in shown
    assert not any(secret in shown for secret in (HER.email, HER.id, HER.name, HER_CARD.number, HER_CARD.id))
    agent.app.button(key="open_case").click()
    agent.run()
    assert "give a second fact" in agent.said("error")
    paste(agent, f"{SHARED} {HER.email}")
    assert NONE_CHOSEN not in agent.said("warning") and len(uses(agent)) == 1
    press(agent, "Use ")
    assert "Choose again" in agent.labels()
    agent.app.button(key="open_case").click()
    agent.run()
    assert not agent.app.exception and agent.titles != ["New case"]
    case_id = last_look_up(desk).case_id
    assert case_id is not None
    with portal.db.read() as session:
        rows = select(CaseIdentifier).where(CaseIdentifier.case_id == case_id).order_by(CaseIdentifier.number)
        kinds = [(row.kind, row.standing) for row in session.scalars(rows)]
    assert kinds[0] == ("email", "claimed") and ("customer_id", "found") in kinds and ("phone", "found") in kinds


def test_a_case_is_not_opened_while_two_customers_of_a_look_up_fit(
    desk: Any, portal: Portal, screen: MakeScreen
) -> None:
    before = portal.case_register.count(desk.user())
    agent = paste(screen("sam").go("New case"), f"{SHARED} +44 20 7000 0000")
    agent.press("Find the customer")
    assert "None of the customers found fits everything" in agent.said("warning")
    agent.app.button(key="open_case").click()
    agent.run()
    assert "More than one customer fits" in agent.said("error")
    assert portal.case_register.count(desk.user()) == before


def test_what_the_person_told_of_the_card_offers_the_one_it_tells_apart(screen: MakeScreen) -> None:
    agent = paste(screen("sam").go("New case"), SHARED).press("Find the customer")
    told = next(box for box in agent.app.selectbox if box.label == "The person also named")
    told.set_value(next(option for option in ("balance",)))
    agent.run()
    assert len(uses(agent)) == 2 and len(set(uses(agent))) == 2


def test_a_whole_number_is_cut_in_the_box_and_finds_its_holder(desk: Any, screen: MakeScreen) -> None:
    agent = paste(screen("sam").go("New case"), f"card {HER_CARD.number}")
    assert agent.app.text_area(key="case_pasted").value == f"card •••• {SHARED}"
    assert HER_CARD.number not in agent.texts() + agent.said()
    agent.press("Find the customer")
    assert len(uses(agent)) == 1
    assert last_look_up(desk).kind == "card_number"
    assert "_card_numbers_new_case" not in agent.app.session_state


def test_a_name_finds_nobody_and_is_not_looked_up(screen: MakeScreen) -> None:
    agent = paste(screen("sam").go("New case"), HER.name)
    assert "A name finds nobody by itself." in agent.said("error")
    assert "Find the customer" not in agent.labels()
    paste(agent, HER_CARD.number[4:8]).press("Find the customer")
    assert "a name finds nobody by itself" in agent.said("info") or NONE_CHOSEN in agent.said("warning") or uses(agent)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Forbidden("HTTP 403", status=403), "does not let this token do that"),
        (ServerTrouble("HTTP 500", status=500), "trouble of its own"),
        (UnreadableAnswer("odd"), "does not understand"),
    ],
)
def test_a_failed_look_up_loses_nothing_and_the_case_opens_without_it(
    portal: Portal, screen: MakeScreen, monkeypatch: pytest.MonkeyPatch, error: LoyaltyDogError, words: str
) -> None:
    def fail(*_args: Any, **_named: Any) -> None:
        raise error

    monkeypatch.setattr("portal.loyaltydog.LoyaltyDog.search_cards", fail)
    typed = f"{words.replace(' ', '.')}@example.com"
    agent = paste(screen("sam").go("New case"), typed).press("Find the customer")
    assert words in agent.said("error") and "Nothing you entered is lost" in agent.said("caption")
    assert agent.app.text_area(key="case_pasted").value == typed
    agent.app.button(key="open_case").click()
    agent.run()
    assert agent.titles != ["New case"] and not agent.app.exception


# New export ---------------------------------------------------------------------------------------------


def test_an_email_or_an_id_is_asked_for_without_a_look_up(desk: Any, screen: MakeScreen) -> None:
    for typed in ("hedy@example.com", "5eed000000000000000000aa"):
        before = exports(desk)
        agent = type_in(screen("sam").go("New export"), typed)
        assert "Find the customer" not in agent.labels()
        agent.press("Request export")
        assert (exports(desk), agent.titles) == (before + 1, ["Preview"])


def test_a_card_asks_for_nothing_before_its_customer_is_chosen(desk: Any, portal: Portal, screen: MakeScreen) -> None:
    before = exports(desk)
    agent = type_in(screen("sam").go("New export"), SHARED).press("Request export")
    assert "Find the customer, then choose who it is." in agent.said("error")
    agent.press("Find the customer")
    assert NONE_CHOSEN in agent.said("warning") and uses(agent) == []
    agent.press("Request export")
    assert (exports(desk), agent.titles) == (before, ["New export"])
    press(type_in(agent, f"{SHARED} {HER.phone}"), "Use ")
    agent.press("Request export")
    assert (exports(desk), agent.titles) == (before + 1, ["Preview"])
    with portal.db.read() as session:
        newest = session.scalars(select(Export).order_by(Export.requested_at.desc())).first()
        assert newest is not None and last_look_up(desk).case_id == newest.case_id
        asked = portal.submissions.request_of(desk.user("sam"), newest.id)
    assert asked.customer_id is not None and asked.customer_id.get_secret_value() == HER.id


def test_a_found_customers_card_fills_the_field_of_one_card(screen: MakeScreen) -> None:
    agent = screen("sam").go("New export").choose("Limit to", "One card")
    press(type_in(agent, HER.email).press("Find the customer"), "Use ")
    press(agent, f"Use •••• {SHARED}")
    assert next(field for field in agent.app.text_input if field.label == "Card ID").value == HER_CARD.id


# Audit trail --------------------------------------------------------------------------------------------


def test_look_ups_without_a_case_are_shown_to_who_reads_the_trail_only(
    desk: Any, portal: Portal, screen: MakeScreen
) -> None:
    def listed(who: str, shop: str) -> list[str]:
        reader = screen(who, shop)
        reader.app.query_params.clear()
        reader.app.run()
        reader.app.switch_page("../pages/audit_trail.py")
        reader.run()
        assert reader.titles == ["Audit trail"]
        return [one.label for one in reader.app.expander if "without a case" in one.label]

    user = desk.user("sam", "two")
    assert listed("maya", "two") == []
    with portal.db.write() as session:
        session.add(
            PersonLookup(
                merchant_id=user.merchant_id, account_id=user.account_id, kind="phone",
                at=utc_now() - dt.timedelta(hours=2),
            )
        )  # fmt: skip
    for who in ("maya", "iris"):
        assert listed(who, "two") == ["Looked up without a case · 1"]
