"""What each act is called in plain words, in the trail's page and in files that leave the portal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ACT_WORDS: dict[str, str] = {
    "merchant:create": "Merchant added",
    "merchant:settings": "Settings changed",
    "merchant:remove": "Merchant removed",
    "account:create": "Account made",
    "account:disable": "Account disabled",
    "account:enable": "Account enabled",
    "account:role": "Role changed",
    "account:password": "Password set",
    "account:second_factor": "Second factor changed",
    "account:sign_on": "Single sign-on identity changed",
    "account:recovery_used": "Recovery code used",
    "account:import": "Accounts imported",
    "account:export": "Accounts exported",
    "session:start": "Signed in",
    "session:refused": "Sign-in refused",
    "session:end": "Signed out",
    "session:step_up": "Identity confirmed again",
    "gate:foreign_object": "Another merchant's object asked for",
    "access:refused": "Refused by role",
    "command:run": "Command line used",
    "export:submit": "Export asked for",
    "export:duplicate": "Same export asked for again",
    "export:unusual_volume": "Unusually many exports within a day",
    "export:state": "Export moved",
    "export:release": "Export released",
    "export:mark_not_sent": "Marked as not sent",
    "export:keep": "Left as it is",
    "export:view": "File opened",
    "export:reveal": "Masked values shown",
    "export:search": "File searched",
    "export:download": "File downloaded",
    "export:handed_out": "Copy handed out whole",
    "export:destroy": "File destroyed",
    "answer:sent": "Answer sent",
    "answer:acknowledged": "Receipt of the answer confirmed",
    "answer:extended": "Time to answer extended",
    "answer:refused": "Request refused",
    "answer:closed": "No answer needed",
    "answer:taken_back": "Record of the answer taken back",
    "export:list_download": "Register downloaded",
    "export:calendar_download": "Calendar of expiries downloaded",
    "history:search": "Past exports searched for a person",
    "cards:search": "Cards searched",
    "api:test": "Connection tested",
    "audit:verify": "Trail verified",
    "audit:export": "Trail exported",
    "audit:evidence": "Evidence made",
    "audit:about_person": "Account of one person made",
    "key:create": "Key made",
    "key:rotate": "Key renewed",
    "key:destroy": "Old keys destroyed",
    "worker:takeover": "Work taken over",
}


def act_words(action: str, facts: Mapping[str, Any]) -> str:
    """The act with what matters of its facts: states and codes, never more."""
    words = ACT_WORDS.get(action, action)
    if action == "export:state":
        code = f" ({facts['code']})" if facts.get("code") else ""
        return f"{words}: {facts.get('from', '')} → {facts.get('to', '')}{code}"
    for name in ("reason", "role", "kind", "what", "outcome", "channel"):
        if isinstance(facts.get(name), str):
            return f"{words}: {facts[name]}"
    return words
