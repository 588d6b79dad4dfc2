"""Drafts of a case's letters: from its facts, in its language, and only when they could be recorded."""

from __future__ import annotations

import dataclasses
import datetime as dt
import secrets
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from portal.cases.facts import Channel, ClosingReason, ExtensionReason, RefusalReason, Right
from portal.cases.services.intake import IdentifierKind, NewCase
from portal.errors import InputError, NotFound, NotPermitted, StateConflict
from portal.letters.words import LetterKind
from portal.storage.case_tables import Case, CaseFact
from portal.storage.tables import AuditEntry

UTC = dt.UTC
REASON: dict[LetterKind, ExtensionReason | RefusalReason | None] = {
    LetterKind.ACKNOWLEDGEMENT: None,
    LetterKind.MORE_TIME: ExtensionReason.COMPLEXITY,
    LetterKind.REFUSAL: RefusalReason.OTHERS_RIGHTS,
    LetterKind.NOT_IDENTIFIED: None,
}


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The services' clock, stopped; 5 March 2026 at first."""

    def stop(*moment: int) -> None:
        now = dt.datetime(*moment, tzinfo=UTC)  # type: ignore[misc, arg-type]
        for room in ("cases.services.file", "cases.services.intake", "cases.services.ledger", "letters.drafts"):
            monkeypatch.setattr(f"portal.{room}.utc_now", lambda: now)

    stop(2026, 3, 5, 10)
    return stop


def opened(desk: Any, **given: Any) -> str:
    """A case of the EU at a merchant that counts in UTC: the month ends on 5 April."""
    email = f"person.{secrets.token_hex(6)}@example.com"
    known = {"identifiers": ((IdentifierKind.EMAIL, SecretStr(email)),), **given}
    new = NewCase(rights=frozenset({Right.ACCESS}), channel=Channel.EMAIL, **known)
    found: str = desk.portal.case_intake.open(in_utc(desk), new).case_id
    return found


def in_utc(desk: Any, who: str = "sam", merchant: str = "one") -> Any:
    return dataclasses.replace(desk.user(who, merchant), time_zone="UTC")


def drafted(desk: Any, case_id: str, kind: LetterKind, who: str = "sam", **given: Any) -> Any:
    return desk.portal.case_letters.draft(in_utc(desk, who), case_id, kind, **{"reason": REASON[kind], **given})


def name_of(desk: Any, case_id: str) -> str:
    found: str = desk.portal.case_register.show(in_utc(desk), case_id).row.name
    return found


def test_a_draft_tells_the_cases_own_days_and_leaves_no_entry(desk: Any) -> None:
    case_id = opened(desk, reference="T-118")
    name = name_of(desk, case_id)
    draft = drafted(desk, case_id, LetterKind.ACKNOWLEDGEMENT)
    assert draft.text == (
        f"Your request {name} (T-118): received\n\nHello,\n\nWe received your request {name} (T-118) on 5 March 2026. "
        f"You will have our answer by 5 April 2026.\n\nKind regards,\n{in_utc(desk).merchant_name}"
    )
    assert (draft.sha256, draft.file_name, draft.until) == (
        sha256(draft.text.encode()).hexdigest(), f"{name}-acknowledgement.txt", None,
    )  # fmt: skip
    with desk.portal.db.read() as session:
        entries = session.scalars(select(AuditEntry.action).where(AuditEntry.object_id == case_id)).all()
        facts = session.scalars(select(CaseFact.kind).where(CaseFact.case_id == case_id)).all()
    assert (entries, facts) == (["case:open"], ["received"])


@pytest.mark.parametrize("kind", LetterKind)
def test_a_draft_recorded_as_it_is_keeps_its_hash(desk: Any, kind: LetterKind) -> None:
    case_id, file, maya = opened(desk), desk.portal.case_file, in_utc(desk, "maya")
    draft = drafted(desk, case_id, kind)
    match kind:
        case LetterKind.ACKNOWLEDGEMENT:
            file.acknowledge(maya, case_id, draft.text)
        case LetterKind.MORE_TIME:
            file.extend(maya, case_id, ExtensionReason.COMPLEXITY, draft.text, until=draft.until)
        case LetterKind.REFUSAL:
            file.refuse(maya, case_id, RefusalReason.OTHERS_RIGHTS, draft.text)
        case LetterKind.NOT_IDENTIFIED:
            file.close_not_identified(maya, case_id, draft.text)
    fact = desk.portal.case_register.show(maya, case_id).facts[-1]
    assert (fact.text, fact.codes["sha256"]) == (draft.text, draft.sha256)


@pytest.mark.parametrize(
    ("cases", "callers", "language", "greeting"),
    [
        ("de", "fr", "de", "Guten Tag,"),
        ("", "fr", "fr", "Bonjour,"),
        ("", "", "en", "Hello,"),
        ("pt", "nl", "nl", "Goedendag,"),
        ("es-MX", "", "es", "Buenos días:"),
    ],
)
def test_the_cases_language_comes_before_the_callers(
    desk: Any, cases: str, callers: str, language: str, greeting: str
) -> None:
    draft = drafted(desk, opened(desk, language=cases), LetterKind.ACKNOWLEDGEMENT, language=callers)
    assert draft.language == language and greeting in draft.text.splitlines()


