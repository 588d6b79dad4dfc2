"""The state machine of an export, as one table.

Walk: requested -> sent -> accepted -> collected -> ready. Everything else is a named place where
somebody or something is waited for. A move outside `MOVES` is refused, in code and by the guarded
UPDATE in `ledger.move` (SEC-12).
"""

from __future__ import annotations

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
    """Sent, answer never seen. Never repeated by itself: a person decides."""
    REJECTED = "rejected"
    """LoyaltyDog said no, and why."""
    FAILED = "failed"
    """No file could be had, or somebody stopped it."""
    EXPIRED = "expired"
    """The vendor's link is dead. A sealed copy may still be here until retention destroys it."""
    PURGED = "purged"
    """Key and file destroyed; the facts stay (LAW-17, LAW-18)."""


S = State
MOVES: dict[State, frozenset[State]] = {
    S.REQUESTED: frozenset({S.SENT, S.FAILED}),
    S.SENT: frozenset({S.ACCEPTED, S.REJECTED, S.UNKNOWN, S.WAITING}),
    S.WAITING: frozenset({S.SENT, S.FAILED}),
    S.ACCEPTED: frozenset({S.COLLECTED, S.EXPIRED, S.FAILED}),
    S.COLLECTED: frozenset({S.READY, S.ATTENTION}),
    S.READY: frozenset({S.EXPIRED, S.PURGED}),
    S.ATTENTION: frozenset({S.READY, S.PURGED}),
    # A late answer of the same attempt settles it; else a person does.
    S.UNKNOWN: frozenset({S.ACCEPTED, S.REJECTED, S.FAILED}),
    S.REJECTED: frozenset(),
    # Fetching may be tried again while the link lives.
    S.FAILED: frozenset({S.ACCEPTED}),
    S.EXPIRED: frozenset({S.PURGED}),
    S.PURGED: frozenset(),
}

RUNNING = frozenset({S.REQUESTED, S.SENT, S.WAITING, S.ACCEPTED, S.COLLECTED})
"""Moves on by itself; pages poll while an export is here."""

NEEDS_PERSON = frozenset({S.ATTENTION, S.UNKNOWN, S.FAILED})
"""Somebody must decide; listed on Today."""

KEEPABLE = NEEDS_PERSON | {S.REJECTED, S.EXPIRED}
"""May be left as it is by a person's word; then nobody's turn it is any more."""

HOLDS_FILE = frozenset({S.COLLECTED, S.READY, S.ATTENTION, S.EXPIRED})
"""A sealed file may be here (an expired one only when it was collected in time)."""


def may_move(here: State, there: State) -> bool:
    return there in MOVES[here]
