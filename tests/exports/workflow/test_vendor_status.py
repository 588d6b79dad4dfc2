"""What LoyaltyDog called an export may speak against its file: then a person decides (docs/inspection.md)."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from portal.exports.workflow.inspect_step import inspect_file
from portal.loyaltydog import models
from portal.loyaltydog.models import ReadyMeaning, meaning_of
from portal.storage.tables import ExportAsked, ExportFile, ExportResponse

pytestmark = pytest.mark.keeps("LAW-23", "SEC-16")
OWN = b'[{"customerEmail":"kim@example.com","amount":"1.00"}]'
EMPTY = b'{"exportId":"exp_1","giftCards":[]}'
DOC = Path(__file__).resolve().parents[3] / "docs" / "inspection.md"


def found_in(body: bytes, status: str) -> tuple[bool, dict[str, Any]]:
    row: Any = SimpleNamespace(
        merchant_id="m", id="e", format="json", asked=ExportAsked(subject_kind="email", sealed_subject=b""),
        response=ExportResponse(vendor_status=status),
        file=ExportFile(blob_name="b", size_bytes=len(body), sha256=hashlib.sha256(body).hexdigest()),
    )  # fmt: skip
    files: Any = SimpleNamespace(read_all=lambda *_a, **_k: body, chunks=lambda *_a: iter([body]))
    key: Any = SimpleNamespace(sealed_keyset=b"")
    return inspect_file(files, row, key, "kim@example.com")


@pytest.mark.parametrize("body", [OWN, EMPTY])
@pytest.mark.parametrize("status", ["failed", "Error", "error", "REJECTED", "cancelled"])
def test_a_file_of_an_export_that_failed_waits_for_a_manager(status: str, body: bytes) -> None:
    good, found = found_in(body, status)
    assert (good, found["problem_code"], found["turn"]) == (False, "vendor_failed", "manager")
    assert found["checks"][-1]["sentence"] == found["problem"]
    assert not found["checks"][-1]["ok"]
    assert "LoyaltyDog said that this export failed" in found["problem"]


@pytest.mark.parametrize("status", ["pending", "processing", "in-progress", "Queued"])
def test_an_empty_file_of_an_unfinished_export_is_no_answer_that_nothing_is_held(status: str) -> None:
    good, found = found_in(EMPTY, status)
    assert (good, found["problem_code"], found["turn"]) == (False, "vendor_unfinished", "manager")
    assert found_in(OWN, status)[0]


@pytest.mark.parametrize("status", ["completed", "ready", "SUCCESS", "", "a word of tomorrow"])
def test_a_file_that_nothing_speaks_against_needs_nobody(status: str) -> None:
    for body, verdict in ((OWN, "one_person"), (EMPTY, "nobody")):
        good, found = found_in(body, status)
        assert (good, found["verdict"]) == (True, verdict)
        assert all(check["key"] not in ("vendor_failed", "vendor_unfinished") for check in found["checks"])


def test_somebody_elses_record_is_told_first() -> None:
    good, found = found_in(OWN.replace(b"kim", b"lee"), "failed")
    assert (good, found["problem_code"]) == (False, "other_person")
    assert [check["key"] for check in found["checks"]][-1] == "vendor_failed"


def test_the_list_of_words_in_the_documents_is_the_one_that_is_used() -> None:
    rows = {"ready": "ready", "under way": "pending", "failed": "failed"}
    text = DOC.read_text(encoding="utf-8")
    written = {
        word.strip(): meaning
        for said, meaning in rows.items()
        for word in re.findall(rf"^\| {said} \| ([^|]+) \|", text, re.M)[0].split(",")
    }
    assert written == models._MEANINGS
    assert {meaning_of(word) for word in written} | {"unknown"} == set(get_args(ReadyMeaning))
