"""What is proposed for what was found, before a person decides (design 3.2). A merchant may change each line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product

from portal.redaction.reasons import Reason
from portal.review.kinds import Attribute, Choice, GroupKind

Key = tuple[GroupKind, Attribute]


@dataclass(frozen=True)
class Proposal:
    """`reason` is why a place would be left out, also where it is proposed to keep it."""

    choice: Choice
    reason: Reason


_OUT, _KEEP = Choice.LEAVE_OUT, Choice.KEEP
_CONTACT = frozenset(
    {Attribute.EMAIL, Attribute.PHONE, Attribute.ADDRESS, Attribute.BIRTH, Attribute.ID, Attribute.CARD}
)
_OF_KIND: Mapping[GroupKind, Proposal] = {
    # The name tells where the person's data came from (Art. 15(1)(g)); how to reach the giver does not.
    GroupKind.GIVER: Proposal(_KEEP, Reason.OTHER_CONTACT),
    # What the person typed themselves is their data too.
    GroupKind.RECIPIENT: Proposal(_KEEP, Reason.OTHER_PERSON),
    GroupKind.COUNTERPARTY: Proposal(_OUT, Reason.OTHER_PERSON),
    GroupKind.IN_TEXT: Proposal(_OUT, Reason.OTHER_IN_TEXT),
    GroupKind.MESSAGE: Proposal(_KEEP, Reason.OTHER_IN_TEXT),
    # Own staff are no recipients; names only where rights need them (C-579/21).
    GroupKind.STAFF: Proposal(_OUT, Reason.STAFF),
    GroupKind.CREDENTIALS: Proposal(_OUT, Reason.CREDENTIAL),
    GroupKind.CARDS: Proposal(_OUT, Reason.BEARER_VALUE),
}
_EXCEPT: Mapping[Key, Proposal] = {
    (GroupKind.GIVER, attribute): Proposal(_OUT, Reason.OTHER_CONTACT) for attribute in _CONTACT
}
PROPOSALS: Mapping[Key, Proposal] = {
    key: _EXCEPT.get(key, _OF_KIND[key[0]]) for key in product(GroupKind, Attribute)
}  # fmt: skip
FIXED = frozenset({GroupKind.CREDENTIALS, GroupKind.CARDS})
"""Nobody's to change: security, not a person's right."""


@dataclass(frozen=True)
class Proposals:
    """The table with what a merchant has changed in it."""

    changed: Mapping[Key, Choice] = field(default_factory=dict)

    def of(self, kind: GroupKind, attribute: Attribute) -> Proposal:
        proposal = PROPOSALS[kind, attribute]
        return Proposal(self.changed.get((kind, attribute), proposal.choice), proposal.reason)


def as_codes(changed: Mapping[Key, Choice]) -> dict[str, str]:
    """As it is stored."""
    return {f"{kind}:{attribute}": choice.value for (kind, attribute), choice in sorted(changed.items())}


def from_codes(codes: Mapping[str, str]) -> dict[Key, Choice]:
    """Codes of a newer portal are passed over."""
    known = {f"{kind}:{attribute}": (kind, attribute) for kind, attribute in PROPOSALS}
    return {known[code]: Choice(choice) for code, choice in codes.items() if code in known and choice in set(Choice)}
