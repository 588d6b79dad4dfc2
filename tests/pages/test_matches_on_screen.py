"""Whose records, on the Case page: what is drawn to whom, and what a press decides."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from portal.cases.facts import Channel, ClosingReason, Right
from portal.cases.services.intake import IdentifierKind, NewCase
from portal.composition import Portal
from portal.errors import PortalError
from portal.practice.invented.loyalty import SHARED_PHONE
from portal.sources.whose.codes import Item, MatchCode
from portal.sources.whose.views import MatchLine
from tests.pages.conftest import Screen

MakeScreen = Callable[..., Screen]
K, TITLE = IdentifierKind, "Whose records"
ROSA = "rosa.fern@example.com"


@pytest.fixture
def case_id(desk: Any, portal: Portal, wait_for: Callable[..., None]) -> Any:
    """Rosa's case, collected: Tom has her phone."""
    identifiers = ((K.EMAIL, SecretStr(ROSA)), (K.PHONE, SecretStr(SHARED_PHONE)))
    new = NewCase(identifiers=identifiers, rights=frozenset({Right.ACCESS}), channel=Channel.EMAIL)
    case_id = portal.case_intake.open(desk.user(), new).case_id
    portal.case_sources.collect(desk.user(), case_id)
    wait_for(lambda: not portal.case_sources.lines(desk.user(), case_id).running, "all sources ended")
    yield case_id
    with contextlib.suppress(PortalError):  # closed by the test
        portal.case_file.close(desk.user(), case_id, ClosingReason.NO_REQUEST)


def line(portal: Portal, desk: Any, case_id: str, item: Item) -> MatchLine:
    found = portal.case_matches.shown(desk.user(), case_id)
    return next(one for one in found.pending if one.item is item)


def key(screen: Screen, name: str) -> Screen:
    screen.app.button(key=name).click()
    return screen.run()


def keys(screen: Screen) -> set[str]:
    return {button.key for button in screen.app.button}


def headings(screen: Screen) -> list[str]:
    return [one.value for one in screen.app.subheader]


def test_nothing_is_drawn_before_there_is_anything_to_decide(desk: Any, portal: Portal, screen: MakeScreen) -> None:
    new = NewCase(
        identifiers=((K.EMAIL, SecretStr("nobody.yet@example.com")),), rights=frozenset({Right.ACCESS}),
        channel=Channel.EMAIL,
    )  # fmt: skip
    case_id = portal.case_intake.open(desk.user(), new).case_id
    assert TITLE not in headings(screen("sam").go("Case", case=case_id))


def test_agent_ticks_what_is_linked_and_a_manager_decides_what_is_shared(
    desk: Any, portal: Portal, screen: MakeScreen, case_id: str
) -> None:
    agent = screen("sam").go("Case", case=case_id)
    assert TITLE in headings(agent) and "A manager decides whether it is taken in." in agent.texts() + agent.said()
    assert "tom.fern@example.com" not in agent.texts() and "t•••@example.com" in agent.texts()
    linked, shared = (line(portal, desk, case_id, item) for item in (Item.NEW_IDENTIFIER, Item.SHARED_RECORD))
    assert f"case_match_reason_{shared.id}" not in {box.key for box in agent.app.selectbox}
    key(agent, f"case_match_{MatchCode.THEIRS}_{linked.id}")
    assert not agent.app.exception and "In the answer" in agent.texts()
    manager = screen("maya").go("Case", case=case_id)
    assert manager.app.button(key=f"case_match_in_{shared.id}").disabled
    manager.app.selectbox(key=f"case_match_reason_{shared.id}").set_value(MatchCode.PERSON_PROVED)
    manager.run()
    key(manager, f"case_match_in_{shared.id}")
    decided = portal.case_matches.shown(desk.user(), case_id).decided
    assert [one.code for one in decided] == [MatchCode.THEIRS, MatchCode.PERSON_PROVED]
    assert f"case_match_undo_{decided[1].number}" not in keys(agent.go("Case", case=case_id))
    key(manager, f"case_match_undo_{decided[1].number}")
    assert line(portal, desk, case_id, Item.SHARED_RECORD).id == shared.id


def test_values_are_shown_in_clear_once_asked_for(desk: Any, portal: Portal, screen: MakeScreen, case_id: str) -> None:
    agent = key(screen("sam").go("Case", case=case_id), "case_show_matches")
    assert "tom.fern@example.com" in agent.texts()
    assert "tom.fern@example.com" not in key(agent, "case_hide_matches").texts()
    auditor = screen("iris").go("Case", case=case_id)
    assert "case_show_matches" not in keys(auditor) and "tom.fern" not in auditor.texts()


def test_after_the_case_has_ended_nothing_is_decided(
    desk: Any, portal: Portal, screen: MakeScreen, wait_for: Callable[..., None], case_id: str
) -> None:
    portal.case_matches.compare(desk.user(), case_id)
    portal.case_file.close(desk.user(), case_id, ClosingReason.NO_REQUEST)
    agent = screen("sam").go("Case", case=case_id)
    assert TITLE in headings(agent) and not any(name.startswith("case_match_") for name in keys(agent) if name)
