"""What a step writes on an export's row for the person: what happened, whose turn, what next."""

from __future__ import annotations

from typing import Any

from portal.loyaltydog import HostNotAllowed, LoyaltyDogError

NO_PROBLEM: dict[str, Any] = {"problem_code": "", "problem": "", "next_step": "", "turn": ""}
UNKNOWN_NEXT = {
    "next_step": "Nothing was repeated by itself. Ask again if the customer still needs the file.",
    "turn": "you",
}
UNKNOWN_WORDS = {
    "problem_code": "interrupted",
    "problem": "The portal was interrupted after it had sent the request, so it cannot know whether LoyaltyDog got it.",
    **UNKNOWN_NEXT,
}
EXPIRED_NEXT = {"next_step": "Ask again for a new link.", "turn": "you"}
EXPIRED_WORDS = {
    "problem_code": "expired_unfetched",
    "problem": "LoyaltyDog's link expired before the file could be fetched.",
    **EXPIRED_NEXT,
}
RESTORED_WORDS = {
    "problem_code": "restored",
    "problem": "The portal was restored from a backup made before this was sent; what came of it is not known.",
    **UNKNOWN_NEXT,
}
CASE_NEEDED_WORDS = {
    "problem_code": "case_needed",
    "problem": "This export belongs to no case of this merchant, so nothing was asked about the person.",
    "next_step": "Ask again: a case is opened by itself.",
    "turn": "you",
}
GIVEN_UP_WORDS = {
    "problem_code": "given_up",
    "problem": "The portal tried many times and could not get further.",
    "next_step": "The portal's operator looks at its log; then ask or fetch again.",
    "turn": "manager",
}
ATTENTION_WORDS = {
    "other_person": "The file holds a record of another customer, so it is not opened or sent.",
    "unsure": "The portal could not tell whose record this is, so it is not opened by itself.",
    "vendor_failed": "LoyaltyDog said that this export failed, yet it sent a file. Do not rely on it unseen.",
    "vendor_unfinished": "LoyaltyDog said that it was still working on this export, and the file is empty.",
}


def words_of(error: LoyaltyDogError) -> dict[str, Any]:
    changes: dict[str, Any] = {
        "problem_code": error.code,
        "problem": error.message,
        "next_step": error.next_step,
        "turn": error.turn,
    }
    if isinstance(error, HostNotAllowed) and error.host:
        changes["problem"] = f"{error.message} It is called {error.host}."
    if error.request_id:
        changes["vendor_request_id"] = error.request_id[:128]
    return changes


def attention_words(verdict: str) -> dict[str, Any]:
    return {
        "problem_code": verdict if verdict in ATTENTION_WORDS else "check_failed",
        "problem": ATTENTION_WORDS.get(verdict, "A check of the file failed, so it is not opened by itself."),
        "next_step": "A manager looks at the checks and decides.",
        "turn": "manager",
    }


def not_checked(code: str, sentence: str) -> dict[str, Any]:
    """For a file that could not be judged at all."""
    return {
        "verdict": "unsure",
        "checks": [{"key": code, "ok": False, "sentence": sentence}],
        "problem_code": code,
        "problem": sentence,
        "next_step": "A manager looks at the checks and decides.",
        "turn": "manager",
    }
