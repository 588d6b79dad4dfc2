"""Which act leads for an export that is not simply ready, so that the one primary button is what the sentence beside it
says: it is drawn for whom the sentence gives the turn to, and for nobody while others have it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from portal.exports.core.states import State
from portal.identity import Permission, Role
from portal.identity.roles import allows


class LeadingAct(StrEnum):
    NONE = "none"
    CHANGE = "change"
    """Mend the request and ask again."""
    ASK_AGAIN = "ask_again"
    FETCH_AGAIN = "fetch_again"
    DECIDE = "decide"
    """Release the file, or leave it shut."""


LEADS: Mapping[State, LeadingAct] = {
    State.REQUESTED: LeadingAct.NONE,
    State.SENT: LeadingAct.NONE,
    State.WAITING: LeadingAct.NONE,
    State.ACCEPTED: LeadingAct.NONE,
    State.COLLECTED: LeadingAct.NONE,
    State.READY: LeadingAct.NONE,  # sending it leads: the preview knows who else is in it
    State.ATTENTION: LeadingAct.DECIDE,
    State.UNKNOWN: LeadingAct.ASK_AGAIN,
    State.REJECTED: LeadingAct.CHANGE,
    State.FAILED: LeadingAct.ASK_AGAIN,
    State.EXPIRED: LeadingAct.ASK_AGAIN,
    State.PURGED: LeadingAct.NONE,
}
"""Where it is the reader's turn."""
NOBODY_KNOWS = frozenset({"interrupted", "restored"})
"""Of an export without a response: asking again is safe to offer first. For the others the sentence says to check."""


def leading_act(role: Role, state: State, turn: str, *, problem_code: str = "", link_alive: bool = False) -> LeadingAct:
    """The act whose button is primary for a person of this role; NONE where every button is second to the sentence."""
    decides = allows(role, Permission.EXPORT_RELEASE)
    its_turn = turn in ("", "you") or (turn == "manager" and decides)
    if not its_turn or not allows(role, Permission.EXPORT_CREATE):
        return LeadingAct.NONE
    if state is State.ATTENTION and not decides:
        return LeadingAct.NONE
    if state is State.UNKNOWN and problem_code not in NOBODY_KNOWS:
        return LeadingAct.NONE
    if state is State.FAILED and link_alive:
        return LeadingAct.FETCH_AGAIN
    return LEADS[state]
