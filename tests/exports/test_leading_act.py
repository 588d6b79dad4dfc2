"""The primary button of an export that is not ready is for whom the sentence beside it names."""

from __future__ import annotations

import pytest

from portal.exports import State
from portal.exports.core.leading import LeadingAct, leading_act
from portal.exports.core.states import RUNNING
from portal.identity import Role

AGENT, MANAGER, AUDITOR = Role.AGENT, Role.MANAGER, Role.AUDITOR
NONE = LeadingAct.NONE


@pytest.mark.parametrize(
    ("state", "turn", "code", "alive", "agent", "manager"),
    [
        (State.ATTENTION, "manager", "other_person", False, NONE, LeadingAct.DECIDE),
        (State.ATTENTION, "nobody", "other_person", False, NONE, NONE),
        (State.UNKNOWN, "you", "interrupted", False, LeadingAct.ASK_AGAIN, LeadingAct.ASK_AGAIN),
        (State.UNKNOWN, "you", "timed_out", False, NONE, NONE),
        (State.UNKNOWN, "loyaltydog", "server_trouble", False, NONE, NONE),
        (State.REJECTED, "you", "rejected", False, LeadingAct.CHANGE, LeadingAct.CHANGE),
        (State.REJECTED, "manager", "forbidden", False, NONE, LeadingAct.CHANGE),
        (State.REJECTED, "nobody", "rejected", False, NONE, NONE),
        (State.FAILED, "you", "cut_off", True, LeadingAct.FETCH_AGAIN, LeadingAct.FETCH_AGAIN),
        (State.FAILED, "you", "cut_off", False, LeadingAct.ASK_AGAIN, LeadingAct.ASK_AGAIN),
        (State.FAILED, "manager", "given_up", False, NONE, LeadingAct.ASK_AGAIN),
        (State.FAILED, "loyaltydog", "unreadable_answer", False, NONE, NONE),
        (State.EXPIRED, "you", "expired_unfetched", False, LeadingAct.ASK_AGAIN, LeadingAct.ASK_AGAIN),
        (State.EXPIRED, "nobody", "expired_unfetched", False, NONE, NONE),
        (State.PURGED, "nobody", "", False, NONE, NONE),
        (State.PURGED, "", "", False, NONE, NONE),
    ],
)
def test_the_leading_act_is_of_whom_the_sentence_names(
    state: State, turn: str, code: str, alive: bool, agent: LeadingAct, manager: LeadingAct
) -> None:
    def leads(role: Role) -> LeadingAct:
        return leading_act(role, state, turn, problem_code=code, link_alive=alive)

    assert (leads(AGENT), leads(MANAGER), leads(AUDITOR)) == (agent, manager, NONE)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("turn", ["nobody", "loyaltydog"])
def test_nothing_leads_while_it_is_nobodys_or_loyaltydogs_turn(state: State, turn: str) -> None:
    assert {leading_act(role, state, turn, problem_code="interrupted", link_alive=True) for role in Role} == {NONE}


@pytest.mark.parametrize("state", sorted(RUNNING))
def test_nothing_leads_while_an_export_is_under_way(state: State) -> None:
    assert {leading_act(role, state, "you") for role in Role} == {NONE}
