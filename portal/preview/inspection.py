"""Does the file speak of the asked person, and of nobody else?

Verdicts: "one_person" (every record that names its owner names the asked one), "nobody" (no record of anyone: an
answer, not an error), "unnamed" (a whole file that names no owner, so nothing speaks of somebody else), "other_person"
(a whole record is somebody else's: it must not leave, LAW-23), "unsure" (several owners without email or ID, an error's
body, or a file that was cut off). A mention of somebody is not a record of theirs; `find_others` marks mentions.
Rules in words: docs/inspection.md.
"""

from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from portal.preview import words
from portal.preview.model import NULL, Bare, Cell, Place, Preview
from portal.preview.people import Record, count_people, normal, own_values, people_records

Verdict: TypeAlias = Literal["one_person", "nobody", "unnamed", "other_person", "unsure"]

MAX_FINDINGS: Final = 200
_TROUBLE: Final = frozenset(
    ("error", "errors", "detail", "details", "message", "reason", "problem", "fault", "exception")
)


@dataclass(frozen=True)
class AskedPerson:
    """The customer the export was asked for: by email, by customer ID, or both."""

    email: str | None = field(default=None, repr=False)
    customer_id: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Check:
    """One line of the list of checks. key: "format", "one_person", "complete" or "content"."""

    key: str
    ok: bool
    sentence: str


@dataclass(frozen=True)
class Finding:
    """A reason to stop, and where it stands. The sentence holds no personal value."""

    place: Place
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
    records, nameless = found.owned, found.nameless
    people = count_people(records)
    findings = _findings(records, asked)
    verdict = _verdict(preview, records, findings)
    if verdict == "unsure" and not records and found.all_kept and _may_be_theirs(preview, nameless):
        verdict = "unnamed"
    doubtful = not found.all_kept or not (asked.email or asked.customer_id)
    if verdict == "one_person" and (doubtful or _somebody_else(nameless, records, asked)):
        verdict = "unsure"
    count = 0 if verdict == "nobody" else people
    return Inspection(
        verdict=verdict,
        people=count,
        checks=_checks(preview, verdict, f"{count:,}" if found.all_kept else f"at least {count:,}", records, asked),
        findings=tuple(findings),
        tables=len(preview.tables),
        rows=preview.row_count,
    )


def _verdict(preview: Preview, records: list[Record], findings: list[Finding]) -> Verdict:
    if findings:
        return "other_person"
    if not preview.complete or not preview.format_fits:
        return "unsure"
    if _holds_nothing(preview, records):
        return "nobody"
    return "one_person" if records else "unsure"


def _may_be_theirs(preview: Preview, nameless: list[Record]) -> bool:
    """A whole file with rows that names no customer by email or ID, at most one by name, and is no error's body.

    The vendor documents no content: an export may well list cards and amounts alone. Nothing speaks of somebody else.
    """
    named = {(frozenset(record.names), frozenset(record.phones)) for record in nameless}
    if not (preview.complete and preview.format_fits) or preview.record_kind == "value" or len(named) > 1:
        return False
    if not any(_says_something(cell) for table in preview.tables for _row, row in table.iterate() for cell in row):
        return False
    small = preview.format == "json" and preview.row_count <= len(preview.tables)
    return not (small and any(words.has(words.meaning(name), _TROUBLE) for name in _names(preview)))


def _says_something(cell: Cell) -> bool:
    return isinstance(cell, str) and bool(cell) and not (type(cell) is Bare and cell in ("[]", "{}"))


def _names(preview: Preview) -> list[str]:
    return [name for table in preview.tables for name in (table.name, *table.columns)]


def _somebody_else(nameless: list[Record], records: list[Record], asked: AskedPerson) -> bool:
    own = own_values(records, asked.email, asked.customer_id)
    return any(not (record.names & own.names or record.phones & own.phones) for record in nameless)


