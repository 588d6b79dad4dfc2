"""Unknown, attention, rejected and expired: what each screen says and offers, and that each act is written down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from portal.composition import Portal
from portal.exports import State
from portal.storage.tables import Export, utc_now

if TYPE_CHECKING:
    from tests.pages.conftest import Screen

    MakeScreen = Callable[..., Screen]

# State -> who of the practice merchant ends there, the sink it is told in, and what a manager may do.
SCREENS: dict[State, tuple[str, str, set[str]]] = {
    State.UNKNOWN: ("bad.gateway", "warning", {"Ask again", "Close, it did not arrive", "Keep as it is"}),
    State.ATTENTION: ("two.people", "warning", {"Release", "Keep as it is"}),
    State.REJECTED: ("nobody", "error", {"Ask again", "Change the request", "Keep as it is"}),
    State.EXPIRED: ("expired", "info", {"Ask again", "Change the request", "Keep as it is"}),
}


@pytest.fixture
def ended(desk: Any) -> Callable[[State], Any]:
    """A fresh export in that state."""

    def run(state: State) -> Any:
        view = desk.run(f"{SCREENS[state][0]}@example.com")
        assert view.state is state
        return view

    return run


def acts(desk: Any, export_id: str) -> list[tuple[str, str, dict[str, Any]]]:
    """What people did, from the timeline: act, who, facts."""
    rows = desk.portal.history.timeline(desk.user(), export_id)
    people = {desk.user(who).name for who in ("maya", "sam")}
    return [(row.action, row.who, row.facts) for row in rows if row.who in people]


def timeline_of(screen: Screen) -> list[str]:
    """The timeline's column of acts, opened as a person opens it."""
    screen.app.session_state["details"] = True
    screen.run()
    (table,) = (frame for frame in screen.tables() if "What" in frame.columns)
    return list(table["What"])


@pytest.mark.parametrize("state", list(SCREENS), ids=str)
def test_each_state_says_what_happened_offers_its_acts_and_has_its_timeline(
    desk: Any, screen: MakeScreen, ended: Callable[[State], Any], state: State
) -> None:
    view = ended(state)
    _email, sink, offered = SCREENS[state]
    manager = screen("maya").go("Preview", view.id)
    assert view.problem and view.problem.split(".")[0] in manager.said(sink).replace("\\", "").replace("\u2060", "")
    assert offered <= set(manager.labels())
    told = timeline_of(manager)
    assert len(told) >= 3
    assert any(f"→ {state}" in line for line in told)
    auditor = screen("iris").go("Preview", view.id)
    assert not offered & set(auditor.labels())
    assert len(timeline_of(auditor)) == len(told)


@pytest.mark.parametrize("state", [State.UNKNOWN, State.REJECTED, State.EXPIRED], ids=str)
def test_asking_again_is_one_press_and_links_both(
    desk: Any, screen: MakeScreen, ended: Callable[[State], Any], state: State
) -> None:
    view = ended(state)
    person = screen("sam").go("Preview", view.id).press("Ask again")
    assert person.titles == ["Preview"]
    new = person.app.query_params["export"]
    new_id = new[0] if isinstance(new, list) else new
    again = desk.settled(new_id)
    assert again.id != view.id and again.repeat_of == view.id
    ((act, _who, facts),) = [one for one in acts(desk, again.id) if one[0] == "export:submit"]
    assert (act, facts["repeat_of"]) == ("export:submit", view.id)


@pytest.mark.parametrize("state", list(SCREENS), ids=str)
def test_keeping_is_written_down_and_waits_for_nobody_any_more(
    desk: Any, screen: MakeScreen, ended: Callable[[State], Any], state: State
) -> None:
    view = ended(state)
    manager = screen("maya").go("Preview", view.id).press("Keep as it is")
    assert "Keep as it is" not in manager.labels()
    kept = desk.portal.history.get(desk.user(), view.id)
    assert (kept.state, kept.turn, kept.problem) == (state, "nobody", view.problem)
    assert acts(desk, view.id)[-1] == ("export:keep", desk.user().name, {"state": state.value})
    assert view.id not in {row.id for row in desk.portal.dashboard.today(desk.user()).deciding}


def test_an_agent_does_not_keep_what_a_manager_must_decide(
    desk: Any, screen: MakeScreen, ended: Callable[[State], Any]
) -> None:
    view = ended(State.ATTENTION)
    agent = screen("sam").go("Preview", view.id)
    assert not {"Keep as it is", "Release"} & set(agent.labels())


