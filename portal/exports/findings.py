"""Checking a collected file before anyone opens it: whole, readable, and whose record it is (LAW-23)."""

from __future__ import annotations

from typing import Any

from portal.errors import SealBroken
from portal.exports.sealed_reading import TakesTooLong, preview_of
from portal.exports.walk_words import attention, attention_words
from portal.storage.tables import Export, FileKey
from portal.vault import SealedFiles
from portal.vault.files import FilePlace

OPENED_AS_IT_IS = ("one_person", "nobody", "unnamed")
"""`unnamed` names no owner at all: shown with a caution, for the vendor documents no content and nothing in it
speaks of somebody else. Only a record of another customer, or a file that cannot be judged, waits for a manager."""
MAX_INSPECTED_BYTES = 4 * 1024 * 1024 * 1024
"""Memory does not grow with the file, but a look at 1 GiB takes minutes of a worker."""
MAX_INSPECTION_SECONDS = 900.0
"""To read a file for its check. 4 GiB of ordinary records take a fifth of it: more takes a file made to be slow."""


def findings(files: SealedFiles, row: Export, key: FileKey | None, subject: str) -> dict[str, Any]:
    """Columns for the row, and `good`: may it be opened without a manager's decision? Raises StorageTrouble."""
    from portal.preview import AskedPerson, PreviewError, inspect

    too_large = attention("too_large_to_check", "The file is too large to be checked by itself.")
    if key is None or (row.size_bytes or 0) > MAX_INSPECTED_BYTES:
        return too_large
    place = FilePlace(row.merchant_id, row.id, row.blob_name)
    by_email = row.subject_kind == "email"
    asked = AskedPerson(email=subject if by_email else None, customer_id=None if by_email else subject)
    try:
        preview = preview_of(files, row, place, key.sealed_keyset, seconds=MAX_INSPECTION_SECONDS)
        found = inspect(preview, asked)
    except TakesTooLong:
        return too_large
    except SealBroken as error:
        return attention(error.code, error.message)
    except PreviewError as error:
        return attention("unreadable", error.message)
    good = found.verdict in OPENED_AS_IT_IS and all(check.ok for check in found.checks if check.key != "one_person")
    facts: dict[str, Any] = {
        "good": good,
        "verdict": found.verdict,
        "table_count": found.tables,
        "row_count": found.rows,
        "checks": [{"key": c.key, "ok": c.ok, "sentence": c.sentence} for c in found.checks]
        + [{"key": "finding", "ok": False, "sentence": f"{f.place}: {f.sentence}"} for f in found.findings[:20]],
    }
    if not good:
        facts |= attention_words(found.verdict)
    return facts
