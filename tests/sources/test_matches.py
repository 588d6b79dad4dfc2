"""Whose records are whose in a case: found in its answers, decided by people, asked by what was taken in."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from portal import audit
from portal.cases.facts import ClosingReason
from portal.cases.services.ledger import CaseNeeded
from portal.errors import InputError, NotFound, NotPermitted, StateConflict
from portal.practice.invented.loyalty import SHARED_PHONE
from portal.sources.kinds import SourceKind, SourceState
from portal.sources.whose import reading
from portal.sources.whose.codes import Decision, Item, MatchCode
from portal.sources.whose.views import MatchLine
from portal.storage.answering.source_tables import CaseComparison, CaseMatch, CaseSource
from portal.storage.case_tables import CaseIdentifier
from portal.storage.tables import Export, utc_now

ADA, ADAS_ID = "ada@example.com", "5eed00000000000000000001"
C = MatchCode


@pytest.fixture
def compared(desk: Any, shop: Any, opened: Any, settle: Any) -> Any:
    """A case that was collected and compared."""

    def comparing(**known: str) -> str:
        case_id: str = opened(**known)
        desk.portal.case_sources.collect(desk.user(), case_id)
        settle(case_id)
        desk.portal.case_matches.compare(desk.user(), case_id)
        return case_id

    return comparing


def pending(desk: Any, case_id: str, who: str = "maya") -> tuple[MatchLine, ...]:
    found: tuple[MatchLine, ...] = desk.portal.case_matches.shown(desk.user(who), case_id).pending
    return found


def clear(desk: Any, case_id: str) -> dict[str, str]:
    """The id of each line by the value that it is about."""
    return {one.values[0][1]: one.id for one in desk.portal.case_matches.reveal(desk.user(), case_id)}


def lines_of(desk: Any, case_id: str) -> Any:
    return desk.portal.case_sources.lines(desk.user(), case_id)


def test_new_identifiers_of_the_persons_records_are_offered_masked(desk: Any, compared: Any) -> None:
    case_id = compared(email=ADA)
    lines = pending(desk, case_id)
    kinds = sorted(line.values[0][0] for line in lines if line.item is Item.NEW_IDENTIFIER)
    assert kinds == ["customer_id", "customer_id", "phone"]
    assert all(line.beside == (("email", "a•••@example.com"),) for line in lines if line.item is Item.NEW_IDENTIFIER)
    assert ADAS_ID in clear(desk, case_id) and ADAS_ID not in repr(lines)
    found = lines_of(desk, case_id)
    assert (found.undecided, found.uncompared, found.settled) == (len(lines), 0, False)
    assert desk.portal.case_matches.compare(desk.user(), case_id) == 0, "compared once"


def test_ticked_id_becomes_an_identifier_and_is_asked_by_once(desk: Any, shop: Any, compared: Any, settle: Any) -> None:
    case_id = compared(email=ADA)
    matches = desk.portal.case_matches
    matches.decide(desk.user("sam"), case_id, clear(desk, case_id)[ADAS_ID], C.THEIRS)
    with desk.portal.db.read() as session:
        rows = session.scalars(select(CaseIdentifier).where(CaseIdentifier.case_id == case_id)).all()
    (row,) = [row for row in rows if row.standing == "found"]
    assert (row.kind, row.export_id) == ("customer_id", None) and ADAS_ID.encode() not in (row.sealed_value or b"")
    assert lines_of(desk, case_id).to_ask
    before = shop.posts()
    desk.portal.case_sources.collect(desk.user("sam"), case_id)
    found = settle(case_id)
    assert shop.posts() == before + 1
    (by_id,) = [line for line in found.lines if line.kind is SourceKind.CARDS_BY_ID]
    assert by_id.state is SourceState.FETCHED


def test_decision_is_audited_without_anything_personal_and_sealed(desk: Any, compared: Any) -> None:
    case_id = compared(email=ADA)
    number = desk.portal.case_matches.decide(desk.user("sam"), case_id, clear(desk, case_id)[ADAS_ID], C.THEIRS)
    desk.portal.case_matches.take_back(desk.user("sam"), case_id, number)
    with desk.portal.db.read() as session:
        entries = audit.entries_about(session, desk.user().merchant_id, case_id)
        sealed = [
            *session.scalars(select(CaseMatch.sealed_item).where(CaseMatch.case_id == case_id)),
            *session.scalars(select(CaseComparison.sealed_facts).where(CaseComparison.case_id == case_id)),
        ]
    facts = {entry.action: entry.facts for entry in entries}
    assert facts["match:decide"]["code"] == "theirs" and facts["match:decide"]["identifiers"] == 1
    assert facts["match:take_back"] == {"number": number, "takes_back": "theirs"}
    assert facts["match:compare"]["not_compared"] == 0
    assert not any("ada@" in str(entry.facts) or ADAS_ID in str(entry.facts) for entry in entries)
    assert sealed and not any(
        b"ada" in (value or b"").lower() or ADAS_ID.encode() in (value or b"") for value in sealed
    )


def test_undo_strikes_the_identifier_and_asks_anew(desk: Any, compared: Any) -> None:
    case_id = compared(email=ADA)
    matches, line_id = desk.portal.case_matches, clear(desk, case_id)[ADAS_ID]
    number = matches.decide(desk.user("sam"), case_id, line_id, C.THEIRS)
    matches.compare(desk.user(), case_id)
    assert line_id not in {line.id for line in pending(desk, case_id)}
    assert [line.decision for line in matches.shown(desk.user(), case_id).decided] == [Decision.IN]
    matches.take_back(desk.user("sam"), case_id, number)
    matches.compare(desk.user(), case_id)
    assert line_id in {line.id for line in pending(desk, case_id)}
    assert SourceKind.CARDS_BY_ID not in {line.kind for line in lines_of(desk, case_id).lines}
    matches.decide(desk.user("sam"), case_id, line_id, C.THEIRS)
    with desk.portal.db.read() as session:
        wanted = select(CaseIdentifier.standing).where(CaseIdentifier.case_id == case_id)
        assert sorted(session.scalars(wanted)) == ["claimed", "found"], "the struck one stands again"


def test_phone_two_people_share_waits_for_a_decision_and_only_a_manager_takes_it_in(desk: Any, compared: Any) -> None:
    case_id = compared(email="rosa.fern@example.com", phone=SHARED_PHONE)
    matches = desk.portal.case_matches
    (line,) = [line for line in pending(desk, case_id, "sam") if line.item is Item.SHARED_RECORD]
    assert (line.codes, line.manager_decides) == ((C.NOT_THEIRS,), True)
    (seen,) = [line for line in pending(desk, case_id) if line.item is Item.SHARED_RECORD]
    assert {C.PERSON_PROVED, C.NAME_CHANGED, C.TYPING_ERROR, C.NOT_THEIRS} == set(seen.codes)
    with pytest.raises(NotPermitted):
        matches.decide(desk.user("sam"), case_id, line.id, C.PERSON_PROVED)
    with pytest.raises(InputError):
        matches.decide(desk.user(), case_id, line.id, C.THEIRS)
    number = matches.decide(desk.user(), case_id, line.id, C.PERSON_PROVED)
    with pytest.raises(NotPermitted):
        matches.take_back(desk.user("sam"), case_id, number)
    assert lines_of(desk, case_id).taken_in == 1
    matches.take_back(desk.user(), case_id, number)
    matches.compare(desk.user(), case_id)
    matches.decide(desk.user("sam"), case_id, line.id, C.NOT_THEIRS)
    assert line.id not in {one.id for one in pending(desk, case_id)}


def test_ended_case_is_neither_compared_nor_decided(desk: Any, compared: Any) -> None:
    case_id = compared(email=ADA)
    line_id, matches = clear(desk, case_id)[ADAS_ID], desk.portal.case_matches
    number = matches.decide(desk.user(), case_id, line_id, C.THEIRS)
    desk.portal.case_file.close(desk.user(), case_id, ClosingReason.NO_REQUEST)
    with pytest.raises(CaseNeeded):
        matches.decide(desk.user(), case_id, line_id, C.NOT_THEIRS)
    with pytest.raises(CaseNeeded):
        matches.take_back(desk.user(), case_id, number)
    assert matches.compare(desk.user(), case_id) == 0
    assert not matches.shown(desk.user(), case_id).may


def test_another_merchant_sees_and_decides_nothing(desk: Any, compared: Any, opened: Any) -> None:
    ours, theirs = compared(email=ADA), opened("two", email="grace@example.com")
    line_id, matches, stranger = clear(desk, ours)[ADAS_ID], desk.portal.case_matches, desk.user("maya", "two")
    number = matches.decide(desk.user(), ours, line_id, C.THEIRS)
    for act in (matches.compare, matches.shown, matches.reveal):
        with pytest.raises(NotFound):
            act(stranger, ours)
    for case_id in (ours, theirs):
        with pytest.raises(NotFound):
            matches.decide(stranger, case_id, line_id, C.NOT_THEIRS)
        with pytest.raises(NotFound):
            matches.take_back(stranger, case_id, number)


def test_auditor_sees_lines_and_decides_nothing(desk: Any, compared: Any) -> None:
    case_id = compared(email=ADA)
    matches, iris = desk.portal.case_matches, desk.user("iris")
    found = matches.shown(iris, case_id)
    assert found.pending and not found.may
    for refused in (lambda: matches.decide(iris, case_id, found.pending[0].id, C.THEIRS),
                    lambda: matches.reveal(iris, case_id)):  # fmt: skip
        with pytest.raises(NotPermitted):
            refused()


def test_what_was_copied_out_of_an_answer_goes_with_it(desk: Any, compared: Any) -> None:
    case_id = compared(email="many.cards@example.com")
    with desk.portal.db.write() as session:
        wanted = select(CaseSource).where(CaseSource.case_id == case_id, CaseSource.kind == SourceKind.CARDS_FOUND)
        (source,) = session.scalars(wanted)
        source.file.destroy_after = source.planned_at
        source_id, export_id = source.id, next(
            line.export_id for line in lines_of(desk, case_id).lines if line.export_id
        )  # fmt: skip
    desk.portal.source_retention.run_housekeeping()
    desk.portal.retention.destroy(desk.user(), export_id)
    with desk.portal.db.read() as session:
        rows = session.scalars(select(CaseComparison).where(CaseComparison.case_id == case_id)).all()
    assert rows and not any(source_id == row.source_id or export_id == row.export_id for row in rows)


def test_id_without_gift_cards_is_never_nothing_until_a_person_says_so(
    desk: Any, shop: Any, compared: Any, settle: Any
) -> None:
    case_id = compared(email="rosa.fern@example.com")
    matches = desk.portal.case_matches
    (member,) = [one.id for one in pending(desk, case_id) if one.values[0][0] == "customer_id"]
    matches.decide(desk.user("sam"), case_id, member, C.THEIRS)
    desk.portal.case_sources.collect(desk.user("sam"), case_id)
    (line,) = [line for line in settle(case_id).lines if line.kind is SourceKind.CARDS_BY_ID]
    assert line.state is SourceState.FAILED
    (item,) = [one for one in pending(desk, case_id) if one.item is Item.NO_CUSTOMER]
    number = matches.decide(desk.user("sam"), case_id, item.id, C.NO_GIFT_CARDS)

    def state() -> SourceState:
        (line,) = [line for line in lines_of(desk, case_id).lines if line.kind is SourceKind.CARDS_BY_ID]
        found: SourceState = line.state
        return found

    assert state() is SourceState.ATTESTED
    matches.take_back(desk.user("sam"), case_id, number)
    assert state() is SourceState.FAILED


def test_answer_too_large_to_compare_waits_until_somebody_looked_through_it(
    desk: Any, shop: Any, opened: Any, settle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_COMPARED_BYTES", 100)
    case_id = opened(email="flat.list@example.com")
    desk.portal.case_sources.collect(desk.user(), case_id)
    settle(case_id)
    assert desk.portal.case_matches.compare(desk.user(), case_id)
    large = [one for one in pending(desk, case_id) if one.item is Item.NOT_COMPARED]
    assert large and not lines_of(desk, case_id).settled
    assert all(one.codes == (C.LOOKED_THROUGH,) and one.where for one in large)
    for one in large:
        desk.portal.case_matches.decide(desk.user("sam"), case_id, one.id, C.LOOKED_THROUGH)
    assert not [one for one in pending(desk, case_id) if one.item is Item.NOT_COMPARED]


def keep_fresh(desk: Any, merchant: str, days: int) -> None:
    manager, connection = desk.user("maya", merchant), desk.portal.connection
    now = connection.merchant_settings(manager)
    connection.save_settings(
        manager, api_url=now.api_url, tokens={}, download_hosts="\n".join(now.download_hosts),
        retention_days=now.retention_days, time_zone=now.time_zone, requests_per_minute=now.requests_per_minute,
        fresh_days=days,
    )  # fmt: skip
    assert connection.merchant_settings(manager).fresh_days == days


def test_week_old_answers_are_fetched_again_the_export_by_one_new_post(
    desk: Any, shop: Any, compared: Any, settle: Any
) -> None:
    case_id = compared(email="semicolon@example.com")
    sources, sam = desk.portal.case_sources, desk.user("sam")
    export_id = next(line.export_id for line in lines_of(desk, case_id).lines if line.export_id)
    with pytest.raises(StateConflict):
        sources.refresh_export(sam, case_id, export_id)
    long_ago = utc_now() - dt.timedelta(days=7, minutes=1)
    with desk.portal.db.write() as session:
        (log,) = session.scalars(
            select(CaseSource).where(CaseSource.case_id == case_id, CaseSource.kind == SourceKind.CARDS_FOUND)
        )
        log.settled_at = long_ago
        session.get_one(Export, export_id).inspected_at = long_ago
        source_id = log.id
    old = lines_of(desk, case_id)
    assert old.stale_count == 2 and not old.settled
    for merchant, days, stale in (("two", 1, 2), ("one", 8, 0), ("one", 7, 2)):  # another merchant's says nothing here
        keep_fresh(desk, merchant, days)
        assert lines_of(desk, case_id).stale_count == stale
    before = shop.posts()
    desk.portal.unanswered_sources.retry(sam, case_id, source_id)
    assert sources.refresh_export(sam, case_id, export_id) != export_id
    found = settle(case_id)
    assert shop.posts() == before + 1 and found.stale_count == 0
    with pytest.raises(NotFound):
        sources.refresh_export(desk.user("maya", "two"), case_id, export_id)
