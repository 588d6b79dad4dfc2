"""What a review says on screens: who somebody is to the file, why something is left out, why a second person is
needed."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from portal.redaction.reasons import Reason
from portal.review.kinds import Choice, GroupKind, Scope, SecondReason
from portal.review.views import DecisionView, PersonGroup, ReviewState
from portal.ui.common.words import _, later, number, plural

ROLE_WORDS: Mapping[GroupKind, str] = {
    GroupKind.GIVER: later("gave a card"),
    GroupKind.RECIPIENT: later("got a card"),
    GroupKind.COUNTERPARTY: later("other side of a transfer"),
    GroupKind.IN_TEXT: later("named in a text"),
    GroupKind.MESSAGE: later("personal messages"),
    GroupKind.STAFF: later("who served the customer"),
    GroupKind.CREDENTIALS: later("passwords and codes"),
    GroupKind.CARDS: later("card numbers"),
}

REASON_WORDS: Mapping[Reason, str] = {
    Reason.OTHER_PERSON: later("Another person's data"),
    Reason.OTHER_CONTACT: later("Another person's contact details"),
    Reason.OTHER_IN_TEXT: later("Another person named in a text"),
    Reason.STAFF: later("A member of staff"),
    Reason.CREDENTIAL: later("A password or security code"),
    Reason.BEARER_VALUE: later("A card number that is as good as cash"),
    Reason.TRADE_SECRET: later("A trade secret"),
    Reason.PRIVILEGED: later("Advice of a lawyer"),
    Reason.LEGAL_HOLD: later("An inquiry that it would defeat"),
    Reason.NOT_THEIRS: later("Not this customer's record"),
    Reason.EXEMPT_NATIONAL: later("A national law exempts it"),
}

SECOND_WORDS: Mapping[SecondReason, str] = {
    SecondReason.OWN_VALUE: later("Something of the customer's own would be left out."),
    SecondReason.MANY_PLACES: later("More than 200 places would be left out."),
    SecondReason.LEGAL: later("Something is left out for a legal reason."),
    SecondReason.WHOLE_CARD: later("Whole card numbers would be left out."),
    SecondReason.WHOLE_TABLE: later("A whole table would be left out."),
    SecondReason.WHOLE_FILE: later("A whole file would be left out."),
    SecondReason.MERCHANT: later("Your shop wants a second person for every copy with something left out."),
}


def said_of(group: PersonGroup) -> str:
    """``Dawid G. · gave a card · 5 places``."""
    return f"{who_of(group)} · {_places_said(group)}"


def who_of(group: PersonGroup) -> str:
    if group.kind is GroupKind.STAFF:
        return plural("{n} member of staff", "{n} members of staff", group.people)
    return " · ".join(part for part in (group.label, _(ROLE_WORDS[group.kind])) if part)


def _places_said(group: PersonGroup) -> str:
    """Of a giver the ways to reach them are left out and the name is kept: then both numbers."""
    places = plural("{n} place", "{n} places", group.places)
    chosen = group.choice or group.proposal
    as_proposed = group.reason is None or group.reason is group.proposed_reason
    if chosen is Choice.LEAVE_OUT and as_proposed and 0 < group.proposed_places < group.places:
        return _("{places}, {n} left out").format(places=places, n=number(group.proposed_places))
    return places


def summed_up(groups: tuple[PersonGroup, ...]) -> str:
    """``2 people besides the customer, 6 staff``; empty when there is nobody else."""
    people = sum(g.kind not in (GroupKind.STAFF, GroupKind.MESSAGE, GroupKind.CREDENTIALS, GroupKind.CARDS)
                 for g in groups)  # fmt: skip
    staff = sum(group.people for group in groups if group.kind is GroupKind.STAFF)
    parts = [plural("{n} person besides the customer", "{n} people besides the customer", people)] if people else []
    if staff:
        parts.append(_("{n} staff").format(n=number(staff)))
    if not parts and groups:
        parts.append(_("Something to look at before it is sent"))
    return ", ".join(parts)


def undone_words(state: ReviewState, numbers: Collection[int]) -> str:
    """``Taken back: Dawid G. · gave a card, 2 values``: what one press of Undo took back."""
    groups = {group.id: group for group in state.groups}
    taken = [_taken_words(one, groups) for one in state.decisions if one.number in numbers]
    return _("Taken back: {what}").format(what=", ".join(dict.fromkeys(taken)))


def _taken_words(one: DecisionView, groups: Mapping[str, PersonGroup]) -> str:
    if one.scope is Scope.SAME_TEXT:
        return _("that the same text may stay")
    group = groups.get(one.group_id)
    return who_of(group) if group is not None else plural("{n} value", "{n} values", one.places)
