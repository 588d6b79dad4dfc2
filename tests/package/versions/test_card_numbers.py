"""A package holds no card's number in full, also when its builder may see the numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from portal.exports.files.card_codes import CardReason
from portal.preview.card_numbers import card_columns, is_hidden
from portal.review.kinds import FileOf
from portal.storage.tables import utc_now

pytestmark = pytest.mark.keeps("SEC-41")


def numbers_of(desk: Any, export_id: str) -> set[str]:
    """What cards of the file are spent with; of codes those that no other text is equal to by chance."""
    tables = desk.portal.files.open_preview(desk.user("sam"), export_id).tables
    cells = {
        str(row[at])
        for table in tables
        for at, held in card_columns(table).items()
        for _, row in table.iterate()
        if is_hidden(held, row[at])
    }
    return {cell for cell in cells if len(cell) > 6}


def test_a_package_ends_card_numbers_in_four_digits_for_everybody(desk: Any, ready: Callable[..., str]) -> None:
    case, portal = ready(), desk.portal
    sam = dataclasses.replace(desk.user("sam"), session_hash="a" * 64, proof_at=utc_now())
    exports = [one.id for one in portal.case_files.of_case(sam, case) if one.file is FileOf.EXPORT]
    numbers = {number for one in exports for number in numbers_of(desk, one)}
    assert numbers
    for one in exports:
        if portal.card_access.state(sam, one).holds_numbers:
            assert portal.card_access.ask(sam, one, CardReason.DISPUTE)
    built = portal.packages.build(sam, case)
    for member in portal.package_files.members(sam, case, built.id):
        content = portal.package_files.member(sam, case, built.id, member.path).content
        assert not [one for one in numbers if one.encode() in content], member.path
