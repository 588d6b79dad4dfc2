"""What a person is told of the cases the portal keeps about them."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest
from pydantic import SecretStr

from portal.cases.facts import Channel, IdentityMethod, IdentityResult, NotNeeded, Right
from portal.cases.services.intake import IdentifierKind, NewCase
from portal.exports.core.download import DocumentKind

NOTE, LETTER = "Rang twice, Sam.", "Your request has come."


def told(desk: Any, person: str, *, merchant: str = "one") -> dict[str, Any]:
    download = desk.portal.person_records.about_person(
        desk.user("maya", merchant), person=person, kind=DocumentKind.JSON
    )
    document: dict[str, Any] = json.loads(b"".join(download.chunks))
    return document


@pytest.mark.keeps("LAW-19")
def test_a_person_hears_of_their_cases_and_no_words_of_colleagues(desk: Any) -> None:
    email, phone = f"person.{secrets.token_hex(6)}@example.com", f"+49 30 {secrets.randbelow(10**8):08}"
    known = ((IdentifierKind.EMAIL, SecretStr(email)), (IdentifierKind.PHONE, SecretStr(phone)))
    new = NewCase(known, frozenset({Right.ACCESS, Right.ERASURE}), Channel.PHONE, name=SecretStr("Ada Example"))
    sam, records = desk.user("sam"), desk.portal.case_file
    case_id = desk.portal.case_intake.open(sam, new).case_id
    records.note(sam, case_id, NOTE)
    records.acknowledge(sam, case_id, LETTER)
    records.record_identity(
        sam, case_id, IdentityMethod.NOT_NEEDED, IdentityResult.PROVED, because=NotNeeded.SAME_ADDRESS
    )  # fmt: skip
    for person in (email, phone):
        document = told(desk, person)
        (case,) = document["cases"]
        assert (case["came"], case["asked_for"], case["now"]) == ("by phone", "a copy of your data, erasure", "open")
        assert case["kept_encrypted"] == "your email address, your phone number, your name"
        assert case["notes_of_staff"] == 1 and case["you_were_recognised"] == "not needed"
        assert case["letters"].startswith("confirmation of receipt (")
        assert "Case opened" in [act["what"] for act in document["done"]]
        said = json.dumps(document)
        assert NOTE not in said and LETTER not in said and sam.account_id not in said and "Ada Example" not in said
    assert told(desk, email, merchant="two")["cases"] == []
    page = desk.portal.person_records.about_person(desk.user("maya"), person=email)
    assert case["request"] in b"".join(page.chunks).decode()
