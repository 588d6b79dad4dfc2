"""What the codes of cases and the steps of their clock are called (`portal.cases.facts`, `portal.cases.states`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from portal.cases.clock import Step
from portal.cases.clock.regimes import PauseKind
from portal.cases.clock.words import sentence as step_sentence
from portal.cases.facts import (
    Channel,
    ClosingReason,
    DemandOutcome,
    ExtensionReason,
    FactKind,
    IdentityMethod,
    IdentityResult,
    KnownFact,
    LateEntry,
    NotNeeded,
    RefusalReason,
    Right,
)
from portal.cases.services.intake import IdentifierKind
from portal.cases.states import CaseState
from portal.ui.common.badges import Badge
from portal.ui.common.words import _, day, later

STATE_BADGES: Mapping[CaseState, Badge] = {
    CaseState.RECEIVED: Badge(later("Received"), ":material/inbox:", "blue"),
    CaseState.IDENTIFYING: Badge(later("Identity open"), ":material/badge:", "orange"),
    CaseState.COLLECTING: Badge(later("Collecting"), ":material/downloading:", "blue"),
    CaseState.WAITING_PERSON: Badge(later("Waiting for the person"), ":material/schedule:", "orange"),
    CaseState.ANSWERED: Badge(later("Answered"), ":material/check_circle:", "green"),
    CaseState.CLOSED: Badge(later("Closed"), ":material/task_alt:", "gray"),
    CaseState.CLOSED_NOT_IDENTIFIED: Badge(later("Not identified"), ":material/person_off:", "gray"),
    CaseState.REFUSED: Badge(later("Refused"), ":material/block:", "red"),
    CaseState.WITHDRAWN: Badge(later("Withdrawn"), ":material/undo:", "gray"),
}
STATE_SIGNS: Mapping[str, str] = {"green": "●", "blue": "◐", "orange": "▲", "red": "■", "gray": "○"}
RIGHT_WORDS: Mapping[Right, str] = {
    Right.ACCESS: later("Copy of their data"),
    Right.PORTABILITY: later("Portable copy"),
    Right.ERASURE: later("Erasure"),
    Right.RECTIFICATION: later("Correction"),
    Right.RESTRICTION: later("Restriction"),
    Right.OBJECTION: later("Objection"),
    Right.CONSENT_WITHDRAWAL: later("Consent withdrawn"),
}
OUTCOME_WORDS: Mapping[DemandOutcome, str] = {
    DemandOutcome.OPEN: later("Open"),
    DemandOutcome.GIVEN: later("Done"),
    DemandOutcome.PARTLY: later("Partly done"),
    DemandOutcome.NOTHING_HELD: later("Nothing is held"),
    DemandOutcome.REFUSED: later("Refused"),
    DemandOutcome.NOT_IDENTIFIED: later("Not identified"),
    DemandOutcome.WITHDRAWN: later("Not needed"),
}
CHANNEL_WORDS: Mapping[Channel, str] = {
    Channel.EMAIL: later("By email"),
    Channel.FORM: later("Through a form"),
    Channel.POST: later("By post"),
    Channel.PHONE: later("By phone"),
    Channel.IN_PERSON: later("In person"),
    Channel.CHAT: later("By chat"),
    Channel.SOCIAL: later("Through social media"),
    Channel.AGENT: later("Through somebody who acts for them"),
    Channel.AUTHORITY: later("Through an authority"),
    Channel.VENDOR: later("Through LoyaltyDog"),
    Channel.UNKNOWN: later("Not recorded"),
}
LATE_WORDS: Mapping[LateEntry, str] = {
    LateEntry.OTHER_MAILBOX: later("It lay in another mailbox"),
    LateEntry.POST: later("It came by post"),
    LateEntry.TILL: later("It lay at the till"),
    LateEntry.WAS_AWAY: later("The person in charge was away"),
    LateEntry.FORWARDED: later("It was forwarded late"),
    LateEntry.NOT_ASKED: later("Not recorded"),
}
EXTENSION_WORDS: Mapping[ExtensionReason, str] = {
    ExtensionReason.COMPLEXITY: later("It is complex"),
    ExtensionReason.MANY_REQUESTS: later("This customer made many requests"),
}
REFUSAL_WORDS: Mapping[RefusalReason, str] = {
    RefusalReason.UNFOUNDED: later("Manifestly unfounded"),
    RefusalReason.EXCESSIVE: later("Excessive"),
    RefusalReason.IDENTITY: later("Identity not shown"),
    RefusalReason.OTHERS_RIGHTS: later("Rights of others"),
}
CLOSING_WORDS: Mapping[ClosingReason, str] = {
    ClosingReason.DONE: later("Nothing is left to do"),
    ClosingReason.ELSEWHERE: later("Answered elsewhere"),
    ClosingReason.TAKEN_BACK: later("The customer took the request back"),
    ClosingReason.NO_REQUEST: later("It was no customer's request"),
    ClosingReason.BEFORE_RECORDS: later("From before answers were recorded"),
}
METHOD_WORDS: Mapping[IdentityMethod, str] = {
    IdentityMethod.ADDRESS_CODE: later("A code sent to the address that they gave"),
    IdentityMethod.EMAIL_CODE: later("A code sent to the address on file"),
    IdentityMethod.REPLY: later("Answered a mail sent to the address on file"),
    IdentityMethod.CALLBACK: later("Called back at the number on file"),
    IdentityMethod.QUESTIONS: later("Questions about what is on file"),
    IdentityMethod.CARD_IN_HAND: later("Showed the card at the till"),
    IdentityMethod.IN_PERSON: later("In person, document seen"),
    IdentityMethod.STAFF_KNOWS: later("A regular customer whom the staff know"),
    IdentityMethod.ACCOUNT: later("Signed in to their own account"),
    IdentityMethod.SINGLE_SIGN_ON: later("Signed in by single sign-on"),
    IdentityMethod.EID: later("National eID"),
    IdentityMethod.AUTHORITY: later("Authority of the one who acts for them"),
    IdentityMethod.NOT_NEEDED: later("Not needed"),
}
RESULT_WORDS: Mapping[IdentityResult, str] = {
    IdentityResult.PROVED: later("It is them"),
    IdentityResult.DOUBTFUL: later("Doubtful"),
    IdentityResult.FAILED: later("It is not them"),
}
KNOWN_WORDS: Mapping[KnownFact, str] = {
    KnownFact.EMAIL: later("Email"),
    KnownFact.CUSTOMER_ID: later("Customer ID"),
    KnownFact.CARD: later("Card"),
    KnownFact.PHONE: later("Phone"),
    KnownFact.LAST_PURCHASE: later("Last purchase"),
    KnownFact.BALANCE: later("Balance"),
    KnownFact.SHOP: later("Shop of the last purchase"),
    KnownFact.ACTIVATED: later("Month of activation"),
    KnownFact.PROGRAM: later("Program"),
    KnownFact.POSTCODE: later("Postcode"),
    KnownFact.BIRTHDAY: later("Birthday"),
}
NOT_NEEDED_WORDS: Mapping[NotNeeded, str] = {
    NotNeeded.SAME_ADDRESS: later("Written from the address on file"),
    NotNeeded.KNOWN_AT_TILL: later("Known to the staff"),
    NotNeeded.SIGNED_IN: later("Asked while signed in"),
    NotNeeded.NO_DATA_GIVEN: later("No data is given out"),
}
IDENTIFIER_WORDS: Mapping[IdentifierKind, str] = {
    IdentifierKind.EMAIL: later("Email"),
    IdentifierKind.CUSTOMER_ID: later("Customer ID"),
    IdentifierKind.PHONE: later("Phone"),
    IdentifierKind.CARD_ID: later("Card ID"),
    IdentifierKind.LAST_FOUR: later("Last four digits"),
    IdentifierKind.MEMBER_ID: later("Member ID"),
}
PAUSE_WORDS: Mapping[PauseKind, str] = {
    PauseKind.IDENTITY: later("Proof of who they are"),
    PauseKind.CLARIFICATION: later("What exactly they want"),
    PauseKind.FEE: later("A fee"),
    PauseKind.OTHER: later("Something else"),
}
FACT_WORDS: Mapping[FactKind, str] = {
    FactKind.RECEIVED: later("Received"),
    FactKind.FOLLOW_UP: later("The person wrote again"),
    FactKind.ACKNOWLEDGED: later("Receipt was confirmed"),
    FactKind.ASSIGNED: later("Assigned"),
    FactKind.HANDED_OVER: later("Passed on"),
    FactKind.NOTE: later("Note"),
    FactKind.IDENTITY_ASKED: later("Asked for proof of identity"),
    FactKind.IDENTITY: later("Identity looked at"),
    FactKind.SCOPE_ASKED: later("Asked what exactly is wanted"),
    FactKind.SCOPE: later("The person said what is wanted"),
    FactKind.FEE_ASKED: later("Asked for a fee"),
    FactKind.FEE_PAID: later("The fee was paid"),
    FactKind.PAUSED: later("Waiting began"),
    FactKind.RESUMED: later("Waiting ended"),
    FactKind.EXPORT_ASKED: later("LoyaltyDog was asked"),
    FactKind.EXTENDED: later("More time was announced"),
    FactKind.ANSWERED: later("The answer was sent"),
    FactKind.CONFIRMED: later("The customer has it"),
    FactKind.OPENED: later("The answer's page was opened with the code"),
    FactKind.FETCHED: later("The answer was fetched"),
    FactKind.NOT_THEIRS: later("Somebody else opened it: not theirs"),
    FactKind.BOUNCED: later("The answer came back undelivered"),
    FactKind.REFUSED: later("The request was refused"),
    FactKind.CLOSED: later("Closed"),
    FactKind.WITHDRAWN: later("The customer took the request back"),
    FactKind.NOT_IDENTIFIED: later("Told that they could not be identified"),
    FactKind.TAKEN_BACK: later("A record was taken back"),
}


def steps_said(why: Iterable[Step]) -> str:
    """How the clock came to its day, a line a step."""
    return "\n".join("· " + step_sentence(step, _, day) for step in why)
