"""The merchant's other systems as people see them: the list in Settings, the lines of a case, an attached file."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from portal.cases.facts import Channel, Right
from portal.cases.services.intake import IdentifierKind, NewCase
from portal.composition import Portal
from portal.sources.kinds import SourceState
from tests.pages.conftest import Screen

MakeScreen = Callable[..., Screen]


@pytest.fixture
def case(desk: Any) -> str:
    new = NewCase(
        identifiers=((IdentifierKind.EMAIL, SecretStr(f"person.{secrets.token_hex(6)}@example.com")),),
        rights=frozenset({Right.ACCESS}), channel=Channel.EMAIL,
    )  # fmt: skip
    return str(desk.portal.case_intake.open(desk.user("sam"), new).case_id)


def keys(screen: Screen) -> set[str]:
    return {button.key for button in screen.app.button if button.key}


def key(screen: Screen, name: str) -> Screen:
    screen.app.button(key=name).click()
    return screen.run()


def test_a_manager_fills_the_empty_list_and_changes_it(desk: Any, portal: Portal, screen: MakeScreen) -> None:
    manager = screen("maya", "two").go("Settings")
    assert "The list is empty" in manager.said("info")
    manager.app.button_group(key="systems_suggested").set_value(["Newsletter", "CCTV"])
    manager.run()
    key(manager, "systems_add_chosen")
    user = desk.user("maya", "two")
    first = portal.merchant_systems.systems(user)
    assert [one.name for one in first] == ["Newsletter", "CCTV"]
    manager.enter("Another system", "newsletter").press("Add")
    assert "This name is in the list already." in manager.said("error").replace("\\", "")
    manager.enter("Another system", "Booking diary").press("Add")
    assert [one.name for one in portal.merchant_systems.systems(user)][-1] == "Booking diary"
    manager.app.text_input(key=f"system_name_{first[0].id}").set_value("Mailing list")
    manager.run()
    key(manager, f"system_rename_{first[0].id}")
    key(manager, f"system_retire_{first[1].id}")
    assert "CCTV · retired" in manager.texts() and "Mailing list" in manager.texts()
    key(manager, f"system_back_{first[1].id}")
    assert "retired" not in manager.texts()


def test_an_agent_answers_each_line_and_undoes_it(desk: Any, portal: Portal, screen: MakeScreen, case: str) -> None:
    one = portal.merchant_systems.add_system(desk.user(), f"Till {secrets.token_hex(3)}")
    agent = screen("sam").go("Case", case=case)
    assert "to be answered" not in agent.texts() and "(yours)" in agent.texts()
    assert "to be answered" in screen("iris").go("Case", case=case).texts()

    def state() -> SourceState:
        found = portal.case_sources.lines(desk.user(), case).lines
        return next(line.state for line in found if line.system_id == one)

    key(agent, f"case_none_{one}")
    assert state() is SourceState.ATTESTED and f"Said by {desk.user('sam').name}" in agent.said("caption")
    key(agent, f"case_system_undo_{one}")
    key(agent, f"case_apart_{one}")
    assert state() is SourceState.APART and f"case_none_{one}" not in keys(agent)
    key(agent, f"case_system_undo_{one}")
    assert state() is SourceState.PLANNED


def test_an_attached_file_is_looked_at_and_its_removal_asked_about(
    desk: Any, portal: Portal, screen: MakeScreen, case: str
) -> None:
    """The answer is pressed in tests/browser/test_attached_files.py."""
    one = portal.merchant_systems.add_system(desk.user(), f"Till {secrets.token_hex(3)}")
    data = b"date,amount\n2026-01-02,4.50\n2026-01-03,7.10\n"
    file = portal.case_systems.attach(desk.user("sam"), case, one, "Ada Quill.csv", [data])
    agent = screen("sam").go("Case", case=case)
    assert "Ada Quill.csv · CSV" in agent.texts()
    key(agent, f"case_file_look_{file}")
    assert any(list(frame.columns) == ["date", "amount"] for frame in agent.tables())
    agent.go("Case", case=case)
    key(agent, f"case_file_remove_{file}")
    assert "danger_case_file_now" in keys(agent)
    assert portal.case_systems.attached(desk.user(), case)


def test_an_auditor_sees_the_line_and_no_name_and_is_offered_nothing(
    desk: Any, portal: Portal, screen: MakeScreen, case: str
) -> None:
    one = portal.merchant_systems.add_system(desk.user(), f"Till {secrets.token_hex(3)}")
    file = portal.case_systems.attach(desk.user("sam"), case, one, "Ada Quill.csv", [b"a note"])
    auditor = screen("iris").go("Case", case=case)
    assert "1 file" in auditor.texts() and "Ada Quill" not in auditor.texts()
    offered = keys(auditor)
    assert not offered & {f"case_none_{one}", f"case_file_look_{file}", f"case_file_remove_{file}"}
