"""Single words of the services (acts, roles, kinds): marked for translation here, translated where they are drawn.

Services use English throughout, as the log, the command line and the audit trail do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.audit import Act
from portal.audit.words import ACT_WORDS
from portal.exports import State
from portal.identity import Role
from portal.ui.common.badges import BADGES
from portal.ui.common.words import _, later
from portal.ui.preview.answer_words import CHANNEL_WORDS, COPY_WORDS
from portal.ui.preview.answer_words import REASON_WORDS as ANSWER_REASONS
from portal.ui.preview.card_words import CARD_REASON_WORDS

RESULTS = {"ok": later("ok"), "refused": later("refused"), "broken": later("broken")}
ROLE_WORDS: Mapping[Role, str] = {
    Role.AGENT: later("Agent"), Role.MANAGER: later("Manager"), Role.AUDITOR: later("Auditor"),
}  # fmt: skip
REASON_WORDS = {
    "signed_out": later("signed out"),
    "idle": later("nothing happened for a while"),
    "expired": later("its time was over"),
    "replaced": later("a new sign-in took its place"),
    "ended_elsewhere": later("ended from another browser"),
    "disabled": later("account switched off"),
    "role_changed": later("role changed"),
    "password_changed": later("password changed"),
    "second_factor_changed": later("second factor changed"),
    "sign_on_forgotten": later("single sign-on identity forgotten"),
    "oidc": later("single sign-on: not invited"),
    "oidc_identity": later("single sign-on: the address of somebody known by another identity"),
    "vendor_refused": later("LoyaltyDog refused"),
    "not_invited": later("not invited"),
    "by hand": later("by hand"),
    "retention": later("its time here was over"),
}
FACT_WORDS: Mapping[str, Mapping[Any, str]] = {"reason": {**REASON_WORDS, **CARD_REASON_WORDS}, "role": ROLE_WORDS}
"""The word for a fact's code. A reason that a person typed has no code and is shown as it is."""
LOOKS = {
    "email": later("email"),
    "phone": later("phone"),
    "card number": later("card number"),
    "date-time": later("date-time"),
    "money": later("money"),
    "whole number": later("whole number"),
    "yes/no": later("yes/no"),
    "identifier": later("identifier"),
    "text": later("text"),
}
KINDS = {
    "sender": later("sender"),
    "recipient": later("recipient"),
    "staff": later("staff"),
    "terminal": later("terminal"),
    "message": later("message"),
    "counterparty": later("counterparty"),
    "name": later("name"),
    **LOOKS,
}


def word(words: Mapping[Any, str], code: object) -> str:
    """The word for a code in the reader's language; a code without one is shown as it is."""
    return _(words[str(code)]) if str(code) in words else str(code)


def describe_move(facts: Mapping[str, Any]) -> str:
    """``sent → accepted``, with the code of what went wrong."""
    code = f" ({facts['code']})" if facts.get("code") else ""
    return f"{describe_state(facts.get('from'))} → {describe_state(facts.get('to'))}{code}"


def describe_state(code: object) -> str:
    known = str(code) in BADGES
    return _(BADGES[State(str(code))].code) if known else str(code or "")


def describe_act(action: str, facts: Mapping[str, Any]) -> str:
    """The act and its main fact, as `portal.audit.words.act_words` writes it in English."""
    words = _(ACT_WORDS[Act(action)]) if action in ACT_WORDS else action
    if action == "export:state":
        return f"{words}: {describe_move(facts)}"
    if action.startswith("answer:"):
        codes = ((CHANNEL_WORDS, "channel"), (COPY_WORDS, "copy"), (ANSWER_REASONS, "reason"))
        return " · ".join([words, *(word(known, facts[name]) for known, name in codes if name in facts)])
    for name in ("reason", "role", "kind", "what", "outcome"):
        if isinstance(facts.get(name), str):
            return f"{words}: {word(FACT_WORDS.get(name, {}), facts[name])}"
    return words