def test_no_letter_tells_who_the_person_is_or_what_was_noted(desk: Any) -> None:
    known = {
        IdentifierKind.EMAIL: f"canary.mail{secrets.token_hex(4)}@canary.example",
        IdentifierKind.PHONE: "+44 20 7946 0018",
        IdentifierKind.CUSTOMER_ID: "canary-customer-77",
        IdentifierKind.CARD_ID: "4617-0009-2231-8891",
        IdentifierKind.LAST_FOUR: "8891",
        IdentifierKind.MEMBER_ID: "canary-member-12",
    }
    case_id = opened(
        desk,
        identifiers=tuple((kind, SecretStr(value)) for kind, value in known.items()),
        name=SecretStr("Canary Meyer"),
        arrived_where="canary mailbox",
    )
    desk.portal.case_file.note(in_utc(desk), case_id, "canary note")
    for reference in [*known.values(), "Meyer-2", "X-7946", "canary-1"]:
        with desk.portal.db.write() as session:
            session.get_one(Case, case_id).reference = reference
        for kind in LetterKind:
            draft = drafted(desk, case_id, kind)
            for value in [*known.values(), reference, "canary", "Meyer", "7946"]:
                assert value.casefold() not in (draft.text + draft.file_name).casefold(), value


def test_more_time_names_the_day_that_is_then_recorded(desk: Any) -> None:
    case_id, chosen = opened(desk), dt.date(2026, 5, 4)
    assert "by 5 June 2026. The reason is that your request is complex." in drafted(
        desk, case_id, LetterKind.MORE_TIME
    ).text  # fmt: skip
    draft = drafted(desk, case_id, LetterKind.MORE_TIME, until=chosen)
    assert draft.until == chosen and "4 May 2026" in draft.text
    for day in (dt.date(2026, 4, 5), dt.date(2026, 6, 6)):
        with pytest.raises(InputError) as refused:
            drafted(desk, case_id, LetterKind.MORE_TIME, until=day)
        assert refused.value.field == "until"
    desk.portal.case_file.extend(in_utc(desk), case_id, ExtensionReason.COMPLEXITY, draft.text, until=draft.until)
    with pytest.raises(StateConflict):
        drafted(desk, case_id, LetterKind.MORE_TIME)
    assert "by 4 May 2026." in drafted(desk, case_id, LetterKind.ACKNOWLEDGEMENT).text


def test_more_time_without_a_limit_needs_a_named_day(desk: Any) -> None:
    """Switzerland: no outer limit, but the new date is told."""
    case_id = opened(desk, profile="CH", calendar="CH")
    with pytest.raises(InputError) as refused:
        drafted(desk, case_id, LetterKind.MORE_TIME)
    assert refused.value.field == "until"
    assert "1 September 2026" in drafted(desk, case_id, LetterKind.MORE_TIME, until=dt.date(2026, 9, 1)).text


def test_after_the_target_only_a_manager_drafts_more_time(desk: Any, at: Callable[..., None]) -> None:
    case_id = opened(desk)
    at(2026, 4, 6, 12)  # Monday after the target: still the last lawful day
    with pytest.raises(StateConflict):
        drafted(desk, case_id, LetterKind.MORE_TIME)
    assert drafted(desk, case_id, LetterKind.MORE_TIME, "maya").until == dt.date(2026, 6, 5)


def test_no_draft_promises_an_answer_by_a_day_that_is_over(desk: Any, at: Callable[..., None]) -> None:
    case_id = opened(desk)
    at(2026, 4, 5, 23, 59, 59)
    drafted(desk, case_id, LetterKind.ACKNOWLEDGEMENT)
    at(2026, 4, 6, 0, 0, 0)
    with pytest.raises(StateConflict):
        drafted(desk, case_id, LetterKind.ACKNOWLEDGEMENT)


@pytest.mark.parametrize("kind", LetterKind)
def test_a_case_that_has_ended_has_no_more_drafts(desk: Any, kind: LetterKind) -> None:
    case_id = opened(desk)
    desk.portal.case_file.close(in_utc(desk), case_id, ClosingReason.ELSEWHERE)
    with pytest.raises(StateConflict):
        drafted(desk, case_id, kind)


@pytest.mark.parametrize("kind", LetterKind)
def test_a_draft_takes_the_reason_that_its_kind_has(desk: Any, kind: LetterKind) -> None:
    case_id = opened(desk)
    for reason in (None, ExtensionReason.COMPLEXITY, RefusalReason.UNFOUNDED):
        if type(reason) is not type(REASON[kind]):
            with pytest.raises(InputError) as refused:
                drafted(desk, case_id, kind, reason=reason)
            assert refused.value.field == "reason"


def test_the_laws_of_a_case_choose_where_to_complain(desk: Any) -> None:
    for profile, said in (("EU", "judicial remedy"), ("US-CA", "where you live"), ("CA", "Privacy Commissioner")):
        assert said in drafted(desk, opened(desk, profile=profile), LetterKind.REFUSAL).text


def test_another_merchants_case_and_an_auditor_get_no_draft(desk: Any) -> None:
    case_id = opened(desk)
    with pytest.raises(NotFound):
        desk.portal.case_letters.draft(in_utc(desk, "maya", "two"), case_id, LetterKind.ACKNOWLEDGEMENT)
    with pytest.raises(NotPermitted):
        drafted(desk, case_id, LetterKind.ACKNOWLEDGEMENT, "iris")
