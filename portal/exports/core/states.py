"""The state machine of an export, as one table: `TRAITS`.

The usual way: requested -> sent -> accepted -> collected -> ready. Every other state waits for a person or an event. A
move outside `MOVES` is refused, in code and by the guarded UPDATE in `ledger.move` (SEC-12).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    REQUESTED = "requested"
    """Written down with its audit entry; nothing has left the portal."""
    SENT = "sent"
    """Committed just before the one POST leaves: from here on it may have reached LoyaltyDog."""
    WAITING = "waiting"
    """Provably not taken (no connection, 429): asked again at `retry_at`."""
    ACCEPTED = "accepted"
    """LoyaltyDog gave an export id, a link and an expiry; the file is being fetched."""
    COLLECTED = "collected"
    """The original bytes are sealed here, hashed and counted; not yet checked."""
    READY = "ready"
    """Checked; may be opened."""
    ATTENTION = "attention"
    """Here, but a check failed: a manager decides before anyone opens it."""
    UNKNOWN = "unknown"
    """Sent, response never seen. Not repeated automatically: a person decides."""
    REJECTED = "rejected"
    """LoyaltyDog said no, and why."""
    FAILED = "failed"
    """No file could be fetched, or a person stopped it."""
    EXPIRED = "expired"
    """The vendor's link is dead. A sealed copy may still be here until retention destroys it."""
    PURGED = "purged"
    """Key and file destroyed; the facts stay (LAW-17, LAW-18)."""


class Outcome(StrEnum):
    """What the figures on Today call where an export stands; the value is the word, in English."""

    READY = "Ready"
    UNDER_WAY = "Under way"
    UNDECIDED = "Undecided"
    FAILED = "Failed"
    REFUSED = "Refused"


@dataclass(frozen=True)
class Traits:
    """The properties of a state by which the code treats states differently.

    `moves`: where an export may go from it. `outcome`: what it counts as in figures. `given_up_as`: where an export
    goes whose workflow never comes to its end; given for each running state.
    """

    moves: frozenset[State]
    outcome: Outcome
    given_up_as: State | None = None
    needs_person: bool = False
    keepable: bool = False
    holds_file: bool = False

    @property
    def running(self) -> bool:
        return self.given_up_as is not None


def _to(*states: State) -> frozenset[State]:
    return frozenset(states)


S = State
TRAITS: Mapping[State, Traits] = {
    S.REQUESTED: Traits(_to(S.SENT, S.FAILED), Outcome.UNDER_WAY, given_up_as=S.FAILED),
    S.SENT: Traits(_to(S.ACCEPTED, S.REJECTED, S.UNKNOWN, S.WAITING), Outcome.UNDER_WAY, given_up_as=S.UNKNOWN),
    S.WAITING: Traits(_to(S.SENT, S.FAILED), Outcome.UNDER_WAY, given_up_as=S.FAILED),
    S.ACCEPTED: Traits(_to(S.COLLECTED, S.EXPIRED, S.FAILED), Outcome.UNDER_WAY, given_up_as=S.FAILED),
    S.COLLECTED: Traits(_to(S.READY, S.ATTENTION), Outcome.UNDER_WAY, given_up_as=S.ATTENTION, holds_file=True),
    S.READY: Traits(_to(S.EXPIRED, S.PURGED), Outcome.READY, holds_file=True),
    S.ATTENTION: Traits(_to(S.READY, S.PURGED), Outcome.UNDECIDED, needs_person=True, keepable=True, holds_file=True),
    # A late answer of the same attempt settles it; else a person does.
    S.UNKNOWN: Traits(_to(S.ACCEPTED, S.REJECTED, S.FAILED), Outcome.UNDECIDED, needs_person=True, keepable=True),
    S.REJECTED: Traits(_to(), Outcome.REFUSED, keepable=True),
    # Fetching may be tried again while the link lives.
    S.FAILED: Traits(_to(S.ACCEPTED), Outcome.FAILED, needs_person=True, keepable=True),
    S.EXPIRED: Traits(_to(S.PURGED), Outcome.READY, keepable=True, holds_file=True),
    S.PURGED: Traits(_to(), Outcome.READY),
}

MOVES: Mapping[State, frozenset[State]] = {state: TRAITS[state].moves for state in State}

RUNNING = frozenset(state for state in State if TRAITS[state].running)
"""Moves on without a person; pages poll until it has."""

NEEDS_PERSON = frozenset(state for state in State if TRAITS[state].needs_person)
"""Needs a decision; listed on Today."""

KEEPABLE = frozenset(state for state in State if TRAITS[state].keepable)
"""A person may leave it as it is; it then needs no further decision."""

HOLDS_FILE = frozenset(state for state in State if TRAITS[state].holds_file)
"""A sealed file may be here (an expired one only when it was collected in time)."""


def may_move(here: State, there: State) -> bool:
    return there in MOVES[here]
