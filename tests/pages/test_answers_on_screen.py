"""How a request was answered, as people meet it: Preview's form, Past exports' column and filter, Today's figures."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from portal.cases.standing import Standing
from portal.exports.core.answers import Kind
from portal.storage.months import months_after
from portal.storage.tables import utc_now

if TYPE_CHECKING:
    from tests.pages.conftest import Screen

    MakeScreen = Callable[..., Screen]

DAY = dt.timedelta(days=1)
TODAY = utc_now().date()


@pytest.fixture
def asked(desk: Any) -> Callable[[int], str]:
    """A ready export whose request came so many days ago."""
    return lambda days: str(desk.run(received_on=TODAY - days * DAY).id)


def unfold(screen: Screen) -> Screen:
    screen.app.session_state["answer"] = True
    return screen.run()


def pick(screen: Screen, kind: Kind) -> Screen:
    next(field for field in screen.app.radio if field.label == "What happened?").set_value(kind)
    return screen.run()


def select(screen: Screen, label: str, value: str) -> Screen:
    next(field for field in screen.app.selectbox if field.label == label).set_value(value)
    return screen


def recorded(screen: Screen) -> list[str]:
    return [what for frame in screen.tables() if "What" in frame.columns for what in frame["What"]]


def test_an_agent_says_how_it_was_sent_and_the_page_says_it_back(
    desk: Any, screen: MakeScreen, asked: Callable[[int], str]
) -> None:
    export_id = asked(3)
    agent = unfold(screen("sam").go("Preview", export_id))
    due = months_after(TODAY - 3 * DAY, 1)
    assert f"Answer due {due.day} {due:%b} · " in agent.texts()
    assert "Nothing is recorded yet." in agent.said("caption")
    select(agent, "How", "post").press("Record")
    assert not agent.app.exception
    assert f"Answered on {TODAY.day} {TODAY:%b %Y}." in agent.texts()
    assert recorded(agent) == ["The answer was sent · By post · The original file"]
    (fact,) = desk.portal.answers.record_of(desk.user(), export_id).facts
    assert (fact.channel, fact.by, fact.sha256) == (
        "post",
        "Sam Counter",
        desk.portal.history.get(desk.user(), export_id).sha256,
    )
    pick(agent, Kind.TAKEN_BACK).press("Record")
    assert desk.portal.history.get(desk.user(), export_id).answer is Standing.OPEN
    assert recorded(agent)[0].endswith("taken back") and len(recorded(agent)) == 2


@pytest.mark.parametrize(
    ("kind", "reason", "standing", "button"),
    [(Kind.REFUSED, "identity", Standing.REFUSED, "It was sent: record it"),
     (Kind.CLOSED, "elsewhere", Standing.CLOSED, "Record"),
     (Kind.EXTENDED, "complexity", Standing.OPEN, "It was sent: record it")],
)  # fmt: skip
def test_each_other_end_is_recorded_with_its_reason_and_its_letter(
    desk: Any, screen: MakeScreen, asked: Callable[[int], str], kind: Kind, reason: str, standing: Standing, button: str
) -> None:
    export_id = asked(3)
    manager = pick(unfold(screen("maya").go("Preview", export_id)), kind)
    select(manager, "Reason", reason).run()
    letters = [code.value for code in manager.app.code if "Your request" in code.value]
    manager.press(button)
    assert not manager.app.exception
    view = desk.portal.history.get(desk.user(), export_id)
    assert view.answer is standing
    assert (view.due_on > view.month_ends_on) is (kind is Kind.EXTENDED)
    fact = desk.portal.answers.record_of(desk.user(), export_id).facts[0]
    assert fact.reason == reason
    assert [hashlib.sha256(letter.encode()).hexdigest() for letter in letters] == [fact.sha256][
        : kind is not Kind.CLOSED
    ]


def test_refusing_is_not_offered_to_an_agent(desk: Any, screen: MakeScreen, asked: Callable[[int], str]) -> None:
    agent = unfold(screen("sam").go("Preview", asked(3)))
    kinds = next(field for field in agent.app.radio if field.label == "What happened?")
    assert {"The answer was sent", "No answer is needed"} <= set(kinds.options)
    assert "The request was refused" not in kinds.options


def test_after_a_download_the_page_asks_how_it_reached_the_customer(
    desk: Any, screen: MakeScreen, asked: Callable[[int], str]
) -> None:
    export_id = asked(3)
    agent = unfold(screen("sam").go("Preview", export_id))
    assert "Say here how it reached the customer." not in agent.said("caption")
    desk.original(export_id, by=desk.user("sam"))
    assert "Say here how it reached the customer." in agent.run().said("caption")


def test_an_auditor_reads_what_was_recorded_and_is_offered_no_form(
    desk: Any, screen: MakeScreen, asked: Callable[[int], str]
) -> None:
    export_id = asked(3)
    desk.portal.answers.record_sent(desk.user("sam"), export_id, "email")
    auditor = unfold(screen("iris").go("Preview", export_id))
    assert recorded(auditor) == ["The answer was sent · By email · The original file"]
    assert "Record" not in auditor.labels() and "What happened?" not in auditor.labels("radio")


def test_overdue_and_asked_again_are_said_on_the_preview(
    desk: Any, screen: MakeScreen, asked: Callable[[int], str]
) -> None:
    old = asked(40)
    assert "Answer was due" in screen("sam").go("Preview", old).said("markdown")
    desk.settled(desk.portal.submissions.reorder(desk.user(), old))
    agent = screen("sam").go("Preview", old)
    assert "Answer was due" not in agent.said("markdown")
    assert "Asked for again: the later export counts" in agent.texts()


def test_the_form_of_new_export_starts_today_and_reaches_five_years_back(screen: MakeScreen) -> None:
    agent = screen("sam").go("New export")
    (field,) = (f for f in agent.app.date_input if f.label == "Received on")
    today = dt.datetime.now(dt.UTC).date()
    assert (field.value, field.max, field.min) == (today, today, months_after(today, -60))


def test_changing_the_request_keeps_the_day_it_was_received(desk: Any, screen: MakeScreen) -> None:
    view = desk.run("nobody@example.com", received_on=TODAY - 9 * DAY)
    agent = screen("sam").go("New export")
    agent.app.session_state["prefill_from"] = view.id
    agent.run()
    (field,) = (f for f in agent.app.date_input if f.label == "Received on")
    assert field.value == TODAY - 9 * DAY


def test_past_exports_says_and_filters_how_requests_stand(desk: Any, screen: MakeScreen) -> None:
    portal, maya = desk.portal, desk.user("maya", "two")
    people = (f"person.{secrets.token_hex(6)}@example.com" for _ in range(4))
    ids = {days: desk.run(next(people), by=maya, received_on=TODAY - days * DAY).id for days in (2, 26, 45)}
    sent = desk.run(next(people), by=maya).id
    portal.answers.record_sent(maya, sent, "email")
    agent = screen("maya", "two").go("Past exports")
    due = {days: months_after(TODAY - days * DAY, 1) for days in ids}
    said = [
        f"● Sent {TODAY.day} {TODAY:%b}", f"■ Overdue since {due[45].day} {due[45]:%b}",
        f"▲ Due {due[26].day} {due[26]:%b}", f"Due {due[2].day} {due[2]:%b}",
    ]  # fmt: skip
    assert list(agent.tables()[0]["Answer due"]) == said
    for word, rows in (("open", [said[1], said[2], said[3]]), ("due", [said[2]]), ("overdue", [said[1]]),
                       ("answered", [said[0]])):  # fmt: skip
        next(f for f in agent.app.selectbox if f.label == "Answer").set_value(word)
        agent.run()
        assert list(agent.tables()[0]["Answer due"]) == rows, word
        assert agent.app.query_params["answer"] in (word, [word])


def test_today_shows_five_figures_and_says_what_they_are_of(desk: Any, screen: MakeScreen) -> None:
    agent = screen("maya", "two").go("Today")
    agent.app.session_state["figures"] = True
    agent.run()
    labels = {metric.label: metric.value for metric in agent.app.metric}
    assert {"Not answered yet", "Due within 7 days", "Answered within a month", "Extended", "Refused"} <= set(labels)
    assert (labels["Not answered yet"], labels["Due within 7 days"]) == ("3", "1")
    assert (labels["Answered within a month"], labels["Extended"]) == ("50 %", "0 %")
    assert "of 2 requests received in the last 90 days" in agent.said("caption")
    assert "1 request is overdue" in agent.said("warning")
