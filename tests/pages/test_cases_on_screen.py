"""Cases, New case and Case as a person uses them: what is drawn, what a press records, what a role is not offered."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from portal.cases.clock.regimes import PauseKind
from portal.cases.facts import (
    Channel,
    ClosingReason,
    FactKind,
    IdentityMethod,
    IdentityResult,
    LateEntry,
    Right,
)
from portal.cases.services.intake import IdentifierKind, NewCase
from portal.cases.services.views import CaseFilter, CaseView
from portal.cases.states import CaseState
from portal.comparison.fingerprints import TablePrints, packed
from portal.composition import Portal
from portal.errors import NotFound
from portal.storage.months import months_after
from portal.storage.tables import CaseFingerprints, Export, utc_now
from portal.ui.cases.case_acts import CaseAct, acts_offered
from portal.ui.cases.recognising import Recognised, recognise
from portal.ui.common.navigation import with_count, without_count
from portal.vault.boxes import box_context
from tests.pages.conftest import Screen

MakeScreen = Callable[..., Screen]
DAY = dt.timedelta(days=1)
TODAY = utc_now().date()
K = IdentifierKind


def somebody() -> str:
    return f"person.{secrets.token_hex(6)}@example.com"


@pytest.fixture
def opened(desk: Any) -> Callable[..., str]:
    def make(days_ago: int = 0, *, by: Any = None, **given: Any) -> str:
        values: dict[str, Any] = {
            "identifiers": ((K.EMAIL, SecretStr(somebody())),), "rights": frozenset({Right.ACCESS}),
            "channel": Channel.EMAIL, "received_on": TODAY - days_ago * DAY,
        }  # fmt: skip
        if days_ago > 3:
            values["late_entry"] = LateEntry.POST
        new = NewCase(**{**values, **given})
        return str(desk.portal.case_intake.open(by or desk.user("sam"), new).case_id)

    return make


def shown(portal: Portal, desk: Any, case_id: str) -> CaseView:
    return portal.case_register.show(desk.user(), case_id)


def key(screen: Screen, name: str) -> Screen:
    screen.app.button(key=name).click()
    return screen.run()


# New case -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ada@example.com", [(K.EMAIL, "ada@example.com")]),
        ("5f9d88b9c1f2a30017a1b2c3", [(K.CUSTOMER_ID, "5f9d88b9c1f2a30017a1b2c3")]),
        ("C-4711", [(K.CUSTOMER_ID, "C-4711")]),
        ("4711", [(K.LAST_FOUR, "4711")]),
        ("6006 4912 3456 7890", [(K.LAST_FOUR, "7890")]),
        ("+49 30 1234 5678", [(K.PHONE, "+493012345678")]),
        ("Hello, I am Ada <ada@example.com>, my card is 6006491234567890, call +44 20 7946 0018.",
         [(K.EMAIL, "ada@example.com"), (K.PHONE, "+442079460018"), (K.LAST_FOUR, "7890")]),
        ("please send me my data", []),
        ("", []),
    ],
)  # fmt: skip
def test_what_was_pasted_is_recognised_and_no_whole_card_number_is_kept(
    text: str, found: list[tuple[IdentifierKind, str]]
) -> None:
    assert [(one.kind, one.value) for one in recognise(text)] == found
    assert all("6006491234567890" not in one.value for one in recognise(text))
    assert Recognised(K.EMAIL, "x") != Recognised(K.PHONE, "x")


def test_a_phone_in_national_form_is_recognised_where_the_merchants_country_is_known() -> None:
    for country, text, found in (
        ("", "call 020 7946 0018", []),
        ("GB", "020 7946 0018", [(K.PHONE, "+442079460018")]),
        ("GB", "Call (020) 7946 0018 or +49 30 1234 5678.", [(K.PHONE, "+493012345678"), (K.PHONE, "+442079460018")]),
        ("DE", "ada@example.com, 030/901820", [(K.EMAIL, "ada@example.com"), (K.PHONE, "+4930901820")]),
        ("GB", "4711", [(K.LAST_FOUR, "4711")]),
        ("GB", "2079460018", [(K.CUSTOMER_ID, "2079460018")]),
        ("GB", "5f9d88b9c1f2a30017a1b2c3", [(K.CUSTOMER_ID, "5f9d88b9c1f2a30017a1b2c3")]),
        ("GB", "6006 4912 3456 7890", [(K.LAST_FOUR, "7890")]),
        ("GB", "I bought it on 12.03.2026 for 25.00 at 10:15", []),
    ):
        assert [(one.kind, one.value) for one in recognise(text, country)] == found, (country, text)


def test_a_pasted_message_becomes_a_case_and_a_second_one_a_follow_up(
    desk: Any, portal: Portal, screen: MakeScreen
) -> None:
    person, agent = somebody(), screen("sam").go("New case")
    for expected in ([FactKind.RECEIVED], [FactKind.RECEIVED, FactKind.FOLLOW_UP]):
        agent.go("New case")
        agent.app.text_area(key="case_pasted").set_value(f"Hello,\nplease send my data.\n{person}")
        agent.run()
        key(agent, "open_case")
        assert not agent.app.exception
        (row,) = portal.case_register.list(desk.user(), CaseFilter(text=person)).rows
        assert agent.titles == [row.name]
        assert [fact.kind for fact in shown(portal, desk, row.id).facts] == expected
        assert person not in agent.texts() + agent.said() and row.person in agent.texts()


def test_a_phone_in_national_form_is_kept_with_the_code_of_the_merchants_country(
    desk: Any, portal: Portal, screen: MakeScreen
) -> None:
    maya = desk.user("maya")
    before = portal.clock_settings.show(maya)

    def save(profile: str, calendar: str) -> None:
        portal.clock_settings.save(
            maya, profile=profile, calendar=calendar, house_limit_days=before.house_limit_days,
            post_days=before.post_days,
        )  # fmt: skip

    phone = f"20 7946 0{secrets.randbelow(900) + 100}"
    save("UK", "GB-ENG")
    try:
        agent = screen("sam").go("New case")
        agent.app.text_area(key="case_pasted").set_value(f"Please send my data.\n0{phone}")
        agent.run()
        key(agent, "open_case")
        assert not agent.app.exception
    finally:
        save(before.profile, before.calendar)
    (row,) = portal.case_register.list(desk.user(), CaseFilter(text=f"+44{phone.replace(' ', '')}")).rows
    assert agent.titles == [row.name]


def test_what_is_missing_is_said_and_nothing_is_opened(desk: Any, portal: Portal, screen: MakeScreen) -> None:
    before = portal.case_register.count(desk.user())
    agent = screen("sam").go("New case")
    key(agent, "open_case")
    assert "Say by what the person is known." in agent.said("error")
    agent.app.text_area(key="case_pasted").set_value("4711")
    agent.run()
    assert "many people's" in agent.said("warning")
    key(agent, "open_case")
    assert "give a second fact" in agent.said("error")
    agent.app.text_area(key="case_pasted").set_value(somebody())
    agent.app.date_input(key="case_received").set_value(TODAY - 5 * DAY)
    agent.run()
    key(agent, "open_case")
    assert "more than 3 days after it came" in agent.said("error")
    assert portal.case_register.count(desk.user()) == before


# Cases --------------------------------------------------------------------------------------------------


def test_the_list_shows_the_soonest_first_and_finds_by_number_and_reference(
    desk: Any, portal: Portal, screen: MakeScreen, opened: Callable[..., str]
) -> None:
    theirs = desk.user("maya", "two")
    late, soon, fresh = (opened(days, by=theirs, reference=f"T-{days}") for days in (45, 26, 0))
    manager = screen("maya", "two").go("Cases")
    (table,) = manager.tables()
    names = [shown_name(portal, theirs, case_id) for case_id in (late, soon, fresh)]
    assert [name for name in table["Case"] if name in names] == names
    assert str(table["Due"][list(table["Case"]).index(names[0])]).startswith("■")
    for text, wanted in ((names[1], names[1]), ("t-0", names[2])):
        manager.app.text_input(key="cases_text").set_value(text)
        manager.run()
        assert list(manager.tables()[0]["Case"]) == [wanted]
    manager.app.text_input(key="cases_text").set_value("nobody@example.com")
    assert "Nothing matches." in manager.run().said("info")
    assert manager.press("Clear filters").tables()
    manager.app.selectbox(key="cases_which").set_value("Overdue")
    assert list(manager.run().tables()[0]["Case"]) == [names[0]]


def shown_name(portal: Portal, user: Any, case_id: str) -> str:
    return portal.case_register.show(user, case_id).row.name


def test_an_auditor_sees_cases_and_is_offered_nothing_to_record(
    desk: Any, portal: Portal, screen: MakeScreen, opened: Callable[..., str]
) -> None:
    case_id = opened()
    portal.case_file.note(desk.user("sam"), case_id, "Rang back at noon.")
    assert "New case" not in screen("iris").go("Cases").labels()
    auditor = screen("iris").go("Case", case=case_id)
    assert auditor.titles == [shown(portal, desk, case_id).row.name]
    assert not {"Show", "Take it", "Add note", "Take back", "Hand over", "Close"} & set(auditor.labels())
    assert "Rang back" not in auditor.texts() + auditor.said()
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        auditor.app.switch_page("../pages/new_case.py")


def test_another_merchants_case_reads_as_none(screen: MakeScreen, opened: Callable[..., str]) -> None:
    case_id = opened()
    for asked in (case_id, "0" * 32):
        stranger = screen("maya", "two").go("Case", case=asked)
        assert stranger.titles == ["Case"] and stranger.said("error") != ""
        assert "@" not in stranger.texts()


# Case ---------------------------------------------------------------------------------------------------


def test_a_case_says_its_day_and_why_and_takes_it_from_nobody(
    desk: Any, portal: Portal, screen: MakeScreen, opened: Callable[..., str]
) -> None:
    case_id = opened()
    agent = screen("sam").go("Case", case=case_id)
    due = months_after(TODAY, 1)
    assert f"The answer is due on {due.day} {due:%b %Y}." in agent.said("caption")
    assert "One month ends with the same date of the next month" in agent.texts()
    key(agent, "case_take")
    assert shown(portal, desk, case_id).row.assignee == "Sam Counter"


def test_the_person_is_shown_in_clear_only_when_asked(
    desk: Any, portal: Portal, screen: MakeScreen, opened: Callable[..., str]
) -> None:
    person = somebody()
    case_id = opened(identifiers=((K.EMAIL, SecretStr(person)),))
    agent = screen("sam").go("Case", case=case_id)
    assert person not in agent.texts()
    assert person in key(agent, "case_show_person").texts()
    assert person not in key(agent, "case_hide_person").texts()
    assert person not in agent.go("Cases").go("Case", case=opened()).texts()


def test_identity_is_recorded_by_method_and_leaves_the_open_steps(
    desk: Any, portal: Portal, screen: MakeScreen, opened: Callable[..., str]
) -> None:
    case_id = opened()
    agent = screen("sam").go("Case", case=case_id)
    assert "questions" not in agent.app.selectbox(key="case_method").options  # nothing is here to be asked about
    agent.app.selectbox(key="case_method").set_value("callback")
    agent.run()
    key(agent, "case_record_identity")
    view = shown(portal, desk, case_id)
    assert view.row.state is CaseState.COLLECTING and view.facts[-1].codes["method"] == "callback"
    assert "case_method" not in {box.key for box in agent.app.selectbox}


def test_every_source_is_asked_from_the_case_and_a_refused_one_again(
    desk: Any, portal: Portal, screen: MakeScreen, opened: Callable[..., str], wait_for: Callable[..., None]
) -> None:
    case_id = opened(identifiers=((K.EMAIL, SecretStr(somebody())), (K.PHONE, SecretStr("+493012345678"))))
    agent = screen("sam").go("Case", case=case_id)
    key(agent, "case_collect")
    assert agent.titles == [shown(portal, desk, case_id).row.name]
    (export,) = portal.history.of_case(desk.user(), case_id)
    desk.settled(export.id)
    wait_for(lambda: not portal.case_sources.lines(desk.user(), case_id).running, "all sources ended")
    agent.go("Case", case=case_id)
    assert "case_collect" not in {button.key for button in agent.app.button}
    assert "Membership · Tea Club · " in agent.texts()
    assert "refused (403)" in agent.texts() and "nothing there" in agent.texts()
    refused = next(line for line in portal.case_sources.lines(desk.user(), case_id).lines if line.again and line.id)
    key(agent, f"case_again_{refused.id}")
    wait_for(
        lambda: (
            not portal.case_sources.lines(desk.user(), case_id).running
            and next(x for x in portal.case_sources.lines(desk.user(), case_id).lines if x.id == refused.id).attempt
            == 2
        ),
        "it was asked again",
    )
    agent.go("Case", case=case_id)
    assert key(agent, f"case_look_{export.id}").titles == ["Preview"]


def test_what_is_offered_under_more_follows_the_state_and_the_role(
    desk: Any, portal: Portal, screen: MakeScreen, opened: Callable[..., str]
) -> None:
    """The menu and its dialogs are pressed in tests/browser/test_case_acts.py."""
    case_id, managers = opened(), {CaseAct.REFUSE, CaseAct.NOT_IDENTIFIED}
    view = shown(portal, desk, case_id)
    assert set(acts_offered(view, decides=True)) == set(CaseAct)
    assert set(acts_offered(view, decides=False)) == set(CaseAct) - managers
    portal.case_file.close(desk.user("sam"), case_id, ClosingReason.NO_REQUEST)
    assert acts_offered(shown(portal, desk, case_id), decides=True) == [CaseAct.HAND_OVER]
    assert acts_offered(portal.case_register.show(desk.user("iris"), case_id), decides=False) == []


def test_a_note_is_for_colleagues_and_found_again(
    desk: Any, portal: Portal, screen: MakeScreen, opened: Callable[..., str]
) -> None:
    case_id = opened()
    for number in range(4):
        portal.case_file.note(desk.user("sam"), case_id, f"Note {number}.")
    agent = screen("sam").go("Case", case=case_id)
    agent.app.text_area[0].set_value("Waits for the proof; ring on Monday.")
    agent.press("Add note")
    assert "ring on Monday" in agent.texts() and "Note 3." in agent.texts()
    agent.app.text_input(key="case_notes_search").set_value("MONDAY")
    assert "ring on Monday" in agent.run().texts() and "Note 3." not in agent.texts()


# Whose turn ---------------------------------------------------------------------------------------------


def settle_identity(portal: Portal, user: Any, case_id: str) -> None:
    portal.case_file.record_identity(user, case_id, IdentityMethod.IN_PERSON, IdentityResult.PROVED)


CASES: dict[str, tuple[Callable[[Portal, Any, str], object], list[str]]] = {
    "received": (lambda *_: None, ["Mail a code"]),
    "doubtful": (
        lambda portal, user, case: portal.case_file.record_identity(
            user, case, IdentityMethod.IN_PERSON, IdentityResult.DOUBTFUL
        ),
        ["Mail a code"],
    ),
    "proof asked for": (
        lambda portal, user, case: portal.case_file.pause(user, case, PauseKind.IDENTITY), ["Mail a code"]
    ),
    "recognised": (settle_identity, ["Collect"]),
    "wish asked for": (
        lambda portal, user, case: (
            settle_identity(portal, user, case), portal.case_file.pause(user, case, PauseKind.CLARIFICATION)
        ),
        [],
    ),
    "closed": (lambda portal, user, case: portal.case_file.close(user, case, ClosingReason.TAKEN_BACK), []),
}  # fmt: skip


@pytest.mark.parametrize("state", list(CASES))
def test_a_case_has_one_primary_button_where_it_is_the_readers_turn(
    desk: Any, portal: Portal, screen: MakeScreen, opened: Callable[..., str], state: str
) -> None:
    reach, primary = CASES[state]
    case_id = opened()
    reach(portal, desk.user("sam"), case_id)
    agent = screen("sam").go("Case", case=case_id)
    assert [button.label for button in agent.app.button if button.proto.type == "primary"] == primary
    auditor = screen("iris").go("Case", case=case_id)
    assert not [button.label for button in auditor.app.button if button.proto.type == "primary"]


# Today --------------------------------------------------------------------------------------------------


def test_today_groups_cases_by_cause_and_its_numbers_agree(
    desk: Any, portal: Portal, screen: MakeScreen, opened: Callable[..., str]
) -> None:
    opened(45)
    opened(27)
    opened(0)
    person = screen("sam").go("Today")
    numbers = {metric.label: metric.value for metric in person.app.metric}
    causes = dict(expander.label.split(" · ") for expander in person.app.expander if " · " in expander.label)
    assert causes["Overdue"] == numbers["Overdue"] and causes["Due within 7 days"] == numbers["Due within 7 days"]
    assert int(causes["Identity not settled"]) >= 1
    person.press("Open")
    assert person.titles[0].startswith(str(TODAY.year))


# Reminders ----------------------------------------------------------------------------------------------


def test_the_address_of_the_calendar_is_shown_once_and_can_end(
    desk: Any, portal: Portal, screen: MakeScreen, opened: Callable[..., str]
) -> None:
    name = shown_name(portal, desk.user(), opened())
    agent = key(screen("sam").go("Your account"), "calendar_new")
    (address,) = (code.value for code in agent.app.code)
    secret = address.rpartition("/")[2].removesuffix(".ics")
    assert name.encode() in portal.case_calendar.by_token(secret)
    assert secret not in agent.run().texts() + "".join(code.value for code in agent.app.code)
    assert "Not used so far." not in agent.said("caption")
    key(agent, "calendar_new")
    with pytest.raises(NotFound):
        portal.case_calendar.by_token(secret)
    assert "danger_calendar_end" in {button.key for button in agent.app.button}


def test_figures_by_month_are_behind_a_fold(screen: MakeScreen, opened: Callable[..., str]) -> None:
    opened()
    auditor = screen("iris").go("Cases")
    before = len(auditor.tables())
    auditor.app.session_state["cases_figures"] = True
    (*_cases, months) = auditor.run().tables()
    assert len(auditor.tables()) == before + 1
    assert int(months["Received"][0]) >= 1


@pytest.mark.parametrize("count", [0, 1, 1_001])
def test_a_count_in_the_menu_is_not_part_of_the_browsers_title(count: int) -> None:
    assert without_count(with_count("Cases", count)) == "Cases"
    assert (with_count("Cases", count) != "Cases") is bool(count)


def test_a_person_who_asks_again_is_told_with_what_their_file_holds_now(
    desk: Any, portal: Portal, screen: MakeScreen, opened: Callable[..., str]
) -> None:
    """CASE-6: date and what changed since."""
    first = desk.run("ada@example.com")
    portal.answers.record_sent(desk.user(), first.id, "email")
    again = desk.run("ada@example.com")
    assert again.case_id != first.case_id and again.row_count == first.row_count
    agent = screen("sam").go("Case", case=again.case_id)
    (line,) = asked_before(agent)
    assert line.startswith("Asked 1 time before, last answered on ")
    assert line.endswith("; nothing changed since.")
    with portal.db.read() as session:
        sent = session.get_one(Export, first.id).file.sha256
    assert sent in agent.said("caption")
    assert asked_before(screen("sam").go("Case", case=first.case_id)) == []
    beginner = screen("sam").go("New case")
    beginner.app.text_area(key="case_pasted").set_value("ada@example.com")
    assert "Asked 1 time before" in beginner.run().said("info")
    beginner.app.text_area(key="case_pasted").set_value(somebody())
    assert beginner.run().said("info") == ""


def test_rows_that_came_changed_and_went_are_told_table_by_table(desk: Any, portal: Portal, screen: MakeScreen) -> None:
    export = desk.run("many.cards@example.com")
    portal.answers.record_sent(desk.user(), export.id, "email")
    again = desk.run("many.cards@example.com")
    portal.fingerprints.take_small([export.case_id, again.case_id])
    with portal.db.write() as session:
        (before,) = portal.fingerprints.of_case(session, export.case_id)
        row = session.scalars(select(CaseFingerprints).where(CaseFingerprints.case_id == export.case_id)).one()
        tables = tuple(fewer(table) if table.name == "giftCards.transactions" else table for table in before.tables)
        bound = box_context(row.merchant_id, row.__tablename__, row.file_id)
        row.sealed_keyset, row.content = portal.fingerprints.boxes.seal(packed(replace(before, tables=tables)), bound)
    agent = screen("sam").go("Case", case=again.case_id)
    (line,) = asked_before(agent)
    assert line.endswith("; since then 1 new transaction, 1 row changed.")
    told = next(table for table in agent.tables() if "Added" in table)
    assert told.to_dict("records") == [
        {"Table": "Gift cards · giftCards.transactions", "Added": "1", "Changed": "1", "Gone": "0"}
    ]


def fewer(table: TablePrints) -> TablePrints:
    """Without its first row, and another fingerprint for the second."""
    assert table.prints is not None
    return replace(table, rows=table.rows - 1, prints=table.prints[32:48] + bytes(16) + table.prints[64:])


def asked_before(agent: Screen) -> list[str]:
    return [label for one in agent.app.expander if (label := one.label.replace("\\", "")).startswith("Asked")]
