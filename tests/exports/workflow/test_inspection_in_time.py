"""A file made to be slow to read does not keep a worker for hours: it goes to a manager unread."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from portal.exports.workflow import inspect_step
from portal.exports.workflow.inspect_step import MAX_INSPECTION_SECONDS
from portal.preview import LARGE_BYTES
from portal.storage.tables import ExportAsked, ExportFile, ExportResponse

pytestmark = pytest.mark.keeps("SEC-22", "LAW-23")

PIECE = 1024 * 1024
RECORD = b'{"customerEmail":"kim@example.com","amount":"1.00"},'


def body_of(size: int) -> bytes:
    return b"[" + RECORD * (size // len(RECORD)) + b'{"customerEmail":"kim@example.com"}]'


def found_in(body: bytes, pieces_read: list[int]) -> tuple[bool, dict[str, Any]]:
    """What the check says of a sealed file that holds this; how many pieces were asked for goes to the list."""

    def chunks(_place: Any, _key: bytes) -> Iterator[bytes]:
        for start in range(0, len(body), PIECE):
            pieces_read.append(start)
            yield body[start : start + PIECE]

    row = SimpleNamespace(
        merchant_id="m", id="e", format="json", asked=ExportAsked(subject_kind="email", sealed_subject=b""),
        response=ExportResponse(vendor_status="completed"),
        file=ExportFile(blob_name="b", size_bytes=len(body), sha256=hashlib.sha256(body).hexdigest()),
    )  # fmt: skip
    files: Any = SimpleNamespace(chunks=chunks, read_all=lambda *_a, **_k: body)
    key: Any = SimpleNamespace(sealed_keyset=b"")
    return inspect_step.inspect_file(files, row, key, "kim@example.com")  # type: ignore[arg-type]


def test_a_large_ordinary_file_is_read_to_its_end_well_within_the_time() -> None:
    read: list[int] = []
    good, found = found_in(body_of(LARGE_BYTES + 3 * PIECE), read)
    assert (good, found["verdict"], len(read)) == (True, "one_person", 8)
    assert MAX_INSPECTION_SECONDS >= 600


def test_a_file_that_takes_too_long_waits_for_a_manager_and_is_read_no_further(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inspect_step, "MAX_INSPECTION_SECONDS", 0.0)
    read: list[int] = []
    good, found = found_in(body_of(LARGE_BYTES + 3 * PIECE), read)
    assert (good, found["verdict"], found["problem_code"]) == (False, "unsure", "too_large_to_check")
    assert found["turn"] == "manager"
    assert len(read) == 1


def test_a_small_file_is_read_whole_whatever_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspect_step, "MAX_INSPECTION_SECONDS", 0.0)
    assert found_in(body_of(100_000), [])[0]
