"""Compares the people a file names with the asked one: records of others, and reasons to doubt."""

import enum
from dataclasses import dataclass, field
from typing import Final

from portal.preview.inspection.addresses import normal_id
from portal.preview.inspection.people import PeopleRecords, Record, Stray, own_values, wanted_email
from portal.preview.model import Place

MAX_FINDINGS: Final = 200


@dataclass(frozen=True)
class AskedPerson:
    """The customer the export was asked for: by email, by customer ID, or both."""

    email: str | None = field(default=None, repr=False)
    customer_id: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Finding:
    """A reason to stop, and where it stands. The sentence holds no personal value."""

    place: Place
    sentence: str


class Doubt(enum.Enum):
    """Why a file whose records match is not certain all the same; the first that applies is reported."""

    TWO_OWNERS = enum.auto()
    SOMEBODY_ELSE = enum.auto()
    ASKED_NOWHERE = enum.auto()
    MERGED = enum.auto()
    TEXT_HOLDS_JSON = enum.auto()
    NOT_READY = enum.auto()
    NAMELESS = enum.auto()
    DAMAGED = enum.auto()


def compare(found: PeopleRecords, asked: AskedPerson) -> tuple[list[Finding], list[Doubt]]:
    """Records that are not the asked person's, and what makes the rest doubtful."""
    records = found.owned
    email = wanted_email(asked.email) if asked.email else None
    customer_id = normal_id(asked.customer_id) if asked.customer_id else None
    linked = _linked_ids(records, email, customer_id)
    merged = found.merged if found.merged and (linked or email) else frozenset()
    findings, doubts = _findings(records, email, customer_id, linked, merged)
    own = own_values(records, asked.email, asked.customer_id)
    own_emails = own.emails | _only_email(records, email)
    own_ids = linked | own.ids
    if any(_is_someone_elses(stray, own_emails, own_ids, found.strays) for stray in found.strays):
        doubts.append(Doubt.SOMEBODY_ELSE)
    if email and found.any_email and not records and email not in {s.value for s in found.strays}:
        doubts.append(Doubt.ASKED_NOWHERE)
    if not records and found.any_email and not email:
        doubts.append(Doubt.ASKED_NOWHERE)
    if found.holds_json and not records:
        doubts.append(Doubt.TEXT_HOLDS_JSON)
    if any(not (record.names & own.names or record.phones & own.phones) for record in found.nameless) and records:
        doubts.append(Doubt.NAMELESS)
    return findings, sorted(set(doubts), key=lambda doubt: doubt.value)


def _only_email(records: list[Record], email: str | None) -> frozenset[str]:
    """Asked by ID, the email that all records with one name."""
    if email:
        return frozenset()
    found = {frozenset(record.emails) for record in records if record.emails}
    return next(iter(found)) if len(found) == 1 else frozenset()


def _is_someone_elses(stray: Stray, emails: frozenset[str], ids: set[str], strays: list[Stray]) -> bool:
    """Whether this value seems to be another person's. An ID beside the owner's email or ID is taken as one more of the
    owner's or a clerk's, even where it differs between rows of the same owner."""
    if stray.kind == "email":
        return stray.value not in emails
    if stray.value in ids or stray.beside & (emails | ids):
        return False
    beside = {other.value for other in strays if other.kind == stray.kind and other.beside & (emails | ids)}
    if stray.value in beside:
        return False
    if stray.kind == "id":
        return True
    return bool(beside) or len({other.value for other in strays if other.kind == stray.kind}) > 1


def _findings(
    records: list[Record], email: str | None, customer_id: str | None, linked: set[str], merged: frozenset[str]
) -> tuple[list[Finding], list[Doubt]]:
    """Records whose email or ID is not the asked person's, each with the place of the value that differs."""
    first_email = first_id = ""
    found: list[Finding] = []
    doubts: list[Doubt] = []
    for record in records:
        if len(found) >= MAX_FINDINGS:
            break
        if record.conflict or len(record.emails) > 1:
            doubts.append(Doubt.TWO_OWNERS)
        if record.emails:
            if not email and not first_email and _is_mine(record, customer_id, linked):
                first_email = next(iter(record.emails))
            accepted = email or first_email or next(iter(record.emails))
            first_email = first_email or accepted
            if accepted not in record.emails:
                if merged & record.emails.keys():
                    doubts.append(Doubt.MERGED)
                    continue
                place = next(iter(record.emails.values()))
                found.append(Finding(place, "This record carries another customer's email."))
                continue
        if record.ids:
            if not linked:
                first_id = first_id or next(iter(record.ids))
            if not (linked or {first_id}) & record.ids.keys():
                if merged & record.ids.keys():
                    doubts.append(Doubt.MERGED)
                    continue
                place = next(iter(record.ids.values()))
                found.append(Finding(place, "This record carries another customer's ID."))
    return found, doubts


def _is_mine(record: Record, customer_id: str | None, linked: set[str]) -> bool:
    return customer_id is None or not record.ids or bool(linked & record.ids.keys())


def _linked_ids(records: list[Record], email: str | None, customer_id: str | None) -> set[str]:
    """IDs known to be the asked person's: the asked one or those beside the asked email, and other kinds of ID (a
    number beside an ID) in a record with one of them."""
    linked: dict[str, frozenset[str]] = {}
    if customer_id:
        linked[customer_id] = frozenset()
    else:
        first = next((record for record in records if email in record.emails and record.ids), None)
        if first is None:
            return set()
        linked.update(first.id_names)
    for record in records:
        if record.ids.keys() & linked.keys() and not record.conflict:
            kinds = set(linked.values())
            linked.update({value: name for value, name in record.id_names.items() if name not in kinds})
    return set(linked)
