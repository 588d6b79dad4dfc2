"""The third step: check a collected file before anyone opens it: whole, readable, and whose record it is (LAW-23)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases.recognition.risk import band_of
from portal.cases.services.ledger import CaseSeal
from portal.errors import SealBroken
from portal.exports.core import ledger
from portal.exports.core.ledger import SubjectSeal
from portal.exports.core.states import State
from portal.exports.files.sealed_reading import TakesTooLong, preview_of
from portal.exports.workflow.messages import ATTENTION_WORDS, attention_words, not_checked
from portal.exports.workflow.metrics import EXPORT_SECONDS
from portal.exports.workflow.results import Done, StepResult, Stop
from portal.loyaltydog.models import meaning_of
from portal.preview import AskedPerson, Preview, PreviewError, inspect
from portal.preview.card_money import money_at_risk
from portal.preview.card_numbers import holds_card_numbers
from portal.preview.inspection.people import own_values, people_records, wanted_email
from portal.preview.inspection.person_changed import person_changed_on
from portal.storage.case_tables import CaseIdentifier
from portal.storage.engine import Database
from portal.storage.tables import Export, FileKey, utc_now
from portal.vault import SealedFiles
from portal.vault.files import FilePlace

OPENED_AS_IT_IS = ("one_person", "nobody", "unnamed")
"""`unnamed` names no owner: shown with a caution, because the vendor documents no content and nothing points to another
person. A record of another customer, or a file that cannot be judged, waits for a manager."""
MAX_INSPECTED_BYTES = 4 * 1024 * 1024 * 1024
"""Memory does not grow with the file, but a look at 1 GiB takes minutes of a worker."""
MAX_INSPECTION_SECONDS = 900.0
"""To read a file for its check. 4 GiB of ordinary records take a fifth of it: more takes a file made to be slow."""
TOO_LARGE = "The file is too large to be checked by itself."


class InspectStep:
    def __init__(self, db: Database, files: SealedFiles, seal: SubjectSeal, checkpoint: Callable[[str], None]) -> None:
        self._db = db
        self._files = files
        self._seal = seal
        self._checkpoint = checkpoint

    def run(self, export_id: str) -> StepResult:
        """Check format, whole and whose. Done(READY or ATTENTION) or Stop."""
        self._checkpoint("inspect.begin")
        with self._db.read() as session:
            row = ledger.load(session, export_id)
            if State(row.state) is not State.COLLECTED:
                return Stop()
            key = session.get(FileKey, (row.id, row.file.blob_name))
            subject = self._seal.open(row, "subject") or ""
            wrote_from = self._wrote_from(session, row.case_id)
        good, facts = inspect_file(self._files, row, key, subject, wrote_from)
        self._checkpoint("inspect.read")
        to = State.READY if good else State.ATTENTION
        with self._db.write() as session:
            row = ledger.load(session, export_id)
            if State(row.state) is not State.COLLECTED:
                return Stop()
            ledger.move(session, row, to, code=facts.get("problem_code", ""), inspected_at=utc_now(), **facts)
            self._checkpoint("inspect.moved")
        self._checkpoint("inspect.committed")
        EXPORT_SECONDS.observe((utc_now() - row.requested_at).total_seconds())
        return Done(to)

    def _wrote_from(self, session: Session, case_id: str) -> frozenset[str]:
        """The addresses that the request itself named."""
        rows = session.scalars(
            select(CaseIdentifier).where(
                CaseIdentifier.case_id == case_id, CaseIdentifier.kind == "email", CaseIdentifier.standing == "claimed"
            )
        ).all()
        return frozenset(wanted_email(value) for value in CaseSeal(self._seal.sealer).values(session, rows))


def inspect_file(
    files: SealedFiles, row: Export, key: FileKey | None, subject: str, wrote_from: frozenset[str] = frozenset()
) -> tuple[bool, dict[str, Any]]:
    """May it be opened without a manager's decision, and columns for the row. Raises StorageTrouble."""
    if key is None or (row.file.size_bytes or 0) > MAX_INSPECTED_BYTES:
        return False, not_checked("too_large_to_check", TOO_LARGE)
    place = FilePlace(row.merchant_id, row.id, row.file.blob_name)
    by_email = row.asked.subject_kind == "email"
    asked = AskedPerson(email=subject if by_email else None, customer_id=None if by_email else subject)
    try:
        preview = preview_of(files, row, place, key.sealed_keyset, seconds=MAX_INSPECTION_SECONDS)
        found = inspect(preview, asked)
    except TakesTooLong:
        return False, not_checked("too_large_to_check", TOO_LARGE)
    except SealBroken as error:
        return False, not_checked(error.code, error.message)
    except PreviewError as error:
        return False, not_checked("unreadable", error.message)
    money = money_at_risk(preview)
    whole = found.verdict in OPENED_AS_IT_IS and all(check.ok for check in found.checks if check.key != "one_person")
    doubt = vendor_doubt(row.response.vendor_status, empty=found.verdict == "nobody" or found.rows == 0)
    facts: dict[str, Any] = {
        "verdict": found.verdict,
        "table_count": found.tables,
        "row_count": found.rows,
        "holds_cards": holds_card_numbers(preview),
        "money_band": band_of(money.by_currency.values(), unread=money.unread) if found.verdict == "one_person" else 0,
        "person_changed_on": person_changed_on(preview) if found.verdict == "one_person" else None,
        "other_address": found.verdict == "one_person" and _is_elsewhere(preview, asked, wrote_from),
        "checks": [{"key": c.key, "ok": c.ok, "sentence": c.sentence} for c in found.checks]
        + [{"key": "finding", "ok": False, "sentence": f"{f.place}: {f.sentence}"} for f in found.findings[:20]]
        + ([{"key": doubt, "ok": False, "sentence": ATTENTION_WORDS[doubt]}] if doubt else []),
    }
    if not whole:
        facts |= attention_words(found.verdict)
    elif doubt:
        facts |= attention_words(doubt)
    return whole and doubt is None, facts


def _is_elsewhere(preview: Preview, asked: AskedPerson, wrote_from: frozenset[str]) -> bool:
    """Does the file know addresses of the person, and none that they wrote from? What was asked by an address is of
    that one."""
    if not wrote_from or asked.email is not None:
        return False
    own = own_values(people_records(preview).owned, asked.email, asked.customer_id).emails
    return bool(own) and not wrote_from & own


def vendor_doubt(status: str, *, empty: bool) -> str | None:
    """Code for what LoyaltyDog's word for the export says against its file; None when nothing does.

    A file of an export that failed may be any file; an empty one of an export under way says nothing of the customer.
    """
    match meaning_of(status):
        case "failed":
            return "vendor_failed"
        case "pending":
            return "vendor_unfinished" if empty else None
        case "ready" | "unknown":
            return None
