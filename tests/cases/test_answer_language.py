"""The language of the answer is the case's: of its letters and its package. Nobody else's case changes."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from portal.cases.facts import Channel, Right
from portal.cases.services.intake import IdentifierKind, NewCase
from portal.errors import InputError, NotFound, NotPermitted
from portal.letters.words import LetterKind
from portal.package.parts import Variant
from portal.storage.tables import AuditEntry
from tests.exports.conftest import desk as desk

pytestmark = pytest.mark.keeps("LAW-10")


def opened(desk: Any, merchant: str = "one", **given: Any) -> str:
    person = SecretStr(f"person.{secrets.token_hex(6)}@example.com")
    new = NewCase(((IdentifierKind.EMAIL, person),), frozenset({Right.ACCESS}), channel=Channel.EMAIL, **given)
    found: str = desk.portal.case_intake.open(desk.user("sam", merchant), new).case_id
    return found


def written_in(desk: Any, case_id: str, merchant: str = "one") -> str:
    """The language of a letter that is drafted now, for a reader of English."""
    sam = desk.user("sam", merchant)
    letter = desk.portal.case_letters.draft(sam, case_id, LetterKind.ACKNOWLEDGEMENT, language="en")
    return str(letter.language)


def test_a_case_opened_in_a_language_is_written_to_in_it(desk: Any) -> None:
    case_id = opened(desk, language="de")
    assert written_in(desk, case_id) == "de"
    gathered = desk.portal.packages.gathering.inputs(desk.user("sam"), case_id, Variant.ACCESS, "")
    assert gathered.language == "de"


def test_another_language_counts_from_then_on_and_leaves_an_entry(desk: Any) -> None:
    case_id, sam = opened(desk), desk.user("sam")
    desk.portal.answer_languages.choose(sam, case_id, "fr")
    desk.portal.answer_languages.choose(sam, case_id, "fr")
    assert written_in(desk, case_id) == "fr"
    assert desk.portal.case_register.show(sam, case_id).language == "fr"
    with desk.portal.db.read() as session:
        found = select(AuditEntry.facts).where(AuditEntry.object_id == case_id, AuditEntry.action == "case:language")
        assert list(session.scalars(found)) == [{"was": "", "now": "fr"}]


def test_a_language_the_portal_does_not_speak_is_refused(desk: Any) -> None:
    case_id = opened(desk, language="it")
    for language in ("", "pl", "de-AT"):
        with pytest.raises(InputError):
            desk.portal.answer_languages.choose(desk.user("sam"), case_id, language)
    assert written_in(desk, case_id) == "it"


def test_an_auditor_and_another_merchant_change_nothing(desk: Any) -> None:
    theirs = opened(desk, "two", language="nl")
    with pytest.raises(NotFound):
        desk.portal.answer_languages.choose(desk.user("maya"), theirs, "de")
    with pytest.raises(NotPermitted):
        desk.portal.answer_languages.choose(desk.user("iris", "two"), theirs, "de")
    assert written_in(desk, theirs, "two") == "nl"
