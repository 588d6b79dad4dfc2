"""The step Review of a case as people see it: the list of files, one of them decided, words of a text left out."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from portal.cases.facts import Channel, Right
from portal.cases.services.intake import IdentifierKind, NewCase
from portal.composition import Portal
from portal.redaction.reasons import Reason
from portal.review.kinds import Whole
from tests.pages.conftest import Screen

MakeScreen = Callable[..., Screen]
NOTE = b"Bought a mug.\nServed by Paolo Conti.\nThen Paolo called back.\n"


@pytest.fixture
def case(desk: Any) -> str:
    new = NewCase(
        identifiers=((IdentifierKind.EMAIL, SecretStr(f"person.{secrets.token_hex(6)}@example.com")),),
        rights=frozenset({Right.ACCESS}), channel=Channel.EMAIL,
    )  # fmt: skip
    return str(desk.portal.case_intake.open(desk.user("sam"), new).case_id)


@pytest.fixture
def attach(desk: Any, case: str) -> Callable[[bytes, str], str]:
    system = desk.portal.merchant_systems.add_system(desk.user(), f"Till {secrets.token_hex(3)}")
    return lambda data, name: str(desk.portal.case_systems.attach(desk.user("sam"), case, system, name, [data]))


def key(screen: Screen, name: str) -> Screen:
    screen.app.button(key=name).click()
    return screen.run()


def keys(screen: Screen) -> set[str]:
    return {button.key for button in screen.app.button if button.key}


def file_page(screen: Screen, file: str) -> Screen:
    return screen.go("Review a file", file=file)


def test_a_case_without_files_says_what_would_be_here(screen: MakeScreen, portal: Portal, case: str) -> None:
    agent = screen("sam").go("Case", case=case)
    assert "Review" in [header.value for header in agent.app.header]
    assert "No files yet." in agent.said("caption")


def test_the_list_says_what_waits_and_leads_to_the_next_file(
    screen: MakeScreen, portal: Portal, case: str, attach: Callable[[bytes, str], str]
) -> None:
    note, scan = attach(NOTE, "note.txt"), attach(b"%PDF-1.7", "scan.pdf")
    agent = screen("sam").go("Case", case=case)
    assert "□ note.txt" in agent.texts() and "to be decided" in agent.texts()
    assert "2 files wait for a decision." in agent.said("caption")
    assert {f"case_review_look_{note}", f"case_review_look_{scan}", "case_review_next"} <= keys(agent)
    user = portal.accounts.user_for_account("sam@brookandbean.example.com", origin="cli")
    portal.case_review.confirm_proposals(user, note)
    portal.case_files.decide_whole(user, case, scan, Whole.SENT)
    agent.run()
    assert "Every file is decided." in agent.said("caption") and "case_review_next" not in keys(agent)
    assert "✓ scan.pdf" in agent.texts() and "sent as it is" in agent.texts()


def test_words_of_a_text_are_left_out_undone_and_the_copy_looked_at(
    screen: MakeScreen, portal: Portal, case: str, attach: Callable[[bytes, str], str]
) -> None:
    note = attach(NOTE, "note.txt")
    agent = file_page(screen("sam"), note)
    assert agent.titles == ["Review a file"] and "note.txt" in agent.texts()
    assert any("Paolo called" in code.value for code in agent.app.code)
    key(agent, "case_file_confirm")
    agent.app.text_area[0].set_value("Paolo")
    key(agent, "words-out")
    assert not agent.app.text_area[0].value, "the field is empty again"
    agent.app.session_state[f"case_file_copy_{note}"] = True
    agent.run()
    copy = next(code.value for code in agent.app.code if "[withheld" in code.value)
    assert "Paolo" not in copy and "[withheld 2: another person] called back." in copy
    agent.app.text_area[0].set_value("not there")
    key(agent, "words-out")
    assert "These words do not stand there in this way." in agent.said("error").replace("\\", "")
    key(agent, "undo_decision")
    assert "undo_decision" in keys(agent)


def test_go_to_opens_the_page_of_the_row_with_the_marked_columns_first(
    screen: MakeScreen, portal: Portal, case: str, attach: Callable[[bytes, str], str]
) -> None:
    lines = [f"{at},2026-01-02,Paolo Conti,{'rosa@example.org' if at == 57 else ''}" for at in range(60)]
    table = attach("\n".join(["id,date,cashierName,senderEmail", *lines]).encode(), "till.csv")
    agent = file_page(screen("sam"), table)
    counted = "1 person besides the customer, 1 staff"
    assert counted in agent.said("markdown") and counted in agent.said("caption"), "the list counts as the page does"
    assert agent.tables()[-1]["id"].tolist()[0] == "0"
    key(agent, next(one for one in sorted(keys(agent)) if one.startswith("go-") and not one.endswith("-staff")))
    (shown,) = (frame for frame in agent.tables() if "senderEmail" in frame.columns)
    assert "rosa@example.org" in set(shown["senderEmail"]) and "0" not in set(shown["id"])
    assert next(one for one in agent.app.toggle if one.label == "Marked columns first").value


def test_a_pdf_is_sent_left_out_with_a_reason_and_taken_back(
    screen: MakeScreen, portal: Portal, case: str, attach: Callable[[bytes, str], str]
) -> None:
    scan = attach(b"%PDF-1.7", "scan.pdf")
    agent = file_page(screen("sam"), scan)
    assert agent.app.button(key="whole_leave_out").disabled
    agent.app.selectbox(key=f"whole-why-{scan}").set_value(Reason.NOT_THEIRS)
    agent.run()
    key(agent, "whole_leave_out")
    assert "left out: Not this customer's record" in agent.said("caption").replace("\\", "")
    assert "A colleague who did not decide here approves it" in agent.texts()
    manager = file_page(screen("maya"), scan)
    key(manager, "case_file_approve")
    assert "case_file_approve" not in keys(manager)
    key(agent, "undo_decision")
    key(agent, "whole_send")
    assert "sent as it is" in agent.said("caption")


def test_an_auditor_sees_numbers_and_opens_nothing(
    screen: MakeScreen, portal: Portal, case: str, attach: Callable[[bytes, str], str]
) -> None:
    note = attach(NOTE, "Paolo Conti.txt")
    auditor = screen("iris").go("Case", case=case)
    assert "Paolo" not in auditor.texts() and f"case_review_look_{note}" not in keys(auditor)
    opened = file_page(screen("iris"), note)
    assert "not its contents" in opened.said("info") and not opened.app.code


def test_a_file_of_another_merchant_or_case_is_not_found(
    screen: MakeScreen, portal: Portal, case: str, attach: Callable[[bytes, str], str]
) -> None:
    note = attach(NOTE, "note.txt")
    for who, shop, file in (("maya", "two", note), ("sam", "one", "f" * 32), ("sam", "one", "not an id")):
        shown = file_page(screen(who, shop), file)
        assert "note.txt" not in shown.texts() and not shown.app.code and "Cases" in shown.labels()
