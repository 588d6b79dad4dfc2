"""Decides whether a file holds records of the asked person only.

Verdicts: "one_person" (every record that names its owner names the asked one), "nobody" (no record of anyone: an
answer, not an error), "unnamed" (a whole file that names no owner), "other_person" (a whole record is somebody else's:
it must not leave, LAW-23), "unsure" (several owners without email or ID, an error's body, or a file that was cut off).
A mention of a person is not a record; `find_others` marks mentions. Rules in words: docs/inspection.md.
"""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from portal.preview.inspection.comparing_people import AskedPerson, Doubt, Finding, compare
from portal.preview.inspection.not_data import Answer, answer_in
from portal.preview.inspection.people import PeopleRecords, Record, count_people, people_records
from portal.preview.model import Preview

Verdict: TypeAlias = Literal["one_person", "nobody", "unnamed", "other_person", "unsure"]

_DOUBTS: Final = {
    Doubt.TWO_OWNERS: "A record names more than one person. Look whose it is before you send it.",
    Doubt.SOMEBODY_ELSE: "Beside the customer you asked for, the file holds an email or an ID of somebody else. "
    "Look before you send it.",
    Doubt.ASKED_NOWHERE: "The file holds emails, and the one you asked for is not among them. Look before you send it.",
    Doubt.TEXT_HOLDS_JSON: "A text in the file holds records that are not shown as tables. "
    "Look at them before you send it.",
    Doubt.NOT_READY: "The file says that the export is not ready or that something failed. Ask for it again.",
    Doubt.MERGED: "The file says that customers were merged. Look whose records these are before you send it.",
}


@dataclass(frozen=True)
class Check:
    """One line of the list of checks. key: "format", "one_person", "complete" or "content"."""

    key: str
    ok: bool
    sentence: str


@dataclass(frozen=True)
class Inspection:
    """people: how many different customers the records name; of very many, so many at least."""

    verdict: Verdict
    people: int
    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]
    tables: int
    rows: int


def inspect(preview: Preview, asked: AskedPerson) -> Inspection:
    """Compare the customer records of `preview` with the person asked for."""
    found = people_records(preview)
    records = found.owned
    people = count_people(records)
    findings, doubts = compare(found, asked)
    answer = answer_in(preview, found)
    verdict = _verdict(preview, found, findings, answer)
    if verdict == "one_person" and not (asked.email or asked.customer_id):
        doubts.append(Doubt.DAMAGED)
    if verdict == "one_person" and answer is Answer.FAILED:
        doubts.append(Doubt.NOT_READY)
    if verdict == "unsure" and not records and found.all_kept and not doubts and _may_be_theirs(preview, found, answer):
        verdict = "unnamed"
    if verdict in ("one_person", "nobody") and (doubts or not found.all_kept):
        verdict = "unsure"
    if verdict == "unsure" and preview.complete and preview.format_fits and not records and answer is not Answer.DATA:
        doubts.append(Doubt.NOT_READY)
    count = 0 if verdict == "nobody" else people
    told = f"{count:,}" if found.all_kept else f"at least {count:,}"
    return Inspection(
        verdict=verdict,
        people=count,
        checks=_checks(preview, verdict, told, records, asked, doubts),
        findings=tuple(findings),
        tables=len(preview.tables),
        rows=preview.row_count,
    )


def _verdict(preview: Preview, found: PeopleRecords, findings: list[Finding], answer: Answer) -> Verdict:
    if findings:
        return "other_person"
    if not preview.complete or not preview.format_fits:
        return "unsure"
    if answer is Answer.NOTHING and all(not record.names and not record.phones for record in found.owned):
        return "nobody"
    return "one_person" if found.owned else "unsure"


def _may_be_theirs(preview: Preview, found: PeopleRecords, answer: Answer) -> bool:
    """A whole file with rows that names no customer by email or ID, at most one by name, and is no error's body.

    The vendor documents no content: an export may list cards and amounts alone. Nothing points to another person.
    """
    named = {(frozenset(record.names), frozenset(record.phones)) for record in found.nameless}
    whole = preview.complete and preview.format_fits and preview.record_kind != "value"
    return whole and answer is Answer.DATA and len(named) <= 1 and not found.holds_json and not found.any_email


def _checks(
    preview: Preview,
    verdict: Verdict,
    people: str,
    records: list[Record],
    asked: AskedPerson,
    doubts: list[Doubt],
) -> tuple[Check, ...]:
    name = preview.format.upper()
    fits = f"The file is {name}, as asked." if preview.format_fits else f"The file does not look like {name}."
    whole = (
        "The file is complete." if preview.complete else "The file is cut off or damaged; what was readable is shown."
    )
    tables, rows = len(preview.tables), preview.row_count
    content = f"{tables} {'table' if tables == 1 else 'tables'}, {rows} {'row' if rows == 1 else 'rows'}."
    return (
        Check("format", preview.format_fits, fits),
        Check(
            "one_person", verdict in ("one_person", "nobody"), _who(preview, verdict, people, records, asked, doubts)
        ),
        Check("complete", preview.complete, whole),
        Check("content", rows > 0 or verdict == "nobody", content),
    )


def _who(
    preview: Preview, verdict: Verdict, people: str, records: list[Record], asked: AskedPerson, doubts: list[Doubt]
) -> str:
    if verdict == "nobody":
        return "LoyaltyDog holds nothing for this customer here."
    if verdict == "other_person":
        if people not in ("0", "1"):
            return f"The file holds records of {people} customers."
        return "The file holds the records of a customer other than the one you asked for."
    if verdict == "one_person":
        if asked.email and not any(record.emails for record in records):
            return "Every record carries the same customer ID; the file names no email to compare with."
        if asked.customer_id and not asked.email and not any(record.ids for record in records):
            return "Every record carries the same email; the file names no customer ID to compare with."
        return "Every record belongs to the customer you asked for."
    if verdict == "unnamed":
        return "Nothing in the file says whose records these are. Look before you send it."
    reason = next((_DOUBTS[doubt] for doubt in doubts if doubt in _DOUBTS), "")
    if reason and preview.complete and preview.format_fits:
        return reason
    if records and preview.complete and preview.format_fits:
        return "The file names a customer without an email or an ID. Look whose records these are before you send it."
    if not records:
        return "Nothing in the file says whose records these are. Look before you send it."
    return "What could be read speaks of the customer you asked for, but the file is damaged. Ask for it again."
