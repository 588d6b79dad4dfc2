"""A note is refused with what looks like the number of an identity document, and none of it is kept."""

from __future__ import annotations

import pytest

from portal.errors import InputError
from tests.recognition.conftest import Room

pytestmark = pytest.mark.keeps("LAW-5")


def test_a_note_with_a_document_number_is_refused_at_the_field(room: Room) -> None:
    case, file = room.case(), room.portal.case_file
    with pytest.raises(InputError) as refused:
        file.note(room.user(), case, "Passport C01X0006H seen.")
    assert refused.value.field == "text" and "case:note" not in room.entries(case)
    file.note(room.user(), case, "Passport seen, nothing copied.")
    assert "case:note" in room.entries(case)
