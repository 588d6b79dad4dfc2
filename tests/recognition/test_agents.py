"""Somebody acts for the person: no answer without authority, to the person by default, nothing of the paper kept."""

from __future__ import annotations

import datetime as dt

import pytest

from portal.cases.facts import IdentityMethod, IdentityResult
from portal.cases.recognition.agents import AgentKind, AgentScope, AuthorityKind
from portal.cases.recognition.reading import recognition_of
from portal.cases.recognition.standing import Missing
from portal.errors import InputError, NotFound, NotPermitted, StateConflict
from portal.storage.case_tables import Case, CaseAgent
from portal.storage.tables import utc_now
from tests.recognition.conftest import Room

pytestmark = pytest.mark.keeps("LAW-5")
TODAY = utc_now().date()
DAY = dt.timedelta(days=1)


def recorded(room: Room, case: str, scope: AgentScope = AgentScope.ASK, *, shop: str = "one", **more: object) -> None:
    given = {"authority_on": TODAY - DAY} | more
    room.portal.case_agents.record(
        room.user(shop=shop), case, AgentKind.LAWYER, AuthorityKind.POWER_OF_ATTORNEY, scope, **given
    )


def missing(room: Room, case: str, *, new_address: bool = False) -> list[Missing]:
    with room.portal.db.read() as session:
        return [lack.code for lack in recognition_of(session, case, new_address=new_address).missing]


def by_agent(room: Room) -> str:
    """A case that came through somebody else, whose person is recognised."""
    case = room.case()
    with room.portal.db.write() as session:
        session.get_one(Case, case).channel = "agent"
    room.portal.case_file.record_identity(room.user(), case, IdentityMethod.STAFF_KNOWS, IdentityResult.PROVED)
    return case


def test_both_are_asked_for_who_the_person_is_and_that_the_agent_may(room: Room) -> None:
    case, agents = by_agent(room), room.portal.case_agents
    assert missing(room, case) == [Missing.AUTHORITY] and agents.of_case(room.user("auditor"), case) is None
    recorded(room, case, valid_until=TODAY + DAY)
    assert missing(room, case) == [] and room.settled(case)
    seen = agents.of_case(room.user("auditor"), case)
    assert seen is not None and (seen.kind, seen.by, seen.over) == (AgentKind.LAWYER, "agent@one.example", False)
    other = room.case()
    recorded(room, other)
    assert missing(room, other) == [Missing.PROOF]  # an authority says nothing of who the person is


def test_the_answer_goes_to_the_person_unless_the_authority_says_so(room: Room) -> None:
    case = by_agent(room)
    recorded(room, case)
    assert missing(room, case, new_address=True) == [Missing.AUTHORITY] and missing(room, case) == []
    recorded(room, case, AgentScope.RECEIVE)
    assert missing(room, case, new_address=True) == []


def test_an_authority_runs_out_and_can_be_ended(room: Room) -> None:
    case, agents = by_agent(room), room.portal.case_agents
    recorded(room, case)
    with room.portal.db.write() as session:
        row = session.query(CaseAgent).filter_by(case_id=case).one()
        row.valid_until = TODAY - 2 * DAY
    assert missing(room, case) == [Missing.AUTHORITY]
    agents.end(room.user(), case)
    assert missing(room, case) == [] and agents.of_case(room.user(), case) is None
    with pytest.raises(StateConflict):
        agents.end(room.user(), case)
    assert [one for one in room.entries(case) if one.startswith("agent:")] == ["agent:record", "agent:end"]


def test_a_day_to_come_an_old_end_another_shop_and_an_auditor_are_refused(room: Room) -> None:
    case = by_agent(room)
    for field, more in (
        ("authority_on", {"authority_on": TODAY + 2 * DAY}), ("valid_until", {"valid_until": TODAY - 2 * DAY}),
    ):  # fmt: skip
        with pytest.raises(InputError) as refused:
            recorded(room, case, **more)
        assert refused.value.field == field
    with pytest.raises(NotFound):
        recorded(room, case, shop="two")
    with pytest.raises(NotFound):
        room.portal.case_agents.of_case(room.user(shop="two"), case)
    with pytest.raises(NotPermitted):
        room.portal.case_agents.end(room.user("auditor"), case)
    assert missing(room, case) == [Missing.AUTHORITY]
