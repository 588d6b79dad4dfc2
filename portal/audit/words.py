"""What each act is called in plain words, in the trail's page and in files that leave the portal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.audit.actions import Act

ACT_WORDS: Mapping[Act, str] = {
    Act.MERCHANT_CREATE: "Merchant added",
    Act.MERCHANT_SETTINGS: "Settings changed",
    Act.MERCHANT_REMOVE: "Merchant removed",
    Act.ACCOUNT_CREATE: "Account made",
    Act.ACCOUNT_DISABLE: "Account disabled",
    Act.ACCOUNT_ENABLE: "Account enabled",
    Act.ACCOUNT_ROLE: "Role changed",
    Act.ACCOUNT_PASSWORD: "Password set",
    Act.ACCOUNT_SECOND_FACTOR: "Second factor changed",
    Act.ACCOUNT_SIGN_ON: "Single sign-on identity changed",
    Act.ACCOUNT_RECOVERY_USED: "Recovery code used",
    Act.ACCOUNT_IMPORT: "Accounts imported",
    Act.ACCOUNT_EXPORT: "Accounts exported",
    Act.SESSION_START: "Signed in",
    Act.SESSION_REFUSED: "Sign-in refused",
    Act.SESSION_END: "Signed out",
    Act.SESSION_STEP_UP: "Identity confirmed again",
    Act.SESSION_STEP_UP_REFUSED: "Identity not confirmed",
    Act.ACT_REFUSED: "Act refused",
    Act.GATE_REFUSED: "Request refused at the gate",
    Act.GATE_FOREIGN_OBJECT: "Another merchant's object asked for",
    Act.ACCESS_REFUSED: "Refused by role",
    Act.COMMAND_RUN: "Command line used",
    Act.EXPORT_SUBMIT: "Export asked for",
    Act.EXPORT_DUPLICATE: "Same export asked for again",
    Act.EXPORT_UNUSUAL_VOLUME: "Unusually many exports within a day",
    Act.EXPORT_STATE: "Export moved",
    Act.EXPORT_RELEASE: "Export released",
    Act.EXPORT_MARK_NOT_SENT: "Marked as not sent",
    Act.EXPORT_KEEP: "Left as it is",
    Act.EXPORT_VIEW: "File opened",
    Act.EXPORT_REVEAL: "Masked values shown",
    Act.EXPORT_SEARCH: "File searched",
    Act.EXPORT_DOWNLOAD: "File downloaded",
    Act.EXPORT_HANDED_OUT: "Copy handed out whole",
    Act.EXPORT_DESTROY: "File destroyed",
    Act.ANSWER_SENT: "Answer sent",
    Act.ANSWER_ACKNOWLEDGED: "Receipt of the answer confirmed",
    Act.ANSWER_EXTENDED: "Time to answer extended",
    Act.ANSWER_REFUSED: "Request refused",
    Act.ANSWER_CLOSED: "No answer needed",
    Act.ANSWER_TAKEN_BACK: "Record of the answer taken back",
    Act.CASE_OPEN: "Case opened",
    Act.CASE_FOLLOW_UP: "Follow-up noted in a case",
    Act.CASE_STATE: "Case moved",
    Act.CASE_NOTE: "Note added to a case",
    Act.CASE_ASSIGN: "Case assigned",
    Act.CASE_HAND_OVER: "Case handed over",
    Act.CASE_IDENTITY: "Identity of a person recorded",
    Act.CASE_ACKNOWLEDGE: "Receipt of a request acknowledged",
    Act.CASE_EXTEND: "More time told in a case",
    Act.CASE_PAUSE: "Person asked for something",
    Act.CASE_RESUME: "What the person was asked for came",
    Act.CASE_REFUSE: "Case refused",
    Act.CASE_NOT_IDENTIFIED: "Case ended: person not identified",
    Act.CASE_CLOSE: "Case closed",
    Act.CASE_TAKE_BACK: "Fact of a case taken back",
    Act.CASE_REVEAL: "Person of a case shown",
    Act.CASE_SEARCH: "Cases searched for a person",
    Act.SOURCE_COLLECT: "Sources of a case asked",
    Act.SOURCE_STATE: "Source of a case moved",
    Act.SOURCE_DESTROY: "Answer of a source destroyed",
    Act.CALENDAR_ADDRESS: "Address of the calendar made",
    Act.CALENDAR_REVOKE: "Address of the calendar revoked",
    Act.CASE_REDATE: "Days of a case calculated anew",
    Act.CLOCK_RULES: "Rules for answering in time changed",
    Act.CLOCK_DAY_ADD: "Day off added",
    Act.CLOCK_DAY_STRIKE: "Day off struck",
    Act.CLOCK_DAY_WITHDRAW: "Day off as the calendar has it again",
    Act.EXPORT_LIST_DOWNLOAD: "Register downloaded",
    Act.EXPORT_CALENDAR_DOWNLOAD: "Calendar of expiries downloaded",
    Act.HISTORY_SEARCH: "Past exports searched for a person",
    Act.CARDS_SEARCH: "Cards searched",
    Act.API_TEST: "Connection tested",
    Act.AUDIT_VERIFY: "Trail verified",
    Act.AUDIT_ACKNOWLEDGE: "Shorter trail accepted",
    Act.AUDIT_EXPORT: "Trail exported",
    Act.AUDIT_EVIDENCE: "Evidence made",
    Act.AUDIT_ABOUT_PERSON: "Account of one person made",
    Act.KEY_CREATE: "Key made",
    Act.KEY_ROTATE: "Key renewed",
    Act.KEY_DESTROY: "Old keys destroyed",
    Act.WORKER_TAKEOVER: "Work taken over",
}


def act_words(action: str, facts: Mapping[str, Any]) -> str:
    """The act with what matters of its facts: states and codes, never more."""
    words = ACT_WORDS[Act(action)] if action in ACT_WORDS else action
    if action in ("export:state", "case:state"):
        code = f" ({facts['code']})" if facts.get("code") else ""
        return f"{words}: {facts.get('from', '')} → {facts.get('to', '')}{code}"
    for name in ("reason", "role", "kind", "what", "outcome", "channel"):
        if isinstance(facts.get(name), str):
            return f"{words}: {facts[name]}"
    return words