def _holds_nothing(preview: Preview, records: list[Record]) -> bool:
    """True when the file says in so many words that there is nothing: an empty list or null where data would stand.

    The envelope (`exportId`, times, whom it was asked for) may be there; anything about a person, or an error, may not.
    """
    if preview.format == "csv":
        return bool(preview.tables) and preview.row_count == 0
    if any(table.name != "file" or table.row_count != 1 for table in preview.tables):
        return False
    cells = [
        (column, cell) for table in preview.tables for column, cell in zip(table.columns, *table.rows(), strict=True)
    ]
    if any(
        words.has(words.meaning(column), _TROUBLE) for column, cell in cells if isinstance(cell, str) and cell != "[]"
    ):
        return False
    empty = not cells or any(cell is NULL or (type(cell) is Bare and cell in ("[]", "{}")) for _, cell in cells)
    return empty and all(not record.names and not record.phones for record in records)


def _findings(records: list[Record], asked: AskedPerson) -> list[Finding]:
    """Records whose email or ID is not the asked person's, each with the place of the value that differs."""
    email = normal(asked.email) if asked.email else None
    customer_id = normal(asked.customer_id) if asked.customer_id else None
    linked = _linked_ids(records, email, customer_id)
    first_email = first_id = ""
    found: list[Finding] = []
    for record in records:
        if len(found) >= MAX_FINDINGS:
            break
        if record.emails:
            expected = {email} if email else None
            if expected is None and not first_email and _is_mine(record, customer_id):
                first_email = next(iter(record.emails))
            accepted = expected or {first_email or next(iter(record.emails))}
            first_email = first_email or next(iter(accepted))
            if not accepted & record.emails.keys():
                found.append(
                    Finding(next(iter(record.emails.values())), "This record carries another customer's email.")
                )
                continue
        if record.ids:
            if linked:
                accepted_ids = linked
            else:
                first_id = first_id or next(iter(record.ids))
                accepted_ids = {first_id}
            if not accepted_ids & record.ids.keys():
                found.append(Finding(next(iter(record.ids.values())), "This record carries another customer's ID."))
    return found


def _is_mine(record: Record, customer_id: str | None) -> bool:
    return customer_id is None or not record.ids or customer_id in record.ids


def _linked_ids(records: list[Record], email: str | None, customer_id: str | None) -> set[str]:
    """IDs known to be the asked person's: the asked one, else the one that stands beside the asked email."""
    if customer_id:
        return {customer_id}
    for record in records:
        if email in record.emails and record.ids:
            return {next(iter(record.ids))}
    return set()


def _checks(
    preview: Preview, verdict: Verdict, people: str, records: list[Record], asked: AskedPerson
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
        Check("one_person", verdict in ("one_person", "nobody"), _who(preview, verdict, people, records, asked)),
        Check("complete", preview.complete, whole),
        Check("content", rows > 0 or verdict == "nobody", content),
    )


def _who(preview: Preview, verdict: Verdict, people: str, records: list[Record], asked: AskedPerson) -> str:
    if verdict == "nobody":
        return "LoyaltyDog holds nothing for this customer here."
    if verdict == "other_person":
        if people not in ("0", "1"):
            return f"The file holds records of {people} customers. It may not be sent."
        return "The file holds the records of a customer other than the one you asked for. It may not be sent."
    if verdict == "one_person":
        if asked.email and not any(record.emails for record in records):
            return "Every record carries the same customer ID; the file names no email to compare with."
        if asked.customer_id and not asked.email and not any(record.ids for record in records):
            return "Every record carries the same email; the file names no customer ID to compare with."
        return "Every record belongs to the customer you asked for."
    if verdict == "unnamed":
        return "Nothing in the file says whose records these are. Look before you send it."
    if records and preview.complete and preview.format_fits:
        return "The file names a customer without an email or an ID. Look whose records these are before you send it."
    if not records:
        return "Nothing in the file says whose records these are. Look before you send it."
    return "What could be read speaks of the customer you asked for, but the file is damaged. Ask for it again."