def test_marking_as_not_sent_and_releasing_are_written_down(
    desk: Any, screen: MakeScreen, ended: Callable[[State], Any]
) -> None:
    unknown = ended(State.UNKNOWN)
    screen("sam").go("Preview", unknown.id).press("Close, it did not arrive")
    assert desk.portal.history.get(desk.user(), unknown.id).state is State.FAILED
    done = [(act, facts.get("code")) for act, _who, facts in acts(desk, unknown.id)]
    assert ("export:state", "marked_not_sent") in done
    assert done[-1][0] == "export:mark_not_sent"

    attention = ended(State.ATTENTION)
    screen("maya").go("Preview", attention.id).enter("Reason", "both are the same family").press("Release")
    assert desk.portal.history.get(desk.user(), attention.id).state is State.READY
    assert ("export:release", desk.user().name, {"reason": "both are the same family"}) in acts(desk, attention.id)


def test_what_expires_soon_is_refreshed_by_one_press_and_leaves_the_list(
    desk: Any, screen: MakeScreen, portal: Portal
) -> None:
    old = desk.run("ada@example.com", reference="soon")
    with portal.db.write() as session:
        row = session.get_one(Export, old.id)
        row.link_expires_at = utc_now() + dt.timedelta(hours=2)
        row.requested_at = utc_now() - dt.timedelta(hours=46)
    person = screen("sam").go("Today")
    assert person.labels().count("Refresh") == 1
    person.press("Refresh")
    page = portal.history.find(desk.user())
    (new,) = [view for view in page.rows if view.repeat_of == old.id]
    assert (new.reference, new.format, new.customer) == (old.reference, old.format, old.customer)
    desk.settled(new.id)
    assert "Refresh" not in person.run().labels()
    assert "Refresh" not in screen("iris").go("Today").labels()
    assert portal.submissions.refresh(desk.user(), old.id) == new.id  # a second press within a minute makes none


def test_a_released_file_says_who_released_it_and_no_longer_that_it_may_not_be_sent(
    desk: Any, screen: MakeScreen, ended: Callable[[State], Any]
) -> None:
    view = ended(State.ATTENTION)
    before = screen("maya").go("Preview", view.id)
    assert "▲ The file holds" in before.texts()
    assert "Released by" not in before.said()
    desk.portal.decisions.release(desk.user(), view.id, "Both are *one* family <b>")
    for who in ("maya", "sam", "iris"):
        person = screen(who).go("Preview", view.id)
        name = desk.user().name
        told = person.said("info").replace("\\", "").replace("\u2060", "")
        assert f"Released by {name}: Both are *one* family <b>" in told
        assert "◇ Overruled: The file holds" in person.texts()
        everything = person.said() + person.texts()
        assert "▲" not in everything and "may not be sent" not in everything and "not opened" not in everything


def test_a_check_written_by_an_earlier_version_does_not_contradict_a_release(
    desk: Any, screen: MakeScreen, ended: Callable[[State], Any]
) -> None:
    view = ended(State.ATTENTION)
    desk.portal.decisions.release(desk.user(), view.id, "Both are one family")
    old = {"key": "one_person", "ok": False, "sentence": "The file holds records of 2 customers. It may not be sent."}
    with desk.portal.db.write() as session:
        session.get_one(Export, view.id).checks = [old]
    person = screen("sam").go("Preview", view.id)
    assert "◇ Overruled: The file holds records of 2 customers." in person.texts()
    assert "may not be sent" not in person.texts()


def test_an_export_that_needed_no_release_names_nobody(desk: Any, screen: MakeScreen) -> None:
    view = desk.run("ada@example.com")
    person = screen("sam").go("Preview", view.id)
    assert "Released by" not in person.said() and "Overruled" not in person.texts()


def test_a_file_waiting_for_a_decision_does_not_say_that_nothing_is_held(desk: Any, screen: MakeScreen) -> None:
    view = desk.run("empty@example.com")
    assert (view.state, view.verdict) == (State.READY, "nobody")
    with desk.portal.db.write() as session:
        row = session.get_one(Export, view.id)
        row.state, row.response.vendor_status = State.ATTENTION.value, "pending"
        row.response.problem = "LoyaltyDog said that it was still working on this export, and the file is empty."
    person = screen("maya").go("Preview", view.id)
    assert "holds nothing" not in person.said("success")
    assert "still working on this export" in person.said("warning").replace("\\", "").replace("\u2060", "")
    assert "pending" in person.said("caption")
