"""Somebody who acts for the person: what authority was seen, what it covers, until when (design 6.4). Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class AgentKind(StrEnum):
    LAWYER = "lawyer"
    RELATIVE = "relative"
    GUARDIAN = "guardian"
    PLATFORM = "platform"
    POWER_OF_ATTORNEY = "power_of_attorney"
    HEIR = "heir"


class AuthorityKind(StrEnum):
    """What was seen. It is looked at and never kept."""

    SIGNED_PERMISSION = "signed_permission"
    POWER_OF_ATTORNEY = "power_of_attorney"
    COURT_DECISION = "court_decision"
    FAMILY_DOCUMENT = "family_document"
    INHERITANCE = "inheritance"


class AgentScope(StrEnum):
    """`ASK`: the answer goes to the person. `RECEIVE`: the authority says that the agent may have it."""

    ASK = "ask"
    RECEIVE = "receive"


class DeliverTo(StrEnum):
    PERSON = "person"
    AGENT = "agent"


DELIVER_TO: Mapping[AgentScope, DeliverTo] = {
    AgentScope.ASK: DeliverTo.PERSON,
    AgentScope.RECEIVE: DeliverTo.AGENT,
}


@dataclass(frozen=True)
class Authority:
    """The one in force, or the last that was. `ended`: the person speaks for themselves again."""

    valid_until: dt.date | None
    deliver_to: DeliverTo
    ended: bool

    def holds(self, today: dt.date) -> bool:
        return not self.ended and (self.valid_until is None or today <= self.valid_until)
