"""What one answer of LoyaltyDog says about the person, read from parsed JSON or from the file. Pure.

A reader raises UnreadableAnswer for a body that is not what was asked for: such a body is never "nothing" (ANS-5).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from portal.loyaltydog import AuditLogPage, ConsentRecord, Program, UnreadableAnswer
from portal.loyaltydog.parsing import read_list, read_model
from portal.loyaltydog.responses import read_cards, read_customers
from portal.preview import AskedPerson, PreviewError, inspect, read
from portal.sources.matching import KnownPerson, Match

PAGE_SIZE = 250
LOG_PAGE_SIZE = 200  # the vendor's maximum
LONGEST_ID = 100
OPENED = ("one_person", "nobody", "unnamed")
"""Verdicts of the inspection with which a file is taken, as with exports (`exports.workflow.inspect_step`)."""


@dataclass(frozen=True)
class Answer:
    """One answer: how many records it holds, how many are the person's, and what is to be asked next because of it.

    `total` is what LoyaltyDog says that all pages hold together; None when it does not say. `last`: no page follows.
    """

    items: int
    theirs: int
    doubtful: int = 0
    last: bool = True
    total: int | None = None
    programs: tuple[Program, ...] = ()
    found_ids: tuple[str, ...] = field(default=(), repr=False)


class NotTheirs(UnreadableAnswer):
    """The answer is about somebody else."""

    code = "other_person"
    message = "LoyaltyDog's answer holds a record of another customer, so it is not taken."
    next_step = "Ask again. If it stays so, tell LoyaltyDog's support, and quote the request ID."


def is_usable(found_id: str) -> bool:
    """May the id stand in a path?"""
    return bool(found_id.strip()) and found_id not in (".", "..")


def read_programs(value: Any) -> Answer:
    programs = tuple(read_list(Program, value))
    if any(len(program.id) > LONGEST_ID or not is_usable(program.id) for program in programs):
        raise UnreadableAnswer("a program without a usable id")
    return Answer(len(programs), len(programs), programs=programs)


def read_members(value: Any, person: KnownPerson) -> Answer:
    """One page of a search. Those who are not the person are counted and left."""
    page = read_customers(value)
    matches = [(one.id, person.match(customer_id=one.id, email=one.email, phone=one.phone)) for one in page.items]
    theirs = tuple(dict.fromkeys(found for found, match in matches if match is Match.THEIRS))
    if not all(is_usable(found) for found in theirs):
        raise UnreadableAnswer("a customer without a usable id")
    doubtful = sum(match is Match.DOUBTFUL for _found, match in matches)
    last = len(page.items) < PAGE_SIZE
    return Answer(len(page.items), len(theirs), doubtful, last, page.total, found_ids=theirs)


def read_found_cards(value: Any, person: KnownPerson) -> Answer:
    """One page of the search for cards. Those of others are counted and left."""
    page = read_cards(value)
    matches = [
        (card.customer_id, person.match(customer_id=card.customer_id or "", email=card.customer_email,
                                        phone=card.customer_phone))
        for card in page.items
    ]  # fmt: skip
    theirs = [found for found, match in matches if match is Match.THEIRS]
    ids = tuple(dict.fromkeys(found for found in theirs if found and is_usable(found)))
    doubtful = sum(match is Match.DOUBTFUL for _found, match in matches)
    last = len(page.items) < PAGE_SIZE
    return Answer(len(page.items), len(theirs), doubtful, last, page.total, found_ids=ids)


def read_card_consent(value: Any, customer_id: str | None) -> Answer:
    """The record that was looked up; by an id it must be that id's."""
    record = read_model(ConsentRecord, value)
    if customer_id is not None and record.customer_id != customer_id:
        raise NotTheirs("consent of another id", status=200)
    return Answer(1, 1, found_ids=(record.customer_id,) if record.customer_id.strip() else ())


def read_loyalty_consents(value: Any) -> Answer:
    """The latest record of each type. The shape is undocumented: a list, or an object around one."""
    inner = value
    if isinstance(value, dict):
        inner = next((value[key] for key in ("consents", "items", "data") if key in value), None)
    if not isinstance(inner, list) or not all(isinstance(entry, dict) for entry in inner):
        raise UnreadableAnswer("no list of consents in the answer")
    return Answer(len(inner), len(inner))


def read_log(value: Any, subject_id: str) -> Answer:
    """One page of the log. Entries about others are counted and left."""
    page = read_model(AuditLogPage, value)
    theirs = sum(entry.subject_id == subject_id for entry in page.items)
    return Answer(len(page.items), theirs, last=len(page.items) < LOG_PAGE_SIZE, total=page.total)


def read_loyalty_data(data: bytes, customer_id: str, emails: tuple[str, ...]) -> Answer:
    """The loyalty export of one membership: whose it is, by the id or by an email of the person, and its rows."""
    asked = (AskedPerson(customer_id=customer_id), *(AskedPerson(email=email) for email in emails))
    try:
        preview = read(data, "json")
    except PreviewError as error:
        raise UnreadableAnswer(error.detail, status=200) from None
    found = next((one for one in (inspect(preview, who) for who in asked) if one.verdict in OPENED), None)
    if found is None:
        raise NotTheirs("loyalty data of somebody else", status=200)
    rows = 0 if found.verdict == "nobody" else found.rows
    return Answer(rows, rows)
